"""Other descriptions of one and the same crystal, and of its mirror image.

A crystal does not know in which cell, from which origin, in which order of its atoms or in which
orientation it is written down.  A :class:`Description` writes it down anew,

    r ↦ O r + d,     (a' b' c') = (O a  O b  O c) Mᵀ,

and hypothesis draws them: a failure shrinks to the plainest description that still fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.frame import symmetrized_cell
from symchiral.crystal.search import SymmetricCrystal, space_group

Real = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LARGEST = 200
"""Most atoms of a supercell."""


@dataclass(frozen=True)
class Description:
    """A way to write a crystal down.

    Attributes:
        quaternion: four integers, the rotation (not normalised).
        mirrored: reflect x → −x before rotating: the mirror image of the crystal.
        matrix: M, new lattice vectors (rows) on the old ones; its determinant may be negative.
        shift: d in units of the old lattice vectors.
        seed: order of the atoms, the cell each is put in, and the noise.
        noise: standard deviation of every Cartesian coordinate, Å.
        conventional: the old cell is the one that was handed in, not the primitive one.
    """

    quaternion: tuple[int, int, int, int] = (1, 0, 0, 0)
    mirrored: bool = False
    matrix: tuple[tuple[int, int, int], ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    seed: int = 0
    noise: float = 0.0
    conventional: bool = False

    @property
    def turn(self) -> Real:
        """O: the rotation, times the reflection of a mirror image."""
        w, x, y, z = np.array(self.quaternion) / np.linalg.norm(self.quaternion)
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        return np.asarray(rotation @ np.diag([-1.0 if self.mirrored else 1.0, 1.0, 1.0]))

    @property
    def hand(self) -> int:
        """det O: +1, or −1 for a mirror image."""
        return -1 if self.mirrored else 1

    def move(self, crystal: SymmetricCrystal, points: npt.ArrayLike) -> Real:
        """Where Cartesian points of the crystal are in the new description."""
        start = np.array(self.shift) @ self._cell(crystal)
        return np.asarray((np.asarray(points, dtype=float) + start) @ self.turn.T)

    def write(self, crystal: SymmetricCrystal) -> Crystal:
        """Write the crystal down in this way."""
        rng = np.random.default_rng(self.seed)
        cell = self._cell(crystal)
        if self._as_given(crystal):
            points, numbers = crystal.input.positions @ cell, crystal.input.numbers
            moments = crystal.input.moments
        else:
            numbers, moments = crystal.primitive.numbers, crystal.primitive.moments
            points = crystal.frame.point(
                crystal.primitive.positions, to="cartesian", source="primitive"
            )
        copies = self._copies()
        points = (points[:, None, :] + copies @ cell).reshape(-1, 3)
        numbers = np.repeat(numbers, len(copies))
        order = rng.permutation(len(numbers))
        moved = self.move(crystal, points[order])
        moved += rng.normal(scale=self.noise, size=moved.shape)
        new = np.array(self.matrix) @ cell @ self.turn.T
        inside = moved @ np.linalg.inv(new) + rng.integers(-1, 2, size=moved.shape)
        if moments is not None:
            moments = self.hand * np.repeat(moments, len(copies), axis=0)[order] @ self.turn.T
        return Crystal.of(new, inside, numbers[order], moments=moments)

    def _copies(self) -> Integers:
        """One lattice vector of the old cell for each copy of it in the new one."""
        matrix = np.array(self.matrix)
        size = round(abs(float(np.linalg.det(matrix))))
        whole = np.array(list(product(range(size), repeat=3)))
        folded = np.round(whole @ np.linalg.inv(matrix) % 1.0, 6) % 1.0
        _, first = np.unique(folded, axis=0, return_index=True)
        if len(first) != size:
            raise ValueError(f"{len(first)} cells, not {size}")
        return np.asarray(whole[first])

    def _cell(self, crystal: SymmetricCrystal) -> Real:
        return np.asarray(crystal.input.cell if self._as_given(crystal) else crystal.frame.cell)

    def _as_given(self, crystal: SymmetricCrystal) -> bool:
        """Also where the primitive cell is the paramagnet's and holds half of the moments."""
        halved = crystal.magnetic is not None and crystal.signs is None
        return self.conventional or halved


@st.composite
def descriptions(
    draw: st.DrawFn, crystal: SymmetricCrystal, *, mirrored: bool = False
) -> Description:
    """Draw a description: any orientation, cell, origin, order of atoms, and a little noise."""
    quaternion = draw(st.tuples(*[st.integers(-9, 9)] * 4).filter(any))
    conventional = draw(st.booleans())
    atoms = len(crystal.input) if conventional else len(crystal.primitive)
    matrix = _supercell(
        draw(st.integers(1, max(1, min(3, LARGEST // atoms)))),
        draw(st.integers(0, 2)),
        draw(st.tuples(st.integers(0, 2), st.integers(0, 2))),
    )
    shears = st.tuples(st.integers(0, 2), st.integers(1, 2), st.integers(-2, 2))
    for i, step, k in draw(st.lists(shears, max_size=4)):
        matrix[i] += k * matrix[(i + step) % 3]
    matrix = matrix[list(draw(st.sampled_from(list(permutations(range(3))))))]
    matrix *= np.array(draw(st.tuples(*[st.sampled_from([1, -1])] * 3)))[:, None]
    fraction = st.one_of(
        st.integers(-24, 24).map(lambda k: k / 24), st.floats(-1, 1, allow_subnormal=False)
    )
    return Description(
        quaternion=quaternion,
        mirrored=mirrored,
        matrix=tuple((int(a), int(b), int(c)) for a, b, c in matrix),
        shift=draw(st.tuples(fraction, fraction, fraction)),
        seed=draw(st.integers(0, 2**32 - 1)),
        noise=draw(st.sampled_from([0.0, 1e-6, 1e-5])),
        conventional=conventional,
    )


def _supercell(size: int, long: int, offsets: tuple[int, int]) -> Integers:
    """A sublattice of index 1, 2 or 3: one vector is ``size`` times longer, and leans."""
    matrix = np.eye(3, dtype=np.int64)
    matrix[long] *= size
    for step, offset in zip((1, 2), offsets, strict=True):
        matrix[long, (long + step) % 3] = offset % size
    return matrix


def random_crystal(hall_number: int, rng: np.random.Generator) -> Crystal:
    """Atoms on two random general positions of a space group, in a random cell of its kind.

    Nothing but the group itself maps them, and every irrep of the group is a species.
    """
    group = space_group(hall_number)
    while True:
        cell = np.eye(3) + 0.25 * rng.uniform(-1, 1, size=(3, 3))
        cell = symmetrized_cell(cell * rng.uniform(0.8, 1.25, size=(3, 1)), group.rotations)
        cell = cell * (12.0 * len(group) / abs(float(np.linalg.det(cell)))) ** (1 / 3)
        points = rng.uniform(size=(2, 3))
        images = np.einsum("gij,nj->ngi", group.rotations, points) + group.shifts / 24
        positions = images.reshape(-1, 3) % 1.0
        gaps = positions[:, None, :] - positions[None, :, :]
        gaps -= np.rint(gaps)
        distances = np.linalg.norm(gaps @ cell, axis=2) + 10 * np.eye(len(positions))
        if distances.min() > 0.6:
            return Crystal.of(cell, positions, np.repeat([14, 8], len(group)))
