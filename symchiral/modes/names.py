"""Names of modes, ``Eu#1(+)``: the one place that writes and reads them.

``species#n`` is the n-th mode of a species from the lowest frequency, ``species#ac`` a rigid
translation; a component follows in parentheses where there are several, and ``@q`` off the zone
centre. Parentheses hold a component and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from symchiral.engine.coupling import mode_text
from symchiral.errors import GrammarError, LabelError, nearest
from symchiral.irreps.cdml import cdml_name
from symchiral.modes.species import GroupSpecies, Species

Named = TypeVar("Named", bound=GroupSpecies)

PLAIN = str.maketrans(
    {"−": "-", "–": "-", "⁻": "-", "⁺": "+", "′": "'", "Γ": "GM", "_": None, "{": None, "}": None}
    | {"″": "''", "\u00a0": " "}
)
"""Characters of typeset names and what they are in the grammar."""

LONGITUDINAL = "LO"
"""What stands in the place of a component of the partner along a direction of approach."""

_NAME = re.compile(
    r"(?P<species>[^\s:()@\[\]#]+(?::#\d+)?)(?:#(?P<number>\d{1,9}|ac|acoustic))?"
    r"(?:\((?P<inside>[^()]*)\))?(?:@(?P<place>\S+))?"
)
_NUMBER = re.compile(r"\d{1,9}|ac|acoustic")


@dataclass(frozen=True)
class ModeName:
    """The name of a mode, or of all partners of one frequency.

    Attributes
    ----------
    species : str
        Name of the species.
    number : int or None
        Which of them, from the lowest frequency; None for a rigid translation.
    component : str
        Which partner; empty for all, and for a species of one component.
    place : str
        Name of the wavevector; empty at the zone centre.

    Examples
    --------
    >>> str(ModeName.parse("E_u#1(+)")), str(ModeName.parse("K3(2,−)@K"))
    ('Eu#1(+)', 'K3#2(-)@K')
    >>> [str(ModeName.parse(old)) for old in ("A1g(2,*)", "Eu(1)", "A2(acoustic)", "Eu(ac,+)")]
    ['A1g#2', 'Eu#1', 'A2#ac', 'Eu#ac(+)']
    """

    species: str
    number: int | None
    component: str = ""
    place: str = ""

    @classmethod
    def parse(cls, text: str) -> ModeName:
        """Read a name as printed, or as earlier versions printed it.

        Those wrote ``Eu(1,+)``, ``A1g(2,*)`` and ``Eu(1)``: a mode always has a number, so that a
        lone number in parentheses, without another one, is that.

        Raises
        ------
        GrammarError
            It is no name of a mode.
        """
        match = _NAME.fullmatch("".join(text.translate(PLAIN).split()))
        if match is None:
            raise _unreadable(text, "a name is species#number(component)")
        number, inside = match["number"], match["inside"]
        if number is None and inside is not None:
            number, _, inside = inside.partition(",")
            if not _NUMBER.fullmatch(number):
                raise _unreadable(text, "it has no number")
            inside = None if inside in ("", "*") else inside
        if number is None:
            raise _unreadable(text, "it has no number")
        return cls(
            match["species"],
            int(number) if number.isdigit() else None,
            "" if inside is None else inside.removeprefix("+") or "+",
            "" if match["place"] in (None, "GM") else match["place"],
        )

    def among(self, species: Iterable[Species]) -> ModeName:
        """Return the name with species and component spelt as these species have them.

        A species may be named by its CDML name (``GM3-``), a component by its l. A name that none
        of them has is returned as it is.

        Raises
        ------
        LabelError
            There is one component only, and the name has one.
        """
        found = named_species(self.species, species)
        if found is None:
            return self
        spelt = replace(self, species=found.label)
        if self.component in ("", LONGITUDINAL):
            return spelt
        if len(found.components) == 1:
            raise one_component(found.label, self.component, spelt.number, spelt.place)
        for component in found.components:
            if self.component in (component.name, component.pam):
                return replace(spelt, component=component.name)
        return spelt

    def __str__(self) -> str:
        return mode_text(self.species, self.number, self.component, self.place)


def aliases(species: GroupSpecies) -> tuple[str, ...]:
    """Other names of a species: at the zone centre that of Cracknell et al., ``GM3-``."""
    return () if species.place else (cdml_name(species.participant),)


def named_species(text: str, species: Iterable[Named]) -> Named | None:
    """Return the species that a text names, ``Eu``, ``E_u``, ``GM3-``; None if none of these."""
    word = "".join(text.translate(PLAIN).split())
    return next((s for s in species if word in (s.label, *aliases(s))), None)


def find_name(text: str, known: Iterable[str], species: Iterable[Species]) -> str:
    """Return the one of some known names that a text names.

    Raises
    ------
    GrammarError
        The text is no name of a mode.
    LabelError
        There is no mode of that name.
    """
    names = tuple(known)
    if text in names:
        return text
    asked = ModeName.parse(text).among(species)
    found = str(asked)
    if found not in names:
        partners = [n for n in names if str(replace(ModeName.parse(n), component="")) == found]
        raise LabelError(
            f"no mode {text}",
            why="it has several partners, which the component in parentheses distinguishes"
            if partners
            else "a name is species#number(component), and here is no such mode",
            fix=f"write {' or '.join(partners)}" if partners else nearest(found, names),
        )
    return found


def by_name(
    values: Mapping[str, float], known: Iterable[str], species: Iterable[Species]
) -> dict[str, float]:
    """Return values that were given by mode with the modes named as printed.

    Raises
    ------
    GrammarError, LabelError
        As for :func:`find_name`; or two names are of one mode.
    """
    names, kinds = tuple(known), tuple(species)
    found: dict[str, float] = {}
    for text, value in values.items():
        name = find_name(text, names, kinds)
        if name in found:
            raise LabelError(
                f"{name} is given twice", why="two of the names mean it", fix="leave one out"
            )
        found[name] = value
    return found


def one_component(
    label: str, inside: str, number: int | None = None, place: str = ""
) -> LabelError:
    """The error of a component in parentheses after a species that has one component only."""
    at = f"@{place}" if place else ""
    offers = [(label if number is None else f"{label}#{number}") + at]
    if number is None and inside.isdigit() and int(inside):
        offers.append(f"{label}#{int(inside)}{at} for mode number {int(inside)}")
    return LabelError(
        f"no component {inside!r} of {label}",
        why=f"{label} has one component, which takes no parentheses",
        fix=f"write {', or '.join(offers)}",
    )


def _unreadable(text: str, why: str) -> GrammarError:
    return GrammarError(
        f"cannot read the mode {text!r}",
        why=why,
        fix="write it as in Eu#1(+), or A1g#2 where there is one component",
    )
