"""The catalog: one row per crystal, and the document of ``screen``.

A row is flat but for its lists; its fields are the columns of the catalog. Seconds, host and
versions are no part of it, so that rows do not depend on who made them. The records come first,
then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np
from msgspec import Meta

from symchiral.answers.record import (
    Answer,
    Count,
    File,
    Input,
    Record,
    Sha256,
    Tolerance,
    Units,
    libraries,
    number,
)
from symchiral.crystal.bonds import bonded_dimension
from symchiral.crystal.directions import input_name
from symchiral.crystal.empty import empty_cell
from symchiral.crystal.search import SymmetricCrystal, mirror_group
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.axis import Axis, AxisKind
from symchiral.modes.mode import Modes
from symchiral.modes.species import Species
from symchiral.rules.activity import Process, activity
from symchiral.rules.resonance import Transfer
from symchiral.rules.tally import Reach, Tally
from symchiral.rules.waves import Waves, find_waves
from symchiral.version import __version__

Scope = Literal["GM", "star"]
"""Which vertices are counted: that of the zone centre, or every one of special points."""

WaveName = Literal["none", "s", "p", "d", "f", "g", "h", "i", "j", "k", "l"]
"""How a quantity depends on the wavevector, by the lowest degree; none: not at all, it is zero."""


class CatalogSpecies(Record, frozen=True, kw_only=True):
    """A species of vibrations at the zone centre."""

    label: str
    """Mulliken name."""
    modes: Count
    """Multiplets, acoustic ones included."""
    acoustic: Count
    """Multiplets that are rigid translations."""
    dimension: Annotated[int, Meta(ge=1)]
    """Modes per multiplet."""
    l: tuple[str, ...]
    """Pseudo-angular momenta of its components, modulo the order of the axis; empty without
    one."""
    infrared: bool
    """Whether light drives it by absorption."""
    raman: bool
    """Whether the symmetric Raman tensor contains it."""
    hyper_raman: bool
    """Whether the hyper-Raman tensor contains it."""


class CatalogRow(Record, frozen=True, kw_only=True):
    """One crystal of a catalog, or one input that was refused: then ``error`` says why, and what
    would have to be known of the crystal is null.
    """

    id: str
    """Name of the crystal: the path as given, below a folder that was given with the path inside
    it; of a set of structures with # and the number from 0, or the identifier that the set gives
    it."""
    source: str | None
    """File or folder that it was read from; null for a structure in memory."""
    sha256: Sha256
    """Hash of what was read: of the file, of all files of a folder of force data, or of the
    structure's part of a set."""
    error: str | None = None
    """Class of the error for which it was refused, ReadError, StructureError, …; timeout, memory
    or crash where it exceeded a limit or ended the process. Null: it was read."""
    message: str | None = None
    """What was wrong, why, and what to do."""
    formula: str | None = None
    """Reduced formula, elements in the order of IUPAC."""
    natoms: Annotated[int, Meta(ge=1)] | None = None
    """Atoms in the primitive cell."""
    space_group: Annotated[int, Meta(ge=1, le=230)] | None = None
    """Space-group number; of a magnetic crystal that of its family group."""
    symbol: str | None = None
    """Short Hermann-Mauguin symbol."""
    hall_number: Annotated[int, Meta(ge=1, le=530)] | None = None
    """Hall number of spglib."""
    point_group: str | None = None
    """Point group, Hermann-Mauguin."""
    schoenflies: str | None = None
    """Point group, Schoenflies."""
    magnetic: bool | None = None
    """Whether it has magnetic order."""
    magnetic_group: str | None = None
    """BNS number of the magnetic space group; null without order, or if not found."""
    chiral: bool | None = None
    """Whether it differs from its mirror image: no operation is improper."""
    enantiomorph: Annotated[int, Meta(ge=1, le=230)] | None = None
    """Space group of the mirror image where that is another one: 154 of 152."""
    helicity_wave: WaveName | None = None
    """Wave of the helicity h = J.q/|q| of phonons: s, p, d, f, ... for the lowest degree 0, 1, 2,
    3, ... in q that the class allows, with magnetic order the magnetic class; none where h vanishes
    at every wavevector."""
    am_wave: WaveName | None = None
    """Wave of the angular momentum J of phonons, as helicity_wave."""
    bonded_dimension: Annotated[int, Meta(ge=0, le=3)] | None = None
    """Directions in which bonds (up to 1.25 sums of covalent radii long) run on without end: 3,
    2 in layers, 1 in chains, 0 in molecules."""
    layered: bool | None = None
    """Whether that is 2."""
    symprec: float | None = None
    """Distance tolerance of the symmetry search. Unit: angstrom."""
    deviation: float | None = None
    """Largest distance by which an atom was moved to obey the group. Unit: angstrom."""
    warnings: tuple[str, ...] = ()
    """Kinds of warnings: reading, looser-group, moved-atoms, stated-group, …"""
    warning_texts: tuple[str, ...] = ()
    """The warnings in words."""
    axis: str | None = None
    """The named axis: 3, 3_1, -4; null where the crystal has none."""
    axis_kind: AxisKind | None = None
    """rotation, screw or rotoreflection."""
    axis_order: int | None = None
    """Its order n."""
    axis_direction: str | None = None
    """Its direction: a, b or c of the input cell, or [u v w]."""
    species: tuple[CatalogSpecies, ...] = ()
    """Species of the zone centre."""
    order: int | None = None
    """Quanta in and out together of the transfers counted."""
    q: Scope | None = None
    """GM: transfers at the zone centre; star: at every vertex of special points, up to
    symmetry."""
    vertices: Count | None = None
    """Vertices counted."""
    flips: Count | None = None
    """Rows that flip the sense of pseudo-angular momentum: rows_flipped by its short name."""
    ir_pump: bool | None = None
    """Whether infrared light drives every incoming quantum of best_flip. The best flip is one that
    infrared light drives if there is any: so this says whether there is."""
    raman_probe: bool | None = None
    """Whether Raman scattering sees the outgoing quantum of best_flip. ir_pump AND raman_probe:
    of one and the same transfer."""
    best_flip: str | None = None
    """The flipping transfer that light reaches best: driven by infrared light before others, seen
    by Raman scattering before others, then as predict lists them."""
    best_flip_pump: tuple[str, ...] = ()
    """How light drives each of its incoming quanta: infrared:+, raman:+-, …; - if not at all."""
    best_flip_probe: tuple[str, ...] = ()
    """How light sees its outgoing quantum."""
    best_flip_umklapp: int | None = None
    """Its Umklapp number U."""
    rows_allowed: Count | None = None
    """Rows: transfers up to reversal of all signs and to same or different modes of a species, as
    the table of predict has them; allowed and undecided ones."""
    rows_flipped: Count | None = None
    """Rows that flip the sense of pseudo-angular momentum."""
    rows_kept: Count | None = None
    """Rows that keep it."""
    rows_neutral: Count | None = None
    """Rows with a sense on one side at most, of quanta that turn."""
    rows_without_rotation: Count | None = None
    """Rows in which nothing turns."""
    rows_undefined: Count | None = None
    """Rows without pseudo-angular momentum."""
    rows_flipped_ir_pump: Count | None = None
    """Flipping rows of which infrared light drives every incoming quantum."""
    rows_flipped_raman_pump: Count | None = None
    """Flipping rows of which Raman scattering drives every incoming quantum, and nothing of lower
    order does."""
    rows_flipped_ir_probe: Count | None = None
    """Flipping rows of which the outgoing quantum is infrared-active."""
    rows_flipped_raman_probe: Count | None = None
    """Flipping rows of which Raman scattering sees the outgoing quantum."""
    rows_flipped_ir_pump_raman_probe: Count | None = None
    """Flipping rows that infrared light drives and Raman scattering sees."""
    channels_allowed: Count | None = None
    """Channels: every choice of signs and of same or different modes by itself; allowed ones."""
    channels_flipped: Count | None = None
    """Allowed channels that flip the sense of pseudo-angular momentum."""
    channels_kept: Count | None = None
    """Allowed channels that keep it."""
    channels_neutral: Count | None = None
    """Allowed channels with no sense on one side."""
    channels_undefined: Count | None = None
    """Allowed channels without pseudo-angular momentum."""
    channels_undecided: Count | None = None
    """Undecided channels."""
    channels_flipped_ir_pump: Count | None = None
    """Flipping channels of which infrared light drives every incoming quantum."""
    channels_flipped_raman_pump: Count | None = None
    """Flipping channels of which Raman scattering drives every incoming quantum, and nothing of
    lower order does."""
    channels_flipped_ir_probe: Count | None = None
    """Flipping channels of which the outgoing quantum is infrared-active."""
    channels_flipped_raman_probe: Count | None = None
    """Flipping channels of which Raman scattering sees the outgoing quantum."""
    channels_flipped_ir_pump_raman_probe: Count | None = None
    """Flipping channels that infrared light drives and Raman scattering sees."""
    forces: bool | None = None
    """Whether there are forces, and so the columns below."""
    highest_frequency: float | None = None
    """Of the modes of the zone centre. Unit: THz."""
    lowest_frequency: float | None = None
    """Of its optical modes; negative for an unstable one. Unit: THz."""
    imaginary_modes: Count | None = None
    """Unstable optical modes of the zone centre, each partner counted."""
    largest_am: float | None = None
    """Largest mechanical angular momentum of a mode of the zone centre about the axis, as a size.
    Unit: hbar."""
    best_resonance: str | None = None
    """The flipping transfer between actual modes of the zone centre that is nearest to resonance;
    null if none is within 1 THz."""
    best_resonance_detuning: float | None = None
    """Frequency of its incoming quanta minus that of the outgoing one. Unit: THz."""


class Catalog(Answer, frozen=True, kw_only=True, tag="symchiral/catalog/1"):
    """What ``symchiral screen --json`` prints: what was done, and the rows where no catalog was
    written.
    """

    order: Annotated[int, Meta(ge=3)]
    """Quanta in and out together."""
    q: Scope
    """GM: the zone centre; star: every vertex of special points."""
    catalog: str | None
    """The catalog that was written; null where the rows stand in this document."""
    read: Count
    """Crystals that were read, in this run."""
    refused: dict[str, int]
    """Inputs that were refused in this run, by class of the error."""
    warned: Count
    """Crystals read with warnings, in this run."""
    known: Count
    """Inputs that the catalog held already, and that were not read again."""
    ignored: Count = 0
    """Files of the folders whose names are no structure's."""
    rows: tuple[CatalogRow, ...] = ()
    """The crystals, sorted by id; empty where a catalog was written."""

    row_types: ClassVar[tuple[type[Record], ...]] = (CatalogRow,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return CatalogRow, self.rows


def refused_row(
    *, id: str, source: str | None, sha256: str, error: str, message: str
) -> CatalogRow:
    """Return the row of an input that was refused."""
    return CatalogRow(id=id, source=source, sha256=sha256, error=error, message=message)


def catalog_row(
    *,
    id: str,
    source: str | None,
    sha256: str,
    crystal: SymmetricCrystal,
    axis: Axis | None,
    species: Sequence[Species],
    tally: Tally,
    order: int,
    q: Scope,
    vertices: int,
    modes: Modes | None = None,
    resonance: Transfer | None = None,
) -> CatalogRow:
    """Return the row of a crystal.

    Parameters
    ----------
    species : sequence of Species
        Those of the zone centre.
    tally : Tally
        The transfers of all vertices together.
    modes : Modes, optional
        Those of the zone centre, where there are forces.
    resonance : Transfer, optional
        The flipping transfer nearest to resonance.
    """
    group, best = crystal.group, tally.best
    dimension = bonded_dimension(crystal.primitive)
    magnetic = crystal.magnetic
    return CatalogRow(
        id=id,
        source=source,
        sha256=sha256,
        formula=crystal.primitive.formula,
        natoms=len(crystal.primitive),
        space_group=group.number,
        symbol=group.symbol,
        hall_number=group.hall_number,
        point_group=group.point_group,
        schoenflies=group.schoenflies,
        magnetic=magnetic is not None,
        magnetic_group=None if magnetic is None else magnetic.bns,
        **(_of_group(group) if magnetic is None else _of_class(group, find_waves(crystal))),
        enantiomorph=mirror_group(group.hall_number),
        bonded_dimension=dimension,
        layered=dimension == 2,
        symprec=crystal.symprec,
        deviation=round(crystal.deviation, 6) + 0.0,
        warnings=tuple(dict.fromkeys(notice.kind for notice in crystal.warnings)),
        warning_texts=tuple(notice.text for notice in crystal.warnings),
        axis=None if axis is None else axis.symbol,
        axis_kind=None if axis is None else axis.kind,
        axis_order=None if axis is None else axis.order,
        axis_direction=None if axis is None else input_name(crystal, axis.direction),
        species=tuple(map(_species, species)),
        order=order,
        q=q,
        vertices=vertices,
        flips=tally.rows.get("flipped", 0),
        ir_pump=best is not None and best.light.pump == "infrared",
        raman_probe=best is not None and "raman" in best.light.probes,
        best_flip=None if best is None else best.id,
        best_flip_pump=() if best is None else tuple(route or "-" for route in best.pump),
        best_flip_probe=() if best is None else best.probe,
        best_flip_umklapp=None if best is None else best.umklapp,
        **_counts(tally),
        forces=modes is not None,
        **({} if modes is None else _frequencies(modes, axis)),
        best_resonance=None if resonance is None else resonance.id,
        best_resonance_detuning=None if resonance is None else number(resonance.detuning, 6),
    )


@lru_cache(maxsize=512)
def _of_group(group: SpaceGroup) -> dict[str, Any]:
    """What the class decides where there is no magnetic order."""
    return _of_class(group, find_waves(empty_cell(group)))


def _of_class(group: SpaceGroup, waves: Waves) -> dict[str, Any]:
    """What the class decides."""
    return {
        "chiral": bool(np.all(np.linalg.det(group.rotations) > 0)),
        "helicity_wave": waves.helicity.letter or "none",
        "am_wave": waves.angular_momentum.letter or "none",
    }


def _species(item: Species) -> CatalogSpecies:
    light = activity(item.participant)
    return CatalogSpecies(
        label=item.label,
        modes=item.count,
        acoustic=item.acoustic,
        dimension=item.dimension,
        l=tuple(c.pam for c in item.components if c.pam is not None),
        infrared=light.infrared,
        raman=light.raman,
        hyper_raman=light.hyper_raman,
    )


def _counts(tally: Tally) -> dict[str, Any]:
    rows, channels = tally.rows, tally.channels
    decided = {sense: n for sense, n in channels.items() if sense != "undecided"}
    found = {
        "rows_allowed": sum(rows.values()),
        "rows_flipped": rows.get("flipped", 0),
        "rows_kept": rows.get("kept", 0),
        "rows_neutral": rows.get("neutral", 0),
        "rows_without_rotation": rows.get("without rotation", 0),
        "rows_undefined": rows.get("undefined", 0),
        "channels_allowed": sum(decided.values()),
        "channels_flipped": channels.get("flipped", 0),
        "channels_kept": channels.get("kept", 0),
        "channels_neutral": channels.get("neutral", 0),
        "channels_undefined": channels.get("undefined", 0),
        "channels_undecided": channels.get("undecided", 0),
    }
    for word, flipped in (("rows", tally.flipped_rows), ("channels", tally.flipped_channels)):
        start = f"{word}_flipped"
        found |= {
            f"{start}_ir_pump": _reached(flipped, "infrared", None),
            f"{start}_raman_pump": _reached(flipped, "raman", None),
            f"{start}_ir_probe": _reached(flipped, None, "infrared"),
            f"{start}_raman_probe": _reached(flipped, None, "raman"),
            f"{start}_ir_pump_raman_probe": _reached(flipped, "infrared", "raman"),
        }
    return found


def _reached(flipped: Mapping[Reach, int], pump: Process | None, probe: Process | None) -> int:
    return sum(
        n
        for light, n in flipped.items()
        if pump in (None, light.pump) and (probe is None or probe in light.probes)
    )


def _frequencies(modes: Modes, axis: Axis | None) -> dict[str, Any]:
    optical = [m for m in modes.multiplets if m.number is not None]
    frequencies = [m.frequency for m in optical]
    momenta = (
        [mode.am(axis.direction) for m in modes.multiplets for mode in m.modes] if axis else []
    )
    sizes = [abs(am) for am in momenta if am is not None]
    return {
        "highest_frequency": number(max(frequencies, default=None), 6),
        "lowest_frequency": number(min(frequencies, default=None), 6),
        "imaginary_modes": sum(len(m.modes) for m in optical if m.frequency < 0),
        "largest_am": round(max(sizes), 6) + 0.0 if sizes else None,
    }


def catalog(
    rows: Sequence[CatalogRow],
    *,
    order: int,
    q: Scope,
    symprec: float,
    refused: Mapping[str, int],
    read: int,
    warned: int,
    known: int,
    ignored: int,
    deviation: float,
    path: str | None,
) -> Catalog:
    """Return the document of a run.

    Parameters
    ----------
    rows : sequence of CatalogRow
        Those to list.
    """
    ordered = tuple(sorted(rows, key=lambda row: row.id))
    files = tuple(
        dict.fromkeys((row.source, row.sha256) for row in ordered if row.source is not None)
    )
    return Catalog(
        symchiral=__version__,
        libraries=libraries(),
        input=Input(
            path=None, sha256=None, files=tuple(File(path=path, sha256=s) for path, s in files)
        ),
        tolerance=Tolerance(symprec=symprec, deviation=deviation),
        units=Units(),
        warnings=(),
        order=order,
        q=q,
        catalog=path,
        read=read,
        refused=dict(sorted(refused.items())),
        warned=warned,
        known=known,
        ignored=ignored,
        rows=ordered,
    )


def json_line(row: msgspec.Struct) -> bytes:
    """Return a row as one line of JSON."""
    return msgspec.json.encode(row) + b"\n"


@lru_cache(maxsize=1)
def column_types() -> dict[str, str]:
    """Return the type of every column of a catalog, as SQL names it."""
    return sql_types(CatalogRow)


def sql_types(record: type[msgspec.Struct]) -> dict[str, str]:
    """Return the type of every field of a record, as SQL names it."""
    fields = msgspec.inspect.type_info(record).fields  # type: ignore[attr-defined]
    return {field.encode_name: _sql_type(field.type) for field in fields}


def _sql_type(about: msgspec.inspect.Type) -> str:
    inspect = msgspec.inspect
    if isinstance(about, inspect.UnionType):
        (kind,) = (t for t in about.types if not isinstance(t, inspect.NoneType))
        return _sql_type(kind)
    if isinstance(about, inspect.VarTupleType):
        return f"{_sql_type(about.item_type)}[]"
    if isinstance(about, inspect.StructType):
        inside = ", ".join(f'"{k}" {v}' for k, v in sql_types(about.cls).items())
        return f"STRUCT({inside})"
    simple = {
        inspect.StrType: "VARCHAR",
        inspect.LiteralType: "VARCHAR",
        inspect.IntType: "INTEGER",
        inspect.FloatType: "DOUBLE",
        inspect.BoolType: "BOOLEAN",
    }
    return simple[type(about)]
