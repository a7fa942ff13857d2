"""Forces of a displaced primitive cell, from an ASE calculator."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import InputError

Floats = npt.NDArray[np.float64]

ForceFunction = Callable[[Floats], Floats]
"""Displacements (N, 3) of the primitive cell, Cartesian, Å → forces, eV/Å."""


def calculator_forces(calculator: Any, crystal: SymmetricCrystal) -> ForceFunction:
    """Return what computes the forces on the displaced primitive cell of a crystal.

    Parameters
    ----------
    calculator : ase.calculators.calculator.Calculator
        Any ASE calculator for periodic systems.
    crystal : SymmetricCrystal
        The crystal.
    """
    from ase import Atoms

    frame, primitive = crystal.frame, crystal.primitive
    places = frame.point(primitive.positions, to="cartesian", source="primitive")
    atoms: Any = Atoms(numbers=primitive.numbers, positions=places, cell=primitive.cell, pbc=True)
    atoms.calc = calculator

    def forces(displacements: Floats) -> Floats:
        atoms.set_positions(places + displacements)
        try:
            found: Floats = np.array(atoms.get_forces(), dtype=np.float64)
        except (NotImplementedError, RuntimeError, ValueError, LookupError) as error:
            raise InputError(
                "the calculator cannot compute forces",
                why=f"{type(error).__name__}: {error}",
                fix="take one that knows these elements and periodic cells",
            ) from error
        if not np.all(np.isfinite(found)):
            raise InputError(
                "the calculator returned no forces",
                why="some are no finite numbers",
                fix="check that it knows these elements, and shorten the step",
            )
        return found

    return forces


def named_calculator(name: str) -> Any:
    """Return a calculator by ``module:name``, ``ase.calculators.emt:EMT``.

    Raises
    ------
    InputError
        There is none of that name.
    """
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise InputError(
            f"no calculator {name}",
            why=str(error),
            fix="name a class that needs no arguments, as in ase.calculators.emt:EMT",
        ) from error
