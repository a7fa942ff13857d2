"""The tables of ``show``: the summary of a crystal, and the species of its wavevectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from symchiral.answers.crystal import Structure
from symchiral.answers.show import Show, ShownWavevector
from symchiral.answers.species import ParityOf, SpeciesOfModes, SpinOrbitalPart, Turning
from symchiral.irreps.reflection import eigenvalue_text
from symchiral.modes.motion import SiteWord
from symchiral.rules.wording import minus, signed
from symchiral.table import Table, labelled, unbroken
from symchiral.text.crystal import axis_line, crystal_lines, headline, order_notes, primitive_cell
from symchiral.text.light_words import activity_words
from symchiral.text.magnetism import magnetic_lines
from symchiral.units import counted
from symchiral.value import grouped

TURNING: dict[SiteWord, str] = {
    "must +": "↺",
    "must -": "↻",
    "cancels": "net 0",
    "cannot": "line",
    "may": "open",
}
"""How the sense in which the atoms of a site turn is printed."""

ALL = "all"


# --- the crystal ---------------------------------------------------------------------------------


def show_tables(answer: Show) -> tuple[Table, Table]:
    """Return what ``show`` prints: group, axes and sites; the species of the zone centre."""
    structure, n = answer.structure, len(answer.operations)
    magnetic = (
        []
        if structure.magnetic is None or answer.magnetism is None
        else magnetic_lines(structure.magnetic, answer.magnetism)
    )
    sites = Table(
        ("site", "Wyckoff", "symmetry", "position (standard cell)"),
        tuple(
            (s.name, s.wyckoff, s.site_symmetry, " ".join(answer.positions[s.atoms[0]]))
            for s in structure.sites
        ),
        head=(
            headline(structure),
            "",
            labelled("axis", axis_line(answer.axis)),
            labelled("axes", *_all_axes(answer)),
            labelled(
                "group",
                f"{counted(n, 'operation')} in the primitive cell, symprec "
                f"{answer.tolerance.symprec:g} Å{moved_text(answer.tolerance.deviation)}",
            ),
            *magnetic,
        ),
        folded=("position (standard cell)",),
        optional=("symmetry",),
    )
    light = [activity_words(s) for s in answer.species]
    species = Table(
        ("species", "CDML", "modes", "acoustic", "l", "light", "atoms in (+)"),
        tuple(_species_row(s, words) for s, words in zip(answer.species, light, strict=True)),
        foot=(*order_notes(structure, " ".join(light)),),
        notes=tuple(("atoms in (+)", line) for line in _turning_legend(answer)),
        optional=("CDML", "acoustic", "atoms in (+)"),
        names=("species",),
        folded=("light", "atoms in (+)"),
    )
    axis = answer.axis
    if axis is None or axis.order < 3:
        species = species.without("atoms in (+)", *(() if axis else ("l",)))
    return sites, species


def show_text(answer: Show) -> str:
    """Return the text of ``show``, as a study prints itself."""
    return "\n\n".join(table.text() for table in show_tables(answer))


def moved_text(deviation: float) -> str:
    """How far atoms were moved to obey the group, in words; nothing for rounding errors.

    Examples
    --------
    >>> moved_text(3.2e-5), moved_text(1e-9)
    (', atoms moved by up to 3e-05 Å', '')
    """
    return f", atoms moved by up to {deviation:.1g} Å" if deviation > 1e-6 else ""


def _all_axes(answer: Show) -> tuple[str, ...]:
    """Directions of all axes by order: ``3 along [0 0 1]; 2 along [1 0 0], [0 1 0]``."""
    by_order = grouped((axis.symbol, unbroken(minus(axis.along))) for axis in answer.symmetry_axes)
    parts = [f"{minus(order)} along {', '.join(found)}" for order, found in by_order.items()]
    return ("; ".join(parts), "(input cell)") if parts else ("none",)


def _species_row(species: SpeciesOfModes, light: str) -> tuple[str, ...]:
    return (
        species.label,
        species.cdml,
        str(species.count),
        str(species.acoustic) if species.acoustic else "—",
        ", ".join(map(signed, species.pam)),
        light,
        _turning(species),
    )


def _plus(species: SpeciesOfModes) -> Turning | None:
    """How the atoms rotate in the (+) component, where there is one."""
    return next((t for t in species.turning if t.component == "+"), None)


def _turning(species: SpeciesOfModes) -> str:
    """In which sense the atoms of each site rotate in the (+) component."""
    turning = _plus(species)
    if turning is None or None in species.pam:
        return "—"
    sites = ", ".join(f"{name} {TURNING[word]}" for name, word in turning.sites.items())
    return (f"all {_together(turning)}; " if _together(turning) else "") + sites


def _together(turning: Turning) -> str:
    """The sense of all atoms together, where symmetry fixes it and leaves that of a site open."""
    fixed = {"+": "↺", "-": "↻"}.get(turning.sign, "")
    return fixed if "may" in turning.sites.values() else ""


def _turning_legend(answer: Show) -> tuple[str, ...]:
    """The signs of the column of atoms, as far as they occur."""
    if answer.axis is None or answer.axis.order < 3:
        return ()
    shown = [t for s in answer.species if (t := _plus(s)) and None not in s.pam]
    seen = {TURNING[word] for t in shown for word in t.sites.values()}
    for sense in filter(None, map(_together, shown)):
        seen |= {sense, ALL}
    meanings = {
        "↺": "↺ counter-clockwise",
        "↻": "↻ clockwise",
        ALL: "all: net rotation of all atoms, rigid translations removed",
        "net 0": "net 0: single atoms may rotate, their sum vanishes",
        "line": "line: linear motion",
        "open": "open: depends on the forces",
    }
    found = [unbroken(text) for sign, text in meanings.items() if sign in seen]
    return (f"atoms in (+), their rotation: {', '.join(found)}",) if found else ()


# --- wavevectors ---------------------------------------------------------------------------------


def points_table(answer: Show) -> Table:
    """Return little co-group, axis and species with their PAM at every wavevector."""
    rows = []
    for q, found in _by_point(answer):
        start = (q.label, " ".join(q.coordinates), q.little_cogroup, q.axis or "—")
        for species in found:
            residues = ", ".join(map(signed, species.pam))
            rows.append((*start, f"{species.count} {species.label}", residues))
            start = ("", "", "", "")
    return Table(
        ("point", "q (primitive)", "little group", "axis", "species", "l"),
        tuple(rows),
        head=crystal_lines(answer.structure, answer.axis),
        foot=(
            f"q on the reciprocal basis of {primitive_cell(answer.structure.primitive.relation)}; "
            "l = l0 + s u with u = q·c/2π.",
        ),
        optional=("q (primitive)", "little group"),
        folded=("species", "l"),
    )


def _by_point(answer: Show) -> Iterator[tuple[ShownWavevector, list[SpeciesOfModes]]]:
    """Every wavevector with its species: together they have three modes per atom."""
    species = iter(answer.species)
    for q in answer.q:
        found: list[SpeciesOfModes] = []
        while sum(s.count * s.dimension for s in found) < 3 * answer.structure.primitive.natoms:
            found.append(next(species))
        yield q, found


def components_table(answer: Show) -> Table:
    """Return one row per component: l, its spin and orbital part on every site, its parities."""
    rows, axis = [], answer.axis
    notes = [] if axis else ["The crystal has no rotation axis, so there is no l."]
    named: set[int] = set()
    for q, found in _by_point(answer):
        if axis is not None and q.axis is None:
            notes.append(
                f"{q.label}: no rotation about the axis keeps this wavevector, so there is no l."
            )
        where = q.label
        for species in found:
            for pam, component in zip(species.pam, species.turning, strict=True):
                name = component.component
                parts = () if component.parts is UNSET else component.parts or ()
                parities = () if component.parities is UNSET else component.parities
                rows.append(
                    (
                        where,
                        species.label + (f"({minus(name)})" if name else ""),
                        signed(pam),
                        _parts(answer.structure, species, parts, named) or "—",
                        _parities(parities) or "—",
                    )
                )
                where = ""
    return Table(
        ("point", "component", "l", "l_s + l_o", "reflections"),
        tuple(rows),
        foot=(*notes, *_legend(answer, rows, named)),
        optional=("reflections",),
        folded=("l_s + l_o",),
    )


def _parts(
    structure: Structure,
    species: SpeciesOfModes,
    parts: Sequence[SpinOrbitalPart],
    named: set[int],
) -> str:
    """``Bi, Se2 +1+0; Se1 all``: sites by their sums; single atoms of a site by number."""
    atoms_of = {site.name: site.atoms for site in structure.sites}
    by_sums: dict[str, list[str]] = {}
    for share in species.sites:
        every = atoms_of[share.name]
        groups = grouped((part.atoms, _sum(part)) for part in parts if part.site == share.name)
        for atoms, sums in groups.items():
            name = share.name
            if len(atoms) < len(every):
                named.update(every)
                name += "#" + ",".join(str(1 + every.index(atom)) for atom in atoms)
            by_sums.setdefault(ALL if len(sums) == 3 else " & ".join(sums), []).append(name)
    return "; ".join(f"{', '.join(names)} {sums}" for sums, names in by_sums.items())


def _sum(part: SpinOrbitalPart) -> str:
    """``+1−1``, ``0+1``, ``−1+(1+u)``."""
    spin = signed(part.spin)
    if any(sign in part.orbital[1:] for sign in "+-"):
        return f"{spin}+({minus(part.orbital)})"
    orbital = signed(part.orbital)
    return spin + (orbital if orbital[0] in "+−" else f"+{orbital}")


def _parities(found: Sequence[ParityOf]) -> str:
    """``m001 −1, {m100|0,0,1/2} +i``: one of the operations that say the same."""
    texts: dict[tuple[object, ...], str] = {}
    for parity in found:
        name = parity.seitz
        if name.endswith("|0}"):  # a mirror through the origin is named by its plane alone
            name = name[1:-3]
        values = "/".join(minus(eigenvalue_text(phase)) for phase in parity.phases)
        texts.setdefault((parity.plane, parity.kind, values), f"{name} {values}")
    return ", ".join(texts.values())


def _legend(answer: Show, rows: Sequence[tuple[str, ...]], named: set[int]) -> list[str]:
    shares = " ".join(row[3] for row in rows)
    lines = []
    if shares.strip("— "):
        lines.append(
            "l = l_s + l_o: spin part (rotation of each displacement), orbital part (phase from "
            "atom to atom)."
        )
    if " & " in shares:
        lines.append("&: displacements of the site are superpositions of these.")
    if ALL in shares:
        lines.append(
            f"{ALL}: they are superpositions of every l_s, each with the l_o that adds up to l."
        )
    if named:
        places = (
            unbroken(f"{site.name}#{i} {' '.join(answer.positions[atom])}")
            for site in answer.structure.sites
            for i, atom in enumerate(site.atoms, 1)
            if atom in named
        )
        lines.append(f"Atoms (standard cell): {', '.join(places)}.")
    if any(row[4] != "—" for row in rows):
        where = " perpendicular to the axis or containing it" if answer.axis else ""
        lines.append(
            f"reflections: eigenvalues of mirrors and glides{where}, named in the standard cell; "
            "operations that take a component to another one are left out."
        )
    return lines
