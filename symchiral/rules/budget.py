"""The bookkeeping of a channel: Umklapp number and senses."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

PamSense = Literal["kept", "flipped", "neutral", "undefined"]
RotationSense = Literal["kept", "flipped", "none", "open"]
Residues = Sequence[Fraction]


def umklapp(
    incoming: Residues, outgoing: Residues, n: int, screw_part: Fraction = Fraction(0)
) -> int | None:
    r"""Return the Umklapp number :math:`U = (\sum l_{in} - \sum l_{out})/n`.

    l are balanced residues; a quantum of l = n/2 counts as +n/2 or −n/2, whichever makes \|U\|
    smallest. On a screw line l are the l₀ and ``screw_part`` is s·(Σu_in − Σu_out), added to the
    difference. None where PAM is not conserved (U would not be an integer).

    Examples
    --------
    >>> one = Fraction(1)
    >>> umklapp([one, one], [-one], 3), umklapp([one, one], [2 * one], 4)
    (1, 0)
    """
    half = Fraction(n, 2)
    total = screw_part + sum((x for x in incoming if x != half), Fraction(0))
    total -= sum((x for x in outgoing if x != half), Fraction(0))
    halves = sum(x == half for x in (*incoming, *outgoing))
    choices = [(total + k * half) / n for k in range(-halves, halves + 1, 2)]
    integers = [u for u in choices if u.denominator == 1]
    return int(min(integers, key=abs)) if integers else None


def pam_sense(incoming: Residues, outgoing: Residues, n: int) -> PamSense:
    """Return whether the turning quanta keep their sense.

    S is the sum of the l with 0 < |l| < n/2 on either side: neutral if one is 0, kept if the signs
    agree, else flipped.

    Examples
    --------
    >>> one = Fraction(1)
    >>> pam_sense([one, one], [-one], 3), pam_sense([one, one], [2 * one], 4)
    ('flipped', 'neutral')
    """
    s_in, s_out = (
        sum((x for x in side if 0 < abs(x) < Fraction(n, 2)), Fraction(0))
        for side in (incoming, outgoing)
    )
    if s_in == 0 or s_out == 0:
        return "neutral"
    return "kept" if (s_in > 0) == (s_out > 0) else "flipped"


def rotation_sense(j_in: str, j_out: str) -> RotationSense:
    """Return whether the atoms keep their sense, from the signs (+, -, 0, open) of either side."""
    if "0" in (j_in, j_out):
        return "none"
    if "open" in (j_in, j_out):
        return "open"
    return "kept" if j_in == j_out else "flipped"


def sum_of_signs(signs: Sequence[str], values: Sequence[float | None]) -> str:
    """Sign of a sum of angular momenta of which the signs, and perhaps the values, are known."""
    if all(v is not None for v in values):
        total = sum(v for v in values if v is not None)
        return "0" if abs(total) < 1e-6 else "+" if total > 0 else "-"
    present = set(signs) - {"0"}
    return present.pop() if len(present) == 1 else "open"
