"""The table of components: spin and orbital part of l by site, and parities."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.crystal.qpoint import QPoint
from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.irreps.axis import Axis, axis_at
from symchiral.irreps.reflection import Parity, parities, reflections
from symchiral.irreps.stars import place_name
from symchiral.modes.parts import SitePart, spin_orbital
from symchiral.modes.species import Species, find_species
from symchiral.report.summary import standard_position
from symchiral.rules.wording import minus, signed
from symchiral.table import Table, unbroken

ALL = "all"


def components_table(
    crystal: SymmetricCrystal, axis: Axis | None, points: Sequence[QPoint]
) -> Table:
    """Return one row per component: l, its spin and orbital part on every site, its parities."""
    rows, notes = [], [] if axis else ["The crystal has no rotation axis, so there is no l."]
    named: set[int] = set()
    for q in points:
        part = axis_at(crystal, axis, [q])
        where = place_name(crystal.group, q) or "GM"
        planes = reflections(crystal.group, axis, q)
        species = find_species(crystal, part, q)
        if part is None and axis is not None:
            notes.append(
                f"{where}: no rotation about the axis keeps this wavevector, so there is no l."
            )
        for item, shared in zip(species, spin_orbital(crystal, part, species), strict=True):
            for component, parts in zip(item.components, shared, strict=True):
                label = item.label + (f"({minus(component.name)})" if component.name else "")
                found = parities(item.participant, item.arm, component, planes)
                rows.append(
                    (
                        where,
                        label,
                        signed(component.pam),
                        _parts(item, parts, named) or "—",
                        _parities(crystal.group, found) or "—",
                    )
                )
                where = ""
    return Table(
        ("point", "component", "l", "l_s + l_o", "reflections"),
        tuple(rows),
        foot=(*notes, *_legend(crystal, axis, rows, named)),
        optional=("reflections",),
    )


def _parts(species: Species, parts: Sequence[SitePart], named: set[int]) -> str:
    """``Bi, Se2 +1+0; Se1 all``: sites by their sums; single atoms of a site by number."""
    by_sums: dict[str, list[str]] = {}
    for site, _ in species.sites:
        groups: dict[tuple[int, ...], list[str]] = {}
        for part in parts:
            if part.site == site.name:
                groups.setdefault(part.atoms, []).append(_sum(part))
        for atoms, sums in groups.items():
            name = site.name
            if len(atoms) < len(site.atoms):
                named.update(site.atoms)
                name += "#" + ",".join(str(1 + site.atoms.index(atom)) for atom in atoms)
            by_sums.setdefault(ALL if len(sums) == 3 else " & ".join(sums), []).append(name)
    return "; ".join(f"{', '.join(names)} {sums}" for sums, names in by_sums.items())


def _sum(part: SitePart) -> str:
    """``+1−1``, ``0+1``, ``−1+(1+u)``."""
    spin, orbital = signed(str(part.spin)).strip(), signed(part.orbital_pam).strip()
    if "+" in orbital[1:] or "−" in orbital[1:]:
        return f"{spin}+({orbital.removeprefix('+')})"
    return spin + (orbital if orbital[0] in "+−" else f"+{orbital}")


def _parities(group: SpaceGroup, found: Sequence[Parity]) -> str:
    """``m001 −1, {m100|0,0,1/2} +i``: one of the operations that say the same."""
    texts: dict[tuple[object, ...], str] = {}
    for parity in found:
        operation = group.standard_operations[parity.reflection.index]
        name = operation.seitz
        if not any(operation.translation):
            name = name.strip("{}").removesuffix("|0")
        values = "/".join(minus(text) for text in parity.texts)
        key = (parity.reflection.plane, operation.kind, values)
        texts.setdefault(key, f"{name} {values}")
    return ", ".join(texts.values())


def _legend(
    crystal: SymmetricCrystal, axis: Axis | None, rows: Sequence[tuple[str, ...]], named: set[int]
) -> list[str]:
    shares = " ".join(row[3] for row in rows)
    lines = []
    if shares.strip("— "):
        lines.append(
            "l = l_s + l_o: how the vector at one atom turns, and the phase from atom to atom."
        )
    if " & " in shares:
        lines.append("&: vectors of the site are mixtures of these.")
    if ALL in shares:
        lines.append(f"{ALL}: they are mixtures of every l_s, each with the l_o that is left.")
    if named:
        places = (
            unbroken(f"{site.name}#{i} {standard_position(crystal, atom)}")
            for site in crystal.sites
            for i, atom in enumerate(site.atoms, 1)
            if atom in named
        )
        lines.append(f"Atoms (standard cell): {', '.join(places)}.")
    if any(row[4] != "—" for row in rows):
        where = " across the axis or containing it" if axis else ""
        lines.append(
            f"Eigenvalues of mirrors and glides{where}, named in the standard cell; those that "
            "take a component to another one are left out."
        )
    return lines
