"""The row of one crystal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from symchiral.answers.catalog import CatalogRow, Scope, catalog_row, refused_row
from symchiral.crystal.crystal import Crystal, Source
from symchiral.crystal.order import find_magnetic_symmetry
from symchiral.crystal.qpoint import GAMMA, QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import LimitError, SymchiralError
from symchiral.irreps.axis import Axis, axis_at, find_axis
from symchiral.modes.species import Species
from symchiral.reading.json_structures import crystal_from_json
from symchiral.reading.many import Entry, entry_hash, parsed
from symchiral.reading.structure import read_bytes, read_crystal, unit_vector
from symchiral.rules.resonance import Transfer
from symchiral.rules.rulebook import populate
from symchiral.rules.tally import Tally, tally
from symchiral.rules.vertices import special_vertices
from symchiral.study import Study, read

RESONANT = 1.0
"""THz: a flipping transfer farther from resonance is not called the best one."""


@dataclass(frozen=True)
class Terms:
    """What the rows of a catalog have in common.

    Attributes
    ----------
    order : int
        Quanta in and out together, 3 or 4.
    q : str
        ``GM`` or ``star``.
    symprec : float
        Distance tolerance, Å.
    spin_axis : (3,) float or None
        Cartesian direction of moments that are given without one.
    """

    order: int
    q: Scope
    symprec: float
    spin_axis: tuple[float, float, float] | None = None


def make_row(entry: Entry, settings: Terms) -> CatalogRow:
    """Read a crystal and count its transfers; what is refused makes a row that says why.

    Examples
    --------
    >>> entry = Entry("Bi2Se3", "Bi2Se3", "file", b"Bi2Se3")
    >>> row = make_row(entry, Terms(3, "GM", 1e-3))
    >>> row.space_group, row.flips, row.best_flip, row.ir_pump, row.raman_probe
    (166, 3, 'Eu(+) Eu(+) -> Eg(-)', True, True)
    """
    digest = entry_hash(entry)
    try:
        if entry.problem is not None:
            raise entry.problem
        return _row(entry, digest, settings)
    except SymchiralError as error:
        return refused_row(
            id=entry.id,
            source=entry.source,
            sha256=digest,
            error=type(error).__name__,
            message=str(error),
        )


def _row(entry: Entry, digest: str, settings: Terms) -> CatalogRow:
    study = _study(entry, digest, settings)
    crystal, axis = study.crystal, study.axis
    vertices: Sequence[tuple[QPoint, ...]] = ((GAMMA,) * settings.order,)
    if settings.q == "star":
        vertices = special_vertices(crystal.group, settings.order)
    species = study.species()
    found = [_tally(crystal, axis, points, species) for points in vertices]
    modes = None if study.phonons is None else study.modes()
    return catalog_row(
        id=entry.id,
        source=entry.source,
        sha256=digest,
        crystal=crystal,
        axis=axis,
        species=species,
        tally=reduce(Tally.__add__, found),
        order=settings.order,
        q=settings.q,
        vertices=len(vertices),
        modes=modes,
        resonance=None if modes is None else _resonance(study, settings.order),
    )


def _tally(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    points: tuple[QPoint, ...],
    centre: Sequence[Species],
) -> Tally:
    """The transfers of a vertex, given the species of the zone centre on the whole axis."""
    reduced = tuple(q.reduced for q in points)
    part = axis_at(crystal, axis, reduced)
    known = {GAMMA: centre} if part is axis else None
    _, populations = populate(crystal, part, reduced, acoustic=False, known=known)
    turn = part.turn.seen_from(reduced) if part else None
    return tally(populations, turn, reduced)


def _resonance(study: Study, order: int) -> Transfer | None:
    """The flipping transfer between actual modes that is nearest to resonance."""
    try:
        found = study.resonances(study.rules(order=order).flips(), max_detuning=RESONANT)
    except LimitError:  # very many modes: those nearest to resonance are left
        found = study.resonances(study.rules(order=order).flips(), max_detuning=RESONANT / 100)
    return found[0] if found else None


def _study(entry: Entry, digest: str, settings: Terms) -> Study:
    """Read what an entry stands for."""
    if entry.kind == "forces":
        assert isinstance(entry.content, bytes)
        return read(os.fsdecode(entry.content), symprec=settings.symprec)
    crystal = crystal_of(entry, spin_axis=settings.spin_axis, digest=digest)
    found = find_magnetic_symmetry(crystal, symprec=settings.symprec)
    return Study(found, find_axis(found))


def crystal_of(
    entry: Entry, *, spin_axis: Sequence[float] | None, digest: str | None = None
) -> Crystal:
    """Return the crystal that an entry without forces stands for.

    Parameters
    ----------
    spin_axis : (3,) float or None
        Cartesian direction of moments that are given without one.
    digest : str, optional
        The hash of the entry, where it is known already.
    """
    if isinstance(entry.content, Crystal):
        return entry.content
    assert entry.content is not None
    if entry.kind == "file":
        return read_crystal(os.fsdecode(entry.content), spin_axis=spin_axis)
    direction = None if spin_axis is None else unit_vector(spin_axis)
    if entry.kind == "xyz":
        return read_bytes(entry.content, name=f"{entry.id}.xyz", spin_axis=direction)
    source = Source(path=entry.id, sha256=digest or entry_hash(entry))
    content = parsed(entry.content, name=entry.id)
    return crystal_from_json(content, source=source, name=entry.id, spin_axis=direction)
