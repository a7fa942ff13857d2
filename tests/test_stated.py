"""What a CIF states is compared with what was made of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import ase
import numpy as np
import pytest
from ase.calculators.emt import EMT

import symchiral as sc
from symchiral.crystal.order import find_magnetic_symmetry
from symchiral.errors import DisorderError, GrammarError, StructureError, SymchiralError
from symchiral.reading import find_structure, structure_names
from symchiral.reading.structure import read_bytes, read_crystal

ROW = re.compile(r"^(\S+) +([A-Z][a-z]?) +(\d+ +[a-z] +)?([-.\d]+) +([-.\d]+) +([-.\d]+)(.*)$")


def crystal(text: str, **options: object):  # type: ignore[no-untyped-def]
    return read_bytes(text.encode(), name="x.cif", **options)  # type: ignore[arg-type]


def kinds(text: str, **options: object) -> list[str]:
    return [w.kind for w in find_magnetic_symmetry(crystal(text, **options)).warnings]


def simple(sites: str, *, head: str = "", columns: str = "") -> str:
    """Rock salt and what else is asked for."""
    return (
        "data_x\n_cell_length_a 5.6\n_cell_length_b 5.6\n_cell_length_c 5.6\n"
        "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n"
        f"_symmetry_space_group_name_H-M 'F m -3 m'\n{head}\nloop_\n_atom_site_label\n"
        "_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
        f"{columns}\n{sites}\n"
    )


SALT = "Na1 Na 0 0 0 {}\nCl1 Cl .5 .5 .5 {}"


# ------------------------------------------------------------------------------- statements


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("_chemical_formula_sum 'Cl Na'\n_cell_formula_units_Z 4", None),
        ("_chemical_formula_sum 'Cl1 Na1'", None),
        ("_chemical_formula_sum 'Cl4 Na4'\n_cell_formula_units_Z 4", None),  # of the whole cell
        ("_chemical_formula_sum 'Cl4 Na4'\n_cell_formula_units_Z 8", "states Z = 8"),
        ("_chemical_formula_sum 'Cl0.99 Na'\n_cell_formula_units_Z 4", None),
        ("_chemical_formula_sum ?\n_cell_formula_units_Z 4", None),
        ("_chemical_formula_sum 'Cl Na'\n_cell_formula_units_Z 2", "states Z = 2"),
        ("_chemical_formula_sum 'Cl2 Na'", "holds"),
        ("_chemical_formula_sum 'Cl H Na'\n_cell_formula_units_Z 4", "H missing"),
        ("_chemical_formula_sum 'Cl'\n_cell_formula_units_Z 4", "holds"),
        ("_cell_volume 175.6", None),
        ("_cell_volume 275.6", "275.6 Å³"),
    ],
)
def test_contents_and_volume(head: str, said: str | None) -> None:
    warnings = find_magnetic_symmetry(crystal(simple(SALT.format("", ""), head=head))).warnings
    found = [w for w in warnings if w.kind in ("stated-formula", "stated-cell")]
    assert len(found) == (said is not None)
    assert said is None or said in found[0].text


@pytest.mark.parametrize(
    ("tag", "values", "warned"),
    [
        ("_atom_site_symmetry_multiplicity", ("4", "4"), False),
        ("_atom_site_site_symmetry_multiplicity", ("4", "8"), True),
        ("_atom_site_symmetry_multiplicity", ("48", "48"), False),  # the order, as SHELX wrote it
        ("_atom_site_site_symmetry_order", ("48", "48"), False),
        ("_atom_site_symmetry_multiplicity", ("?", "."), False),
    ],
)
def test_multiplicities(tag: str, values: tuple[str, str], warned: bool) -> None:  # noqa: FBT001
    text = simple(SALT.format(*values), columns=tag)
    assert ("stated-formula" in kinds(text)) == warned


def _damaged(text: str) -> Iterator[tuple[str, str]]:
    """A file damaged as files are, one way after the other; some statement contradicts each."""
    lines = text.split("\n")
    rows = [(i, match) for i, line in enumerate(lines) if (match := ROW.match(line))]
    for i, match in rows[:3]:
        if len(rows) > 1:
            yield "site lost", "\n".join(lines[:i] + lines[i + 1 :])
        other = "Xe" if match[2] != "Xe" else "Kr"
        row = lines[i].replace(f" {match[2]} ", f" {other} ", 1)
        yield "element exchanged", "\n".join([*lines[:i], row, *lines[i + 1 :]])
    operations = [i for i, line in enumerate(lines) if re.match(r"\d+ '.*,.*'", line)]
    if len(operations) > 2:
        yield "operation lost", "\n".join(lines[: operations[-1]] + lines[operations[-1] + 1 :])
    if len(operations) > 1:
        yield "operations lost", "\n".join(lines[: operations[0] + 1] + lines[operations[-1] + 1 :])
    yield "length", re.sub(r"(_cell_length_c +)(\S+)", r"\g<1>1\2", text)
    yield "angle", re.sub(r"(_cell_angle_beta +)\S+", r"\g<1>77.7", text)
    yield "number", re.sub(r"(_space_group_IT_number +)\S+", r"\g<1>47", text)
    yield "Hall symbol", re.sub(r"(_space_group_name_Hall +).*", r"\1'P 2ac 2ab'", text)
    yield "Z", re.sub(r"(_cell_formula_units_Z +)(\d+)", r"\g<1>\g<2>1", text)


@pytest.mark.parametrize("step", [16, pytest.param(1, marks=pytest.mark.sweep)])
def test_damage_that_a_statement_contradicts_is_never_silent(step: int) -> None:
    seen: Counter[str] = Counter()
    names = [n for n in structure_names() if find_structure(n).suffix == ".cif"][::step]
    for name in names:
        text = find_structure(name).read_text(encoding="utf-8")
        for what, damaged in _damaged(text):
            if damaged == text:
                continue
            try:
                found = set(kinds(damaged)) - {"looser-group"}
            except SymchiralError:
                seen["refused"] += 1
                continue
            if not found:  # the damage changed nothing
                whole, now = crystal(text), crystal(damaged)
                assert np.array_equal(whole.numbers, now.numbers), (name, what)
                assert np.allclose(whole.positions, now.positions), (name, what)
                assert np.allclose(whole.cell, now.cell), (name, what)
            seen["warned" if found else "the same"] += 1
    assert seen["warned"] > 5 * len(names), seen
    assert seen["refused"] >= len(names), seen


# ------------------------------------------------------------------------------- modulation


@pytest.mark.parametrize(
    ("head", "modulated"),
    [
        ("_cell_modulation_dimension 1", True),
        ("_cell_modulation_dimension 0", False),
        ("_cell_modulation_dimension ?", False),
        ("_space_group_ssg_name 'Pnma(00g)0s0'", True),
        ("loop_\n_cell_wave_vector_seq_id\n_cell_wave_vector_x\n1 0.2", True),
        ("loop_\n_space_group_symop_ssg_operation_algebraic\n'x1,x2,x3,x4'", True),
        ("_parent_propagation_vector.kxkykz '[0 0 1/2]'", False),
        ("_parent_propagation_vector.kxkykz '[0.333 0.3333 0.5]'", False),
        ("_parent_propagation_vector.kxkykz '[0 0 0.2127]'", True),
    ],
)
def test_modulated_structures(head: str, modulated: bool) -> None:  # noqa: FBT001
    text = simple(SALT.format("", ""), head=head)
    if modulated:
        with pytest.raises(StructureError, match="is modulated"):
            crystal(text)
    else:
        assert len(crystal(text)) == 8


def test_a_named_magnetic_group_without_operations_is_no_missing_symmetry() -> None:
    head = "_space_group_magn.number_BNS 225.119"
    text = simple(SALT.format("", ""), head=head).replace("_symmetry_space_group_name_H-M", "_x")
    with pytest.raises(SymchiralError, match=r"225\.119 without operations"):
        crystal(text)
    notes = crystal(text.replace(head, "")).source.notes
    assert any("states no symmetry" in note for note in notes)


# ------------------------------------------------------------------------------- magnetic groups

MAGNETIC = (
    "\nloop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\n"
    "loop_\n_atom_site_moment.label\n_atom_site_moment.crystalaxis_x\n"
    "_atom_site_moment.crystalaxis_y\n_atom_site_moment.crystalaxis_z\nNa1 {}\n"
)


def test_small_moments_are_dropped_with_a_word() -> None:
    text = simple(SALT.format("", "")) + MAGNETIC
    assert "small-moments" in kinds(text.format("0 0 0.01"))
    assert "small-moments" not in kinds(text.format("0 0 0"))
    assert "small-moments" not in kinds(text.format("0 0 0.5"))
    notes = crystal(text.format(". . 0.5")).source.notes
    assert any("moments written as '.'" in note for note in notes)


def test_a_stated_magnetic_group_without_its_moments() -> None:
    head = "_space_group_magn.number_BNS {}"
    text = simple(SALT.format("", ""), head=head) + MAGNETIC.format("0 0 0")
    text = text.replace("x,y,z,+1", "x,y,z,+1\nx,y,z,-1")
    for stated, warned in (("166.97", True), ("221.92", True), ("221.93", False)):
        warnings = find_magnetic_symmetry(crystal(text.format(stated))).warnings
        said = [w.text for w in warnings if w.kind == "stated-group" and "BNS" in w.text]
        assert len(said) == warned, said  # two atoms, of Pm-3m with time reversal


# ------------------------------------------------------------------------------- average structures


def occupied(first: str, second: str) -> str:
    sites = f"Na1 Na 0 0 0 {first}\nK1 K 0 0 0 {second}\nCl1 Cl .5 .5 .5 1"
    return simple(sites, columns="_atom_site_occupancy")


def test_shared_sites() -> None:
    with pytest.raises(DisorderError, match=r"0\.6 K \+ 0\.4 Na.*--average-sites"):
        crystal(occupied("0.4", "0.6"))
    with pytest.raises(DisorderError, match=r"0\.8 in all"):
        crystal(occupied("0.4", "0.4"), average_sites=True)
    found = crystal(occupied("0.4", "0.6"), average_sites=True)
    assert found.formula == "(K0.6Na0.4)Cl"
    assert found.symbols[0] == "(K0.6Na0.4)"
    study = sc.read(found)
    assert study.crystal.sites[0].name == "(K0.6Na0.4)"
    assert study.crystal.group.number == 225
    with pytest.raises(DisorderError, match="virtual element"):
        _ = study.atoms
    with pytest.raises(SymchiralError, match="virtual element"):
        study.with_calculator(EMT())
    # The motions of an average structure are those of the element whose place it takes.
    salt = sc.read(crystal(simple(SALT.format("", ""))))
    assert [s.label for s in study.species("GM")] == [s.label for s in salt.species("GM")]


def test_different_mixtures_are_different_elements() -> None:
    sites = "Na1 Na 0 0 0 {}\nK1 K 0 0 0 {}\nNa2 Na .5 .5 .5 {}\nK2 K .5 .5 .5 {}"
    columns = "_atom_site_occupancy"
    same = crystal(simple(sites.format(0.5, 0.5, 0.5, 0.5), columns=columns), average_sites=True)
    other = crystal(simple(sites.format(0.5, 0.5, 0.4, 0.6), columns=columns), average_sites=True)
    assert sc.read(same).crystal.group.number == 221  # simple cubic
    assert len(sc.read(same).crystal.primitive) == 1
    assert sc.read(other).crystal.group.number == 225


# ------------------------------------------------------------------------------- ASE


def test_two_readers() -> None:
    from pathlib import Path

    cases = Path(__file__).parent / "data" / "cases"
    by_ase = read_crystal(cases / "carbonate_other_origin.cif", reader="ase")
    assert len(by_ase) == 60
    (notice,) = by_ase.source.contradictions
    assert notice.kind == "readers"
    assert "ASE has C6 Mg18 O36, symchiral C2 Mg2 O12" in notice.text
    (notice,) = read_crystal("Bi2Se3", reader="ase").source.contradictions
    assert "read the same atoms" in notice.text
    (notice,) = crystal(simple(SALT.format("", "")), reader="ase").source.contradictions
    assert notice.kind == "readers"
    with pytest.raises(GrammarError, match="no reader 'gemmi'"):
        read_crystal("Bi2Se3", reader="gemmi")


def test_a_study_gives_its_atoms_back() -> None:
    for name in ("Bi2Se3", "Cr2O3_AFM"):
        study = sc.read(name)
        atoms = study.atoms
        assert isinstance(atoms, ase.Atoms)
        assert atoms.pbc.all()
        again = sc.read(atoms)
        assert np.allclose(again.crystal.input.positions, study.crystal.input.positions)
        assert again.crystal.group == study.crystal.group
        magnetic = study.crystal.magnetic
        assert (again.crystal.magnetic is None) == (magnetic is None)
        if magnetic is not None and again.crystal.magnetic is not None:
            assert again.crystal.magnetic.bns == magnetic.bns
