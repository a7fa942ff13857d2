r"""Magnetic operations and moments of a magnetic CIF.

The tags are those of the magnetic CIF dictionary of the IUCr: operations ``x,y,z,+1`` with the time
reversal as a fourth part, and moments in Bohr magnetons, given by their components along *unit*
vectors of a, b, c:

.. math:: m = m_x \hat a + m_y \hat b + m_z \hat c .

A moment is an axial vector that time reversal changes the sign of: the operation
:math:`\{W|w\}` with Cartesian rotation part R and time part s takes it to :math:`s \det(R)\, R m`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.crystal.check import LARGEST_MOMENT
from symchiral.errors import ReadError, StructureError
from symchiral.reading.cif import DataBlock, number
from symchiral.reading.expand import Orbits
from symchiral.reading.xyz import distinct_operations, parse_xyz
from symchiral.value import Floats, Integers

_OPERATIONS = "_space_group_symop_magn_operation_xyz"
_CENTRINGS = "_space_group_symop_magn_centering_xyz"
_LABELS = "_atom_site_moment_label"
_COMPONENT = "_atom_site_moment_crystalaxis_"

ALLOWED = 0.05
"""Moments may miss what the symmetry of their site allows by this much of their size."""


def magnetic_operations(block: DataBlock, *, name: str) -> tuple[Integers, Floats, Integers] | None:
    """Return all magnetic operations of a block, centring included; None if it lists none.

    Returns
    -------
    rotations, translations : (n, 3, 3) int, (n, 3) float
        Spatial parts; where time reversal is a symmetry each occurs twice.
    signs : (n,) int
        −1 for operations with time reversal.

    Raises
    ------
    ReadError
        An operation cannot be read, or they do not form a group.
    """
    texts = block.column(_OPERATIONS)
    if not texts:
        return None
    w, t, s = _parsed(texts, name)
    extra = _parsed(block.column(_CENTRINGS) or ("x,y,z,+1",), name)
    rotations = np.concatenate([c @ w for c in extra[0]])
    translations = np.concatenate([t @ c.T + v for c, v in zip(*extra[:2], strict=True)]) % 1.0
    signs = np.concatenate([s * sign for sign in extra[2]])
    if not distinct_operations(rotations, translations)[1]:
        raise ReadError(
            f"cannot read {name}",
            why=f"its {len(texts)} magnetic operations do not form a group",
            fix="list all operations of the magnetic space group, and its centring translations",
        )
    return rotations, translations, signs


def _parsed(texts: Sequence[str], name: str) -> tuple[Integers, Floats, Integers]:
    rotations, translations, signs = [], [], []
    for text in texts:
        spatial, _, time = text.strip().strip("'\"").rpartition(",")
        sign = {"1": 1, "+1": 1, "-1": -1}.get(time.strip())
        if sign is None:
            raise ReadError(
                f"cannot read {name}",
                why=f"{text.strip()[:60]!r} is not a magnetic operation",
                fix="write operations like 'x,y,z,+1' and '-x,-y,z,-1'",
            )
        rotation, translation = parse_xyz(spatial, name=name)
        rotations.append(rotation)
        translations.append(translation)
        signs.append(sign)
    return np.array(rotations), np.array(translations), np.array(signs)


def without_time(
    rotations: Integers, translations: Floats, *, name: str
) -> tuple[Integers, Floats, Integers]:
    """Return operations of a file that says nothing of time, if they have nothing to say.

    Raises
    ------
    ReadError
        There are others than translations: whether they reverse a moment is not known.
    """
    if np.any(rotations != np.eye(3, dtype=np.int64)) or len(rotations) > 1:
        raise ReadError(
            f"cannot read {name}",
            why="it gives moments, but its operations do not say whether they come with time "
            "reversal",
            fix="list _space_group_symop_magn_operation.xyz, or every atom of the cell with its "
            "moment and x,y,z as the only operation",
        )
    return rotations, translations, np.ones(1, dtype=np.int64)


def stated_moments(
    block: DataBlock,
    labels: Sequence[str],
    known: Sequence[str],
    cell: Floats,
    *,
    name: str,
    notes: list[str],
) -> Floats | None:
    """Return the moment of every site, μB, Cartesian; None if the block lists none but zeros.

    Raises
    ------
    ReadError
        A component cannot be read, or a moment belongs to no site.
    """
    names = block.column(_LABELS)
    columns = [block.column(_COMPONENT + axis) for axis in "xyz"]
    if not names and not any(columns):
        return None
    if names is None or any(c is None or len(c) != len(names) for c in columns):
        raise ReadError(
            f"cannot read {name}",
            why="its moments lack a label or a component",
            fix="give _atom_site_moment.label and _atom_site_moment.crystalaxis_x, _y and _z",
        )
    found = np.zeros((len(labels), 3))
    units = cell / np.linalg.norm(cell, axis=1)[:, None]
    for i, label in enumerate(names):
        words = [column[i].strip() for column in columns if column is not None]
        if all(word in (".", "?") for word in words):
            continue
        if "." in words:
            notes.append("components of moments written as '.' are read as 0")
        values = [
            number(word, f"component {axis} of the moment of site {label}", name, notes)
            if word != "."
            else 0.0
            for axis, word in zip("xyz", words, strict=True)
        ]
        if label not in known and any(values):
            raise ReadError(
                f"cannot read {name}",
                why=f"it gives a moment to {label}, which is not a site",
                fix="use the labels of _atom_site_label",
            )
        if label in labels:
            if not all(abs(value) < LARGEST_MOMENT for value in values):
                raise StructureError(
                    f"{name} is not a crystal",
                    why=f"the moment of site {label} is beyond {LARGEST_MOMENT:g} μB, or no number",
                    fix="give moments in Bohr magnetons",
                )
            found[labels.index(label)] = np.array(values) @ units
    return found if np.any(found) else None


def expanded_moments(
    moments: Floats,
    sites: Floats,
    orbits: Orbits,
    operations: tuple[Integers, Floats, Integers],
    cell: Floats,
    *,
    labels: Sequence[str],
    name: str,
) -> Floats:
    """Return the moment of every atom of the cell, averaged over the operations that give it.

    Parameters
    ----------
    moments, sites : (n, 3) float
        Moments and fractional coordinates of the sites.
    orbits : Orbits
        Their atoms.
    operations : tuple
        Rotations, translations and time signs.
    cell : (3, 3) float
        Lattice vectors as rows, Å.
    labels : sequence of str
        Names of the sites, for errors.
    name : str
        How errors call the file.

    Raises
    ------
    StructureError
        A moment is not one that the symmetry of its site allows.
    """
    rotations, translations, signs = operations
    turn = cell.T @ rotations @ np.linalg.inv(cell.T)
    axial = (signs * np.linalg.det(turn))[:, None, None] * turn
    found = np.zeros((len(orbits.positions), 3))
    for n, (moment, site) in enumerate(zip(moments, sites, strict=True)):
        if not np.any(moment):
            continue
        (members,) = np.nonzero(orbits.site == n)
        home = orbits.positions[members[_nearest(site[None], orbits.positions[members], cell)[0]]]
        images = rotations @ home + translations
        place = members[_nearest(images, orbits.positions[members], cell)]
        moved = axial @ moment
        np.add.at(found, place, moved * len(members) / len(signs))
        if np.linalg.norm(found[place] - moved, axis=1).max() > ALLOWED * np.linalg.norm(moment):
            raise StructureError(
                f"{name} contradicts itself",
                why=f"the operations that keep site {labels[n]} do not keep its moment",
                fix="check the moment (components along unit vectors of a, b, c, in μB) and the "
                "time parts of the operations",
            )
    return found


def _nearest(points: Floats, targets: Floats, cell: Floats) -> Integers:
    return np.asarray(distances(points[:, None] - targets, cell).argmin(axis=1))
