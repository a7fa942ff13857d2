"""How a sample stands in the laboratory: two directions of the crystal along two lab axes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import GrammarError
from symchiral.irreps.axis import three_numbers
from symchiral.value import NO_LENGTH, Floats, Value, frozen

LAB = "xyz"
"""Names of the lab axes."""

PARALLEL = 1e-3
"""Directions closer than this, in radians, are one line."""

_SIGN = r"[+\-−]?"
_CRYSTAL = rf"{_SIGN}[abc]\*?|[\[(][^\])]*[\])]|{_SIGN}\d[^\s\[\]()=;a-z]*"
_PAIR = re.compile(
    rf"\s*(?:(?P<lab1>{_SIGN}[xyz])\s*=\s*(?P<crystal1>{_CRYSTAL})"
    rf"|(?P<crystal2>{_CRYSTAL})\s+along\s+(?P<lab2>{_SIGN}[xyz]))(?:\s*[,;]\s*|\s+|(?<=,)|$)",
    re.IGNORECASE,
)
_FIX = 'write two of them, as in "c along z, a along x" or "z=[0,0,1] x=(1,0,0)"'


@dataclass(frozen=True, eq=False, repr=False)
class Orientation(Value):
    """The axes of the laboratory as directions of the crystal.

    Attributes
    ----------
    axes : (3, 3) float
        Rows: lab x, y, z as Cartesian unit vectors in the axes of the input; right-handed.
    stated : tuple of (str, str)
        The two statements: lab axis (``z``, ``-x``) and crystal direction as written.
    tilt : float
        Degrees by which the second direction was off the perpendicular of the first; its
        projection lies along the lab axis.
    """

    axes: Floats
    stated: tuple[tuple[str, str], tuple[str, str]]
    tilt: float

    def to_lab(self, vector: npt.ArrayLike) -> Floats:
        """Components of a Cartesian vector of the input along lab x, y, z."""
        return np.asarray(self.axes @ np.asarray(vector, dtype=float))

    def from_lab(self, vector: npt.ArrayLike) -> Floats:
        """Cartesian vector, in the axes of the input, of components along lab x, y, z."""
        return np.asarray(np.asarray(vector, dtype=float) @ self.axes)

    def __repr__(self) -> str:
        return f"Orientation({', '.join(f'{c} along {l}' for l, c in self.stated)})"


def find_orientation(crystal: SymmetricCrystal, text: str) -> Orientation:
    r"""Read how a crystal stands in the laboratory.

    Two statements, each a direction of the input cell along a lab axis. Directions: ``a``, ``b``,
    ``c``; ``a*``, ``b*``, ``c*``; ``[u,v,w]`` or ``u,v,w``, a lattice direction; ``(h,k,l)``, the
    normal of the plane. The first holds exactly; the second lies in the half-plane of the two lab
    axes, so that its projection across the first is along its lab axis.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    text : str
        ``"c along z, a along x"`` or ``"z=0,0,1 x=(1,0,0)"``.

    Examples
    --------
    >>> import symchiral as sc
    >>> crystal = sc.read("Bi2Se3").crystal
    >>> found = find_orientation(crystal, "c along z, a along x")
    >>> found, np.allclose(found.axes, np.eye(3))
    (Orientation(c along z, a along x), True)
    >>> find_orientation(crystal, "x=[0,0,1] y=(0,1,0)").tilt
    0.0

    Raises
    ------
    GrammarError
        It is unreadable, a direction has zero length, or the two contradict each other.
    """
    text = " ".join(text.split())
    pairs, end = [], 0
    while (match := _PAIR.match(text, end)) is not None:
        lab = (match["lab1"] or match["lab2"]).lower().replace("−", "-").removeprefix("+")
        pairs.append((lab, (match["crystal1"] or match["crystal2"]).strip().rstrip(",")))
        end = match.end()
    if text[end:].strip() or len(pairs) != 2:
        count = f"it states {len(pairs)} directions, and two are needed"
        left = f"{text[end:].strip()!r} is not a direction along x, y or z"
        raise GrammarError(
            f"cannot read the orientation {text!r}",
            why=left if text[end:].strip() else count,
            fix=_FIX,
        )
    (first, along_first), (second, along_second) = pairs
    if first[-1] == second[-1]:
        raise GrammarError(
            f"the orientation {text!r} contradicts itself",
            why=f"both directions are to lie along lab {first[-1]}",
            fix="name two different lab axes",
        )
    u, v = (_direction(crystal, word, text) for word in (along_first, along_second))
    across = v - (v @ u) * u
    if np.linalg.norm(across) < PARALLEL:
        raise GrammarError(
            f"the orientation {text!r} contradicts itself",
            why=f"{along_first} and {along_second} lie on one line in the crystal, lab "
            f"{first[-1]} and {second[-1]} are perpendicular",
            fix="give two directions of the crystal that are not parallel",
        )
    tilt = abs(float(np.rad2deg(np.arcsin(np.clip(v @ u, -1, 1)))))
    axes = np.zeros((3, 3))
    for lab, vector in ((first, u), (second, across / np.linalg.norm(across))):
        axes[LAB.index(lab[-1])] = -vector if lab[0] == "-" else vector
    i, j = LAB.index(first[-1]), LAB.index(second[-1])
    k = 3 - i - j
    axes[k] = np.cross(axes[(k + 1) % 3], axes[(k + 2) % 3])
    return Orientation(frozen(axes + 0.0), (pairs[0], pairs[1]), round(tilt, 6))


def _direction(crystal: SymmetricCrystal, word: str, text: str) -> Floats:
    """The Cartesian unit vector of ``c``, ``-a*``, ``[1,1,0]``, ``1,1,0`` or ``(1,1,0)``."""
    plain = word.lower().replace("−", "-")
    normal = plain.endswith("*") or plain.startswith("(")
    if plain.rstrip("*")[-1] in "abc":
        numbers: Floats | None = np.eye(3)["abc".index(plain.rstrip("*")[-1])]
        numbers = -np.asarray(numbers) if plain.startswith("-") else numbers
    else:
        numbers = three_numbers(",".join(re.split(r"[,\s]+", plain.strip("[]() "))))
    if numbers is None:
        raise GrammarError(
            f"cannot read the direction {word!r} of the orientation {text!r}",
            why="it is neither a cell vector nor three numbers",
            fix="write a, b, c, a*, [u,v,w] for a lattice direction or (h,k,l) for the normal of "
            "a plane",
        )
    change = crystal.frame.wavevector if normal else crystal.frame.direction
    vector = change(numbers, to="cartesian", source="input")
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < NO_LENGTH:
        raise GrammarError(
            f"the direction {word!r} of the orientation {text!r} has zero length",
            why="it points nowhere",
            fix="give numbers that are not all zero",
        )
    return np.asarray(vector / length)
