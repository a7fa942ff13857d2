"""Bands: frequencies and angular momenta along a path, branches connected by species."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from symchiral.algebra.exact import phase_of
from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import Pictured
from symchiral.errors import GrammarError, LabelError, LimitError, SymmetryError, nearest
from symchiral.forces.phonons import TOLERATED, Phonons
from symchiral.irreps.axis import Axis, axis_along, axis_at
from symchiral.irreps.pam import balanced
from symchiral.irreps.segments import PathPoint, Segment, find_segments, segments_between
from symchiral.modes.branches import (
    Branch,
    angular_momenta,
    find_branches,
    solve_branches,
)
from symchiral.modes.mode import Mode, Modes
from symchiral.modes.modespace import ModeSpace, mode_space
from symchiral.units import counted
from symchiral.value import NO_LENGTH, SAME_POINT, Complex, Floats, Integers, Value, frozen

About = Literal["axis", "path"]
"""What angular momentum is counted about."""

FEWEST = 5
"""Wavevectors on the shortest piece of a path."""

SHORT = 1e-5
"""Wavevectors of a file that differ by less, in any coordinate, are one."""

MOST = 100_000
"""Wavevectors on a path."""


@dataclass(frozen=True)
class Level:
    """A multiplet at an end of a piece, with what the special point makes of it.

    Attributes
    ----------
    label : str
        Species at that wavevector.
    number : int or None
        Which of that species; None for rigid translations.
    frequency : float
        THz, negative if unstable.
    pams : tuple of str
        l of the partners about the axis; empty where no axis keeps the wavevector.
    ams : tuple of float or None
        J of the partners about the axis, ħ.
    """

    label: str
    number: int | None
    frequency: float
    pams: tuple[str, ...]
    ams: tuple[float | None, ...]


@dataclass(frozen=True, eq=False, repr=False)
class BandEnd(Value):
    """An end of a piece.

    Attributes
    ----------
    point : PathPoint
        The wavevector.
    levels : tuple of Level
        Its multiplets, from the lowest; empty at a point that is no special one.
    members : (3N,) int
        For every branch that ends here the level it belongs to, by frequency; empty without levels.
    """

    point: PathPoint
    levels: tuple[Level, ...]
    members: Integers


@dataclass(frozen=True, eq=False, repr=False)
class BandSegment(Value):
    r"""The 3N branches along one straight piece of a path.

    Attributes
    ----------
    segment : Segment
        The piece: its ends, its line, its name.
    axis : Axis or None
        The axis of rotation that keeps every wavevector of it: only then is there a PAM.
    direction : (3,) float
        Cartesian direction about which the angular momentum is counted.
    coordinates : (n, 3) float
        The wavevectors, on the primitive reciprocal basis.
    distance : (n,) float
        Length along the whole path, 2π included, Å⁻¹.
    branches : tuple of Branch
        What the columns are.
    frequencies : (n, 3N) float
        THz, negative if unstable.
    am_vectors : (n, 3N, 3) float
        Mechanical angular momentum, Cartesian, ħ per quantum; NaN for partners of equal frequency
        that no axis tells apart.
    u : (n,) float
        :math:`u = q·c/2π` along the axis, c its shortest lattice vector; zero without an axis. On
        the piece it is continuous; on a screw axis within the zone, elsewhere in (−1/2, 1/2] at
        the middle.
    residues : tuple of Fraction or None
        l₀ of every branch for this u: :math:`l = l_0 + s u` with s the index of the screw.
    start, end : BandEnd
        The special points at the ends.
    eigenvectors : (n, 3N, 3N) complex or None
        Columns are the branches, rows atom-major, phase with the position of the atom.
    """

    segment: Segment
    axis: Axis | None
    direction: Floats
    coordinates: Floats
    distance: Floats
    branches: tuple[Branch, ...]
    frequencies: Floats
    am_vectors: Floats
    u: Floats
    residues: tuple[Fraction | None, ...]
    start: BandEnd
    end: BandEnd
    eigenvectors: Complex | None

    @property
    def am(self) -> Floats:
        """(n, 3N): mechanical angular momentum about ``direction``, ħ per quantum."""
        return np.asarray(self.am_vectors @ self.direction)

    def pam_text(self, branch: int) -> str | None:
        """L of a branch as a function of u: ``1``, ``1+u``; None without an axis."""
        residue = self.residues[branch]
        if residue is None or self.axis is None:
            return None
        s = self.axis.turn.slope
        if not s:
            return str(residue)
        size = "" if abs(s) == 1 else str(abs(s))
        sign = "-" if s < 0 else "+" if residue else ""
        return f"{residue if residue else ''}{sign}{size}u"

    def pam(self, branch: int) -> Floats | None:
        """(n,): l of a branch at every wavevector, balanced; None without an axis."""
        residue = self.residues[branch]
        if residue is None or self.axis is None:
            return None
        n = self.axis.order
        l = float(residue) + self.axis.turn.slope * self.u
        return np.asarray(n / 2 - np.mod(n / 2 - l, n))

    def __repr__(self) -> str:
        return f"BandSegment({self.segment.start.label}–{self.segment.end.label}, {len(self.u)} q)"


@dataclass(frozen=True, eq=False, repr=False)
class Bands(Value, Pictured):
    """Branches along a path.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal.
    phonons : Phonons
        Where the dynamical matrices come from.
    axis : Axis or None
        The axis of rotation of the crystal.
    about : {"axis", "path"}
        What angular momentum is counted about: ``axis``, the axis of the crystal (z where it has
        none), or ``path``, on every piece its own direction.
    segments : tuple of BandSegment
        The pieces of the path.
    sites : tuple of str
        Sites whose atoms alone the angular momentum is of; empty for all atoms.
    """

    crystal: SymmetricCrystal
    phonons: Phonons
    axis: Axis | None
    about: About
    segments: tuple[BandSegment, ...]
    sites: tuple[str, ...] = ()

    def helicity(self, segment: BandSegment) -> Floats:
        r"""(n, 3N): angular momentum along the wavevector, :math:`J·q/|q|`, ħ per quantum.

        q is the wavevector as it stands on the path. NaN at q = 0, and for partners of equal
        frequency that no axis tells apart.
        """
        frame = self.crystal.frame
        q = frame.wavevector(segment.coordinates, to="cartesian", source="primitive")
        size = np.linalg.norm(q, axis=1, keepdims=True)
        still = size < NO_LENGTH
        along = np.where(still, np.nan, q / np.where(still, 1, size))
        return np.asarray(np.einsum("nba,na->nb", segment.am_vectors, along))

    def __len__(self) -> int:
        """Number of wavevectors."""
        return sum(len(segment.u) for segment in self.segments)

    def __repr__(self) -> str:
        way = ", ".join(f"{s.segment.start.label}–{s.segment.end.label}" for s in self.segments)
        return f"Bands({self.crystal.primitive.formula}, {way}, {counted(len(self), 'wavevector')})"


def make_bands(
    phonons: Phonons,
    axis: Axis | None,
    *,
    path: str | None = None,
    points: int | Sequence[int] = 200,
    about: About = "axis",
    sites: Sequence[str] = (),
    eigenvectors: bool = False,
) -> Bands:
    r"""Follow all modes along a path.

    On a piece of the path every dynamical matrix is diagonalised species by species, in one basis
    that serves the whole piece. Branches of one species keep their order, those of different ones
    cross. With Born charges the zone centre is approached along the piece.

    Parameters
    ----------
    path : str, optional
        ``"GM K M GM"``, as for :func:`~symchiral.irreps.segments.find_segments`; default the
        path of the file, where it is one of eigenvectors along a path, else the standard path.
    points : int or sequence of int
        Wavevectors on the whole path, about: they are equally dense on all pieces; or on every
        piece. On its own path a file has its own.
    about : {"axis", "path"}
        ``axis``: PAM and AM about the axis of the crystal (about z where it has none); ``path``: on
        every piece about the direction of the piece, as the helicity of a travelling wave.
    sites : sequence of str
        Names of sites, or elements: the angular momentum is that of their atoms alone,
        :math:`\sum_κ \mathrm{Im}(e_κ^* × e_κ)` over them; default of all. What all sites have adds
        up to the whole.
    eigenvectors : bool
        Keep the eigenvectors, 16 (3N)² bytes each.

    Raises
    ------
    SymmetryError
        The forces break the symmetry of the atoms.
    LimitError
        More than 10⁵ points, fewer than two, or not one number for every piece.
    LabelError
        There is no such site.
    GrammarError
        ``about`` is neither; a piece of the path of a file is not straight.
    """
    if about not in ("axis", "path"):
        raise GrammarError(
            f"cannot count angular momentum about {about!r}",
            why="it is counted about the axis of the crystal or about the direction of the path",
            fix="write axis or path",
        )
    each = () if isinstance(points, int) else tuple(points)
    total = points if isinstance(points, int) else sum(each)
    if not 2 <= total <= MOST or min(each, default=2) < 2:
        raise LimitError(
            f"{counted(min(each, default=total), 'point')} on a path",
            why=f"there must be at least 2, on every piece, and at most {MOST}",
            fix="give a number of points such as 200",
        )
    crystal = phonons.crystal
    own = _own_path(phonons) if path is None else []
    segments = [s for s, _ in own] if own else find_segments(crystal, path)
    if each and not own and len(each) != len(segments):
        raise LimitError(
            f"{counted(len(each), 'number')} of points",
            why=f"the path has {counted(len(segments), 'piece')}",
            fix="give one number for every piece, or one for the whole path",
        )
    names, atoms = _counted(crystal, sites)
    reciprocal = 2 * np.pi * np.linalg.inv(crystal.primitive.cell).T
    lengths = [float(np.linalg.norm(s.vector @ reciprocal)) for s in segments]
    directed = phonons.born is not None or _holds_fields(phonons)
    ends: dict[object, Modes] = {}
    found: list[BandSegment] = []
    start = 0.0
    for number, (segment, length) in enumerate(zip(segments, lengths, strict=True)):
        n = each[number] if each and not own else max(FEWEST, round(total * length / sum(lengths)))
        line, unit = axis, np.array([0.0, 0.0, 1.0]) if axis is None else axis.direction
        if about == "path":
            along = segment.vector @ reciprocal
            line, unit = axis_along(crystal, along), along / np.linalg.norm(along)
        t = own[number][1] if own else np.linspace(0, 1, n)
        distance = start + t * length
        found.append(
            _follow(phonons, line, unit, segment, t, distance, ends, directed, atoms, eigenvectors)
        )
        start += length
    return Bands(crystal, phonons, axis, about, tuple(found), names)


def _counted(
    crystal: SymmetricCrystal, sites: Sequence[str]
) -> tuple[tuple[str, ...], Integers | None]:
    """Names of the sites whose angular momentum is counted, and their atoms; None for all."""
    known = dict.fromkeys(name for s in crystal.sites for name in (s.element, s.name))
    for name in sites:
        if name not in known:
            raise LabelError(
                f"no site {name}",
                why=f"it is none of {crystal.primitive.formula}",
                fix=nearest(name, known),
            )
    chosen = [s for s in crystal.sites if s.name in sites or s.element in sites]
    atoms = np.array([atom for s in chosen for atom in s.atoms], dtype=np.int64)
    return tuple(s.name for s in chosen), atoms if sites else None


def _own_path(phonons: Phonons) -> list[tuple[Segment, Floats]]:
    """The pieces of the path of a file, and where its wavevectors are on each, from 0 to 1."""
    found: list[tuple[Segment, Floats]] = []
    for points in phonons.own_path:
        way = points[-1] - points[0] if len(points) else np.zeros(3)
        length = float(way @ way)
        if length < SHORT**2:
            continue
        t = (points - points[0]) @ way / length
        if np.abs(points[0] + t[:, None] * way - points).max() > SHORT:
            raise GrammarError(
                "cannot follow the path of the file",
                why="the wavevectors of a piece of it are not on a straight line",
                fix="write it anew with straight pieces, or pass --path (path=)",
            )
        for segment in segments_between(phonons.crystal, points[0], points[-1]):
            low, high = (
                float((x - points[0]) @ way / length)
                for x in (segment.start.coordinates, segment.end.coordinates)
            )
            inside = (t > low - SHORT) & (t < high + SHORT)
            if inside.any():
                found.append((segment, np.clip((t[inside] - low) / (high - low), 0, 1)))
    return found


def _holds_fields(phonons: Phonons) -> bool:
    """Whether eigenvectors of a path hold, at the zone centre, the field of its direction."""
    frequencies = []
    for points in phonons.own_path:
        way = points[-1] - points[0] if len(points) else np.zeros(3)
        at_centre = np.abs(points - np.rint(points)).max(axis=1, initial=0) < SHORT
        if np.abs(way).max() < SHORT or not at_centre.any():
            continue
        way = phonons.crystal.frame.wavevector(way, to="cartesian", source="primitive")
        matrix = phonons.matrix_at(np.zeros(3), way)
        modes = mode_space(phonons.crystal, None, GAMMA).modes(matrix, phonons.masses)
        if modes.asymmetry > TOLERATED:
            return True
        frequencies.append(np.sort(modes.frequencies))
    return bool(frequencies) and float(np.ptp(frequencies, axis=0).max()) > TOLERATED


def _follow(
    phonons: Phonons,
    axis: Axis | None,
    about: Floats,
    segment: Segment,
    t: Floats,
    distance: Floats,
    ends: dict[object, Modes],
    directed: bool,  # noqa: FBT001
    atoms: Integers | None,
    keep: bool,  # noqa: FBT001
) -> BandSegment:
    crystal, n, size = phonons.crystal, len(t), 3 * len(phonons.masses)
    part = axis_at(crystal, axis, [segment.q])
    space = mode_space(crystal, part, segment.q)
    branches = find_branches(space)
    coordinates = segment.start.coordinates + t[:, None] * segment.vector
    shift = np.array(segment.shift)
    direction = crystal.frame.wavevector(segment.vector, to="cartesian", source="primitive")
    # e(q + G) = e(q) exp(−iG·r): the piece lies beside its line.
    phases = phase_of(-crystal.primitive.positions @ shift).repeat(3)[:, None]
    frequencies, am = np.empty((n, size)), np.empty((n, size, 3))
    vectors = np.empty((n, size, size), dtype=complex) if keep else None
    for i, q in enumerate(coordinates - shift):
        matrix = phonons.matrix_at(q, _approach(phonons, coordinates[i], direction))
        frequencies[i], columns = solve_branches(space, matrix)
        moving = columns.reshape(-1, 3, size)
        am[i] = angular_momenta((moving if atoms is None else moving[atoms]).reshape(-1, size))
        if i == n // 2:
            _check(phonons, matrix, frequencies[i])
        if vectors is not None:
            vectors[i] = phases * columns
    am[:, [not b.fixed for b in branches]] = np.nan
    u, residues = _pam(space, segment, coordinates, branches)
    first, last = (
        _end(phonons, axis, point, direction, frequencies[i], ends, directed, atoms)
        if abs(t[i] - at) < SHORT
        else BandEnd(point, (), frozen([], np.int64))
        for point, i, at in ((segment.start, 0, 0.0), (segment.end, -1, 1.0))
    )
    for array in (coordinates, frequencies, am, u, *(() if vectors is None else (vectors,))):
        array.setflags(write=False)
    return BandSegment(
        segment,
        part,
        frozen(about),
        coordinates,
        frozen(distance),
        branches,
        frequencies,
        am,
        u,
        residues,
        first,
        last,
        vectors,
    )


def _approach(phonons: Phonons, q: Floats, direction: Floats) -> Floats | None:
    """The direction along the piece at the zone centre, where Born charges make it matter."""
    whole = np.abs(q - np.rint(q)).max() < SAME_POINT
    return direction if whole and (phonons.born is not None or phonons.own_path) else None


def _check(phonons: Phonons, matrix: Complex, frequencies: Floats) -> None:
    """Refuse forces that break the symmetry, as for modes at one wavevector."""
    values = np.linalg.eigvalsh(matrix)
    exact = np.sign(values) * np.sqrt(np.abs(values))
    change = float(np.max(np.abs(exact - np.sort(frequencies))))
    if change > TOLERATED and not phonons.symmetrize:
        raise SymmetryError(
            "the forces break the symmetry of the crystal",
            why=f"averaging them over {phonons.crystal.group.symbol} changes a frequency by "
            f"{change:.2g} THz",
            fix="pass --symmetrize (symmetrize=True) to go on with the averaged forces, or "
            "check the supercell and the displacements",
        )


def _pam(
    space: ModeSpace, segment: Segment, coordinates: Floats, branches: tuple[Branch, ...]
) -> tuple[Floats, tuple[Fraction | None, ...]]:
    """U along the piece, and l₀ of every branch for that u."""
    axis = space.axis
    if axis is None:
        return np.zeros(len(coordinates)), (None,) * len(branches)
    c = np.array(axis.turn.uvw)
    u = coordinates @ c
    if not axis.screw:
        middle = float(u[len(u) // 2])
        return u - round(middle - float(balanced(Fraction(middle), 1))), tuple(
            b.residue for b in branches
        )
    # The components' own u, which is s u on a line through the parameters of the piece.
    turn = axis.turn.shift(space.q)
    slopes = np.array([float(slope[2]) for slope in turn.slopes])
    theirs = float(turn.coordinates[2]) + segment.parameters(coordinates[:1])[0] @ slopes
    return u + theirs / axis.turn.slope - u[0], tuple(b.residue for b in branches)


def _am(modes: Modes, mode: Mode, atoms: Integers | None) -> float | None:
    """J about the axis of these atoms; None without an axis, and where it does not exist."""
    if atoms is None or modes.axis is None or not mode.fixed:
        return modes.am(mode)
    return float(mode.atomic_am[atoms].sum(axis=0) @ modes.axis.direction) + 0.0


def _end(
    phonons: Phonons,
    axis: Axis | None,
    point: PathPoint,
    direction: Floats,
    frequencies: Floats,
    cache: dict[object, Modes],
    directed: bool,  # noqa: FBT001
    atoms: Integers | None,
) -> BandEnd:
    """The multiplets of a special point, and which branch goes into which, by frequency."""
    if point.q is None:
        return BandEnd(point, (), frozen([], np.int64))
    at_centre = point.q.reduced == GAMMA
    approach = direction if at_centre and directed else None
    unit = None if approach is None else approach / np.linalg.norm(approach)
    key = (
        point.q.reduced,
        None if unit is None else tuple(np.round(np.abs(unit), 6)),
        None if axis is None else axis.turn,
    )
    if key not in cache:
        cache[key] = phonons.modes(axis, point.q, approach)
    modes = cache[key]
    levels = tuple(
        Level(
            m.modes[0].label,
            m.number,
            m.frequency,
            tuple(mode.pam for mode in m.modes if mode.pam is not None),
            tuple(_am(modes, mode, atoms) for mode in m.modes),
        )
        for m in modes.multiplets
    )
    owners = np.repeat(np.arange(len(levels)), [len(m.modes) for m in modes.multiplets])
    members = np.empty(len(owners), dtype=np.int64)
    members[np.argsort(frequencies, kind="stable")] = owners
    return BandEnd(point, levels, frozen(members))
