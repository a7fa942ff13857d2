"""Static uniform fields in which a crystal stands: magnetic, electric, strain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields

import numpy as np
import numpy.typing as npt

from symchiral.crystal.order import magnetic_subgroup, moment_marks
from symchiral.crystal.reduced import Subgroup, reduced
from symchiral.crystal.search import SymmetricCrystal, find_symmetry
from symchiral.errors import GrammarError
from symchiral.value import Floats, Value, frozen

SAME = 1e-3
"""Fields of unit size that differ by less are equal: 0.866 stands for √3/2."""

_VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True, eq=False, repr=False)
class Background(Value):
    r"""Static uniform fields, of which only the directions matter to symmetry.

    Of an operation with Cartesian rotation part R and time sign s

    .. math:: B → s \det(R)\, R B, \qquad E → R E, \qquad ε → R ε R^T .

    Attributes
    ----------
    magnetic : (3,) float or None
        Direction of B, Cartesian in the axes of the input.
    electric : (3,) float or None
        Direction of E.
    strain : (3, 3) float or None
        Strain, its largest eigenvalue of size 1.
    """

    magnetic: Floats | None = None
    electric: Floats | None = None
    strain: Floats | None = None

    @classmethod
    def of(
        cls,
        *,
        B: Sequence[float] | None = None,
        E: Sequence[float] | None = None,
        strain: Sequence[float] | None = None,
    ) -> Background:
        """Make a background from Cartesian components; strain as xx, yy, zz, yz, xz, xy.

        Raises
        ------
        GrammarError
            No field, or one that is not so many finite numbers, not all zero.

        Examples
        --------
        >>> Background.of(B=(0, 0, 2))
        Background(B = (0, 0, 1))
        >>> Background.of(strain=(1, -1, 0, 0, 0, 0)).strain.tolist()
        [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 0.0]]
        """
        if B is None and E is None and strain is None:
            raise GrammarError(
                "no field is given", why="all of B, E and strain are missing", fix="give one"
            )
        tensor = None
        if strain is not None:
            tensor = np.zeros((3, 3))
            for value, (i, j) in zip(_numbers(strain, 6, "strain"), _VOIGT, strict=True):
                tensor[i, j] = tensor[j, i] = value
            tensor = frozen(tensor / np.abs(np.linalg.eigvalsh(tensor)).max())
        b, e = (
            None if values is None else frozen(values / np.linalg.norm(values))
            for values in (
                None if x is None else _numbers(x, 3, name) for x, name in ((B, "B"), (E, "E"))
            )
        )
        return cls(b, e, tensor)

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Background:
        """Read ``B=0,0,1`` or ``B=[0 0 1]``, ``E=1,0,0``, ``strain=xx,yy,zz,yz,xz,xy``.

        Each at most once, Cartesian all.

        Raises
        ------
        GrammarError
            One is none of these.
        """
        found: dict[str, list[float]] = {}
        for text in texts:
            name, equals, rest = text.partition("=")
            name = {"b": "B", "e": "E"}.get(name.strip().lower(), name.strip().lower())
            try:
                values = [float(part) for part in _parts(rest)]
            except ValueError:
                values = []
            if not equals or name not in ("B", "E", "strain") or not values or name in found:
                raise GrammarError(
                    f"cannot read the field {text!r}",
                    why=f"{name} is given twice"
                    if name in found
                    else "it is none of B, E, strain with Cartesian numbers",
                    fix='write "B=0,0,1", "E=1,0,0" or "strain=xx,yy,zz,yz,xz,xy"',
                )
            found[name] = values
        return cls.of(B=found.get("B"), E=found.get("E"), strain=found.get("strain"))

    def over(self, other: Background | None) -> Background:
        """Return these fields with those of another background that are not among them."""
        if other is None:
            return self
        mine = {f.name: getattr(self, f.name) for f in dataclass_fields(self)}
        return replace(other, **{name: x for name, x in mine.items() if x is not None})

    @property
    def marks(self) -> Floats:
        """(3, 3): what it says to :func:`symchiral.crystal.setting.canonical_change`."""
        total = np.zeros((3, 3)) if self.strain is None else np.array(self.strain)
        for vector in (self.magnetic, self.electric):
            if vector is not None:
                total = total + np.outer(vector, vector)
        return np.asarray(total)

    def __repr__(self) -> str:
        parts = []
        for name, vector in (("B", self.magnetic), ("E", self.electric)):
            if vector is not None:
                parts.append(f"{name} = ({_plain(vector)})")
        if self.strain is not None:
            parts.append(f"strain = ({_plain(np.array([self.strain[i] for i in _VOIGT]))})")
        return f"Background({', '.join(parts)})"


def _parts(text: str) -> list[str]:
    """The words of ``0,0,1``, ``[0 0 1]`` or ``(0, 0, 1)``."""
    plain = text.strip().replace("−", "-")
    if plain[:1] + plain[-1:] in ("[]", "()"):
        plain = plain[1:-1]
    return plain.split(",") if "," in plain else plain.split()


def _plain(values: Floats) -> str:
    return ", ".join(f"{x:.4g}" for x in values + 0.0)


def _numbers(given: Sequence[float] | str, count: int, name: str) -> Floats:
    try:
        values = np.array(_parts(given) if isinstance(given, str) else given, dtype=float)
    except (TypeError, ValueError) as error:
        raise GrammarError(
            f"cannot use the field {name} = {given!r}",
            why="it holds something else than numbers",
            fix=f"give {count} numbers, as in (0, 0, 1)" if count == 3 else f"give {count} numbers",
        ) from error
    values = values.reshape(-1)
    # Directions and ratios are what counts, so sizes whose squares are not numbers are mistakes.
    sizes = np.abs(values[values != 0])
    if len(values) != count or not sizes.size or not np.all((sizes > 1e-100) & (sizes < 1e100)):
        raise GrammarError(
            f"cannot use the field {name} = {', '.join(f'{x:g}' for x in values)}",
            why=f"it is not {count} numbers of a size that fields have, not all zero",
            fix="give Cartesian components, as in B=0,0,1"
            if count == 3
            else "give xx, yy, zz, yz, xz and xy, as in strain=1,-1,0,0,0,0",
        )
    return values


def crystal_in(crystal: SymmetricCrystal, background: Background) -> SymmetricCrystal:
    """Return a crystal, with its magnetic order if it has any, in static fields.

    What is left are the operations that keep every field. Neither atoms nor moments move: the
    fields are small.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal in no field.
    background : Background
        The fields.

    Raises
    ------
    GrammarError
        A field is so near to a symmetric direction that what is left is no group.

    Examples
    --------
    >>> import symchiral as sc
    >>> found = crystal_in(sc.read("Bi2Se3").crystal, Background.of(B=(0, 0, 1)))
    >>> found.group, found.magnetic.point_group
    (SpaceGroup(166, 'R-3m'), "-3m'")
    >>> crystal_in(sc.read("Bi2Se3").crystal, Background.of(E=(0, 0, 1))).group
    SpaceGroup(160, 'R3m')
    """
    atoms = find_symmetry(crystal.input, symprec=crystal.symprec)
    left = _left(atoms, magnetic_subgroup(atoms), background)
    marks = moment_marks(crystal.input)
    marks = marks / max(1.0, float(np.abs(marks).max())) + background.marks
    found = reduced(atoms, left, marks=marks)
    return replace(found, warnings=crystal.warnings)


def _left(crystal: SymmetricCrystal, subgroup: Subgroup, background: Background) -> Subgroup:
    turns = crystal.rotations[subgroup.operations]
    keeps = np.ones(len(turns), dtype=bool)
    if background.electric is not None:
        keeps &= _equal(turns @ background.electric, background.electric)
    if background.strain is not None:
        moved = turns @ background.strain @ np.swapaxes(turns, 1, 2)
        keeps &= _equal(moved.reshape(-1, 9), background.strain.reshape(9))
    signs = subgroup.signs
    if background.magnetic is not None:
        moved = np.linalg.det(turns)[:, None] * (turns @ background.magnetic)
        same = _equal(moved, background.magnetic)
        reversed_ = _equal(moved, -background.magnetic)
        needed = np.where(same, 1, -1)
        keeps &= (same | reversed_) & ((signs is None) | (needed == signs))
        signs = needed
    left = Subgroup(
        subgroup.operations[keeps],
        subgroup.translations[keeps],
        subgroup.lattice,
        None if signs is None else signs[keeps],
    )
    _require_group(crystal, left)
    return left


def _equal(a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(a - b).max(axis=1) < SAME)


def _require_group(crystal: SymmetricCrystal, left: Subgroup) -> None:
    """Equality within a tolerance is not transitive."""
    members = set(left.operations.tolist())
    products = crystal.group.products[np.ix_(left.operations, left.operations)]
    if not members.issuperset(products.ravel().tolist()):
        raise GrammarError(
            "the field does not tell which operations are left",
            why="it is nearly, but not quite, along a symmetric direction",
            fix="give its components with more digits",
        )
