"""Reasons in words: why a coupling is allowed, undecided or forbidden."""

from __future__ import annotations

from fractions import Fraction

from symchiral.rules.reason import Reason, Witness
from symchiral.rules.rule import Rule
from symchiral.text.sums import rule_sum

_KINDS = {
    "spin": "a turn by 360° changes the sign of a state of spin ½, and the product has an odd "
    "number of them",
    "time-reversal": "an odd number of factors changes sign under time reversal",
    "normal-mode": "two different normal modes have no product of their displacements in the "
    "energy: without it they are normal modes. (With a velocity in place of a displacement "
    "magnetic order or a magnetic field may mix them.)",
    "translation": "only an acoustic mode could take part: at the zone centre it is a rigid "
    "translation, which changes no energy",
}


def reason_text(reason: Reason, *, legs: bool = True) -> str:
    """Return a reason as a sentence.

    Parameters
    ----------
    legs : bool
        Also say by what a witness multiplies every leg.

    Examples
    --------
    >>> import symchiral as sc
    >>> print(reason_text(sc.read("Bi2Se3").explain("Eu(+) Eu(+) -> Eu(-)").reason))
    the inversion {-1|0} multiplies the product by −1 (Eu(+): −1, Eu(+): −1, Eu(-)*: −1)
    """
    if reason.kind in _KINDS:
        return _KINDS[reason.kind]
    if reason.kind == "tolerance":
        return (
            f"the average over the group is {reason.residual:.1e}, neither clearly zero nor "
            "clearly not"
        )
    if reason.kind == "momentum":
        return f"the wavevectors sum to ({', '.join(reason.total)}), no reciprocal lattice vector"
    if reason.kind == "group":
        first, second = reason.witnesses
        return f"{first.seitz} and {second.seitz} together leave nothing of the product"
    if reason.kind == "invariant":
        n = reason.coefficients or 0
        return f"{n} invariant{'s' if n > 1 else ''} of the group contain{'' if n > 1 else 's'} it"
    if not reason.witnesses:
        return "PAM allows it; of one leg no more is known, so this is necessary only"
    (witness,) = reason.witnesses
    if reason.kind == "exchange":
        return (
            f"{operation_text(witness)} returns the product with its equal quanta exchanged and "
            f"multiplied by {_sign(witness.phase)}: one and the same mode cannot take both parts"
        )
    text = f"{operation_text(witness)} multiplies the product by {_sign(witness.phase)}"
    if not legs:
        return text
    return f"{text} ({', '.join(f'{label}: {_sign(phase)}' for label, phase in reason.phases)})"


def short_reason_text(reason: Reason) -> str:
    """Return a reason in a table: the operation and its phase, where it is one operation.

    Examples
    --------
    >>> import symchiral as sc
    >>> print(short_reason_text(sc.read("Bi2Se3").explain("Eu(+) Eu(+) -> Eu(-)").reason))
    {-1|0} gives it −1
    """
    if reason.kind in ("parity", "pam") and reason.witnesses:
        (witness,) = reason.witnesses
        return f"{witness.seitz} gives it {_sign(witness.phase)}"
    return reason_text(reason)


def rule_reason_text(rule: Rule) -> str:
    """Return the reason of a rule as a sentence, of an allowed one with the balance of PAM."""
    reason = rule.reason
    if reason.kind == "pam" and not reason.witnesses:
        return (
            f"PAM allows it, {rule_sum(rule)}; of one leg no more is known, so this is necessary "
            "only"
        )
    text = reason_text(reason)
    return f"{text}; {rule_sum(rule)}" if reason.kind == "invariant" and rule.axis else text


def operation_text(witness: Witness) -> str:
    """Name an operation: ``the mirror {m100|0}``."""
    return f"the {witness.name} {witness.seitz}"


def _sign(phase: Fraction) -> str:
    return {Fraction(0): "+1", Fraction(1, 2): "−1"}.get(phase, f"exp(2πi·{phase})")
