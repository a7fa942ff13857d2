"""Make the force data of ``structures/`` from the files of their sources.

Usage::

    python tools/build_force_data.py PHONOPY PHONONDB

PHONOPY is the extracted source package of phonopy 4.10.0 (the one on PyPI, not a wheel), PHONONDB
a clone of ``WMD-group/phononDB``. For every crystal of `SETS` this writes
``structures/<name>/phonopy.yaml.xz``, which ``phonopy.load`` reads alone, and
``tests/data/force_data.json``: what phonopy makes of the source's *own* files (cell, FORCE_SETS,
BORN), never of the file written here. A table of sizes and residuals goes to the terminal.

Nothing physical is changed: displacements, forces, masses, dielectric constant and Born charges are
those phonopy reads from the source (Born charges of equivalent atoms written out, their sum left as
it is); zeros at the end of a number and repeated blanks are left out, which changes no number.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
import spglib
from phonopy import Phonopy

ROOT = Path(__file__).resolve().parent.parent
LICENCES = {
    "phonopy": "BSD-3-Clause, (c) 2014-2024 Phonopy (text in structures/README.md)",
    "phonondb": "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
}
CITATIONS = {
    "phonopy": "source package of phonopy 4.10.0, A. Togo and contributors",
    "phonondb": "Kyoto University phonon database (phonondb), A. Togo, version 2018-04-17, "
    "as kept in WMD-group/phononDB (commit b5fa78d)",
}
REFERENCE = ROOT / "tests" / "data" / "force_data.json"
MESH = (6, 6, 6)
HEXAGONAL = ((0.5, 0, 0), (0, 0, 0.5), (1 / 3, 1 / 3, 0))
OTHER = ((0.5, 0, 0), (0, 0, 0.5))
CENTRINGS = {
    "P": np.eye(3),
    "F": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2,
    "I": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]) / 2,
    "R": np.array([[2, -1, -1], [1, 1, -2], [1, 1, 1]]) / 3,
}


@dataclass(frozen=True, slots=True)
class Source:
    """One crystal: its name here, and where its forces are."""

    name: str
    """Folder in ``structures/``; equal to the CIF of the same crystal where one is shipped."""
    kind: str
    """``phonopy``: path of the source package; ``phonondb``: name of the archive."""
    where: str
    """For phonopy ``example/<folder>`` or the space-group suffix in ``test/phonon``."""
    supercell: tuple[int, int, int]
    centring: str = "P"
    method: str = ""
    """Functional and cutoff where no INCAR says it (phonopy: vasprun.xml beside the forces)."""


# fmt: off
SETS = (
    Source("Al2O3", "phonopy", "example/Al2O3", (2, 2, 1), "R", "VASP, PBEsol, 500 eV"),
    Source("BiTeI", "phonondb", "22965-bitei-p3m1-156", (4, 4, 3)),
    Source("Bi2Se3_PBEsol", "phonondb", "541837-bi2se3-r-3m-166", (3, 3, 1), "R"),
    Source("BN_hexagonal", "phonondb", "984-bn-p6-3-mmc-194", (4, 4, 2)),
    Source("CaSO4_P6222", "phonondb", "3082-caso4-p6-222-180", (2, 2, 2)),
    Source("GaSe", "phonondb", "1572-gase-p-6m2-187", (4, 4, 1)),
    Source("HfOS", "phonondb", "7787-hfso-p2-13-198", (2, 2, 2)),
    Source("HgS_cinnabar", "phonondb", "9252-hgs-p3-221-154", (3, 3, 2)),
    Source("HgS_cinnabar_P3121", "phonondb", "634-hgs-p3-121-152", (3, 3, 2)),
    Source("Li2ZrTeO6", "phonondb", "6782-li2zrteo6-r3-146", (2, 2, 1), "R"),
    Source("LiAl5O8", "phonondb", "530399-lial5o8-p4-332-212", (1, 1, 1)),
    Source("LiIO3", "phonondb", "22955-liio3-p6-3-173", (2, 2, 3)),
    Source("MgB2", "phonopy", "example/MgB2", (3, 3, 2), "P", "VASP, PBE, 500 eV"),
    Source("NaCl", "phonopy", "example/NaCl", (2, 2, 2), "F", "VASP, PBE, 300 eV"),
    Source("PbTeO3", "phonondb", "555021-tepbo3-p4-1-76", (2, 2, 1)),
    Source("ReNCl4", "phonondb", "568100-rencl4-i4-79", (2, 2, 3), "I"),
    Source("Si", "phonondb", "149-si-fd-3m-227", (2, 2, 2), "F"),
    Source("SiO2_quartz_P3121", "phonondb", "7000-sio2-p3-121-152", (2, 2, 2)),
    Source("SnO2", "phonopy", "example/SnO2", (2, 2, 3), "P", "VASP, PBEsol, 500 eV"),
    Source("TeO2_alpha", "phonondb", "557-teo2-p4-12-12-92", (2, 2, 2)),
    Source("TiO2_anatase", "phonopy", "example/TiO2-anatase", (4, 4, 1), "I", "VASP, PBE, 500 eV"),
    Source("WSe2_2H", "phonondb", "1821-wse2-p6-3-mmc-194", (5, 5, 1)),
    Source("YbMg2Sb2", "phonondb", "10996-yb-mgsb-2-p-3m1-164", (3, 3, 2)),
    Source("ZnO", "phonopy", "example/ZnO", (2, 2, 2), "P", "VASP, PBE, 500 eV"),
    Source("ZnS_sphalerite", "phonondb", "10695-zns-f-43m-216", (2, 2, 2), "F"),
)
# fmt: on


def files_of(source: Source, phonopy_dir: Path, phonondb: Path, scratch: Path) -> dict[str, Path]:
    """Return the files of a source: cell, forces and, where there is one, BORN."""
    if source.kind == "phonondb":
        archive = phonondb / "phonon_db_tarred" / f"materials-id-{source.where}.tar.lzma"
        with tarfile.open(archive, "r:xz") as tar:
            tar.extractall(scratch, filter="data")
        (folder,) = (path for path in scratch.iterdir() if path.is_dir())
        found = {name: folder / name for name in ("POSCAR-unitcell", "FORCE_SETS", "BORN")}
        check_conf(folder / "phonopy.conf", source)
    elif source.where.startswith("example/"):
        folder = phonopy_dir / source.where
        found = {name: folder / name for name in ("POSCAR-unitcell", "FORCE_SETS", "BORN")}
    else:
        folder = phonopy_dir / "test" / "phonon"
        found = {
            "POSCAR-unitcell": folder / f"POSCAR_{source.where}",
            "FORCE_SETS": folder / f"FORCE_SETS_{source.where}",
        }
    return {name: path for name, path in found.items() if path.is_file()}


def method_of(source: Source, files: dict[str, Path]) -> str:
    """Return code, functional and cutoff, from the INCAR of phonondb."""
    if source.method:
        return source.method
    text = (files["FORCE_SETS"].parent / "INCAR-force").read_text(encoding="utf-8")
    tags = dict(re.findall(r"(\w+) *= *(\S+)", text))
    if tags["GGA"] != "PS":
        raise SystemExit(f"{source.name}: functional {tags['GGA']}")
    return f"VASP, PBEsol, {float(tags['ENCUT']):.0f} eV"


def check_conf(conf: Path, source: Source) -> None:
    """Compare supercell and primitive matrix with what phonondb states for this crystal."""
    text = conf.read_text(encoding="utf-8")
    words = re.split(r"(DIM|PRIMITIVE_AXIS)\s*=", text)[1:]
    stated = {
        key: np.array([float(eval_fraction(x)) for x in value.split()]).reshape(3, 3)
        for key, value in zip(words[::2], words[1::2], strict=True)
    }
    primitive = stated.get("PRIMITIVE_AXIS", np.eye(3))
    if not np.array_equal(stated["DIM"], np.diag(source.supercell)):
        raise SystemExit(f"{source.name}: supercell {stated['DIM'].tolist()}")
    if not np.allclose(primitive, CENTRINGS[source.centring]):
        raise SystemExit(f"{source.name}: primitive matrix {primitive.tolist()}")


def eval_fraction(word: str) -> float:
    """Return the number that ``1/2`` or ``-1/3`` stands for."""
    top, _, bottom = word.partition("/")
    return float(top) / float(bottom or 1)


def load_source(source: Source, files: dict[str, Path], *, symmetrize: bool = True) -> Phonopy:
    """Let phonopy read the source's own files."""
    return phonopy.load(
        unitcell_filename=files["POSCAR-unitcell"],
        supercell_matrix=np.diag(source.supercell),
        primitive_matrix=CENTRINGS[source.centring],
        force_sets_filename=files["FORCE_SETS"],
        born_filename=files.get("BORN"),
        is_nac="BORN" in files,
        symmetrize_fc=symmetrize,
        log_level=0,
    )


def compact(text: str) -> str:
    """Leave out zeros at the end of numbers and repeated blanks; no number changes."""
    text = re.sub(r"(\.\d*?)0+(?=[ ,\]\n])", r"\1", text)
    text = re.sub(r"(?<=\d)\.(?=[ ,\]\n])", ".0", text)
    return re.sub(r"(?<=[\[,]) +| +(?=\])", "", text).replace(",", ", ")


def drift(phonon: Phonopy) -> float:
    """Return the largest |Σ_j Φ_ij| of force constants as computed, in eV/Å²."""
    return float(abs(phonon.force_constants.sum(axis=1)).max())


def born_drift(phonon: Phonopy) -> float | None:
    """Return the largest |Σ Z*| of the primitive cell, in e; phonopy leaves it as it is."""
    if phonon.nac_params is None:
        return None
    return float(abs(phonon.nac_params["born"].sum(axis=0)).max())


def group(phonon: Phonopy, symprec: float) -> int:
    """Return the number of the space group spglib finds in the primitive cell."""
    cell = phonon.primitive
    data = spglib.get_symmetry_dataset(
        (cell.cell, cell.scaled_positions, cell.numbers), symprec=symprec
    )
    if data is None:
        raise SystemExit("spglib finds no group")
    return int(data.number)


def frequencies(phonon: Phonopy, q: tuple[float, float, float]) -> list[float]:
    """Return the frequencies at one q (in the reciprocal primitive cell), in THz."""
    return [float(x) for x in phonon.run_qpoints([q]).frequencies[0]]


def lowest(phonon: Phonopy) -> tuple[float, list[float]]:
    """Return the lowest frequency on a Γ-centred mesh and where, Γ itself left out."""
    phonon.run_mesh(MESH, is_gamma_center=True, with_eigenvectors=False)
    keep = np.linalg.norm(phonon.mesh.qpoints, axis=1) > 1e-6
    values = phonon.mesh.frequencies[keep].min(axis=1)
    i = int(values.argmin())
    return float(values[i]), [round(float(x), 4) for x in phonon.mesh.qpoints[keep][i]]


def reference(source: Source, files: dict[str, Path]) -> tuple[Phonopy, dict[str, Any]]:
    """Return what phonopy makes of the source's own files."""
    raw = load_source(source, files, symmetrize=False)
    phonon = load_source(source, files)
    number = group(phonon, 1e-5)
    points = ((0.0, 0.0, 0.0), *(HEXAGONAL if 143 <= number <= 194 else OTHER))
    low, where = lowest(phonon)
    entry = {
        "source": source.where,
        "kind": source.kind,
        "method": method_of(source, files),
        "group": number,
        "group_at_1e-3": group(phonon, 1e-3),
        "natoms": len(phonon.primitive),
        "supercell": list(source.supercell),
        "supercell_atoms": len(phonon.supercell),
        "nac": phonon.nac_params is not None,
        "force_drift": drift(raw),
        "born_drift": born_drift(phonon),
        "lowest": low,
        "lowest_q": where,
        "frequencies": [
            {
                "q": list(q),
                "thz": frequencies(phonon, q),
                "thz_unsymmetrized": frequencies(raw, q),
            }
            for q in points
        ],
    }
    return phonon, entry


def header(source: Source, entry: dict[str, Any]) -> str:
    """Return the comment at the head of a file: what it is and where it comes from."""
    where = {
        "phonopy": f"{source.where}: POSCAR-unitcell, FORCE_SETS, BORN",
        "phonondb": f"phonon_db_tarred/materials-id-{source.where}.tar.lzma",
    }[source.kind]
    if source.kind == "phonopy" and not entry["nac"]:
        where = where.replace(", BORN", "")
    lines = (
        f"{source.name}: space group {entry['group']}, force sets"
        + (", Born charges and dielectric constant" if entry["nac"] else ""),
        f"source: {CITATIONS[source.kind]}",
        f"file: {where}",
        f"method: {entry['method']}",
        f"licence: {LICENCES[source.kind]}",
        "changed here: one file made of several by phonopy 4.10.0; no number was changed",
    )
    return "".join(f"# {line}\n" for line in lines) + "\n"


def write_yaml(phonon: Phonopy, comment: str, target: Path, scratch: Path) -> int:
    """Write displacements, forces and NAC parameters; return the size in bytes."""
    draft = scratch / "draft.yaml"
    phonon.save(
        draft,
        settings={
            "displacements": True,
            "force_sets": True,
            "force_constants": False,
            "born_effective_charge": True,
            "dielectric_constant": True,
        },
    )
    text = comment + compact(draft.read_text(encoding="utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    data = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    target.write_bytes(data)
    return len(data)


def main(phonopy_dir: Path, phonondb: Path) -> None:
    """Write every set and the reference numbers."""
    answers: dict[str, Any] = {}
    print(f"{'name':20}{'group':>6}{'atoms':>6}{'kB':>7}  {'drift':>8} {'Z drift':>8}  lowest THz")
    for source in SETS:
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            files = files_of(source, phonopy_dir, phonondb, scratch)
            phonon, entry = reference(source, files)
            target = ROOT / "structures" / source.name / "phonopy.yaml.xz"
            size = write_yaml(phonon, header(source, entry), target, scratch)
        answers[source.name] = entry
        born = "—" if entry["born_drift"] is None else f"{entry['born_drift']:.1e}"
        print(
            f"{source.name:20}{entry['group']:6d}{entry['natoms']:6d}{size / 1000:7.1f}  "
            f"{entry['force_drift']:8.1e} {born:>8}  {entry['lowest']:.3f} at {entry['lowest_q']}"
            f"  {entry['group_at_1e-3']}"
            f" raw {min(entry['frequencies'][0]['thz_unsymmetrized']):.3f}",
            flush=True,
        )
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    REFERENCE.write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
