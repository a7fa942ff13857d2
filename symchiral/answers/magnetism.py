"""What an answer says of magnetic order: moments, and what it makes of the zone centre.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from msgspec import Meta

from symchiral.answers.record import Record, Vector, tidy
from symchiral.crystal.directions import direction_name
from symchiral.crystal.search import SymmetricCrystal
from symchiral.engine.reason import OperationName
from symchiral.modes.species import Species
from symchiral.rules.magnetism import SplittingKind, mixing, net_moment, site_moments, splittings
from symchiral.rules.magnetism import TimedOperation as RuleOperation

SMALL = 0.005
"""Moments below this are none, μB."""


class TimedOperation(Record, frozen=True, kw_only=True):
    """An operation of a magnetic group."""

    name: OperationName
    """What kind of operation it is."""
    seitz: str
    """Seitz symbol in the standard setting."""
    reversed: bool
    """Whether it comes with time reversal."""


class Splitting(Record, frozen=True, kw_only=True):
    """Whether the components of one species differ in frequency."""

    species: str
    """Its label."""
    split: bool
    """Whether they do."""
    reason: str
    """Why, or what forbids it, as text."""
    kind: SplittingKind | None = None
    """What decides: allowed, no operation reverses Q x dQ/dt; else what forbids it: time-reversal;
    translation, time reversal with a translation; operation, the one beside; group, operations
    together. Null in documents that do not say."""
    operation: TimedOperation | None = None
    """The simplest operation that reverses Q x dQ/dt, where a single one does; else null."""


class SiteMoment(Record, frozen=True, kw_only=True):
    """The magnetic moments of the atoms of one site."""

    site: str
    """Name of the site."""
    size: Annotated[float, Meta(ge=0)]
    """Size of each. Unit: mu_B."""
    along: str | None
    """Name of their direction: a, b or c of the input cell, else [u v w]; null where they are not
    collinear."""
    both_ways: bool
    """Whether some point along it and others against it."""


class NonDegenerate(Record, frozen=True, kw_only=True):
    """A species of one component in which atoms may rotate, as time reversal is broken."""

    species: str
    """Its label."""
    along: tuple[str, ...]
    """Names of the directions that span what J can be; empty: single atoms rotate, and their J
    cancel."""


class Magnetism(Record, frozen=True, kw_only=True):
    """What magnetic order or a magnetic field makes of the zone centre."""

    net_moment: tuple[Vector, ...]
    """Directions in which a net magnetic moment is allowed, Cartesian, frame of the input."""
    splitting: tuple[Splitting, ...]
    """Degenerate optical species of the zone centre."""
    mixing: tuple[tuple[str, str], ...]
    """Pairs of optical species whose modes the order mixes (Q dQ'/dt): their labels are those
    of the potential energy alone."""
    folded: bool
    """Whether time reversal comes with a translation: the order then mixes zone-centre modes
    with those of the zone boundary that the magnetic cell folds onto them, which may appear in
    spectra."""
    net_moment_along: tuple[str, ...] = ()
    """Names of the directions of net_moment."""
    moments: tuple[SiteMoment, ...] = ()
    """Moments by site, where they are not zero."""
    turning: tuple[NonDegenerate, ...] = ()
    """Non-degenerate optical species in which atoms may rotate."""


def magnetism(crystal: SymmetricCrystal, species: Sequence[Species]) -> Magnetism | None:
    """Describe what magnetic order makes of the species of the zone centre; None without it."""
    if crystal.magnetic is None:
        return None
    net = net_moment(crystal).basis
    return Magnetism(
        net_moment=tidy(net, 9),
        splitting=tuple(
            Splitting(
                species=s.species,
                split=s.split,
                reason=s.reason,
                kind=s.kind,
                operation=None if s.operation is None else _operation(s.operation),
            )
            for s in splittings(crystal, species)
        ),
        mixing=mixing(crystal, species),
        folded=crystal.signs is None,
        net_moment_along=tuple(direction_name(crystal, v) for v in net),
        moments=tuple(_moments(crystal)),
        turning=() if crystal.signs is None else tuple(_turning(crystal, species)),
    )


def _operation(g: RuleOperation) -> TimedOperation:
    return TimedOperation(name=g.name, seitz=g.seitz, reversed=g.reversed)


def _moments(crystal: SymmetricCrystal) -> list[SiteMoment]:
    moments = site_moments(crystal)
    found: list[SiteMoment] = []
    if moments is None:
        return found
    for site in crystal.sites:
        m = moments[list(site.atoms)]
        size = float(np.linalg.norm(m[0]))
        if size < SMALL:
            continue
        direction = m[0] / size
        along = m @ direction
        collinear = np.abs(m - along[:, None] * direction).max() <= 0.05 * size
        found.append(
            SiteMoment(
                site=site.name,
                size=tidy(size, 9),
                along=direction_name(crystal, direction) if collinear else None,
                both_ways=bool(crystal.signs is None or along.min() < 0),
            )
        )
    return found


def _turning(crystal: SymmetricCrystal, species: Sequence[Species]) -> list[NonDegenerate]:
    found = []
    for s in species:
        if s.dimension == 1 and s.optical:
            (motion,) = s.motions
            if motion.directions or motion.turning:
                names = tuple(direction_name(crystal, np.array(v)) for v in motion.directions)
                found.append(NonDegenerate(species=s.label, along=names))
    return found
