"""Axial vectors, pseudoscalars and the wavevector of light as participants."""

from __future__ import annotations

import numpy as np

from symchiral.crystal.symmetric import Symmetry
from symchiral.fields.polar import odd_field, uniform_field
from symchiral.irreps.participant import Participant


def axial_vector(crystal: Symmetry, name: str, *, time_parity: int) -> Participant:
    r"""Return a uniform axial vector, :math:`D = \det(R)\, R` in the Cartesian axes of the input.

    Odd under time reversal: a magnetic field B or moment M, the spin :math:`i E×E^*` of light, the
    moment :math:`Q×\dot Q` of a rotating dipole. Even: the toroidal order :math:`\sum r×p` of a
    ferroaxial crystal.
    """
    matrices = crystal.axial_rotations
    if time_parity < 0:
        return odd_field(crystal, name, matrices)
    return uniform_field(crystal.group, name, matrices)


def pseudoscalar(crystal: Symmetry) -> Participant:
    r"""Return a pseudoscalar χ, :math:`D = \det R`, even under time reversal: chirality."""
    return uniform_field(crystal.group, "chi", np.linalg.det(crystal.rotations)[:, None, None])


def propagation(crystal: Symmetry) -> Participant:
    r"""Return the wavevector k of light as a uniform polar vector, odd under time reversal.

    Not as a crystal momentum (it is nearly zero) but as the direction of travel, on which spatial
    dispersion depends to first order.
    """
    return odd_field(crystal, "k", crystal.rotations)
