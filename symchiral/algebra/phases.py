"""The phases of symmetry: of a rotation about an axis, and of a translation."""

from __future__ import annotations

from fractions import Fraction
from typing import overload

import numpy as np

from symchiral.value import Complex, Floats, Integers


@overload
def phase_of(l: float | Fraction, n: int = 1) -> complex: ...
@overload
def phase_of(l: Floats | Integers, n: int = 1) -> Complex: ...
def phase_of(l: float | Fraction | Floats | Integers, n: int = 1) -> complex | Complex:
    r"""Return :math:`e^{2πi l/n}`: a phase in n-th parts of a turn, in whole turns for n = 1.

    The rotation :math:`C_n` multiplies a state of pseudo-angular momentum l by its inverse,
    :math:`e^{-2πi l/n}`, and the translation t a Bloch state by :math:`e^{-2πi\,q·t}`.

    Examples
    --------
    >>> complex(round(phase_of(1, 4), 9)), phase_of(np.array([0.0, 0.5])).round(9).tolist()
    (1j, [(1+0j), (-1+0j)])
    """
    turns = float(l) if isinstance(l, Fraction) else l
    phases: complex | Complex = np.exp(2j * np.pi * turns / n)
    return phases
