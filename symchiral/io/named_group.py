"""The operations of a space group a CIF only names."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from symchiral.errors import ReadError, StructureError
from symchiral.io.expand import expand

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Setting = tuple[str, Integers, Floats]

_OLD = {"Abm2": "Aem2", "Aba2": "Aea2", "Cmca": "Cmce", "Cmma": "Cmme", "Ccca": "Ccce"}
_RHOMBOHEDRAL = frozenset({146, 148, 155, 160, 161, 166, 167})
_SUFFIX = {"1": 1, "s": 1, "2": 2, "z": 2, "h": 1, "r": 2}
_IDENTITY = (np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)))


def operations_of(
    group: int | None,
    symbol: str | None,
    *,
    cell: Floats,
    sites: Floats,
    numbers: Integers,
    content: dict[int, float] | None,
    name: str,
    notes: list[str],
) -> tuple[Integers, Floats]:
    """Return rotations and translations of the group a file names without listing operations.

    The symbol decides over the number, for it tells the setting. Where a group has two origin
    choices and the symbol does not say which, both are tried: the one without overlapping atoms
    and with the stated contents of the cell is taken. If that leaves two, it is an error.

    Raises
    ------
    ReadError
        If the symbol is not in the table, or the origin choice cannot be told.
    """
    if group is None and symbol is None:
        notes.append("the CIF states no symmetry: its atoms are taken as the whole cell")
        return _IDENTITY
    choices = _candidates(group, symbol, cell, name)
    called = symbol or f"number {group}"
    if len(choices) > 1:
        good = [c for c in choices if _fits(c, cell, sites, numbers, content)]
        if len(good) != 1:
            raise ReadError(
                f"cannot read {name}",
                why=f"it names the space group {called} without operations, which has two origin "
                "choices, and its contents do not tell which",
                fix=f"write '{_bare(called)} :1' or '{_bare(called)} :2' as the symbol, "
                "or list the operations",
            )
        choices = good
    label, rotations, translations = choices[0]
    if len(rotations) > 1:
        notes.append(
            f"the CIF names the space group {called} and lists no operations: "
            f"those of {label} were used"
        )
    return rotations, translations


def _bare(symbol: str) -> str:
    return symbol.split(":")[0].strip()


def _candidates(group: int | None, symbol: str | None, cell: Floats, name: str) -> list[Setting]:
    key: int | str
    wanted: int | None = None
    if symbol is not None:
        key, wanted = _key(symbol)
    elif group is not None:
        key = group
    both = [setting for setting in (1, 2) if _lookup(key, setting) is not None]
    if not both:
        raise ReadError(
            f"cannot read {name}",
            why=f"it names the space group {symbol!r} without operations, and this symbol is not "
            "in the table of settings",
            fix="list the operations (_space_group_symop_operation_xyz), "
            "or use the standard setting",
        )
    number = _number_of(key)
    if wanted in both:
        both = [wanted]
    elif number in _RHOMBOHEDRAL and len(both) == 2:
        both = [1 if _hexagonal(cell) else 2]
    elif number <= 15:
        both = both[:1]
    operations = {setting: _lookup(key, setting) for setting in both}
    return [
        (_describe(number, setting), *found)
        for setting, found in operations.items()
        if found is not None
    ]


def _describe(number: int, setting: int) -> str:
    axes = {1: "hexagonal axes", 2: "rhombohedral axes"}
    if number in _RHOMBOHEDRAL:
        return f"group {number} on {axes[setting]}"
    return f"group {number}, setting {setting}"


def _key(symbol: str) -> tuple[str, int | None]:
    """Return ASE's spelling of a Hermann–Mauguin symbol and the setting it asks for.

    Examples
    --------
    >>> _key("F d -3 m :2"), _key("R -3 m H"), _key("P 1 21/c 1"), _key("P2_1/c")
    (('Fd-3m', 2), ('R-3m', 1), ('P21/c', None), ('P21/c', None))
    """
    text = symbol.replace("_", "").replace("(", "").replace(")", "").strip()
    setting = None
    match = re.fullmatch(r"(.*?)(?::\s*|\s+)([12sSzZhHrR])", text)
    if match and (":" in text or match[2].lower() in "szhr"):
        text, setting = match[1], _SUFFIX[match[2].lower()]
    words = text.split()
    if len(words) == 4 and words[1] == words[3] == "1":
        words = [words[0], words[2]]
    compact = "".join(words)
    compact = compact[:1].upper() + compact[1:].lower()
    return _OLD.get(compact, compact), setting


def _hexagonal(cell: Floats) -> bool:
    a, b, _ = cell
    cosine = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    c_is_normal = abs(float(cell[2] @ a)) + abs(float(cell[2] @ b)) < 0.05 * float(
        np.linalg.norm(cell[2]) * np.linalg.norm(a)
    )
    return abs(cosine + 0.5) < 0.02 and c_is_normal


def _lookup(key: int | str, setting: int) -> tuple[Integers, Floats] | None:
    from ase.spacegroup.spacegroup import Spacegroup, SpacegroupNotFoundError

    try:
        found = Spacegroup(key, setting)
    except SpacegroupNotFoundError:
        return None
    operations = found.get_symop()  # type: ignore[no-untyped-call]
    rotations = np.array([w for w, _ in operations], dtype=np.int64)
    translations = np.array([t for _, t in operations], dtype=float)
    return rotations, (np.rint(24 * translations) / 24) % 1.0


def _number_of(key: int | str) -> int:
    from ase.spacegroup.spacegroup import Spacegroup, SpacegroupNotFoundError

    if isinstance(key, int):
        return key
    try:
        return int(Spacegroup(key, 1).no)
    except SpacegroupNotFoundError:
        return int(Spacegroup(key, 2).no)


def _fits(
    choice: Setting,
    cell: Floats,
    sites: Floats,
    numbers: Integers,
    content: dict[int, float] | None,
) -> bool:
    """Tell whether a setting gives the stated contents, or at least no atom without room."""
    _, rotations, translations = choice
    labels = tuple(str(i) for i in range(len(sites)))
    try:
        orbits = expand(sites, rotations, translations, cell, labels=labels)
    except StructureError:
        return False
    if content is not None:
        found = numbers[orbits.site]
        return all(abs(int(np.sum(found == z)) - n) < 0.5 for z, n in content.items())
    delta = orbits.positions[:500, None, :] - orbits.positions[None, :500, :]
    delta -= np.rint(delta)
    distance = np.linalg.norm(delta @ cell, axis=2)
    np.fill_diagonal(distance, np.inf)
    return bool(distance.min() > 0.8)
