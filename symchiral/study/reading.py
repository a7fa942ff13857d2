"""Reading a material, and the one pure call for pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symchiral.anharmonic.third_order import is_third_order_source, read_third_order
from symchiral.answers.predict import Predict
from symchiral.crystal.crystal import Crystal
from symchiral.crystal.order import find_magnetic_symmetry
from symchiral.crystal.tolerance import SYMPREC
from symchiral.errors import InputError
from symchiral.forces.phonons import make_phonons
from symchiral.io.phonon_files import is_phonon_source, read_forces
from symchiral.io.shipped import find_structure
from symchiral.io.site_values import uncommon_masses
from symchiral.io.structure import read_crystal
from symchiral.irreps.axis import find_axis
from symchiral.study.study import Study


def read(
    source: object,
    *,
    symprec: float = SYMPREC,
    axis: str | Sequence[float] | None = None,
    index: int | None = None,
    symmetrize: bool = False,
    rotational_sum_rule: bool = False,
    spin_axis: Sequence[float] | None = None,
    reader: str = "symchiral",
    average_sites: bool = False,
    supercell: str | Sequence[int] | Sequence[Sequence[int]] | None = None,
) -> Study:
    """Read a structure, with forces if there are any, and find its symmetry.

    Parameters
    ----------
    source : str, path, ase.Atoms, pymatgen Structure, Phonopy, tuple or Crystal
        A file in any format ASE reads, force data (``phonopy.yaml``, ``phonopy_params.yaml.xz``, a
        folder or a zip archive with FORCE_SETS, ``band.yaml`` with eigenvectors, …), the name of a
        shipped structure, or an object in memory, spglib's (lattice, positions, numbers) too.
    symprec : float
        Distance tolerance of the symmetry search, Å.
    axis : str or (3,) float, optional
        ``"u,v,w"`` or ``"u,v,w@x,y,z"``: direction and point of the axis in the input cell; or the
        three numbers of the direction.
    index : int, optional
        Which structure of a file that holds several.
    symmetrize : bool
        Accept forces that break the symmetry of the atoms, averaged over the group.
    rotational_sum_rule : bool
        Change force constants by the least that removes what of the acoustic branches is linear in
        the wavevector.
    spin_axis : (3,) float, optional
        Cartesian direction of magnetic moments that the source gives without one.
    reader : {"symchiral", "ase"}
        Who reads a CIF; with ``"ase"`` a warning says where the two readings differ.
    average_sites : bool
        Take a site of a CIF that several elements fill as one virtual element.
    supercell : str or sequence, optional
        Three or nine whole numbers: the supercell of the unit cell that forces in a folder belong
        to, where no file of it says so.

    Raises
    ------
    InputError
        The source cannot be read or is no crystal.
    SymmetryError
        No space group is found, or ``axis`` is no symmetry axis.
    """
    if supercell is not None and (is_third_order_source(source) or not is_phonon_source(source)):
        raise InputError(
            f"cannot use the supercell {supercell!r}",
            why="it is that of forces in a folder of phonopy, and this source is none or states it",
            fix="leave it out; in the command line --calculator also takes one",
        )
    if is_third_order_source(source):
        third = read_third_order(source)  # type: ignore[arg-type]
        harmonic = third.harmonic(symprec=symprec)
        notes = uncommon_masses(harmonic.numbers, harmonic.masses)
        phonons = make_phonons(
            harmonic,
            source=replace(third.source, notes=notes),
            symprec=symprec,
            symmetrize=symmetrize,
            rotational_sum_rule=rotational_sum_rule,
        )
        return Study(phonons.crystal, find_axis(phonons.crystal, axis), phonons, third)
    if is_phonon_source(source):
        forces, origin, provenance = read_forces(source, symprec=symprec, supercell=supercell)
        phonons = make_phonons(
            forces,
            source=origin,
            symprec=symprec,
            symmetrize=symmetrize,
            rotational_sum_rule=rotational_sum_rule,
            provenance=provenance,
        )
        return Study(phonons.crystal, find_axis(phonons.crystal, axis), phonons)
    atoms = read_crystal(
        source, index=index, spin_axis=spin_axis, reader=reader, average_sites=average_sites
    )
    crystal = find_magnetic_symmetry(atoms, symprec=symprec)
    return Study(crystal, find_axis(crystal, axis))


def structure(name: str) -> Crystal:
    """Return a crystal that ships with the package.

    Examples
    --------
    >>> structure("Bi2Se3")
    Crystal(Bi2Se3, 15 atoms, 425.67 Å³)

    Raises
    ------
    LabelError
        There is no crystal of that name; the nearest is suggested.
    """
    return read_crystal(find_structure(name))


def predict(
    source: object,
    *,
    order: int = 3,
    q: str | Sequence[str] | None = None,
    all: bool = False,
    acoustic: bool = False,
    symprec: float = SYMPREC,
    axis: str | Sequence[float] | None = None,
) -> Predict:
    """Return the transfers of a structure, in one pure call.

    Parameters
    ----------
    source, symprec, axis
        As for :func:`read`.
    order : int
        3 or 4.
    q : str or sequence of str, optional
        Wavevectors of the vertex, all incoming, ``"K K K"``; default the zone centre.
    all : bool
        List the forbidden channels too, each with its witness.
    acoustic : bool
        Also list channels that only acoustic modes could realise.

    Examples
    --------
    >>> answer = predict("Bi2Se3")
    >>> answer.structure.symbol, answer.counts.flipped
    ('R-3m', 14)
    >>> answer.to_dict()["channels"][0]["pam_sense"]
    'flipped'
    """
    study = read(source, symprec=symprec, axis=axis)
    return study.predict(order=order, q=q, everything=all, acoustic=acoustic)
