"""Structures of other libraries: every moment, charge and mass is heard or named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

import symchiral as sc
from symchiral.crystal.order import find_magnetic_symmetry
from symchiral.errors import InputError, ReadError
from symchiral.reading.structure import read_crystal

CELL = np.diag([4.0, 4.0, 4.4])
PLACES = [[0, 0, 0], [0.5, 0.5, 0.5]]
UP = [[1.0, 0, 0], [-1.0, 0, 0]]


def bns(thing: Any, **options: Any) -> str | None:
    group = find_magnetic_symmetry(read_crystal(thing, **options)).magnetic
    return None if group is None else group.bns


class Magmom:
    """As pymatgen's: a vector on axes of its own, and its Cartesian image."""

    def __init__(self, moment: list[float], turned: list[float]) -> None:
        self.moment, self.global_moment = np.array(moment), np.array(turned)

    def __float__(self) -> float:
        return float(np.linalg.norm(self.moment))


def like_pymatgen(species: list[Any], properties: dict[str, Any] | None = None) -> SimpleNamespace:
    sites = [SimpleNamespace(specie=one) for one in species]
    return SimpleNamespace(
        lattice=SimpleNamespace(matrix=CELL),
        frac_coords=np.array(PLACES),
        sites=sites,
        site_properties=properties or {},
    )


def element(symbol: str, **values: Any) -> SimpleNamespace:
    return SimpleNamespace(symbol=symbol, **values)


def test_one_antiferromagnet_from_every_library() -> None:
    """Moments along a, up and down: vectors are heard; numbers need their direction."""
    ase_vectors = Atoms("Fe2", cell=CELL, scaled_positions=PLACES, pbc=True, magmoms=UP)
    computed = Atoms("Fe2", cell=CELL, scaled_positions=PLACES, pbc=True)
    computed.calc = SinglePointCalculator(computed, magmoms=np.array(UP))
    iron = [element("Fe")] * 2
    magmoms = [Magmom([0, 0, 1], [1, 0, 0]), Magmom([0, 0, 1], [-1, 0, 0])]
    ways: dict[str, Any] = {
        "ASE": ase_vectors,
        "ASE, computed": computed,
        "Magmom": like_pymatgen(iron, {"magmom": magmoms}),
        "vectors": like_pymatgen(iron, {"magmom": UP}),
        "spglib": (CELL, PLACES, [26, 26], UP),
        "phonopy": SimpleNamespace(
            cell=CELL, scaled_positions=PLACES, numbers=[26, 26], magnetic_moments=UP
        ),
    }
    for name, thing in ways.items():
        crystal = read_crystal(thing)
        assert crystal.moments is not None, name
        assert np.abs(crystal.moments - UP).max() < 1e-12, name
        assert not crystal.source.notes, name
    expected = bns(ase_vectors)
    assert expected is not None
    assert {bns(thing) for thing in ways.values()} == {expected}
    numbers: dict[str, Any] = {
        "ASE": Atoms("Fe2", cell=CELL, scaled_positions=PLACES, pbc=True, magmoms=[1, -1]),
        "spin": like_pymatgen([element("Fe", spin=1), element("Fe", spin=-1)]),
        "magmom": like_pymatgen(iron, {"magmom": [1, -1]}),
        "spglib": (CELL.tolist(), PLACES, (26, 26), [1, -1]),
        "phonopy": SimpleNamespace(
            cell=CELL, scaled_positions=PLACES, numbers=[26, 26], magnetic_moments=[1, -1]
        ),
    }
    for name, thing in numbers.items():
        silent = read_crystal(thing)
        assert silent.moments is None, name
        assert any("no direction" in note for note in silent.source.notes), name
        assert bns(thing, spin_axis=(1, 0, 0)) == expected, name
    assert (len(ways), len(numbers)) == (6, 5)


def test_a_moment_of_some_atoms_only() -> None:
    """None stands for no moment."""
    iron = [element("Fe")] * 2
    found = read_crystal(like_pymatgen(iron, {"magmom": [None, Magmom([1, 0, 0], [0, 1, 0])]}))
    assert found.moments is not None
    assert found.moments.tolist() == [[0, 0, 0], [0, 1, 0]]
    assert read_crystal(like_pymatgen(iron, {"magmom": [None, None]})).moments is None


def test_moments_that_are_none() -> None:
    iron = [element("Fe")] * 2
    for moments in (["up", "down"], [[1, 0], [0, 1]], [[1, 0, 0], 2.0]):
        found = read_crystal(like_pymatgen(iron, {"magmom": moments}))
        assert found.moments is None
        assert "left out" in found.source.notes[0]


def test_charges_and_isotopes_are_named() -> None:
    """They may tell atoms of one element apart; the symmetry is found without them."""
    charged = like_pymatgen([element("Fe", oxi_state=2), element("Fe", oxi_state=3)])
    alike = like_pymatgen([element("Fe", oxi_state=2), element("O", oxi_state=-2)])
    ase = Atoms("Fe2", cell=CELL, scaled_positions=PLACES, pbc=True, charges=[2, 3])
    heavy = Atoms("H2", cell=CELL, scaled_positions=PLACES, pbc=True, masses=[1.008, 2.014])
    for thing, words in (
        (charged, "Fe have the charges +2, +3"),
        (ase, "Fe have the charges +2, +3"),
        (heavy, "H have the masses 1.008, 2.014"),
        (like_pymatgen([element("D"), element("H")]), "deuterium"),
    ):
        (notice,) = sc.read(thing).crystal.warnings
        assert words in notice.text
    assert not read_crystal(alike).source.notes


def test_the_tuple_of_spglib() -> None:
    cell = (CELL, PLACES, [55, 17])
    assert sc.read(cell).crystal.group.number == 123
    kinds = read_crystal((CELL, PLACES, [1, 2]))
    assert "only number the kinds" in kinds.source.notes[0]
    assert read_crystal((CELL, PLACES, [0, 1])).numbers.tolist() == [1, 2]
    for bad in (
        (CELL, PLACES, ["Cs", "Cl"]),
        (CELL, PLACES, [55]),
        (CELL[:2], PLACES, [55, 17]),
        (CELL, [0, 0, 0], [55, 17]),
        (CELL, PLACES, [55, 10**30]),
        (CELL, PLACES, [[55], [17]]),
        ("a", "b", "c"),
    ):
        with pytest.raises(ReadError, match=r"Give \(\(3, 3\)"):
            read_crystal(bad)
    with pytest.raises(InputError, match="magnetic moments and 2 atoms"):
        read_crystal((CELL, PLACES, [55, 17], [[0, 0, 1.0]]))
    with pytest.raises(ReadError, match="tuple"):
        read_crystal((CELL, PLACES))


def test_pymatgen_itself() -> None:
    """Its own classes, where it is installed."""
    core = pytest.importorskip("pymatgen.core")
    magmom = pytest.importorskip("pymatgen.electronic_structure.core").Magmom
    lattice = core.Lattice(CELL)
    vectors = [magmom([0, 0, 1], saxis=[1, 0, 0]), magmom([-1, 0, 0])]
    ordered = core.Structure(lattice, ["Fe", "Fe"], PLACES, site_properties={"magmom": vectors})
    found = read_crystal(ordered)
    assert found.moments is not None
    assert np.abs(found.moments - UP).max() < 1e-12
    spins = core.Structure(
        lattice, [core.Species("Fe", 3, spin=5), core.Species("Fe", 2, spin=-5)], PLACES
    )
    notes = read_crystal(spins).source.notes
    assert any("+2, +3" in note for note in notes)
    assert any("no direction" in note for note in notes)
    turned = read_crystal(spins, spin_axis=(1, 0, 0)).moments
    assert turned is not None
    assert np.abs(turned - 5 * np.array(UP)).max() < 1e-12
    heavy = core.Structure(lattice, [core.Element("D"), core.Element("H")], PLACES)
    assert "deuterium" in read_crystal(heavy).source.notes[0]
