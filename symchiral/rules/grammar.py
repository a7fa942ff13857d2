"""The grammar of transfers: ``leg … -> leg …`` with leg = ``species[:copy][(component)]``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symchiral.errors import GrammarError, LabelError, nearest
from symchiral.irreps.pam import Component
from symchiral.irreps.participant import Participant
from symchiral.rules.coupling import COPIES, Coupling, Leg

_LEG = re.compile(
    r"(?P<name>[^\s:()@]+)(?::(?P<copy>[a-j]))?(?:\((?P<inside>[^()]*)\))?(?:@(?P<q>\S+))?"
)
_PLAIN = str.maketrans(
    {"−": "-", "–": "-", "⁻": "-", "⁺": "+", "′": "'", "Γ": "GM", "_": None, "{": None, "}": None}
)


@dataclass(frozen=True)
class LegText:
    """A leg as written."""

    name: str
    copy: int
    component: str | None
    mode: int | None
    q: str | None


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
            why="it is not 'legs -> legs' with at least one leg on either side",
            fix='write it as in "Eu(+) Eu(+) -> Eg(-)"',
        )
    into, out = (tuple(_leg(word) for word in side.split()) for side in sides)
    return into, out


def _leg(word: str) -> LegText:
    plain = word.translate(_PLAIN)
    match = _LEG.fullmatch(plain)
    if match is None:
        raise GrammarError(
            f"cannot read the leg {word!r}",
            why="a leg is species[:copy][(component)]",
            fix='write it as in "Eu(+)", "Eu:b(+)", "T1u(0)" or "A1g"',
        )
    mode, component = None, match["inside"]
    if component is not None and "," in component:
        number, component = (x.strip() for x in component.split(",", 1))
        if not number.isdigit():
            raise GrammarError(
                f"cannot read the leg {word!r}",
                why=f"{number!r} is no mode number",
                fix='write number and component, as in "Eu(1,+)"',
            )
        mode = int(number)
    return LegText(match["name"], COPIES.index(match["copy"] or "a"), component, mode, match["q"])


@dataclass(frozen=True)
class Known:
    """A species a leg may name: its participant, components, aliases and number of modes."""

    participant: Participant
    components: tuple[Component, ...]
    aliases: tuple[str, ...]
    count: int


def resolve_transfer(text: str, known: Sequence[Known]) -> Coupling:
    """Turn a transfer into a coupling of the species of a crystal.

    Raises
    ------
    GrammarError
        The text is not in the grammar, or a component is missing.
    LabelError
        A species, component or copy does not exist in this crystal.
    """
    into, out = parse_transfer(text)
    legs = [_resolve(leg, known, outgoing=False) for leg in into]
    legs += [_resolve(leg, known, outgoing=True) for leg in out]
    return Coupling(tuple(legs))


def find_species(name: str, known: Sequence[Known]) -> Known:
    """Return the species of a name or alias (``Eu``, ``E_u``, ``GM3-``, ``Γ3−``)."""
    plain = name.translate(_PLAIN)
    for item in known:
        if plain in (item.participant.name, *item.aliases):
            return item
    names = [item.participant.name for item in known]
    raise LabelError(
        f"no species {name!r}",
        why="no vibration of this crystal at the zone centre has that name",
        fix=nearest(plain, names),
    )


def _resolve(leg: LegText, known: Sequence[Known], *, outgoing: bool) -> Leg:
    if leg.q not in (None, "GM", "G"):
        raise LabelError(
            f"no wavevector {leg.q!r} here",
            why="this table is of the zone centre",
            fix="leave @… out, or write @GM",
        )
    if leg.mode is not None:
        raise LabelError(
            f"no mode number {leg.mode} of {leg.name}",
            why="modes are numbered by frequency, and this structure comes without forces",
            fix=f"write the component alone, and different modes as {leg.name}:a and {leg.name}:b",
        )
    species = find_species(leg.name, known)
    if leg.copy >= species.count:
        raise LabelError(
            f"no mode {leg.name}:{COPIES[leg.copy]}",
            why=f"this crystal has {species.count} {leg.name} "
            + ("mode" if species.count == 1 else "modes"),
            fix=f"use copies {', '.join(COPIES[: species.count])}",
        )
    return Leg(species.participant, _component(leg, species), leg.copy, outgoing)


def _component(leg: LegText, species: Known) -> Component:
    names = [c.name for c in species.components]
    shown = ", ".join(f"{leg.name}({n})" if n else leg.name for n in names)
    if leg.component is None:
        if len(names) == 1:
            return species.components[0]
        raise GrammarError(
            f"which component of {leg.name}?",
            why=f"{leg.name} has more than one",
            fix=f"write one of {shown}",
        )
    wanted = leg.component.strip()
    for component in species.components:
        pam = component.pam
        accepted = {component.name} - {""}
        if pam is not None:
            accepted |= {str(pam), f"+{pam}" if pam > 0 else str(pam)}
        if wanted in accepted:
            return component
    raise LabelError(
        f"no component {wanted!r} of {leg.name}",
        why=f"on this axis {leg.name} has {shown}",
        fix=f"write one of {shown}",
    )
