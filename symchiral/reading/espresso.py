"""Inputs of Quantum ESPRESSO's pw.x: every ``ibrav``, every unit, wherever its words stand."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symchiral.crystal.check import MAX_ATOMS, too_many
from symchiral.crystal.crystal import SYMBOLS
from symchiral.errors import ReadError
from symchiral.units import BOHR, counted
from symchiral.value import Floats, Integers

_CARDS = (
    "ATOMIC_SPECIES", "ATOMIC_POSITIONS", "K_POINTS", "ADDITIONAL_K_POINTS", "CELL_PARAMETERS",
    "CONSTRAINTS", "OCCUPATIONS", "ATOMIC_VELOCITIES", "ATOMIC_FORCES", "SOLVENTS", "HUBBARD",
)  # fmt: skip
_SIGNS = tuple(
    re.compile(rf"^[ \t]*{word}\b", re.IGNORECASE | re.MULTILINE)
    for word in ("&system", "ATOMIC_POSITIONS")
)
_HEAD = 500_000
"""Characters from the start of a file among which these are sought."""

_ASSIGNED = re.compile(
    r"\b([A-Za-z]\w{0,40})\s{0,80}(?:\(\s{0,80}(\d{1,9})\s{0,80}\)\s{0,80})?="
    r"\s*('[^']*'|\"[^\"]*\"|[^\s,!]+)"
)


@dataclass(frozen=True, eq=False)
class Espresso:
    """The crystal of an input of pw.x.

    Attributes
    ----------
    cell : (3, 3) float
        Rows, Å.
    positions : (N, 3) float
        Fractional coordinates.
    numbers : (N,) int
        Atomic numbers.
    masses : (N,) float
        amu, as the file gives them.
    moments : (N,) or (N, 3) float
        ``starting_magnetization``, with a direction where the calculation is noncollinear; in
        parts of the valence electrons, not in μB.
    notes : tuple of str
        What had to be assumed.
    """

    cell: Floats
    positions: Floats
    numbers: Integers
    masses: Floats
    moments: Floats
    notes: tuple[str, ...]


def looks_like_espresso(text: str) -> bool:
    r"""Whether a text is an input of pw.x: its namelist and its card of atoms are there.

    Examples
    --------
    >>> looks_like_espresso("  &system ibrav=2 /\n ATOMIC_POSITIONS alat\n")
    True
    """
    return all(pattern.search(text, 0, _HEAD) is not None for pattern in _SIGNS)


def parse_espresso(text: str, *, name: str) -> Espresso:
    """Read the crystal of an input of pw.x.

    Lattices are those of the description of ``ibrav`` in Quantum ESPRESSO's documentation of pw.x
    (INPUT_PW), lengths from ``celldm`` (bohr) or ``A, B, C`` (Å), or CELL_PARAMETERS.

    Raises
    ------
    ReadError
        Something it needs is missing, stated twice, or no number.
    """
    lines = [line.strip() for line in text.split("\n")]
    system = _namelist(lines)
    cards = _cards(lines)
    kind = _whole(system, "ibrav", name)
    a, cell, notes = _cell(kind, system, cards, name)
    total, species = _whole(system, "nat", name), _whole(system, "ntyp", name)
    if total > MAX_ATOMS:
        raise too_many(name, total)
    order: dict[str, int] = {}
    masses = []
    for row in _rows(cards, "ATOMIC_SPECIES", species, 2, name):
        order[row[0].lower()] = len(order) + 1
        masses.append(_number(row[1], name))
    unit = cards["ATOMIC_POSITIONS"][0] or "alat"
    rows = _rows(cards, "ATOMIC_POSITIONS", total, 4, name)
    places = np.array([[_number(word, name) for word in row[1:4]] for row in rows])
    if unit == "crystal_sg":
        raise _bad(
            name,
            "its atoms are those of the asymmetric unit of a space group (crystal_sg)",
            "write all atoms of the cell, as pw.x prints them",
        )
    if unit not in ("alat", "bohr", "angstrom", "crystal"):
        raise _bad(
            name,
            f"its atoms are in {unit[:20]!r}",
            "give them in alat, bohr, angstrom or crystal",
        )
    if unit != "crystal":
        scale = {"alat": a, "bohr": BOHR, "angstrom": 1.0}[unit]
        if not abs(float(np.linalg.det(cell))) > 0:
            raise _bad(name, "its cell has no volume", "check the lattice vectors")
        places = np.asarray(np.linalg.solve(cell.T, scale * places.T).T)
    unknown = next((row[0] for row in rows if row[0].lower() not in order), None)
    if unknown is not None:
        raise _bad(
            name,
            f"ATOMIC_SPECIES does not list {unknown[:20]!r}",
            "name atoms as ATOMIC_SPECIES does",
        )
    index = np.array([order[row[0].lower()] for row in rows], dtype=np.int64)
    numbers = np.array([_element(row[0], name) for row in rows], dtype=np.int64)
    return Espresso(
        cell,
        places,
        numbers,
        np.array(masses)[index - 1],
        _magnetization(system, species, name)[index - 1],
        tuple(notes),
    )


# ------------------------------------------------------------------------------- its syntax


def _bad(name: str, why: str, fix: str) -> ReadError:
    return ReadError(f"cannot read {name}", why=f"in this input of pw.x {why}", fix=fix)


def _namelist(lines: list[str]) -> dict[str, str]:
    """What &SYSTEM assigns: lower-case name, with its index in parentheses, to the text."""
    found: dict[str, str] = {}
    inside = False
    for given in lines:
        line = given
        if not inside:
            start = re.match(r"&system\b", line, re.IGNORECASE)
            if start is None:
                continue
            inside, line = True, line[start.end() :]
        line = re.match(r"(?:[^!'\"]|'[^']*'|\"[^\"]*\")*", line)[0]  # type: ignore[index]
        for word, index, value in _ASSIGNED.findall(line):
            key = word.lower() + (f"({int(index)})" if index else "")
            found[key] = value.strip("'\"").removesuffix("/")
        bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", line)
        if bare.rstrip().endswith("/") or re.search(r"&end\b", bare, re.IGNORECASE):
            break
    return found


def _cards(lines: list[str]) -> dict[str, tuple[str, list[list[str]]]]:
    """Unit and rows of every card; comments and empty lines are left out."""
    found: dict[str, tuple[str, list[list[str]]]] = {}
    rows: list[list[str]] = []
    for line in lines:
        plain = re.split(r"[#!]", line, maxsplit=1)[0].strip()
        if not plain:
            continue
        words = plain.split()
        head = re.match(r"[A-Za-z_]+", plain)
        card = head[0].upper() if head else ""
        if card in _CARDS:
            rows = []
            unit = re.sub(r"[(){}]", " ", plain[len(card) :]).split()
            found[card] = (unit[0].lower() if unit else "", rows)
        else:
            rows.append(words)
    return found


def _rows(
    cards: dict[str, tuple[str, list[list[str]]]], card: str, count: int, width: int, name: str
) -> list[list[str]]:
    rows = cards.get(card, ("", []))[1][:count]
    if len(rows) < count or any(len(row) < width for row in rows):
        whole = sum(len(row) >= width for row in rows)
        raise _bad(
            name,
            f"{card} has {whole} of {counted(count, 'row')}",
            "check nat, ntyp and the card: the file may be cut short",
        )
    return rows


_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_CALLED: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
}


def _number(word: str, name: str) -> float:
    """Read a number as Fortran writes it, or an expression such as ``1/3`` and ``sqrt(3)/2``."""
    plain = re.sub(r"(?<=[\d.])[dD](?=[+-]?\d)", "e", word).replace("^", "**")
    try:
        value = _evaluate(ast.parse(plain, mode="eval").body) if len(plain) < 100 else math.nan
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        value = math.nan
    if not math.isfinite(value):
        raise _bad(name, f"{word[:40]!r} is not a number", "check the file")
    return value


def _evaluate(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_evaluate(inner)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _evaluate(inner)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_evaluate(left), _evaluate(right))
        case ast.Call(func=ast.Name(id=word), args=[inner]) if word in _CALLED:
            return _CALLED[word](_evaluate(inner))
    raise ValueError


def _whole(system: dict[str, str], key: str, name: str) -> int:
    text = system.get(key, "")
    if not re.fullmatch(r"[+-]?\d{1,9}", text):
        what = f"{key} is {text[:20]!r}, no whole number" if text else f"&SYSTEM gives no {key}"
        raise _bad(name, what, f"add {key} to &SYSTEM")
    return int(text)


def _element(label: str, name: str) -> int:
    """Atomic number of a label of a species: X, Xn, X_n, X-n, case does not matter."""
    letters = re.match(r"[A-Za-z]{0,2}", label)
    word = letters[0].capitalize() if letters else ""
    for symbol in (word, word[:1]):
        if symbol in SYMBOLS[1:]:
            return SYMBOLS.index(symbol)
        if symbol == "D":
            return 1
    raise _bad(name, f"{label[:20]!r} is not a known element", "name species by their symbols")


def _magnetization(system: dict[str, str], species: int, name: str) -> Floats:
    def values(key: str) -> Floats:
        texts = (system.get(f"{key}({i + 1})", "0") for i in range(species))
        return np.array([_number(text, name) for text in texts])

    size = values("starting_magnetization")
    if "t" not in system.get("noncolin", "").lower():
        return size
    theta, phi = np.radians(values("angle1")), np.radians(values("angle2"))
    way = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    return np.asarray((size * way).T)


# ------------------------------------------------------------------------------- its lattice


def _cell(
    kind: int, system: dict[str, str], cards: dict[str, tuple[str, list[list[str]]]], name: str
) -> tuple[float, Floats, list[str]]:
    """The lattice parameter (alat, Å), the cell (rows, Å), and notes."""
    a, ratios, cosines = _parameters(kind, system, name)
    if kind:
        if "CELL_PARAMETERS" in cards:
            raise _bad(
                name,
                f"the lattice is stated twice, by ibrav = {kind} and by CELL_PARAMETERS",
                "leave out CELL_PARAMETERS, or set ibrav = 0",
            )
        if a is None:
            raise _bad(
                name, f"ibrav = {kind} comes without celldm(1) or A", "give the lattice parameter"
            )
        return a, a * _lattice(kind, *ratios, *cosines, name), _notes(kind, cards)
    if "CELL_PARAMETERS" not in cards:
        raise _bad(name, "ibrav = 0 comes without CELL_PARAMETERS", "add the card")
    unit = cards["CELL_PARAMETERS"][0]
    rows = _rows(cards, "CELL_PARAMETERS", 3, 3, name)
    cell = np.array([[_number(word, name) for word in row[:3]] for row in rows])
    notes = []
    if not unit:
        unit = "bohr" if a is None else "alat"
        notes.append(f"CELL_PARAMETERS names no unit; it is read in {unit}")
    if unit == "alat":
        if a is None:
            raise _bad(
                name,
                "CELL_PARAMETERS is in alat, and neither celldm(1) nor A is given",
                "add A (Å) or celldm(1) (bohr) to &SYSTEM",
            )
        return a, a * cell, notes
    if unit not in ("bohr", "angstrom"):
        raise _bad(
            name,
            f"CELL_PARAMETERS is in {unit[:20]!r}",
            "give it in alat, bohr or angstrom",
        )
    if a is not None:
        raise _bad(
            name,
            f"the size of the cell is stated twice, by celldm or A and by CELL_PARAMETERS {unit}",
            "leave out celldm and A, as pw.x wants",
        )
    cell = cell * (BOHR if unit == "bohr" else 1.0)
    return math.hypot(*cell[0]), cell, notes


def _parameters(
    kind: int, system: dict[str, str], name: str
) -> tuple[float | None, tuple[float, float], tuple[float, float, float]]:
    """The length a (Å), the ratios b/a and c/a, and the cosines of α, β, γ."""

    def number(key: str) -> float | None:
        return _number(system[key], name) if key in system else None

    celldm = [number(f"celldm({i})") for i in range(1, 7)]
    lengths = [number(key) for key in "abc"]
    if celldm[0] is not None and lengths[0] is not None:
        raise _bad(name, "celldm and A are both given", "keep one of them, as pw.x wants")
    if celldm[0] is not None:
        a: float | None = celldm[0] * BOHR
        ratios = (celldm[1], celldm[2])
        fourth, fifth, sixth = celldm[3:]
        # celldm(4) is cos α of the triclinic cell, and the only cosine of the others.
        cosines = (fourth, fifth, sixth) if kind == 14 else (None, fifth, fourth)
    else:
        a = lengths[0]
        b, c = lengths[1:]
        ratios = (None, None)
        if a:
            ratios = (None if b is None else b / a, None if c is None else c / a)
        cosines = (number("cosbc"), number("cosac"), number("cosab"))
    if a is not None and a <= 0:
        raise _bad(name, "the lattice parameter is not positive", "give its length")
    needed = _NEEDS.get(kind, "")
    given = dict(zip("bcxyz", (*ratios, *cosines), strict=True))
    missing = [key for key in needed if given[key] is None]
    if missing:
        words = {"b": "b/a", "c": "c/a", "x": "cos α", "y": "cos β", "z": "cos γ"}
        raise _bad(
            name,
            f"ibrav = {kind} needs {' and '.join(words[key] for key in missing)}",
            "give celldm(2)… or B, C, cosAB, cosAC, cosBC, as the description of ibrav lists them",
        )
    one, zero = (x if x is not None else 1.0 for x in ratios), (x or 0.0 for x in cosines)
    return a, (next(one), next(one)), (next(zero), next(zero), next(zero))


_NEEDS = {
    4: "c", 5: "z", -5: "z", 6: "c", 7: "c", 8: "bc", 9: "bc", -9: "bc", 91: "bc", 10: "bc",
    11: "bc", 12: "bcz", -12: "bcy", 13: "bcz", -13: "bcy", 14: "bcxyz",
}  # fmt: skip
"""Which of b/a (b), c/a (c), cos α (x), cos β (y), cos γ (z) a lattice is described by."""


def _lattice(
    kind: int, b: float, c: float, alpha: float, beta: float, gamma: float, name: str
) -> Floats:
    """Lattice vectors (rows) of one ``ibrav`` in units of a; angles as their cosines."""
    if max(abs(alpha), abs(beta), abs(gamma)) >= 1:
        raise _bad(name, "the cosine of an angle is not between −1 and 1", "give cosines")
    rows: list[list[float]]
    h = 0.5
    sine = math.sqrt(1 - gamma**2)
    match kind:
        case 1:
            rows = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        case 2:
            rows = [[-h, 0, h], [0, h, h], [-h, h, 0]]
        case 3:
            rows = [[h, h, h], [-h, h, h], [-h, -h, h]]
        case -3:
            rows = [[-h, h, h], [h, -h, h], [h, h, -h]]
        case 4:
            rows = [[1, 0, 0], [-h, math.sqrt(3) / 2, 0], [0, 0, c]]
        case 5 | -5:
            if gamma <= -h:
                raise _bad(name, "no rhombohedral cell has cos α ≤ −1/2", "check cosAB")
            x, y = math.sqrt((1 - gamma) / 2), math.sqrt((1 - gamma) / 6)
            z = math.sqrt((1 + 2 * gamma) / 3)
            if kind == 5:
                rows = [[x, -y, z], [0, 2 * y, z], [-x, -y, z]]
            else:
                u = (z - 2 * math.sqrt(2) * y) / math.sqrt(3)
                v = (z + math.sqrt(2) * y) / math.sqrt(3)
                rows = [[u, v, v], [v, u, v], [v, v, u]]
        case 6:
            rows = [[1, 0, 0], [0, 1, 0], [0, 0, c]]
        case 7:
            rows = [[h, -h, c / 2], [h, h, c / 2], [-h, -h, c / 2]]
        case 8:
            rows = [[1, 0, 0], [0, b, 0], [0, 0, c]]
        case 9:
            rows = [[h, b / 2, 0], [-h, b / 2, 0], [0, 0, c]]
        case -9:
            rows = [[h, -b / 2, 0], [h, b / 2, 0], [0, 0, c]]
        case 91:
            rows = [[1, 0, 0], [0, b / 2, -c / 2], [0, b / 2, c / 2]]
        case 10:
            rows = [[h, 0, c / 2], [h, b / 2, 0], [0, b / 2, c / 2]]
        case 11:
            rows = [[h, b / 2, c / 2], [-h, b / 2, c / 2], [-h, -b / 2, c / 2]]
        case 12:
            rows = [[1, 0, 0], [b * gamma, b * sine, 0], [0, 0, c]]
        case -12:
            rows = [[1, 0, 0], [0, b, 0], [c * beta, 0, c * math.sqrt(1 - beta**2)]]
        case 13:
            rows = [[h, 0, -c / 2], [b * gamma, b * sine, 0], [h, 0, c / 2]]
        case -13:
            third = [c * beta, 0, c * math.sqrt(1 - beta**2)]
            rows = [[h, b / 2, 0], [-h, b / 2, 0], third]
        case 14:
            y = (alpha - beta * gamma) / sine
            z = 1 + 2 * alpha * beta * gamma - alpha**2 - beta**2 - gamma**2
            if z <= 0:
                raise _bad(name, "no cell has these three angles", "check the cosines")
            rows = [
                [1, 0, 0],
                [b * gamma, b * sine, 0],
                [c * beta, c * y, c * math.sqrt(z) / sine],
            ]
        case _:
            raise _bad(
                name,
                f"ibrav = {kind} is not a lattice of pw.x",
                "use ibrav = 0 with CELL_PARAMETERS",
            )
    return np.array(rows, dtype=float)


def _notes(kind: int, cards: dict[str, tuple[str, list[list[str]]]]) -> list[str]:
    if kind == -13 and cards.get("ATOMIC_POSITIONS", ("",))[0] == "crystal":
        return [
            "ibrav = -13 is read with the vectors of pw.x 6.4.1 and later; older ones took "
            "(a/2, ∓b/2, 0) for the first two"
        ]
    return []
