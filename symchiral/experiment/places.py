"""The optical modes of the zone centre as candidates, with what is known of their frequencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symchiral.errors import InputError
from symchiral.experiment.candidates import FREQUENCY_TOLERANCE, CandidateMode, Sense
from symchiral.experiment.probe import Sees
from symchiral.irreps.axis import Axis
from symchiral.irreps.pam import Component
from symchiral.modes.mode import Modes
from symchiral.modes.names import ModeName, by_name
from symchiral.modes.species import Species
from symchiral.rules.activity import activity, routes
from symchiral.rules.resonance import NO_ROTATION
from symchiral.value import Value

CALCULATED = 0.10
"""Relative standard deviation of calculated frequencies.

The root mean square of the 44 differences between packaged force sets and published frequencies in
docs/frequencies.md is 10.5 %.
"""


@dataclass(frozen=True, eq=False, repr=False)
class Place(Value):
    """A candidate mode, its species, and its number if it is one known mode."""

    mode: CandidateMode
    species: Species
    number: int | None


def sense_of(component: Component, axis: Axis | None) -> Sense:
    """Sign of the pseudo-angular momentum of a component; 0 where it has none."""
    residue = component.residue
    if axis is None or residue is None or not 0 < abs(residue) < Fraction(axis.order, 2):
        return 0
    return 1 if residue > 0 else -1


def find_places(
    species: Sequence[Species],
    axis: Axis | None,
    modes: Modes | None,
    measured: Mapping[str, float],
    *,
    tolerance: float | None = None,
) -> tuple[Place, ...]:
    """Return the optical modes of the zone centre as candidates.

    Parameters
    ----------
    species : sequence of Species
        Those of the zone centre.
    axis : Axis or None
        The axis.
    modes : Modes or None
        Calculated modes.
    measured : mapping of str to float
        Measured frequencies, THz, by name; they take the place of calculated ones. Modes without
        any frequency are taken together, one candidate for those of a species.
    tolerance : float, optional
        Relative standard deviation of calculated frequencies.

    Raises
    ------
    LabelError
        A measured frequency belongs to no mode.
    InputError
        Measured frequencies of a species do not grow with the number; the tolerance is none.
    """
    share = CALCULATED if tolerance is None else tolerance
    if not 0 < share < 1:
        raise InputError(
            f"a tolerance of {share:g} for calculated frequencies is not possible",
            why="it is a relative standard deviation, between 0 and 1",
            fix="leave it out for 0.1, or give measured frequencies",
        )
    optical = [s for s in species if s.optical]
    names = [str(ModeName(s.label, n)) for s in optical for n in range(1, s.optical + 1)]
    measured = by_name(measured, names, optical)
    found: list[Place] = []
    for s in optical:
        own = [str(ModeName(s.label, number)) for number in range(1, s.optical + 1)]
        given = [measured[name] for name in own if name in measured]
        if given != sorted(given):
            raise InputError(
                f"the frequencies given for {s.label} are out of order",
                why="the modes of a species are numbered from the lowest frequency",
                fix="exchange the numbers",
            )
        unknown = []
        for number, name in enumerate(own, 1):
            frequency, spread = measured.get(name), FREQUENCY_TOLERANCE
            if frequency is None and modes is not None:
                frequency = modes[s.label, number].frequency
                spread = max(share * abs(frequency), FREQUENCY_TOLERANCE)
            if frequency is None:
                unknown.append(number)
                continue
            sign = _am_sign(s, axis, modes, number)
            found.append(Place(_mode(s, axis, name, frequency, spread, sign), s, number))
        if unknown:
            sign = _am_sign(s, axis, None, None)
            mode = _mode(s, axis, s.label, None, FREQUENCY_TOLERANCE, sign)
            found.append(Place(replace(mode, count=len(unknown)), s, None))
    return tuple(found)


def _mode(
    species: Species,
    axis: Axis | None,
    name: str,
    frequency: float | None,
    tolerance: float,
    sign: int | None,
) -> CandidateMode:
    kind = activity(species.participant)
    turns = any(sense_of(c, axis) for c in species.components)
    return CandidateMode(
        name,
        frequency,
        kind.infrared,
        kind.raman,
        turns,
        tolerance,
        sign if turns else None,
        shown_along=shown_along(species, axis),
    )


def shown_along(species: Species, axis: Axis | None) -> tuple[Sees, ...]:
    """Return the activities by which a species shows to a probe along the axis.

    ``raman`` if it turns the polarisation of light, that is takes a photon of one spin to one of
    the other, which a balanced detector shows; ``infrared`` if it radiates along the axis, which an
    analyser shows. On a six-fold axis E2 does the one and E1 the other, though both may be Raman
    active. Both without an axis of order three or more, about which nothing turns.
    """
    if axis is None or axis.order < 3:
        return ("raman", "infrared")
    found = {
        route
        for c in species.components
        for route in routes(species.participant, c.index, axis.turn)
    }
    seen: list[Sees] = []
    if found & {"raman:+-", "raman:-+"}:
        seen.append("raman")
    if found & {"infrared:+", "infrared:-"}:
        seen.append("infrared")
    return tuple(seen)


def _am_sign(
    species: Species, axis: Axis | None, modes: Modes | None, number: int | None
) -> int | None:
    """Sign of J of the (+) component, from the eigenvector or from what symmetry leaves."""
    for component, motion in zip(species.components, species.motions, strict=True):
        if axis is None or sense_of(component, axis) != 1:
            continue
        if modes is not None and number is not None:
            am = modes[species.label, number][component.name].am(axis.direction)
            return None if am is None or abs(am) < NO_ROTATION else (1 if am > 0 else -1)
        return {"+": 1, "-": -1}.get(motion.sign)
    return None
