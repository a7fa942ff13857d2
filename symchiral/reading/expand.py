r"""From the sites of an asymmetric unit to all atoms of the cell.

Coordinates in files are rounded: 0.3333 stands for 1/3, and the three images of (0.3333, 0.6667, z)
under a three-fold axis are three points a hundredth of an ångström apart. A site is therefore
first moved onto the mean of those of its images that nearly coincide with it,

.. math:: x' = x + \frac{1}{|S|} \sum_{g \in S} (g x - x), \qquad S = \{g : |g x - x| < r\},

which is exactly the special position meant, and only then spread over its orbit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symchiral.algebra.lattice import distances, wrapped
from symchiral.crystal.check import MAX_ATOMS, too_many
from symchiral.errors import StructureError
from symchiral.value import WRAPPED, Floats, Integers

MERGE = 0.1
"""Images of one site closer than this are one atom whose coordinates were rounded, Å."""


@dataclass(frozen=True)
class Orbits:
    """All atoms of the cell.

    Attributes
    ----------
    positions : (N, 3) float
        Fractional coordinates in [0, 1).
    site : (N,) int
        Index of the site each atom comes from.
    moved : (sites,) float
        How far each site was moved onto its special position, Å.
    """

    positions: Floats
    site: Integers
    moved: Floats


def expand(
    sites: Floats,
    rotations: Integers,
    translations: Floats,
    cell: Floats,
    *,
    labels: tuple[str, ...],
    name: str = "this file",
) -> Orbits:
    """Spread sites over their orbits under a closed set of operations.

    Parameters
    ----------
    sites : (n, 3) float
        Fractional coordinates of the asymmetric unit.
    rotations, translations : (g, 3, 3) int, (g, 3) float
        The operations x ↦ W x + w, all of them, centring included.
    cell : (3, 3) float
        Lattice vectors as rows, Å.
    labels : tuple of str
        Names of the sites, for errors.
    name : str
        How errors call the file.

    Raises
    ------
    StructureError
        If a site is so close to a symmetry element that one cannot tell on which side it lies.
    LimitError
        If there are more than 20,000 atoms.

    Examples
    --------
    >>> from symchiral.reading.xyz import parse_operations
    >>> w, t, _ = parse_operations(["x,y,z", "-y,x-y,z", "-x+y,-x,z"])
    >>> cell = np.array([[3, 0, 0], [-1.5, 1.5 * 3**0.5, 0], [0, 0, 5.0]])
    >>> expand(np.array([[0.333, 0.667, 0.2]]), w, t, cell, labels=("B",)).positions.round(6)
    array([[0.333333, 0.666667, 0.2     ]])
    """
    found: list[Floats] = []
    origin: list[int] = []
    moved = np.zeros(len(sites))
    for n, site in enumerate(sites):
        special, moved[n] = _onto_special(site, rotations, translations, cell)
        orbit = _orbit(special, rotations, translations, cell)
        if orbit is None:
            raise StructureError(
                f"{name} cannot be completed by symmetry",
                why=f"site {labels[n]} nearly coincides with its own images, but not with a "
                "set of them that belongs together",
                fix="write its coordinates with more digits (1/3 as 0.33333333)",
            )
        if len(origin) + len(orbit) > MAX_ATOMS:
            raise too_many(name, len(origin) + len(orbit))
        found.append(orbit)
        origin.extend([n] * len(orbit))
    return Orbits(np.concatenate(found), np.array(origin, dtype=np.int64), moved)


def metric_misfit(cell: Floats, rotations: Integers) -> float:
    r"""Return the largest change that rotations make to the metric of a cell, as a share.

    .. math:: \max_{W,i,j} |(W^T G W - G)_{ij}| / (|a_i| |a_j|), \qquad G_{ij} = a_i \cdot a_j .
    """
    metric = cell @ cell.T
    length = np.sqrt(np.diag(metric))
    change = np.abs(np.swapaxes(rotations, 1, 2) @ metric @ rotations - metric)
    return float((change / np.outer(length, length)).max())


def _near_images(x: Floats, w: Integers, t: Floats, cell: Floats, radius: float) -> Floats:
    delta = wrapped(w @ x + t - x)
    near: Floats = delta[np.linalg.norm(delta @ cell, axis=1) < radius]
    return near


def _onto_special(x: Floats, w: Integers, t: Floats, cell: Floats) -> tuple[Floats, float]:
    near = _near_images(x, w, t, cell, MERGE)
    if len(near) <= 1:
        return x, 0.0
    shift = near.mean(axis=0)
    return x + shift, float(np.linalg.norm(shift @ cell))


def _orbit(x: Floats, w: Integers, t: Floats, cell: Floats) -> Floats | None:
    """Return the distinct images of x, or None if they do not fill whole cosets."""
    images = (w @ x + t) % 1.0
    images[images > 1.0 - WRAPPED] = 0.0
    order = len(_near_images(x, w, t, cell, MERGE))
    if order == 1:
        return images
    same = distances(images[:, None] - images, cell) < MERGE
    kept: Floats = images[np.argmax(same, axis=1) == np.arange(len(images))]
    tight = len(_near_images(x, w, t, cell, 1e-6 * (1.0 + float(np.abs(cell).max()))))
    if tight != order or len(kept) * order != len(w):
        return None
    return kept
