"""The grammar of transfers: ``quantum … -> quantum …``, each of them a *leg* of the coupling.

A leg is ``species[#n][:copy][(component)][@q]``, with ``#n`` the number of an actual mode of the
species, counted from the lowest frequency; parentheses hold a component and nothing else, and a
species of one component takes none (``species(n,component)`` and ``species(n,*)`` are read as
aliases); ``E[polarisation][:copy]`` for light; or ``state[j]@q`` for an electron (e, c, v), a
hole (h) or an exciton (X) of which only the pseudo-angular momentum is known, half-integer if it
has spin. Polarisations are those about the axis: σ+, σ-, z along it, x and y across it, an angle
from x. Equal legs may be written once, ``2Eu(+)`` or ``Eu(+)^2``, and legs be joined by ``+``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.engine.coupling import COPIES, Coupling, Leg
from symchiral.errors import AxisError, GrammarError, LabelError, nearest
from symchiral.fields.electronic import STATE, electronic_state
from symchiral.irreps.axis import Axis
from symchiral.irreps.kpoints import find_point, named_points
from symchiral.irreps.pam import Component, Turn, components
from symchiral.irreps.participant import Participant
from symchiral.irreps.stars import place_name, star_irreps
from symchiral.modes.names import PLAIN, named_species, one_component
from symchiral.modes.species import GroupSpecies

_LEG = re.compile(
    r"(?P<name>[^\s:()@\[\]#]+(?::#\d+)?)(?:#(?P<number>[^\s:()@\[\]#]+))?"
    r"(?:\[(?P<state>[^\s\[\]]*)\])?(?::(?P<copy>[a-j]))?"
    r"(?:\((?P<inside>[^()]*)\))?(?:@(?P<q>\S+))?"
)
LIGHT = "E"
"""Name of the field of light."""

FIELDS = (LIGHT, "B", "M")
"""Names that mean a field if brackets follow."""

_NUMBER = re.compile(r"[0-9]{1,4}")
_MULTIPLE = re.compile(r"(?P<times>[0-9]{1,4})[*×·]?(?P<leg>[^0-9*×·].*)")
_POWER = re.compile(r"(?P<leg>.+?)(?:\^|\*\*|(?=[⁰¹²³⁴-⁹]))(?P<times>[0-9⁰¹²³⁴-⁹]{1,4})")
_SIGNS = ("+", "*", "×", "·", "⊗")
"""What may stand between legs."""

MOST = 20
"""Most equal legs that may be written as one."""


@dataclass(frozen=True)
class LegText:
    """A leg as written."""

    name: str
    copy: int
    component: str | None
    mode: int | None
    q: str | None
    state: Fraction | None
    light: str | None


def parse_transfer(text: str) -> tuple[tuple[LegText, ...], tuple[LegText, ...]]:
    """Split a transfer into incoming and outgoing legs.

    Examples
    --------
    >>> into, out = parse_transfer("E_u(+) Eu:b(+) → Eg(−)")
    >>> [leg.name for leg in into], into[1].copy, out[0].component
    (['Eu', 'Eu'], 1, '-')

    Raises
    ------
    GrammarError
        No arrow, or a word that is no leg.
    """
    sides = text.replace("″", "''").replace("→", "->").split("->")
    if len(sides) != 2 or not all(side.split() for side in sides):
        raise GrammarError(
            f"cannot read the transfer {text!r}",
            why="it is not written 'quanta -> quanta', with at least one quantum on either side",
            fix='write it as in "Eu(+) Eu(+) -> Eg(-)"',
        )
    into, out = (tuple(map(_leg, _words(side))) for side in sides)
    return into, out


def _words(side: str) -> list[str]:
    """The legs of one side, each by itself: ``2Eu(+)`` and ``Eu(+)^2`` are Eu(+) twice."""
    found: list[str] = []
    times = 1
    *words, last = side.split()
    for i, word in enumerate((*words, last)):
        more = i < len(words)
        if found and more and times == 1 and word in _SIGNS:
            continue
        if more and times == 1 and _NUMBER.fullmatch(word):
            times = int(word)
            continue
        for form in (_MULTIPLE, _POWER):
            match = form.fullmatch(word)
            if match is not None:
                times *= int(unicodedata.normalize("NFKC", match["times"]))
                word = match["leg"]
        if not 1 <= times <= MOST:
            raise GrammarError(
                f"cannot read {side.strip()!r}",
                why=f"a transfer cannot have {times} quanta of {word}",
                fix=f"write a number from 1 to {MOST}, as in 2{word} or {word}^2",
            )
        found += [word] * times
        times = 1
    return found


def _leg(word: str) -> LegText:
    plain = word.translate(PLAIN)
    match = _LEG.fullmatch(plain)
    if match is None or (match["state"] == "" and match["name"] == LIGHT):
        raise GrammarError(
            f"cannot read the quantum {word!r}",
            why="a quantum is species[#n][:copy][(component)], and blanks separate the quanta",
            fix='write it as in "Eu(+)", "Eu:b(+)", "Eu#1(+)", "T1u(0)" or "A1g"',
        )
    number, component = match["number"], match["inside"]
    if number is None and component in ("ac", "acoustic"):
        number, component = component, None
    elif number is None and component is not None and "," in component:
        number, component = (x.strip() for x in component.split(",", 1))
        component = None if component == "*" else component
    if number in ("ac", "acoustic"):
        raise GrammarError(
            f"cannot judge the quantum {word!r}",
            why="it is a rigid translation, which couples to nothing at the zone centre",
            fix="take another mode; off the zone centre every mode has a number",
        )
    if number is not None and not re.fullmatch(r"[0-9]{1,9}", number):
        raise GrammarError(
            f"cannot read the quantum {word!r}",
            why=f"{number!r} is not a mode number",
            fix='write number and component, as in "Eu#1(+)"',
        )
    if number is not None and match["state"] is not None:
        raise GrammarError(
            f"cannot read the quantum {word!r}",
            why="brackets mean light or a state, and only vibrations have numbers",
            fix=f"leave #{number} out",
        )
    if number is not None and match["copy"] is not None:
        raise GrammarError(
            f"cannot read the quantum {word!r}",
            why="its number says which mode it is, and its letter says so too",
            fix="leave one of them out",
        )
    mode = None if number is None else int(number)
    return LegText(
        name=match["name"],
        copy=COPIES.index(match["copy"] or "a"),
        component=component,
        mode=mode,
        q=match["q"],
        state=None if match["name"] in FIELDS else _state(match, word),
        light=_light(match, word),
    )


def _light(match: re.Match[str], word: str) -> str | None:
    """The polarisation of a field leg; None if it is none."""
    if match["state"] is None or match["name"] not in FIELDS:
        return None
    if match["name"] != LIGHT:
        raise GrammarError(
            f"cannot judge the quantum {word!r}",
            why=f"{match['name']} is the name of a field, and E is the only field in a transfer "
            "so far",
            fix="write light as E[σ+]; a state needs another name, as in e[0]@K",
        )
    if match["inside"] is not None:
        raise GrammarError(
            f"cannot read the quantum {word!r}",
            why="light has its polarisation in brackets, and no component in parentheses",
            fix="write it as in E[σ+] or E[30]",
        )
    if match["q"] is not None and match["q"] not in ("GM", "0,0,0"):
        raise GrammarError(
            f"cannot judge the quantum {word!r}",
            why="the wavevector of light is nearly zero: it couples at the zone centre",
            fix=f"leave @{match['q']} out",
        )
    return str(match["state"])


def _state(match: re.Match[str], word: str) -> Fraction | None:
    """The number of an electronic state; None if the leg is none."""
    name, text = match["name"], match["state"]
    state = STATE.fullmatch(name) is not None
    if text is None and (not state or name[0] == "X"):  # X is a wavevector too: X1 is a species
        return None
    one = name if state and name[0] != "X" else "e"
    forms = f'"{one}[1/2]@K" (spin ½), "{one}[-1]@K" (without spin) or "X[-1]" (an exciton)'
    if not state:
        raise GrammarError(
            f"cannot read the quantum {word!r}",
            why="brackets hold the polarisation of light or the number of an electron (e, c, v), a "
            f"hole (h) or an exciton (X), and {name} is none of these",
            fix=f'write the component of a vibration in parentheses, "{name}(+)", or a state as in '
            f"{forms}",
        )
    number = None if text is None else _fraction(text)
    if number is None or match["inside"] is not None:
        raise GrammarError(
            f"cannot read the state {word!r}",
            why="its pseudo-angular momentum stands in brackets, and nothing in parentheses"
            if text is None or number is not None
            else f"{text!r} is not a pseudo-angular momentum: it is half-integer for a state of "
            "spin ½, integer for one without spin",
            fix=f"write it as in {forms}",
        )
    return number


def _fraction(text: str) -> Fraction | None:
    """An integer or half-integer of up to three digits, ``1/2``, ``½`` or ``0.5``; else None."""
    plain = re.sub(r"^([+-]?)½$", r"\g<1>1/2", text)
    return None if not re.fullmatch(r"[+-]?\d{1,3}(/[12]|\.[05])?", plain) else Fraction(plain)


def resolve_transfer(
    text: str,
    species: Mapping[str, GroupSpecies],
    turn: Turn | None,
    light: Callable[[str], tuple[Participant, Component]] | None = None,
    *,
    numbered: bool = False,
) -> Coupling:
    """Turn a transfer into a coupling of the species of a crystal.

    Parameters
    ----------
    text : str
        The transfer.
    species : mapping of str to GroupSpecies
        The species it may name, by ``Species.key``.
    turn : Turn or None
        The axis, for states given by their PAM.
    light : callable, optional
        Field and component of a polarisation, as :func:`light_about` gives them.
    numbered : bool
        Whether the modes have frequencies, so that legs may name them by number: equal numbers
        are one and the same mode.

    Raises
    ------
    GrammarError
        The text is not in the grammar, or a component is missing.
    LabelError
        A species, component or copy does not exist in this crystal.
    """
    into, out = parse_transfer(text)
    if not numbered:
        for leg in (*into, *out):
            if leg.mode is not None:
                raise LabelError(
                    f"no mode number {leg.mode} of {leg.name}",
                    why="modes are numbered by frequency, and this structure comes without forces",
                    fix="write the component alone, and different modes as "
                    f"{leg.name}:a and {leg.name}:b",
                )
    legs = []
    for outgoing, side in enumerate((into, out)):
        for leg in side:
            if leg.light is None:
                legs.append(_resolve(leg, species, turn, outgoing=bool(outgoing)))
                continue
            if light is None:
                raise GrammarError(
                    f"no light in {text!r} here",
                    why="a table of transfers between vibrations contains no fields",
                    fix="explain the transfer by itself: study.explain, or symchiral explain",
                )
            field, component = light(leg.light)
            legs.append(Leg(field, component, leg.copy, outgoing=bool(outgoing)))
    _require_one_kind(legs)
    return Coupling(_with_copies(legs))


def _require_one_kind(legs: list[Leg]) -> None:
    """Refuse electrons and holes with spin beside others without."""
    single = [leg for leg in legs if leg.participant.known is not None and leg.label[0] != "X"]
    kinds = {leg.participant.spinor: leg.label for leg in single}
    if len(kinds) == 2:
        raise GrammarError(
            f"{kinds[True]} and {kinds[False]} in one transfer",
            why=f"{kinds[True]} has spin ½, {kinds[False]} is without spin: a coupling has "
            "electrons and holes of one kind",
            fix="give all of them half-integers, or all of them integers (at the end of a screw "
            "axis the number is l = j₀ + s u)",
        )


def _with_copies(legs: list[Leg]) -> tuple[Leg, ...]:
    """Legs with numbers of modes: equal numbers of one species have equal copies."""
    found = []
    for leg in legs:
        if leg.mode is not None:
            same = [x for x in legs if x.participant is leg.participant]
            taken = {x.copy for x in same if x.mode is None}
            free = [copy for copy in range(len(COPIES)) if copy not in taken]
            numbers = list(dict.fromkeys(x.mode for x in same if x.mode is not None))
            leg = replace(leg, copy=free[numbers.index(leg.mode)])
        found.append(leg)
    return tuple(found)


def light_about(
    crystal: SymmetricCrystal, axis: Axis | None
) -> Callable[[str], tuple[Participant, Component]]:
    """Return what reads a polarisation about an axis as a field and its component."""
    from symchiral.fields.beam import find_beam, light_component
    from symchiral.fields.polar import electric_field_in
    from symchiral.fields.polarization import Polarization

    def read(text: str) -> tuple[Participant, Component]:
        if axis is None:
            raise AxisError(
                f"no polarisation {text!r} without an axis",
                why="σ+, x, y and z refer to the axis of rotation, and there is none that keeps "
                "every wavevector",
                fix="choose the direction of the light: symchiral light FILE --beam u,v,w",
            )
        # In the axes of the light, in which the amplitudes of σ± are (E_x ∓ iE_y)/√2.
        field = electric_field_in(crystal, find_beam(crystal, axis).frame)
        return field, light_component(field, np.eye(3), axis.turn, Polarization.parse(text))

    return read


def point_of(leg: LegText, group: SpaceGroup) -> QPoint:
    """Return the wavevector of a leg as written; the zone centre if it names none."""
    return GAMMA if leg.q is None else find_point(group, leg.q)


def lookup(name: str, q: str | None, species: Mapping[str, GroupSpecies]) -> GroupSpecies:
    """Return the species of a name or alias (``Eu``, ``E_u``, ``GM3-``, ``Γ3−``) at q."""
    plain = name.translate(PLAIN)
    group = next(iter(species.values())).participant.group
    place = "" if q is None else place_name(group, find_point(group, q))
    here = [s for s in species.values() if s.place == place]
    if not here:
        places = dict.fromkeys(s.place or "GM" for s in species.values())
        raise LabelError(
            f"no wavevector {q or 'GM'!r} here",
            why="this table is of other wavevectors",
            fix=nearest(q or "GM", places),
        )
    found = named_species(name, here)
    if found is not None:
        return found
    where = f"at {place}" if place else "at the zone centre"
    point = plain.rstrip("0123456789")
    elsewhere = not place and any(
        plain in irrep.names
        for p in named_points(group)
        if p.label == point
        for irrep in star_irreps(group, p.q)
    )
    labels = [item.label for item in here]
    numbered = "" if point == plain or point not in labels else f"{point}#{plain[len(point) :]}"
    raise LabelError(
        f"no species {name!r}",
        why=f"no vibration of this crystal {where} has that name",
        fix=nearest(plain, labels)
        + (f"; mode {plain[len(point) :]} of {point} is {numbered}" if numbered else "")
        + (f"; off the zone centre say where, {plain}@{point}" if elsewhere else ""),
    )


def _resolve(
    leg: LegText, species: Mapping[str, GroupSpecies], turn: Turn | None, *, outgoing: bool
) -> Leg:
    if leg.state is not None:
        return _state_leg(leg, leg.state, species, turn, outgoing=outgoing)
    found = lookup(leg.name, leg.q, species)
    if leg.mode is not None and not 1 <= leg.mode <= found.optical:
        raise LabelError(
            f"no mode number {leg.mode} of {leg.name}",
            why=f"this crystal has {found.optical} {leg.name} modes that are not translations",
            fix=f"use a number from 1 to {found.optical}" if found.optical else "use other modes",
        )
    count = found.multiplets
    if leg.copy >= count:
        raise LabelError(
            f"no mode {leg.name}:{COPIES[leg.copy]}",
            why=f"this crystal has {count} {leg.name} mode{'s' if count > 1 else ''}",
            fix=f"use copies {', '.join(COPIES[:count])}",
        )
    component = _component(leg, found)
    return Leg(
        found.participant, component, leg.copy, outgoing=outgoing, arm=found.arm, mode=leg.mode
    )


def _state_leg(
    leg: LegText,
    number: Fraction,
    species: Mapping[str, GroupSpecies],
    turn: Turn | None,
    *,
    outgoing: bool,
) -> Leg:
    if turn is None:
        raise AxisError(
            f"no pseudo-angular momentum for {leg.name}[{number}]",
            why="no rotation about the axis keeps every wavevector of this transfer",
            fix="choose other wavevectors, or another axis",
        )
    group = next(iter(species.values())).participant.group
    state = electronic_state(group, leg.name, point_of(leg, group), number, turn)
    return Leg(state, components(state, turn)[0], leg.copy, outgoing=outgoing)


def _component(leg: LegText, species: GroupSpecies) -> Component:
    names = [c.name for c in species.components]
    number = "" if leg.mode is None else f"#{leg.mode}"
    shown = ", ".join(f"{leg.name}{number}({n})" for n in names)
    if leg.component is None:
        if len(names) == 1:
            return species.components[0]
        raise GrammarError(
            f"the component of {leg.name} is missing",
            why=f"{leg.name} has {len(names)}",
            fix=f"write one of {shown}",
        )
    wanted = leg.component.strip().removeprefix("+") or "+"
    if len(names) == 1:
        raise one_component(leg.name, wanted, leg.mode, leg.q or "")
    parts = species.components
    turning = {c: sign for c in parts if (sign := _sense_at_end(c, parts))}
    # The name first, then the number λ, then l: at the end of a screw's zone they may cross. There
    # (+) is no name on 4₂ and 6₃; it is read as the sign of l₀ for u > 0, if that tells one.
    for words in (
        [c.name for c in parts],
        [None if c.counted is None else str(c.counted) for c in parts],
        [c.pam for c in parts],
        [turning.get(c) for c in parts],
    ):
        if wanted in words:
            return parts[words.index(wanted)]
    cartesian = wanted in ("x", "y", "z") and len(names) > 1
    offer = ""
    if cartesian:
        offer = f"; {leg.name}({wanted}) is a combination of them, judged one by one"
    elif wanted.isdigit() and not number:
        offer = f", or {leg.name}#{wanted}({names[0]}) for mode number {wanted}"
    raise LabelError(
        f"no component {wanted!r} of {leg.name}",
        why=f"on this axis {leg.name} has {shown}"
        + (", of definite pseudo-angular momentum, and none along an axis" if cartesian else ""),
        fix=f"write one of {shown}{offer}",
    )


def _sense_at_end(component: Component, parts: Sequence[Component]) -> str | None:
    """The sign of l₀ where it is that of no other component."""
    l = component.residue or Fraction(0)
    same = [c for c in parts if c.residue and (c.residue > 0) == (l > 0)]
    return ("+" if l > 0 else "-") if l and same == [component] else None
