"""Reasons in words: why a coupling is allowed, undecided or forbidden."""

from __future__ import annotations

from fractions import Fraction

from symchiral.answers.channel import RuleReason
from symchiral.engine.reason import Reason, Witness
from symchiral.rules.rule import Rule
from symchiral.text.sums import rule_sum
from symchiral.units import counted

_KINDS = {
    "spin": "a rotation by 360° changes the sign of a state of spin ½, and the product has an odd "
    "number of them",
    "time-reversal": "an odd number of factors changes sign under time reversal",
    "normal-mode": "the energy contains no product of the displacements of two different normal "
    "modes. (With a velocity in place of a displacement, magnetic order or a magnetic field may "
    "mix them.)",
    "translation": "only an acoustic mode could take part: at the zone centre it is a rigid "
    "translation, which does not change the energy",
}


def reason_text(reason: Reason) -> str:
    """Return a reason as a sentence, with the phase by which a witness multiplies every factor.

    Examples
    --------
    >>> import symchiral as sc
    >>> print(reason_text(sc.read("Bi2Se3").explain("Eu(+) Eu(+) -> A2u").reason))
    the inversion {-1|0} multiplies the product by −1 (Eu(+): −1, Eu(+): −1, A2u*: −1; *: outgoing)
    """
    if reason.kind in _KINDS:
        return _KINDS[reason.kind]
    if reason.kind == "tolerance":
        return (
            f"the average over the group is {reason.residual:.1e}, too large for zero with "
            "rounding errors and too small for an allowed product"
        )
    if reason.kind == "momentum":
        return f"the wavevectors sum to ({', '.join(reason.total)}), no reciprocal lattice vector"
    if reason.kind == "group":
        first, second = reason.witnesses
        return f"{first.seitz} and {second.seitz} together make the average of the product vanish"
    if reason.kind == "invariant":
        n = reason.coefficients or 0
        return f"{counted(n, 'invariant')} of the group contain{'' if n > 1 else 's'} it"
    if not reason.witnesses:
        return "PAM is conserved; this is necessary, not sufficient: of a state only PAM is known"
    (witness,) = reason.witnesses
    if reason.kind == "exchange":
        return (
            f"{operation_text(witness)} returns the product with its equal quanta exchanged and "
            f"multiplied by {_sign(witness.phase)}: it vanishes for quanta of one and the same mode"
        )
    phases = ", ".join(f"{label}: {_sign(phase)}" for label, phase in reason.phases)
    return f"{_multiplies(witness.name, witness.seitz, witness.phase)} ({phases}; *: outgoing)"


def plain_reason_text(reason: RuleReason) -> str:
    """Return a reason as a sentence, without the phases of single factors.

    Examples
    --------
    >>> import symchiral as sc
    >>> from symchiral.answers.channel import rule_reason
    >>> reason = sc.read("Bi2Se3").explain("Eu(+) Eu(+) -> Eu(-)").reason
    >>> print(plain_reason_text(rule_reason(reason)))
    the inversion {-1|0} multiplies the product by −1
    """
    phase = _single_phase(reason)
    if phase is None:
        return reason.text
    return _multiplies(reason.witnesses[0].name, reason.witnesses[0].seitz, phase)


def short_reason_text(reason: RuleReason) -> str:
    """Return a reason in a table: the operation and its phase, where it is one operation.

    Examples
    --------
    >>> import symchiral as sc
    >>> from symchiral.answers.channel import rule_reason
    >>> reason = sc.read("Bi2Se3").explain("Eu(+) Eu(+) -> Eu(-)").reason
    >>> print(short_reason_text(rule_reason(reason)))
    {-1|0} multiplies it by −1
    """
    phase = _single_phase(reason)
    if phase is None:
        return reason.text
    return f"{reason.witnesses[0].seitz} multiplies it by {_sign(phase)}"


def _single_phase(reason: RuleReason) -> Fraction | None:
    """Phase by which one operation multiplies the product, where one forbids it by that."""
    if reason.kind not in ("parity", "pam") or not reason.witnesses:
        return None
    phase = reason.witnesses[0].phase
    return None if phase is None else Fraction(phase)


def _multiplies(name: str, seitz: str, phase: Fraction) -> str:
    return f"the {name} {seitz} multiplies the product by {_sign(phase)}"


def reason_of_modes_text(reason: Reason) -> str:
    """Return why the coefficient of actual modes, one of them perhaps acoustic, is zero."""
    if reason.kind == "translation":
        return "a rigid translation does not change the energy"
    return reason_text(reason)


def rule_reason_text(rule: Rule) -> str:
    """Return the reason of a rule as a sentence, of an allowed one with the balance of PAM."""
    reason = rule.reason
    if reason.kind == "pam" and not reason.witnesses:
        return (
            f"PAM is conserved, {rule_sum(rule)}; this is necessary, not sufficient: of a state "
            "only PAM is known"
        )
    text = reason_text(reason)
    return f"{text}; {rule_sum(rule)}" if reason.kind == "invariant" and rule.axis else text


def operation_text(witness: Witness) -> str:
    """Name an operation: ``the mirror {m100|0}``."""
    return f"the {witness.name} {witness.seitz}"


def _sign(phase: Fraction) -> str:
    return {Fraction(0): "+1", Fraction(1, 2): "−1"}.get(phase, f"exp(2πi·{phase})")
