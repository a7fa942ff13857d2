"""Names, numbers and activities of the zone-centre species against other people's code and tables.

* CrystOD (MIT, `crystod` on PyPI, in the extra ``[oracle]``) analyses every shipped crystal from
  its CIF file as ASE reads it: labels of both kinds, how many multiplets each site gives, which of
  them are rigid translations, infrared and Raman activity.
* phonopy's point-group tables, which come with CrystOD, name the irreps of all 230 space groups.
* Raman tensors of all 32 classes, in the Cartesian axes of the input, are those of CrystOD.
* Bilbao's correspondence of CDML and Mulliken names, as far as it is published, is written down
  here; where ours differ, the reason is written down too.

CrystOD patches spglib when imported, so it runs in a process of its own.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from class_crystals import CLASSES, class_crystal

import symchiral as sc
from symchiral.crystal.search import space_group
from symchiral.crystal.tolerance import SYMPREC
from symchiral.fields.beam import find_beam
from symchiral.irreps.cdml import cdml_name
from symchiral.irreps.isoir import iso_hall_number
from symchiral.irreps.mulliken import zone_centre
from symchiral.modes.species import find_species
from symchiral.rules.light import Light

STRUCTURES = Path(__file__).resolve().parent.parent / "structures"
MULLIKEN_OF_BILBAO = {
    # REPRESENTATIONS PG of the Bilbao server (cryst.ehu.es), as transcribed in the source of
    # Crystalline.jl (T. Christensen, notation.jl, PGIRLABS_CDML2MULLIKEN_3D, with real irreps
    # joined); its class symbol -> Mulliken names of GM1, GM2, … For centrosymmetric classes the
    # names of the + irreps; those of the − irreps have u for g.
    "1": "A",
    "-1": "Ag",
    "2": "A B",
    "m": "A' A''",
    "2/m": "Ag Bg",
    "222": "A B1 B3 B2",
    "mm2": "A1 A2 B2 B1",
    "mmm": "Ag B1g B3g B2g",
    "4": "A B E E",
    "-4": "A B E E",
    "4/m": "Ag Bg Eg Eg",
    "422": "A1 B1 A2 B2 E",
    "4mm": "A1 B1 B2 A2 E",
    "-42m": "A1 B1 B2 A2 E",
    "4/mmm": "A1g B1g A2g B2g Eg",
    "3": "A E E",
    "-3": "Ag Eg Eg",
    "32": "A1 A2 E",
    "3m": "A1 A2 E",
    "-3m": "A1g A2g Eg",
    "6": "A B E1 E2 E1 E2",
    "-6": "A' A'' E' E'' E' E''",
    "6/m": "Ag Bg E1g E2g E1g E2g",
    "622": "A1 A2 B2 B1 E2 E1",
    "6mm": "A1 A2 B2 B1 E2 E1",
    "-6m2": "A1' A1'' A2'' A2' E' E''",
    "6/mmm": "A1g A2g B2g B1g E2g E1g",
    "23": "A E E T",
    "m-3": "Ag Eg Eg Tg",
    "432": "A1 A2 E T1 T2",
    "-43m": "A1 A2 E T2 T1",
    "m-3m": "A1g A2g Eg T1g T2g",
}
OTHER_NAMES: list[tuple[set[int], dict[str, str]]] = [
    # Space groups in which our name of a CDML label is another one than in that table, and why.
    # E1 there has χ(C6) = −1; here, as in the tables of molecules, +1: x and y belong to E1.
    ({168, 169, 170, 171, 172, 173, 175, 176}, {"E1": "E2", "E2": "E1"}),
    # B1 there is even under 2 along [1-10], here under 2 along [100], the second place of the
    # symbol, as in phonopy.
    ({177, 178, 179, 180, 181, 182, 191, 192, 193, 194}, {"B1": "B2", "B2": "B1"}),
    # The CDML labels of Amm2 … Aea2 come from Bmm2: a and b, and so B1 and B2, change places.
    ({38, 39, 40, 41}, {"B1": "B2", "B2": "B1"}),
    # Bilbao gives −4m2 the names of −42m, and −6m2 those of −62m, label by label, although the
    # labels stand for other characters: an A that is odd under −4, a ″ that is even under σ_h.
    ({115, 116, 117, 118, 119, 120}, {"B1": "B2", "B2": "A2", "A2": "B1"}),
    ({187, 188}, {"A1''": "A2'", "A2'": "A1''"}),
]


def analyse_with_crystod(crystals: dict[str, dict[str, Any]], symprec: float) -> dict[str, Any]:
    """Runs in the other process: imports of its own, plain lists in and out."""
    from crystod.phonon import SymmetryOnlyVibrations, mulliken_symbols, wyckoff_orbit_decomposition
    from crystod.phonon_activity import mode_space_activities
    from phonopy.structure.atoms import PhonopyAtoms

    found = {}
    for name, cell in crystals.items():
        modes = SymmetryOnlyVibrations(PhonopyAtoms(**cell), symprec=symprec, quiet=True)
        found[name] = {
            "modes": [(m.labels[0], m.n_ir, m.n_raman) for m in mode_space_activities(modes)],
            "names": mulliken_symbols(modes),
            "orbits": [
                (orbit.element, len(orbit.atoms), dict(orbit.irreps))
                for orbit in wyckoff_orbit_decomposition(modes)
            ],
        }
    return found


def raman_tensors_of_crystod(cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Runs in the other process: class -> label -> (dimension, multiplicity, tensors)."""
    import numpy as np
    from crystod.phonon_activity import gamma_raman_tensors
    from phonopy.structure.atoms import PhonopyAtoms

    return {
        name: {
            r.label: (r.dimension, r.multiplicity, np.array(r.tensors).tolist(), len(r.partners))
            for r in gamma_raman_tensors(PhonopyAtoms(**cell), symprec=1e-3)
        }
        for name, cell in cells.items()
    }


def read_phonopy_tables() -> dict[str, Any]:
    """Runs in the other process: class symbol -> settings (operation -> class, name -> row)."""
    import numpy as np
    from phonopy.phonon.character_table import character_table

    return {
        symbol: [
            {
                "classes": {
                    str(np.array(matrix, dtype=int).tolist()): name
                    for name, matrices in entry["mapping_table"].items()
                    for matrix in matrices
                },
                "rows": {
                    name: dict(zip(entry["rotation_list"], np.ravel(row).tolist(), strict=True))
                    for name, row in entry["character_table"].items()
                },
            }
            for entry in entries
        ]
        for symbol, entries in character_table.items()
        if entries
    }


def elsewhere(function: Any, *arguments: Any) -> Any:
    """Call a function in a process that imports nothing of ours."""
    if importlib.util.find_spec("crystod") is None:
        pytest.skip("crystod (extra [oracle]) is not installed")
    program = (
        "from __future__ import annotations\nimport json, sys\nfrom typing import Any\n"
        f"{inspect.getsource(function)}\n"
        f"result = {function.__name__}(*json.load(sys.stdin))\n"
        "print('\\nANSWER', json.dumps(result))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.rpartition("\nANSWER")[2])


def parts(cdml: str) -> list[str]:
    """CDML labels of a real irrep: GM2GM3 -> GM2, GM3."""
    return [f"GM{number}" for number in cdml.split("GM")[1:]]


def ours(name: str) -> dict[str, Any]:
    """What the library says of a shipped crystal, in the words of CrystOD."""
    document = sc.read(name).show().to_dict()
    modes, names = [], {}
    orbits: dict[str, Counter[str]] = {s["name"]: Counter() for s in document["structure"]["sites"]}
    for species in document["species"]:
        for label in parts(species["cdml"]):
            modes += [(label, species["infrared"], species["raman"], species["acoustic"])] * (
                species["count"]
            )
            names[label] = species["label"]
            for site in species["sites"]:
                orbits[site["name"]][label] = site["count"]
    sites = [
        (site["element"], len(site["atoms"]), sorted(orbits[site["name"]].items()))
        for site in document["structure"]["sites"]
    ]
    return {"modes": sorted(modes), "names": names, "orbits": sorted(sites)}


@pytest.mark.oracle
def test_every_crystal_agrees_with_crystod():
    crystals = {}
    for path in sorted(STRUCTURES.glob("*.cif")):
        name, atoms = path.stem, ase.io.read(path)
        crystals[name] = {
            "cell": atoms.cell.tolist(),
            "scaled_positions": atoms.get_scaled_positions().tolist(),
            "numbers": atoms.numbers.tolist(),
        }
    theirs = elsewhere(analyse_with_crystod, crystals, SYMPREC)
    disagreements = []
    for name in crystals:
        answer, found = theirs[name], ours(name)
        # there n_ir, the multiplicity in the polar vector, is also the number of acoustic copies
        modes = sorted((label, ir > 0, raman > 0, ir) for label, ir, raman in answer["modes"])
        orbits = sorted((e, m, sorted(irreps.items())) for e, m, irreps in answer["orbits"])
        names = {label: answer["names"].get(label) for label in found["names"]}
        for key, value in (("modes", modes), ("names", names), ("orbits", orbits)):
            if found[key] != value:
                disagreements.append((name, key, found[key], value))
    assert disagreements == []
    assert len(theirs) >= 112


@pytest.mark.oracle
def test_raman_tensors_of_all_classes_agree_with_crystod():
    cells = {}
    for name in CLASSES:
        crystal = class_crystal(name).input
        cells[name] = {
            "cell": crystal.cell.tolist(),
            "scaled_positions": crystal.positions.tolist(),
            "numbers": crystal.numbers.tolist(),
        }
    theirs = elsewhere(raman_tensors_of_crystod, cells)
    compared = coefficients = 0
    for name in CLASSES:
        crystal = class_crystal(name)
        light = Light(crystal, find_beam(crystal, None), find_species(crystal, None))
        found = {cdml_name(s.participant): light.polarizability(s).basis for s in light.raman}
        assert set(found) == set(theirs[name])
        for label, basis in found.items():
            dimension, multiplicity, tensors, _ = theirs[name][label]
            assert basis.shape[3] == dimension
            # of a pair joined by time reversal every tensor makes two: c R and c' (R of partner 2)
            joined = len(parts(label))
            assert len(basis) == multiplicity * joined
            ours = np.moveaxis(basis, 3, 1).reshape(-1, 9)
            rank = np.linalg.matrix_rank(ours, tol=1e-6)
            assert rank == len(tensors) == multiplicity * dimension
            both = np.concatenate([ours, np.reshape(tensors, (-1, 9))])
            assert np.linalg.matrix_rank(both, tol=1e-6) == rank, (name, label)
            compared += 1
            coefficients += len(basis)
    assert (compared, coefficients) == (91, 161)


@pytest.mark.oracle
def test_every_name_agrees_with_the_tables_of_phonopy():
    tables = elsewhere(read_phonopy_tables)
    agreed = 0
    absent = []
    for number in range(1, 231):
        group = space_group(iso_hall_number(number))
        keys = [str(g.rotation.tolist()) for g in group.standard_operations]
        entry = next((e for e in tables[group.point_group] if set(e["classes"]) == set(keys)), None)
        if entry is None:
            absent.append(number)
            continue
        classes = [entry["classes"][key] for key in keys]
        for irrep in zone_centre(group):
            row = [entry["rows"][irrep.name][symbol] for symbol in classes]
            assert np.allclose(irrep.characters, row), (group, irrep)
            agreed += 1
    assert absent == [149, 151, 153]  # phonopy has no table with the two-fold axes of P312
    assert agreed == 1304


def test_names_agree_with_bilbao_but_for_known_conventions():
    agreed, other = 0, set()
    for number in range(1, 231):
        group = space_group(iso_hall_number(number))
        # −42m and −6m2 each have two settings, which Bilbao names alike
        symbol = {"-4m2": "-42m", "-62m": "-6m2"}.get(group.point_group, group.point_group)
        plus = MULLIKEN_OF_BILBAO[symbol].split()
        renamed = next((names for numbers, names in OTHER_NAMES if number in numbers), {})
        for irrep in zone_centre(group):
            for label in parts(cdml_name(irrep)):
                bilbao = plus[int(label.strip("GM+-")) - 1]
                suffix = ""
                if label[-1] in "+-":
                    assert bilbao.endswith("g")
                    bilbao, suffix = bilbao[:-1], "g" if label[-1] == "+" else "u"
                name = renamed.get(bilbao, bilbao)
                assert irrep.name == name + suffix, (group, label)
                other |= {number} if name != bilbao else set()
                agreed += 1
    assert other == set().union(*(numbers for numbers, _ in OTHER_NAMES))
    assert agreed == 1382  # 1313 real irreps, 69 of them pairs
