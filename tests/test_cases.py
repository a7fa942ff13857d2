"""Inputs that people have: each file of ``data/cases`` gives its right answer or refusal.

What each of them should give, and why, stands in the README beside them.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import spglib

import symchiral as sc
from symchiral.errors import DisorderError, ReadError, StructureError, SymchiralError
from symchiral.reading.structure import read_bytes, read_crystal

FOLDER = Path(__file__).parent / "data" / "cases"

RIGHT = {
    # file: group, atoms of the cell, kinds of warnings besides "lists no operations", their words
    "ammonia_noH.cif": ("P2_13", 4, "stated-formula", "H missing"),
    "carbonate_other_origin.cif": ("R-3m", 16, "stated-formula", "C Mg O3"),
    "symbol_only_distorted.cif": ("P4mm", 5, "stated-group", "P m -3 m (221)"),
    "i2a_by_hall.cif": ("C2/c", 16, None, None),
    "wurtzite_hall_only.cif": ("P6_3mc", 4, None, None),
    "ferrocene_axis.cif": ("P2_1/c", 6, None, None),
    "perovskite_pbnm.cif": ("Pnma", 20, None, None),
    "point_is_zero.cif": ("Pm-3m", 5, "reading", "'.' are read as 0"),
    "nearly_full_site.cif": ("I4/mmm", 14, "reading", "0.992 and is taken as full"),
    "split_same_site.cif": ("Fm-3m", 8, "reading", "Na1, Na2 share one place"),
    "mag_plain.mcif": ("R-3c", 30, None, None),
    "mag_stray_stop.mcif": ("R-3c", 30, "reading", "'2.48(1).' and read as 2.48"),
    "mag_latin1.mcif": ("R-3c", 30, "reading", "Latin-1"),
    "unicode_minus.cif": ("Fm-3m", 8, "reading", "and read as -0.5"),
    "fe3gete2_3digits.cif": ("P6_3/mmc", 12, "reading", "few digits"),
    "graphite_transposed.vasp": ("P6_3/mmc", 4, None, None),
    "vasp6_hashes.vasp": ("R-3m", 15, None, None),
    "negative_scale.vasp": ("Fm-3m", 8, None, None),
    "mmcif_tags.cif": ("Fm-3m", 8, "reading", "Cartesian positions"),
    "bom_crlf.cif": ("Fm-3m", 8, None, None),
    "ops_decimal_third.cif": ("P3_121", 12, None, None),
    "ccce_choice2.cif": ("Ccce", 16, None, None),
}
REFUSED = {
    "mixed_type_string.cif": (DisorderError, "--average-sites"),
    "in2se3_faulty_ops.cif": (ReadError, "do not form a group"),
    "modulated_magnetic.mcif": (StructureError, "is modulated"),
    "number_only_mono_c.cif": (StructureError, "unique axis"),
}


def test_every_file_has_an_answer() -> None:
    names = {path.name for path in FOLDER.iterdir()} - {"README.md"}
    assert {name for name in names if not name.startswith("qe_")} == RIGHT.keys() | REFUSED.keys()


@pytest.mark.parametrize("file", RIGHT)
def test_what_should_come(file: str) -> None:
    group, atoms, kind, words = RIGHT[file]
    crystal = sc.read(FOLDER / file).crystal
    assert crystal.group.symbol == group
    assert len(crystal.input) == atoms
    said = [(w.kind, w.text) for w in crystal.warnings if "lists no operations" not in w.text]
    if kind is None:
        assert said == []
    else:
        assert any(k == kind and words in text for k, text in said), said
    if file.endswith(".mcif"):
        assert crystal.magnetic is not None
        assert crystal.magnetic.bns == "167.106"


@pytest.mark.parametrize("file", REFUSED)
def test_what_is_refused(file: str) -> None:
    kind, words = REFUSED[file]
    with pytest.raises(SymchiralError, match=words) as caught:
        sc.read(FOLDER / file)
    assert type(caught.value) is kind


def test_settings_by_the_atoms_themselves() -> None:
    """Operations of spglib's table, applied here, give the same atoms."""
    for file, hall in (
        ("i2a_by_hall.cif", 92),
        ("ccce_choice2.cif", 323),
        ("perovskite_pbnm.cif", 294),
    ):
        crystal = read_crystal(FOLDER / file)
        group = spglib.get_symmetry_from_database(hall)
        text = (FOLDER / file).read_text(encoding="utf-8")
        sites = re.findall(r"^[A-Z][a-z]?\d [A-Z][a-z]? ([-.\d]+) ([-.\d]+) ([-.\d]+)", text, re.M)
        for site in np.array(sites, dtype=float):
            for image in group["rotations"] @ site + group["translations"]:
                delta = crystal.positions - image
                delta -= np.rint(delta)
                assert np.abs(delta).max(axis=1).min() < 1e-6, file
    ccce = read_crystal(FOLDER / "ccce_choice2.cif")
    delta = ccce.positions[:, None] - ccce.positions
    delta -= np.rint(delta)
    distance = np.linalg.norm(delta @ ccce.cell, axis=2)
    assert distance[distance > 0].min() == pytest.approx(2.113, abs=5e-4)


def test_marks_of_an_editor_change_nothing() -> None:
    marked = (FOLDER / "bom_crlf.cif").read_bytes()
    assert marked.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in marked
    plain = read_bytes(marked[3:].replace(b"\r\n", b"\n"), name="x.cif")
    crystal = read_crystal(FOLDER / "bom_crlf.cif")
    assert np.array_equal(plain.positions, crystal.positions)
    assert np.array_equal(plain.cell, crystal.cell)


def test_an_average_structure_is_marked_everywhere() -> None:
    study = sc.read(FOLDER / "mixed_type_string.cif", average_sites=True)
    assert study.crystal.group.symbol == "Fm-3m"
    assert study.crystal.input.formula == "(Na0.5K0.5)Cl"
    assert [w.kind for w in study.crystal.warnings][-1] == "average-sites"
    document = study.predict().to_dict()
    assert document["structure"]["formula"] == "(Na0.5K0.5)Cl"
    assert "average-sites" in {w["kind"] for w in document["warnings"]}
