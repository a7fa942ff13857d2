"""Every crystal in structures/: what it is, and that it says where its numbers come from.

Checked with ase and spglib only, so that a fault of symchiral cannot hide a fault of a file.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import ase.io
import pytest
import spglib
from ase import Atoms
from ase.neighborlist import neighbor_list

STRUCTURES = Path(__file__).resolve().parent.parent / "structures"
SYMPREC = 1e-3
KINDS = ("read", "computed", "recalled")


class Crystal(NamedTuple):
    """One row: the file and what it must hold."""

    file: str
    number: int
    """Space-group number."""
    formula: str
    """Reduced formula as ase writes it."""
    atoms: int
    """Atoms in the primitive cell."""
    shortest: tuple[float, float]
    """Window of the shortest interatomic distance, in Å."""
    kind: str
    """Provenance: read, computed or recalled."""


# fmt: off
CRYSTALS = [
    Crystal("Al2O3.cif", 167, "Al2O3", 10, (1.84, 1.88), "read"),
    Crystal("Al2S3.cif", 169, "Al2S3", 30, (2.21, 2.25), "read"),
    Crystal("Al2S3_P65.cif", 170, "Al2S3", 30, (2.21, 2.25), "computed"),
    Crystal("AuF3.cif", 178, "AuF3", 24, (1.88, 1.92), "read"),
    Crystal("AuF3_P6522.cif", 179, "AuF3", 24, (1.88, 1.92), "computed"),
    Crystal("AuTe2_calaverite.cif", 12, "AuTe2", 3, (2.66, 2.70), "read"),
    Crystal("BaTiO3_P4mm.cif", 99, "BaTiO3", 5, (1.83, 1.87), "read"),
    Crystal("Bi12GeO20.cif", 197, "Bi12GeO20", 33, (1.76, 1.80), "read"),
    Crystal("Bi2Se3.cif", 166, "Bi2Se3", 5, (2.83, 2.87), "recalled"),
    Crystal("Bi2Te3.cif", 166, "Bi2Te3", 5, (3.09, 3.13), "read"),
    Crystal("BiB3O6.cif", 5, "BiB3O6", 10, (1.32, 1.36), "read"),
    Crystal("BiI3.cif", 148, "BiI3", 8, (3.07, 3.11), "read"),
    Crystal("BiTeI.cif", 156, "BiITe", 3, (3.01, 3.05), "read"),
    Crystal("BN_hexagonal.cif", 194, "BN", 4, (1.43, 1.47), "read"),
    Crystal("BPO4.cif", 82, "BO4P", 6, (1.45, 1.49), "read"),
    Crystal("C_diamond.cif", 227, "C", 2, (1.53, 1.57), "read"),
    Crystal("Ca3PI3.cif", 214, "Ca3I3P", 28, (2.83, 2.87), "read"),
    Crystal("CaCO3_calcite.cif", 167, "CaCO3", 10, (1.26, 1.30), "read"),
    Crystal("CaF2.cif", 225, "CaF2", 3, (2.35, 2.39), "read"),
    Crystal("Cd3As2.cif", 142, "Cd3As2", 80, (2.58, 2.62), "recalled"),
    Crystal("CdI2.cif", 164, "CdI2", 3, (2.97, 3.01), "read"),
    Crystal("CdTiO3.cif", 148, "CdTiO3", 10, (1.86, 1.90), "read"),
    Crystal("CeCl3.cif", 176, "CeCl3", 8, (2.91, 2.95), "recalled"),
    Crystal("CeF3.cif", 165, "CeF3", 24, (2.38, 2.42), "recalled"),
    Crystal("Co3Sn2S2.cif", 166, "Co3Sn2S2", 7, (2.16, 2.20), "recalled"),
    Crystal("CoSn.cif", 191, "CoSn", 6, (2.60, 2.64), "read"),
    Crystal("CrCl3_P3112.cif", 151, "CrCl3", 24, (2.35, 2.39), "read"),
    Crystal("CrI3.cif", 148, "CrI3", 8, (2.71, 2.75), "recalled"),
    Crystal("CrSi2.cif", 180, "CrSi2", 9, (2.45, 2.49), "read"),
    Crystal("Cu2FeSnS4.cif", 121, "Cu2FeSnS4", 8, (2.29, 2.33), "read"),
    Crystal("Cu2O.cif", 224, "Cu2O", 6, (1.83, 1.87), "read"),
    Crystal("Cu3AsS4_enargite.cif", 31, "Cu3AsS4", 16, (2.15, 2.19), "read"),
    Crystal("Cu3VS4.cif", 215, "Cu3VS4", 8, (2.19, 2.23), "read"),
    Crystal("CuFeS2.cif", 122, "CuFeS2", 8, (2.24, 2.28), "read"),
    Crystal("CuO.cif", 15, "CuO", 4, (1.93, 1.97), "recalled"),
    Crystal("CuScS2.cif", 156, "CuScS2", 4, (2.22, 2.26), "read"),
    Crystal("ErFeO3.cif", 62, "ErFeO3", 20, (1.98, 2.02), "recalled"),
    Crystal("Fe2Mo3O8.cif", 186, "Fe2Mo3O8", 26, (1.92, 1.96), "recalled"),
    Crystal("FeS2_pyrite.cif", 205, "FeS2", 12, (2.14, 2.18), "read"),
    Crystal("FeSi.cif", 198, "FeSi", 8, (2.27, 2.31), "read"),
    Crystal("FeTiO3.cif", 148, "FeTiO3", 10, (1.85, 1.89), "read"),
    Crystal("GaAs.cif", 216, "GaAs", 2, (2.43, 2.47), "recalled"),
    Crystal("GaSe.cif", 187, "GaSe", 8, (2.41, 2.45), "read"),
    Crystal("GeF2.cif", 19, "F2Ge", 12, (1.87, 1.91), "read"),
    Crystal("GeTe.cif", 160, "GeTe", 2, (2.80, 2.84), "read"),
    Crystal("graphene_slab.cif", 191, "C", 2, (1.40, 1.44), "computed"),
    Crystal("graphite.cif", 194, "C", 4, (1.40, 1.44), "read"),
    Crystal("HgS_cinnabar.cif", 154, "HgS", 6, (2.35, 2.39), "read"),
    Crystal("HgS_cinnabar_P3121.cif", 152, "HgS", 6, (2.35, 2.39), "computed"),
    Crystal("IrAs3.cif", 204, "IrAs3", 16, (2.42, 2.46), "read"),
    Crystal("KAsSe2.cif", 1, "KAsSe2", 16, (2.27, 2.31), "read"),
    Crystal("KNbO3_Amm2.cif", 38, "KNbO3", 5, (1.88, 1.92), "read"),
    Crystal("KTaO3.cif", 221, "KTaO3", 5, (1.98, 2.02), "read"),
    Crystal("LaAlO3.cif", 167, "AlLaO3", 10, (1.88, 1.92), "read"),
    Crystal("LaBGeO5.cif", 144, "LaBGeO5", 24, (1.43, 1.47), "read"),
    Crystal("LaBGeO5_P32.cif", 145, "LaBGeO5", 24, (1.43, 1.47), "computed"),
    Crystal("Li2ZnGeO4.cif", 7, "Li2ZnGeO4", 16, (1.75, 1.79), "read"),
    Crystal("Li2ZrTeO6.cif", 146, "Li2ZrO6Te", 10, (1.90, 1.94), "read"),
    Crystal("LiAl5O8.cif", 212, "Al5LiO8", 56, (1.77, 1.81), "read"),
    Crystal("LiBO2_gamma.cif", 122, "LiBO2", 8, (1.46, 1.50), "read"),
    Crystal("LiCdBO3.cif", 174, "CdLiBO3", 18, (1.36, 1.40), "read"),
    Crystal("LiIO3.cif", 173, "LiIO3", 10, (1.81, 1.85), "read"),
    Crystal("LiNbO3.cif", 161, "LiNbO3", 10, (1.89, 1.93), "read"),
    Crystal("MgB2.cif", 191, "MgB2", 3, (1.76, 1.80), "read"),
    Crystal("MgTiO3.cif", 148, "MgTiO3", 10, (1.85, 1.89), "read"),
    Crystal("Mn_beta.cif", 213, "Mn", 20, (2.34, 2.38), "read"),
    Crystal("Mn_beta_P4332.cif", 212, "Mn", 20, (2.34, 2.38), "computed"),
    Crystal("MnBi2Te4.cif", 166, "Bi2MnTe4", 7, (2.95, 2.99), "recalled"),
    Crystal("MoO3_alpha.cif", 62, "MoO3", 16, (1.65, 1.69), "recalled"),
    Crystal("MoS2_2H.cif", 194, "MoS2", 6, (2.40, 2.44), "recalled"),
    Crystal("MoS2_monolayer_slab.cif", 187, "MoS2", 3, (2.41, 2.45), "read"),
    Crystal("MoSi2.cif", 139, "MoSi2", 3, (2.57, 2.61), "read"),
    Crystal("NaCl.cif", 225, "NaCl", 2, (2.80, 2.84), "read"),
    Crystal("NaClO3.cif", 198, "NaClO3", 20, (1.48, 1.52), "read"),
    Crystal("NaI3O8.cif", 81, "NaI3O8", 24, (1.79, 1.83), "read"),
    Crystal("Ni3S2.cif", 155, "Ni3S2", 5, (2.23, 2.27), "read"),
    Crystal("NiS_millerite.cif", 160, "NiS", 6, (2.24, 2.28), "read"),
    Crystal("NiTiO3.cif", 148, "NiTiO3", 10, (1.84, 1.88), "recalled"),
    Crystal("P2I4.cif", 2, "I2P", 6, (2.19, 2.23), "read"),
    Crystal("P_black.cif", 64, "P", 4, (2.20, 2.24), "read"),
    Crystal("PbO.cif", 129, "PbO", 4, (2.29, 2.33), "read"),
    Crystal("PbTe.cif", 225, "PbTe", 2, (3.21, 3.25), "recalled"),
    Crystal("PdS.cif", 84, "PdS", 16, (2.30, 2.34), "read"),
    Crystal("ReNCl4.cif", 79, "ReCl4N", 6, (1.68, 1.72), "read"),
    Crystal("Sb2Te3.cif", 166, "Sb2Te3", 5, (2.96, 3.00), "recalled"),
    Crystal("Se.cif", 152, "Se", 3, (2.35, 2.39), "read"),
    Crystal("Si.cif", 227, "Si", 2, (2.33, 2.37), "read"),
    Crystal("SiO2_beta_quartz.cif", 180, "O2Si", 9, (1.57, 1.61), "read"),
    Crystal("SiO2_beta_quartz_P6422.cif", 181, "O2Si", 9, (1.57, 1.61), "computed"),
    Crystal("SiO2_cristobalite.cif", 92, "O2Si", 12, (1.58, 1.62), "read"),
    Crystal("SiO2_quartz_P3121.cif", 152, "O2Si", 9, (1.59, 1.63), "read"),
    Crystal("SiO2_quartz_P3221.cif", 154, "O2Si", 9, (1.59, 1.63), "computed"),
    Crystal("SnS.cif", 62, "SnS", 8, (2.60, 2.64), "read"),
    Crystal("SrTiO3.cif", 221, "SrTiO3", 5, (1.93, 1.97), "read"),
    Crystal("SrTiO3_I4mcm.cif", 140, "SrTiO3", 10, (1.93, 1.97), "read"),
    Crystal("Te_highpressure_P21.cif", 4, "Te", 4, (2.88, 2.92), "read"),
    Crystal("Te_P3121.cif", 152, "Te", 3, (2.82, 2.86), "recalled"),
    Crystal("Te_P3221.cif", 154, "Te", 3, (2.82, 2.86), "computed"),
    Crystal("TeO2_alpha.cif", 92, "O2Te", 12, (1.90, 1.94), "read"),
    Crystal("TeO2_alpha_P43212.cif", 96, "O2Te", 12, (1.90, 1.94), "computed"),
    Crystal("TiO2_anatase.cif", 141, "TiO2", 6, (1.94, 1.98), "read"),
    Crystal("TiO2_rutile.cif", 136, "TiO2", 6, (1.93, 1.97), "read"),
    Crystal("TlBO2.cif", 76, "TlBO2", 32, (1.33, 1.37), "read"),
    Crystal("TlBO2_P43.cif", 78, "TlBO2", 32, (1.33, 1.37), "computed"),
    Crystal("UCo.cif", 199, "CoU", 8, (2.63, 2.67), "read"),
    Crystal("WC.cif", 187, "WC", 2, (2.18, 2.22), "read"),
    Crystal("WSe2_monolayer_slab.cif", 187, "WSe2", 3, (2.51, 2.55), "recalled"),
    Crystal("ZnO.cif", 186, "ZnO", 4, (1.98, 2.02), "read"),
    Crystal("ZnS_wurtzite.cif", 186, "ZnS", 4, (2.32, 2.36), "read"),
    Crystal("ZrGeO4.cif", 88, "ZrGeO4", 12, (1.76, 1.80), "read"),
    Crystal("ZrNiAl.cif", 189, "AlNiZr", 9, (2.43, 2.47), "read"),
    Crystal("ZrO2_baddeleyite.cif", 14, "ZrO2", 12, (2.03, 2.07), "read"),
]
# fmt: on

MIRROR_IMAGES = [
    ("Te_P3121.cif", "Te_P3221.cif"),
    ("SiO2_quartz_P3121.cif", "SiO2_quartz_P3221.cif"),
    ("HgS_cinnabar_P3121.cif", "HgS_cinnabar.cif"),
    ("LaBGeO5.cif", "LaBGeO5_P32.cif"),
    ("TlBO2.cif", "TlBO2_P43.cif"),
    ("TeO2_alpha.cif", "TeO2_alpha_P43212.cif"),
    ("Al2S3.cif", "Al2S3_P65.cif"),
    ("AuF3.cif", "AuF3_P6522.cif"),
    ("SiO2_beta_quartz.cif", "SiO2_beta_quartz_P6422.cif"),
    ("Mn_beta.cif", "Mn_beta_P4332.cif"),
]
ENANTIOMORPHIC = [
    (76, 78), (91, 95), (92, 96), (144, 145), (151, 153), (152, 154),
    (169, 170), (171, 172), (178, 179), (180, 181), (212, 213),
]  # fmt: skip

every_crystal = pytest.mark.parametrize("crystal", CRYSTALS, ids=lambda c: c.file)


@cache
def read(file: str) -> Any:  # ase is untyped
    atoms = ase.io.read(STRUCTURES / file)
    assert isinstance(atoms, Atoms)
    return atoms


def cell_of(atoms: Any) -> tuple[Any, Any, Any]:
    return (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers)


def distances_of(atoms: Any, cutoff: float) -> Any:
    return neighbor_list("d", atoms, cutoff)  # type: ignore[no-untyped-call]


def item(text: str, name: str) -> str:
    """Value of a CIF data item that stands on one line."""
    match = re.search(rf"^{re.escape(name)}[ \t]+(.+)$", text, flags=re.MULTILINE)
    assert match is not None, f"{name} is missing"
    return match.group(1).strip().strip("'\"")


def test_every_file_has_its_row() -> None:
    files = [crystal.file for crystal in CRYSTALS]
    assert len(files) == len(set(files))
    assert set(files) == {path.name for path in STRUCTURES.glob("*.cif")}


@every_crystal
def test_space_group(crystal: Crystal) -> None:
    text = (STRUCTURES / crystal.file).read_text(encoding="utf-8")
    dataset = spglib.get_symmetry_dataset(cell_of(read(crystal.file)), symprec=SYMPREC)
    assert dataset is not None
    assert dataset.number == crystal.number
    assert int(item(text, "_space_group_IT_number")) == crystal.number
    symbol = item(text, "_space_group_name_H-M_alt").replace(" ", "")
    assert symbol == dataset.international.replace("_", "")


@every_crystal
def test_content(crystal: Crystal) -> None:
    text = (STRUCTURES / crystal.file).read_text(encoding="utf-8")
    atoms = read(crystal.file)
    assert atoms.get_chemical_formula("metal", empirical=True) == crystal.formula
    primitive = spglib.find_primitive(cell_of(atoms), symprec=SYMPREC)
    assert primitive is not None
    assert len(primitive[2]) == crystal.atoms
    sites = re.findall(r"^[A-Z][a-z]?\d+ [A-Z][a-z]? (\d+) [a-zA-Z] ", text, flags=re.MULTILINE)
    assert sum(int(multiplicity) for multiplicity in sites) == len(atoms)


@every_crystal
def test_shortest_distance(crystal: Crystal) -> None:
    low, high = crystal.shortest
    distances = distances_of(read(crystal.file), 3.5)
    assert len(distances) > 0
    assert low < distances.min() < high


@every_crystal
def test_provenance(crystal: Crystal) -> None:
    text = (STRUCTURES / crystal.file).read_text(encoding="utf-8")
    assert crystal.kind in KINDS
    assert item(text, "_symchiral_source_kind") == crystal.kind
    assert f"# provenance: {crystal.kind}\n" in text
    source = re.search(r"^_symchiral_source\n;\n(.+?)\n;$", text, flags=re.MULTILINE | re.DOTALL)
    assert source is not None
    words = " ".join(source.group(1).split()).lower()
    assert len(words) > 60
    if crystal.kind == "recalled":
        assert "not read at any source" in words
        assert "doi" not in words


@every_crystal
def test_readme_lists_it(crystal: Crystal) -> None:
    readme = (STRUCTURES / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith(f"| {crystal.file} |")]
    assert len(rows) == 1
    assert f"({crystal.number})" in rows[0]
    assert f"| {crystal.kind}" in rows[0]


@pytest.mark.parametrize("pair", MIRROR_IMAGES, ids=lambda pair: pair[0])
def test_both_hands(pair: tuple[str, str]) -> None:
    numbers = {crystal.file: crystal.number for crystal in CRYSTALS}
    assert tuple(sorted(numbers[file] for file in pair)) in ENANTIOMORPHIC
    first, second = (read(file) for file in pair)
    image = first.copy()
    image.set_scaled_positions(-first.get_scaled_positions())
    standard = [
        spglib.get_symmetry_dataset(cell_of(atoms), symprec=SYMPREC) for atoms in (image, second)
    ]
    assert standard[0] is not None
    assert standard[1] is not None
    assert standard[0].number == standard[1].number
    assert first.cell.cellpar() == pytest.approx(second.cell.cellpar(), abs=1e-6)
    distances = [sorted(distances_of(atoms, 4.0)) for atoms in (image, second)]
    assert distances[0] == pytest.approx(distances[1], abs=1e-4)


def test_all_classes_and_systems() -> None:
    classes = {}
    for hall_number in range(1, 531):
        group = spglib.get_spacegroup_type(hall_number)
        assert group is not None
        classes[group.number] = group.pointgroup_international
    assert len(set(classes.values())) == 32
    assert {classes[crystal.number] for crystal in CRYSTALS} == set(classes.values())
