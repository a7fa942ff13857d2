"""A store of computed forces, so that no structure is computed twice.

A stored answer cannot be proved as irreps can. What can be checked is: it is an answer to this
question and no other, with finite numbers, one vector per atom; and in every run one stored answer
is computed again and compared (:func:`~symchiral.forces.trust.examine`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symchiral.crystal.crystal import Crystal
from symchiral.disk import read_regular, write_whole
from symchiral.errors import CalculatorError
from symchiral.forces.calculator import Calculator
from symchiral.units import counted
from symchiral.value import Floats, Value, frozen

VERSION = 2
"""Changes whenever the content of a file would."""

LARGEST = 100_000_000
"""Larger files, in bytes, are not forces on the atoms of a supercell."""

DIGITS = 9
"""Decimals of Å and of fractional coordinates in which two questions are compared."""


@dataclass(frozen=True, eq=False)
class Response(Value):
    """What a calculator says about a crystal.

    Attributes
    ----------
    forces : (N, 3) float
        eV/Å.
    stress : (3, 3) float or None
        Derivative of the energy by the strain, per volume, eV/Å³; None unless asked for.
    """

    forces: Floats
    stress: Floats | None = None


class ForceCache:
    """Answers of calculators in files, one per question; each is written whole or not at all.

    Parameters
    ----------
    folder : Path or None
        Where they lie; None keeps them in memory only.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._memory: dict[str, Response] = {}

    @property
    def writable(self) -> bool:
        """Whether an answer outlives the process."""
        if self.folder is None:
            return False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError):
            return False
        return os.access(self.folder, os.W_OK | os.X_OK)

    def load(self, key: str) -> Response | None:
        """Return the stored answer, or None; a damaged file is no answer."""
        if key in self._memory:
            return self._memory[key]
        if self.folder is None:
            return None
        try:
            raw = read_regular(self.folder / key[:2] / key, limit=LARGEST)
            header, data = raw.split(b"\n", 1)
            kind, digest = header.decode("ascii").split(" ")
            if kind not in ("forces", "stress") or digest != _digest(key, kind, data):
                return None
            rows = np.frombuffer(data, dtype="<f8").reshape(-1, 3)
            if not np.all(np.isfinite(rows)):
                return None
        except (OSError, ValueError):
            return None
        if kind == "forces":
            self._memory[key] = Response(frozen(rows))
        else:
            self._memory[key] = Response(frozen(rows[:-3]), frozen(rows[-3:]))
        return self._memory[key]

    def store(self, key: str, response: Response) -> None:
        """Keep an answer, in memory, and on disk where that is possible."""
        self._memory[key] = response
        if self.folder is None:
            return
        parts = [response.forces] if response.stress is None else [response.forces, response.stress]
        data = b"".join(np.ascontiguousarray(p, dtype="<f8").tobytes() for p in parts)
        kind = "forces" if response.stress is None else "stress"
        path = self.folder / key[:2] / key
        # A full disk stops nothing but the storing.
        with contextlib.suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, f"{kind} {_digest(key, kind, data)}\n".encode() + data)


def _digest(key: str, kind: str, data: bytes) -> str:
    """Hash that binds an answer to its question."""
    return hashlib.sha256(f"{key} {kind}\n".encode() + data).hexdigest()


class CachedCalculator:
    """A calculator that is asked the same question once, and whose answers are checked.

    Parameters
    ----------
    calculator : Calculator
        Whom to ask.
    cache : ForceCache
        Where answers are kept, under the hash of cell, positions, elements and identity.

    Attributes
    ----------
    calls : int
        Questions that went to the calculator.
    seconds : float
        Time spent in these.
    """

    def __init__(self, calculator: Calculator, cache: ForceCache | None = None) -> None:
        self.calculator = calculator
        self.cache = cache or ForceCache(None)
        self.calls = 0
        self.seconds = 0.0

    def key(self, crystal: Crystal, *, stress: bool = False, repeat: int = 0) -> str:
        """Return the hash under which an answer is kept."""
        digest = hashlib.sha256()
        question = [VERSION, self.calculator.identity.key, stress, repeat]
        digest.update(json.dumps(question).encode())
        for array in (crystal.cell, crystal.positions):
            # Adding 0 makes −0 and 0 one.
            digest.update(np.ascontiguousarray(np.round(array, DIGITS) + 0.0, "<f8").tobytes())
        digest.update(np.ascontiguousarray(crystal.numbers, "<i8").tobytes())
        return digest.hexdigest()

    def evaluate(
        self, crystal: Crystal, *, stress: bool = False, repeat: int = 0, anew: bool = False
    ) -> Response:
        """Return forces, and the stress if asked for, stored or computed.

        Parameters
        ----------
        crystal : Crystal
            A periodic cell.
        stress : bool
            Ask for the stress too.
        repeat : int
            The how-manieth time the same question is put on purpose.
        anew : bool
            Compute even where an answer is stored.

        Raises
        ------
        CalculatorError
            The calculator raised, or returned what are not forces on these atoms.
        """
        key = self.key(crystal, stress=stress, repeat=repeat)
        stored = None if anew else self.cache.load(key)
        if (
            stored is not None
            and len(stored.forces) == len(crystal)
            and (stored.stress is not None or not stress)
        ):
            return stored
        start = time.perf_counter()
        response = self._ask(crystal, stress=stress)
        self.seconds += time.perf_counter() - start
        self.calls += 1
        self.cache.store(key, response)
        return response

    def _ask(self, crystal: Crystal, *, stress: bool) -> Response:
        from ase import Atoms

        atoms: Any = Atoms(
            numbers=np.array(crystal.numbers),
            cell=np.array(crystal.cell),
            scaled_positions=np.array(crystal.positions),
            pbc=True,
        )
        name = self.calculator.identity.name
        what = (
            f"the calculator {name} failed on {crystal.formula} ({counted(len(crystal), 'atom')})"
        )
        try:
            # ASE keeps the last answer of a calculator and repeats it for equal atoms.
            reset = getattr(self.calculator.ase, "reset", None)
            if callable(reset):
                reset()
            atoms.calc = self.calculator.ase
            forces = atoms.get_forces(apply_constraint=False)
            tensor = atoms.get_stress(voigt=False, apply_constraint=False) if stress else None
        except Exception as error:
            raise CalculatorError(
                what,
                why=f"it raised {type(error).__name__}: {error}",
                fix="check that it knows these elements and periodic cells; what was computed "
                "before is kept",
            ) from error
        return Response(
            _checked(forces, (len(crystal), 3), f"{what}: forces"),
            None if tensor is None else _checked(tensor, (3, 3), f"{what}: stress"),
        )


def _checked(values: Any, shape: tuple[int, ...], what: str) -> Floats:
    """The numbers, if they are numbers and as many as there should be."""
    kept = "what was computed before is kept"
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise CalculatorError(what, why=f"they are not numbers ({error})", fix=kept) from error
    if array.shape != shape:
        raise CalculatorError(
            what,
            why=f"they have the shape {array.shape} instead of {shape}",
            fix=f"return one vector per atom; {kept}",
        )
    if not np.all(np.isfinite(array)):
        bad = int(np.sum(~np.isfinite(array)))
        raise CalculatorError(
            what,
            why=f"{bad} of {counted(array.size, 'number')} are NaN or infinite",
            fix=f"check that it knows these elements and distances; {kept}",
        )
    return frozen(array)
