r"""What magnetic order makes of vibrations at the zone centre, in no field and without light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal
from symchiral.fields.axial import axial_vector
from symchiral.irreps.rotation import rotation
from symchiral.modes.species import Species
from symchiral.rules.reason import by_simplicity, describe
from symchiral.rules.tensor import TensorForm, tensor_form

THETA = "time reversal"


@dataclass(frozen=True)
class Splitting:
    """Whether the components of a degenerate species differ in frequency at zero field.

    Attributes
    ----------
    species : str
        Its label.
    split : bool
        Whether they do.
    reason : str
        Why not: the operation that exchanges them; why, where they do.
    operation : int or None
        Index of that operation in the space group.
    """

    species: str
    split: bool
    reason: str
    operation: int | None = None


def splittings(crystal: SymmetricCrystal, species: Sequence[Species]) -> tuple[Splitting, ...]:
    r"""Judge for every degenerate optical species whether (+) and (−) split at zero field.

    A term :math:`γ\, (Q_a \dot Q_b - Q_b \dot Q_a)` in the Lagrangian of a mode is odd under time
    reversal. It turns :math:`(ω^2 - ω_0^2)\,Q = 0` into :math:`ω_0^2 - ω^2 \pm γω = 0` for the two
    circular motions. It is allowed iff the antisymmetric square of the species, each operation
    times its time sign, contains the identity.

    Examples
    --------
    >>> import symchiral as sc
    >>> def split(name):
    ...     study = sc.read(name)
    ...     return [(s.species, s.split) for s in splittings(study.crystal, study.species())]
    >>> split("Co3Sn2S2_FM"), split("Cr2O3_AFM")
    ([('Eg', True), ('Eu', True)], [('Eg', False), ('Eu', False)])
    """
    return tuple(_splitting(crystal, s) for s in species if s.optical and s.dimension > 1)


def _splitting(crystal: SymmetricCrystal, species: Species) -> Splitting:
    turning = rotation(species.participant, crystal.signs)
    assert turning is not None
    if crystal.signs is None:
        anti = crystal.magnetic is not None
        by = THETA + (" with a translation" if anti else "")
        return Splitting(species.label, False, f"{by} reverses Q×Q̇")
    if len(tensor_form((turning,), ((0,),))):
        return Splitting(species.label, True, "no operation reverses Q×Q̇")
    values = turning.matrices[:, 0]
    if turning.dimension == 1:
        g = next(g for g in by_simplicity(crystal.group) if values[g, 0, 0].real < 0)
        return Splitting(species.label, False, f"{with_time(crystal, g)} reverses Q×Q̇", g)
    return Splitting(species.label, False, "no direction of Q×Q̇ is left by the group")


def with_time(crystal: SymmetricCrystal, g: int) -> str:
    """An operation in words: ``the inversion {-1|0} with time reversal``."""
    primed = crystal.signs is not None and crystal.signs[g] < 0
    return describe(crystal.group, g) + (f" with {THETA}" if primed else "")


def net_moment(crystal: SymmetricCrystal) -> TensorForm:
    """Return the form of M alone: the directions in which a net magnetic moment is allowed.

    Examples
    --------
    >>> import symchiral as sc
    >>> [len(net_moment(sc.read(x).crystal)) for x in ("CrI3_FM", "Cr2O3_AFM", "CrI3")]
    [1, 0, 0]
    """
    return tensor_form((axial_vector(crystal, "M", time_parity=-1),), ((0,),))


def site_moments(crystal: SymmetricCrystal) -> npt.NDArray[np.float64] | None:
    """(N, 3): moments of the primitive atoms, μB, Cartesian; None where the crystal has none.

    Where time reversal with a translation is a symmetry they are those of one copy of every atom.
    """
    moments = crystal.primitive.moments
    return None if moments is None or crystal.magnetic is None else moments
