"""Sentences on effects that a crystal allows, on their average over twins, on Raman tensors."""

from __future__ import annotations

from typing import Any

from symchiral.answers.light import NOTED_ASYMMETRY
from symchiral.rules.allowance import Allowance, AllowanceKind, Factor
from symchiral.rules.domains import Survival
from symchiral.rules.raman import RamanLines

_EFFECTS: dict[AllowanceKind, str] = {
    "optical-activity": "optical rotation along the beam",
    "ferroaxial": "ferroaxial order",
    "linear-splitting": "splitting of (+) and (−), linear in q along the beam",
    "phonon-moment": "magnetic moment of a rotating mode along the beam",
    "axial-modes": "modes that carry an axial vector (ferroaxial modes)",
    "chirality": "pseudoscalar modes (make the crystal chiral)",
    "magnetic-dichroism": "Faraday and Kerr rotation, magnetic circular dichroism along the beam",
    "zero-field-splitting": "splitting of (+) and (−) by the magnetic order",
    "non-degenerate-rotation": "angular momentum along the beam of non-degenerate modes",
    "inverse-faraday": "moment along the beam made by circular light",
}

_NOTES: dict[AllowanceKind, str] = {
    "optical-activity": "seen by the receiver, linear polarisation rotates in the same sense for "
    "both directions of travel",
    "phonon-moment": "it reverses with the sense of rotation; a field along it splits (+) from (−)",
    "axial-modes": "their displacement makes the structure ferroaxial, or changes its axial vector",
    "magnetic-dichroism": "σ+ and σ− are absorbed unequally; it reverses with all moments",
    "zero-field-splitting": "which of the two is higher reverses with all moments",
    "non-degenerate-rotation": "made by the magnetic order, with a moment; it reverses with all "
    "moments",
    "inverse-faraday": "it reverses with the spin of the light",
}

_SYMBOLS: dict[Factor, str] = {
    "light-spin": "S",
    "propagation": "k",
    "moment": "M",
    "axial-vector": "A",
    "pseudoscalar": "χ",
    "mode": "Q",
    "rotation": "Q×Q̇",
    "velocity": "Q̇'",
}

_PEAKS = "σ+→σ− and σ−→σ+ peak at different frequencies"


def display(noun: object, form: str) -> Any:
    """Return a noun of light in a form.

    ========== ==========================================================
    noun       forms
    ========== ==========================================================
    Allowance  ``text`` (its name), ``note`` (what follows), ``product``
    Survival   ``text`` (its name), ``note`` (how, or why not)
    RamanLines ``asymmetry`` (which tensors are not as symmetry allows)
    ========== ==========================================================
    """
    match noun, form:
        case Allowance(), "text":
            return allowance_text(noun)
        case Allowance(), "note":
            return allowance_note(noun)
        case Allowance(), "product":
            return product_text(noun.factors)
        case Survival(), "text":
            return survival_text(noun)
        case Survival(), "note":
            return survival_note(noun)
        case RamanLines(), "asymmetry":
            return asymmetry_text(noun)
    raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")


def allowance_text(effect: Allowance) -> str:
    """Name an effect."""
    return _EFFECTS[effect.kind]


def allowance_note(effect: Allowance) -> str:
    """Say what follows where an effect exists; empty where nothing is to be said."""
    if effect.kind == "chirality":
        return _chirality(effect)
    if not effect.allowed:
        return ""
    note = _NOTES.get(effect.kind, "")
    if effect.kind == "ferroaxial":
        where = "with a component along the beam" if effect.along else "across the beam"
        return f"an axial vector of the structure, {where}"
    if effect.kind == "linear-splitting":
        return f"in backscattering {_PEAKS}" if effect.told_apart else ""
    if effect.kind == "zero-field-splitting" and effect.told_apart:
        return f"{note}; {_PEAKS}"
    if effect.kind == "inverse-faraday" and effect.along:
        return f"{note}, beside a change of the net moment that does not"
    return note


def product_text(factors: tuple[Factor, ...]) -> str:
    """Write a product of factors.

    Examples
    --------
    >>> product_text(("propagation", "rotation")), product_text(("rotation",))
    ('k·(Q×Q̇)', 'Q×Q̇')
    """
    several = len(factors) > 1
    return "·".join(
        f"({_SYMBOLS[f]})" if several and f == "rotation" else _SYMBOLS[f] for f in factors
    )


def _chirality(effect: Allowance) -> str:
    if effect.chiral:
        return "the crystal is chiral, and these modes modulate its chirality"
    if effect.by_light:
        return (
            f"{', '.join(effect.by_light)} is driven by E·E: light makes the crystal chiral, and "
            "the direction of its polarisation selects the handedness"
        )
    return "no E·E drives them" if effect.allowed else ""


def survival_text(effect: Survival) -> str:
    """Name an effect that twins may average out."""
    names = {
        "sense": "sense of rotation about the beam",
        "reversal": f"{effect.species}: σ+ and σ− unequal",
        "angle": f"{effect.species}: dependence on the angle",
        "optical-activity": _EFFECTS["optical-activity"],
        "ferroaxial": _EFFECTS["ferroaxial"],
    }
    return names[effect.kind]


def survival_note(effect: Survival) -> str:
    """Say how an effect survives, or why it is lost; empty where nothing is to be said."""
    if effect.survives:
        if effect.kind == "sense":
            return (
                "every twin has this axis along the beam: selection rules and senses are the same "
                "in all; only signs of coupling coefficients differ"
            )
        return ""
    return {
        "sense": "some twins have this axis along another direction",
        "reversal": "some twins exchange σ+ and σ−",
        "angle": "the average is isotropic",
        "optical-activity": "twins cancel",
        "ferroaxial": "twins cancel",
    }[effect.kind]


def asymmetry_text(raman: RamanLines) -> str:
    """Say which tensors had a noticeable part that symmetry does not allow."""
    parts = ", ".join(
        f"{line.name} {line.outside:.1%}" for line in raman.lines if line.outside > NOTED_ASYMMETRY
    )
    return (
        f"these Raman tensors have components that symmetry forbids, which are left out (share of "
        f"the square): {parts}"
    )
