"""Why data confirm a channel or not, why a line is not of a mode, why third order flips no sense.

:func:`why_text` is where to start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from symchiral.answers.channel import RuleReason
from symchiral.answers.plan import Why as WhyNoFlip
from symchiral.answers.validate import Refused, Why
from symchiral.rules.wording import minus
from symchiral.text.reason import plain_reason_text, short_reason_text
from symchiral.text.sums import budget
from symchiral.traces.assignment import Refusal
from symchiral.traces.plan import PlanRanking
from symchiral.traces.verdict import WhyKind
from symchiral.units import PER_THZ, SIGNS, frequency_text
from symchiral.value import grouped

RANKINGS: dict[PlanRanking, str] = {
    "signal": "what one source leaves; then schemes of several colours, "
    "and channels with photons, whose strength is not known",
    "response": "what one source leaves, were all couplings equal; then schemes of several "
    "colours, and channels with photons, whose strength is not known",
    "coefficients": "coupling coefficients and detuning; channels with photons, whose strength is "
    "not known, follow by detuning",
    "detuning": "detuning; coupling coefficients are not known",
    "photons": "number of photons; neither frequencies nor coupling coefficients are known",
}
"""What the order of the channels rests on."""

Detail = Literal["full", "plain", "short"]
"""How much of the reason of a rule: with the phases of single factors, without, as in a table."""

_OF_MODE: dict[WhyKind, str] = {
    "still": "is seen and does not rotate",
    "linear-only": "is seen under linear light alone",
    "circular-only": "is seen under circular light only, which cannot drive it",
    "unseen-under-linear": "is not seen under linear light alone",
    "seen-under-circular": "is seen under circular light too",
    "seen": "is seen; whether it rotates one channel of the probe does not tell",
}
"""What is said of the mode."""

_OF_ITSELF: dict[WhyKind, str] = {
    "no-linear-pump": "no run had a linear pump, which alone drives it",
    "no-circular-pump": "no run had a circular pump, under which its line must be missing",
    "no-telling-pump": "no run had a circular pump, nor are there lines under linear pumps at two "
    "angles",
    "no-law": "no run had a circular pump, and runs with linear pumps tell nothing: symmetry gives "
    "no law of their angle",
    "noise": "it may be noise",
    "as-the-pump": "it does not outlast the pump: it may be the response of the electrons to the "
    "field, or a drift, and no mode",
    "same-way": "it rotates in the same sense for both helicities of the pump",
    "runs-differ": "runs with the same pump rotate in opposite senses: is one of them labelled "
    "wrongly?",
    "sense-not-measured": "its sense is not measured",
}
"""What is said in one way."""


def why_text(
    why: Why,
    refused: Sequence[Refused] | Sequence[Refusal] = (),
    *,
    detail: Detail = "full",
    transfer: Callable[[str], str] = str,
    unit: str = "THz",
) -> str:
    """Return a reason as a clause.

    Parameters
    ----------
    refused : sequence of Refused or of Refusal
        Modes near a line that it is not, where it belongs to none.
    detail : str
        ``full``: with the phases of single factors where a rule forbids; ``plain``: without;
        ``short``: for a table whose row names the mode and the rule.
    transfer : callable
        How transfers are written.
    unit : str
        Of frequencies.

    Examples
    --------
    >>> why_text(Why(kind="as-predicted", mode="Eg#2", sigmas=5.12, turn=-2))
    'Eg#2 rotates as predicted (5.1 sigma, lines by −2φ)'
    >>> why_text(Why(kind="as-predicted", mode="Eg#2", sigmas=5.12), detail="short")
    'rotates as predicted (5.1 sigma)'
    """
    of_mode = _of_mode(why)
    if of_mode is not None:
        return of_mode if detail == "short" else f"{why.mode} {of_mode}"
    if why.kind == "forbidden":
        return _forbidden(why, detail, transfer)
    if why.kind == "no-mode":
        return _no_mode(why, refused, transfer)
    return _of_itself(why, detail, transfer, unit)


def _of_mode(why: Why) -> str | None:
    """What follows the name of the mode, where the sentence is about it."""
    sigmas = why.sigmas or 0.0
    if why.kind == "as-predicted":
        law = "" if why.turn is None else f", lines by {minus(f'{why.turn:+d}')}φ"
        return f"rotates as predicted ({sigmas:.1f} sigma{law})"
    if why.kind == "turns-otherwise":
        same = ", the same for both helicities of the pump" if why.same else ""
        return f"rotates in the opposite sense ({sigmas:.1f} standard deviations{same})"
    if why.kind == "turns":
        return f"rotates, which this channel does not predict ({sigmas:.1f} standard deviations)"
    if why.kind == "turns-under-linear":
        return f"rotates under a linear pump ({sigmas:.1f} standard deviations)"
    if why.kind == "one-channel":
        law = "" if why.turn is None else f", and its amplitude follows the pump by {why.turn}φ"
        return f"is seen{law}; its sense is open: the probe has one channel"
    return _OF_MODE.get(why.kind)


def _of_itself(why: Why, detail: Detail, transfer: Callable[[str], str], unit: str) -> str:
    mode, others = why.mode, " or ".join(why.modes)
    sigmas = why.sigmas or 0.0
    match why.kind:
        case "rule-undecided":
            return f"the rule is undecided: {_rule_text(why.rule, detail)}"
        case "no-line":
            return f"no line was taken for {mode}"
        case "several-modes":
            return f"the line taken for {mode} may also be {others}"
        case "pump-elsewhere":
            needed = _needed_text(why, unit)
            text = f"the pump does not reach {mode} at {frequency_text(why.frequency or 0.0, unit)}"
            return f"{text}; this needs {needed}" if needed else text
        case "off-resonance":
            needed = _needed_text(why, unit)
            where = _force_text(why, unit)
            own = frequency_text(why.frequency or 0.0, unit)
            if detail == "short":
                text = f"force{where or ' elsewhere'}"
            else:
                text = f"its force{where} does not reach {mode} at {own}"
            return f"{text}; this needs {needed}" if needed else text
        case "not-reached":
            needed = _needed_text(why, unit)
            nearest = f"{transfer(why.channel or '')}{_force_text(why, unit)}"
            text = f"no force on {mode} has this frequency; the nearest, {nearest}, "
            text += f"needs {needed}" if needed else "cannot, wherever the pump is"
            return f"{text}; {_suspect_text(why)}"
        case "readings-differ":
            return (
                f"read as {mode} and as {others} its verdicts differ: state what the probe sees, "
                "and the frequency of the pump if that is not stated"
            )
        case "breaks-angle-law":
            return (
                f"the direction of {mode} does not follow the angle of the pump as predicted "
                f"({sigmas:.1f} standard deviations)"
            )
        case "linear-differs":
            return (
                f"circular light moves {mode} as predicted, but under linear light it rotates, or "
                f"its direction does not follow the angle of the pump ({sigmas:.1f} standard "
                "deviations): strain, or an imperfect wave plate"
            )
        case "breaks-amplitude-law":
            return (
                f"the amplitude of {mode} does not follow the angle of the pump as predicted "
                f"({sigmas:.1f} standard deviations)"
            )
        case "not-measured":
            return f"the sense of {mode} is not measured ({sigmas:.1f} sigma)"
        case "other-modes":
            return f"it may also be {others}"
        case "no-channel":
            return f"no candidate channel has {mode} as the outgoing mode"
        case "as-forbidden":
            return (
                f"it rotates as {transfer(why.channel or '')} would, which is forbidden: "
                f"{_rule_text(why.rule, detail)}"
            )
        case "no-channel-of-sense":
            return (
                f"no allowed channel gives {mode} the sense {'+' if why.sense == 1 else '−'} for σ+"
            )
        case "fourth-order":
            return (
                f"no third-order channel gives this, but {transfer(why.channel or '')}, of fourth "
                "order, may: compare with --order 4"
            )
    return _OF_ITSELF[why.kind]


def _force_text(why: Why, unit: str) -> str:
    """Where a force reaches."""
    if why.force is None:
        return ""
    low, high = (frequency_text(f, unit) for f in why.force)
    return f" at {low} to {high}"


def _needed_text(why: Why, unit: str) -> str:
    """The pump that a force needs to reach a line; nothing if none would do."""
    if why.pump is not None:
        return f"a pump near {frequency_text(why.pump, unit)}"
    if why.bandwidth is not None:
        return f"a pump {frequency_text(why.bandwidth, unit)} wide"
    return ""


def _suspect_text(why: Why) -> str:
    """What else may have made a line."""
    if why.harmonic == 1:
        return (
            "the line lies in the spectrum of the pump: it may be the field itself, or an infrared "
            "mode that it drives, seen by a probe that should not show it"
        )
    if why.harmonic is not None:
        return (
            f"the line lies at {why.harmonic} times the frequency of the pump: it may be a "
            "harmonic of the pump, or made by another mechanism"
        )
    return "it may be an artefact, or made by another mechanism"


def _forbidden(why: Why, detail: Detail, transfer: Callable[[str], str]) -> str:
    """A channel that the rule forbids, and what data lack to speak of it too."""
    text = "" if detail == "short" else "forbidden: "
    text += _rule_text(why.rule, detail)
    if why.missing == "line":
        text += f"; no line was taken for {why.mode}"
    elif why.missing == "mode":
        text += f"; the line may also be {' or '.join(why.modes)}"
    elif why.missing == "sense":
        text += f"; the sense of {why.mode} is not measured"
    if why.channel is not None:
        text += f"; in fourth order {transfer(why.channel)} gives this sense"
    return text


def _no_mode(
    why: Why,
    refused: Sequence[Refused] | Sequence[Refusal],
    transfer: Callable[[str], str],
) -> str:
    """A line that belongs to no mode: why not to those near it, and whether a force may make it."""
    modes = grouped(
        (one.reason if isinstance(one, Refused) else refusal_text(one), one.mode) for one in refused
    )
    near = "; ".join(f"not {', '.join(names)}: {reason}" for reason, names in modes.items())
    text = "no candidate mode is free near it" + (f" ({near})" if near else "")
    if why.channel is not None:
        text += (
            f"; the force of {transfer(why.channel)} is near it: it may be the forced motion of "
            f"{why.mode}, beside its own line"
        )
    return text if why.harmonic is None else f"{text}; {_suspect_text(why)}"


def _rule_text(rule: RuleReason | None, detail: Detail) -> str:
    assert rule is not None
    if detail == "full":
        return rule.text
    return plain_reason_text(rule) if detail == "plain" else short_reason_text(rule)


def refusal_text(refusal: Refusal) -> str:
    """Return why a line is not of a mode near it."""
    if refusal.kind == "activity":
        return f"the probe detects {refusal.sees} activity, which it does not have"
    if refusal.kind == "probe":
        return "the probe detects only modes that rotate about the axis, and this one cannot"
    if refusal.kind == "geometry":
        does = "rotate the polarisation of light" if refusal.sees == "raman" else "radiate"
        return f"it does not {does} along the axis, where the probe looks"
    if refusal.kind == "energy":
        return "nothing that the pump drives reaches it here"
    return f"the line rotates ({refusal.sigmas:.1f} standard deviations) and this mode cannot"


def no_flip_text(
    why: WhyNoFlip,
    *,
    detail: Detail = "full",
    transfer: Callable[[str], str] = str,
    unit: str = "THz",
) -> str:
    """Return why third order flips nothing; options as of :func:`why_text`.

    Examples
    --------
    >>> no_flip_text(WhyNoFlip(kind="nothing-driven", band=(1.0, 3.0)))
    'circular light along the axis drives no infrared mode between 1 and 3 THz'
    """
    match why.kind:
        case "no-axis":
            return (
                "there is no axis of order three or more, so circular light is not an eigenstate "
                "of any rotation, and no mode has a sense to keep or flip"
            )
        case "nothing-driven":
            band = why.band
            low, high = (0.0, 0.0) if band is None else (x * PER_THZ[unit] for x in band)
            where = f" between {low:.6g} and {high:.6g} {SIGNS[unit]}" if band else ""
            return f"circular light along the axis drives no infrared mode{where}"
        case "not-flipped":
            assert why.n is not None
            return (
                f"two quanta of l = +1 on an axis of order {why.n} make {'/'.join(why.species)}, "
                f"of sense {why.pam_sense}: "
                f"{budget(why.incoming, why.outgoing, why.n, conserved=True)}"
            )
        case "forbidden":
            odd = (
                "the crystal has an inversion centre and every optical mode is odd under it, as "
                "light is: a product of three changes sign, a product of four does not; "
            )
            return (
                f"{odd if why.odd else ''}no rotating mode is reached: for "
                f"{transfer(why.channel or '')}, {_rule_text(why.rule, detail)}"
            )
    return "no mode of this crystal has the l of two quanta of l = +1"
