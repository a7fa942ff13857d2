"""A rule, or a transfer between actual modes, explained: one line per subject."""

from __future__ import annotations

from fractions import Fraction
from html import escape
from typing import Any

import numpy as np

from symchiral.answers.explain import Explain
from symchiral.crystal.qpoint import GAMMA
from symchiral.engine.coupling import Coupling
from symchiral.errors import LimitError
from symchiral.rules.activity import Route
from symchiral.rules.budget import Budget, Rotation, RotationSense
from symchiral.rules.resonance import Transfer
from symchiral.rules.rule import Rule
from symchiral.rules.wording import minus, pretty, route_text, signed
from symchiral.table import Phrases, Text, labelled, title
from symchiral.text.crystal import axis_line, field_line
from symchiral.text.reason import rule_reason_text
from symchiral.text.sums import rule_sum
from symchiral.units import PER_THZ, SIGNS


def answer_lines(answer: Explain, known: Rule | Transfer) -> list[Text]:
    """Return the lines of ``explain``: the explanation of what is known, the field and the axis."""
    if isinstance(known, Transfer):
        assert answer.transfer is not None
        lines = _transfer_lines(known, answer.transfer.frequency_unit)
    else:
        lines = _rule_lines(known)
    if answer.example:
        way = f"name them by number, as in {pretty(answer.example)}"
        lines.append(_line("modes", f"{way}: the forces then tell in which sense the atoms rotate"))
    if answer.field:
        lines.append(field_line(answer.field))
    return [*lines, _line("axis", axis_line(answer.axis))]


def _line(label: str, text: str) -> Phrases:
    return labelled(label, text, column=11)


def rule_text(rule: Rule) -> str:
    """Explain a rule: verdict, balance of PAM, senses, invariant and light, or what forbids it."""
    return "\n".join(map(str, _rule_lines(rule)))


def transfer_text(transfer: Transfer, *, unit: str = "THz") -> str:
    """Explain a transfer between actual modes: the rule, and their frequencies and motions."""
    return "\n".join(map(str, _transfer_lines(transfer, unit)))


def _rule_lines(rule: Rule) -> list[Text]:
    return _lines(rule, rule.id, rule.rotation)


def _transfer_lines(transfer: Transfer, unit: str) -> list[Text]:
    factor, digits = PER_THZ[unit], 3 if unit == "THz" else 2
    rule = transfer.rule
    lines = _lines(rule, transfer.id, transfer.rotation)
    legs = list(zip(rule.channel.coupling, transfer.multiplets, strict=True))
    sides = [
        " + ".join(f"{m.frequency * factor:.{digits}f}" for leg, m in legs if leg.outgoing is side)
        for side in (False, True)
    ]
    detuning = minus(f"{transfer.detuning * factor:+.{digits}f}")
    lines.append(
        _line(
            "resonance",
            f"{sides[0]} → {sides[1]} {SIGNS[unit]}: detuning {detuning} {SIGNS[unit]}, score "
            f"{transfer.score:.2g} at a linewidth of {transfer.linewidth * factor:.4g} "
            f"{SIGNS[unit]}",
        )
    )
    if rule.axis is not None:
        incoming, outgoing = transfer.momenta
        named = Coupling(transfer.legs)
        words = [
            f"{pretty(leg.label)} {minus(', '.join(f'{x:+.3f}' for x in values))}"
            for leg, values in zip(
                (*named.incoming, *named.outgoing), (*incoming, *outgoing), strict=True
            )
        ]
        lines.append(_line("motion", f"J of these modes (ħ): {'; '.join(words)}"))
    return lines


def _lines(rule: Rule, name: str, rotation: Rotation) -> list[Text]:
    """The lines, with what is known of the motion of the atoms: in any mode, or in actual ones."""
    lines: list[Text] = [title(pretty(name), rule.verdict, gap=4)]
    if rule.axis is not None:
        lines += _budget_lines(rule)
        lines += _state_lines(rule)
    if not rule.allowed:
        return [*lines, *_because(rule)]
    lines += _sense_lines(rule, rotation)
    if rule.necessary_only:
        lines.append(
            _line(
                "note",
                "necessary, not sufficient: only the PAM of a state is known, and its other "
                "symmetries may forbid the transfer",
            )
        )
    else:
        lines += _invariant_lines(rule)
    return [*lines, *_light_lines(rule)]


def _because(rule: Rule) -> list[Phrases]:
    lines = [_line("because", f"{rule_reason_text(rule)}  [{rule.reason.kind}]")]
    if rule.velocities is not None:
        text = (
            "forbidden also with a velocity, odd in the magnetic order or in B"
            if rule.velocities == "forbidden"
            else "forbidden for displacements; with a velocity in place of one, magnetic order or "
            "B may allow it, which is not judged"
        )
        lines.append(_line("velocity", text))
    if rule.umklapp is not None and rule.reason.kind in ("parity", "exchange", "group"):
        text = "PAM conservation alone would allow it; other operations of the group forbid it"
        lines.append(_line("note", text))
    return lines


def _state_lines(rule: Rule) -> list[Phrases]:
    """What the number in the brackets of a state was read as."""
    found: dict[str, None] = {}
    for leg in rule.channel.coupling:
        if leg.participant.known is None:
            continue
        if leg.label[0] == "X":
            text = "an electron and a hole together"
        else:
            text = "spin ½" if leg.participant.spinor else "without spin"
        j0 = leg.component.residue
        if f"[{j0}]" not in leg.label:
            text += f", j₀ = {minus(str(j0))} and at this end of the axis l = j₀ + s u"
        if leg.label[0] == "h":
            arm = int(leg.participant.conjugate_arms[leg.arm])
            number = leg.participant.names[arm][2:-1]  # of h[1/2]
            place = leg.participant.places[arm] or "GM"
            text += f", the empty state has {minus(number)} at {place}"
        found[f"{minus(leg.label)}: {text}"] = None
    return [_line("states", "; ".join(found))] if found else []


def _budget_lines(rule: Rule) -> list[Phrases]:
    budget, legs = rule.channel.budget, rule.channel.coupling.legs
    text = str(rule_sum(rule))
    if rule.without_pam or budget is None:
        return [_line("budget", text)]
    if rule.umklapp is None:
        return [_line("budget", f"{text}: PAM is not conserved")]
    number = minus(f"{rule.umklapp:+d}") if rule.umklapp else ""
    umklapp = f"rotational Umklapp U = {number}" if number else "no Umklapp"
    numbers = (*budget.incoming, *budget.outgoing)
    if [str(x) for x in numbers] == [leg.component.pam for leg in legs]:
        balance = f"conserved with {umklapp}" if number else "PAM conserved, no Umklapp"
        return [_line("budget", f"{text}: {balance}")]
    return [
        _line("budget", f"{text}: PAM conserved"),
        _line("counted", f"{_counted_text(rule, budget)}: {umklapp}"),
    ]


def _counted_text(rule: Rule, budget: Budget) -> str:
    """``+1/2 +1 +1/2 (s m) = 2 ≡ −1 (mod 3)``: the λ and the screw part that make U."""
    left = " ".join(signed(str(x)) for x in budget.incoming)
    right = " ".join(signed(str(x)) for x in budget.outgoing)
    if budget.screw_part:
        left += f" {signed(str(budget.screw_part))} (s m)"
    if budget.halves:
        left += f" ±{Fraction(budget.order, 2)}" * budget.halves + " (s m)"
        return f"{left} ≡ {right} (mod {budget.order})"
    total, out = sum(budget.incoming, budget.screw_part), sum(budget.outgoing, Fraction(0))
    summed = bool(budget.screw_part) or len(budget.incoming) > 1
    if summed:
        left += f" = {minus(str(total))}"
    if total != out:
        left += f" ≡ {right}"
    elif not summed:
        left += f" = {right}"
    assert rule.axis is not None
    own = budget.order == rule.axis.order
    return f"{left} (mod {budget.order})" + (
        "" if own else f" with the rotation of order {budget.order} in {rule.axis.symbol}"
    )


def _sense_lines(rule: Rule, rotation: Rotation) -> list[Phrases]:
    if rule.axis is None:
        return [] if _straight(rule) else [_line("sense", f"no axis; {_vector_words(rule)}")]
    if rule.without_pam:
        return []
    words, am_transfer = _sense_words(rule), rotation.transfer
    n = rule.channel.order
    sense = rule.pam_sense + (f", n = {n}" if n != rule.axis.whole else "")
    ending = ""
    if am_transfer is not None and abs(am_transfer) > 5e-4:
        given = f"{minus(f'{am_transfer:+.3g}')}ħ to the lattice"
        ending = f"; {given}"
        if rule.pam_sense == "neutral":
            sense, ending = f"{sense}; the atoms nevertheless transfer {given}", ""
    elif rule.pam_sense == "neutral" and am_transfer is None and (l := _balance_of_turning(rule)):
        ending = (
            f"; {signed(str(l))}ħ to the lattice if every J equals l, else it depends on the forces"
        )
    lines = [_line("sense", f"PAM {sense}; {words[rotation.sense]}{ending}")]
    if rule.channel.other_senses:
        lines.append(
            _line(
                "note",
                f"{' or '.join(rule.channel.other_senses)} about another parallel "
                f"{rule.axis.place_word}: off the zone centre PAM, its sense and U depend on the "
                "choice",
            )
        )
    return lines


def _sense_words(rule: Rule) -> dict[RotationSense, str]:
    words: dict[RotationSense, str] = {
        "kept": "atoms keep their net sense of rotation",
        "flipped": "atoms reverse their net sense of rotation",
        "none": "no net rotation of atoms on one side",
        "open": f"the sense of rotation of the atoms depends on {_deciding(rule)}"
        + (f" (sites {', '.join(rule.open_sites)})" if rule.open_sites else ""),
    }
    if any(leg.participant.known is not None for leg in rule.channel.coupling):
        words["open"] = "the mechanical angular momentum of a state is not known from its PAM"
    if all(leg.participant.field for leg in rule.channel.coupling.incoming):
        words["kept"] = "the outgoing quantum rotates in the sense of the light"
        words["flipped"] = "the outgoing quantum rotates opposite to the light"
        words["none"] = "no net rotation of light or atoms on one side"
    if rule.turns_across:
        words["none"] += " about the axis (they may rotate about others)"
    return words


def _balance_of_turning(rule: Rule) -> Fraction:
    """What rotating quanta would transfer if every J were λ; 0 with a state."""
    budget = rule.channel.budget
    if budget is None or rule.channel.coupling.known is not None:
        return Fraction(0)
    into, out = (
        sum((x for x in side if 2 * abs(x) < budget.order), Fraction(0))
        for side in (budget.incoming, budget.outgoing)
    )
    return into - out


def _straight(rule: Rule) -> bool:
    """Whether nothing can be said of rotation because no atom rotates in any mode."""
    return all(m.still and not m.turning for side in rule.sides for m in side)


def _deciding(rule: Rule) -> str:
    """What decides where symmetry does not."""
    broken = any(m.magnetic for side in rule.sides for m in side)
    return "the forces, velocity-dependent ones included" if broken else "the forces"


def _vector_words(rule: Rule) -> str:
    """What is known of J without an axis to count it about."""
    if rule.rotation.sense == "none":
        return "no net rotation of atoms on one side, about any direction"
    spans = [np.array(m.directions).reshape(-1, 3) for side in rule.sides for m in side]
    together = np.concatenate(spans)
    unknown = any(m.box is None for side in rule.sides for m in side)
    if not unknown and np.linalg.matrix_rank(together, tol=1e-6) == 1:
        n = ", ".join(minus(f"{x:.3f}") for x in together[0] + 0.0)
        return f"the atoms rotate about ({n}), Cartesian; the sense depends on {_deciding(rule)}"
    return f"the sense of rotation of the atoms depends on {_deciding(rule)}"


def _invariant_lines(rule: Rule) -> list[Phrases]:
    try:
        parts = rule.invariant.parts if rule.invariant else ()
    except LimitError as error:
        parts = (f"({error.why})",)
    lines = [_line("invariant", f"V = {minus(p)}") for p in parts[:1]]
    lines += [labelled("", minus(p), column=15) for p in parts[1:]]
    n = rule.channel.coefficients
    number = "one real coefficient" if n == 1 else f"{n} real coefficients"
    return [
        *lines,
        _line("strength", f"{number}; symmetry does not fix {'its size' if n == 1 else 'them'}"),
    ]


def _light_lines(rule: Rule) -> list[Phrases]:
    """What light does; off the zone centre its wavevector, nearly zero, reaches no mode."""
    coupling = rule.channel.coupling
    driven: dict[str, Route | None] = {
        leg.label: route
        for leg, route in zip(coupling.incoming, rule.pump, strict=True)
        if leg.participant.arms == (GAMMA,) and not leg.participant.field
    }
    pumps = [
        f"{pretty(label)} by {route_text(route) if route else 'no process up to hyper-Raman'}"
        for label, route in driven.items()
    ]
    lines = [_line("drive", "; ".join(pumps))] if pumps else []
    seen = (leg.participant for leg in coupling.outgoing)
    if any(p.arms == (GAMMA,) and not p.field for p in seen):
        probes = ", ".join(route_text(p) for p in rule.probe) or "no process up to hyper-Raman"
        lines.append(_line("seen by", probes))
    return lines


def display(noun: object, form: str, *, unit: str = "THz") -> Any:
    """Return a noun in a form: ``text`` or ``html`` of a transfer between actual modes."""
    match noun, form:
        case Transfer(), "text":
            return transfer_text(noun, unit=unit)
        case Transfer(), "html":
            return f"<pre>{escape(transfer_text(noun, unit=unit))}</pre>"
    raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")
