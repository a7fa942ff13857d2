r"""The operations of a space group a CIF names without listing them.

A Hall symbol is read to its operations, in whatever spelling: it holds them, origin included
(S. R. Hall, *Acta Cryst.* **A37**, 517 (1981); *International Tables* B, A1.4.2). Hermann–Mauguin
symbols and numbers are looked up among the settings of *International Tables* A, the 530 that
spglib lists and 33 more of gemmi's, by their full, short and old (a, b, c for e; 3 for −3)
symbols; a choice, as in ``C c c e :2`` or ``R -3 m H``, and the cell tell settings of one
symbol apart. gemmi (the one door is here) reads Hall symbols and knows the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.crystal.crystal import Notice
from symchiral.errors import ReadError, StructureError
from symchiral.reading.cif import DataBlock
from symchiral.reading.expand import expand, metric_misfit
from symchiral.reading.places import SiteRow, contents
from symchiral.reading.stated import units_of_cell
from symchiral.reading.xyz import distinct_operations
from symchiral.value import Floats, Integers, frozen

Operations = tuple[Integers, Floats]

FITS = 0.02
"""Operations may change the lengths of the cell by this share before they are of another one."""

_IDENTITY = (np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)))
_SUFFIX = re.compile(r"(.*?)(?:\s*:\s*(\S+)|\s+([szhrSZHR])|(?<=[^\s])([HRSZ]))", re.DOTALL)
_CODES = {"s": "1", "z": "2", "abc": "", "1abc": "1", "2abc": "2"}
_OVERLINED = re.compile("([1-6])\u0305")


@dataclass(frozen=True)
class Setting:
    """One of the tabulated settings of a space group.

    Attributes
    ----------
    number : int
        Number of the group.
    symbol : str
        Its Hermann–Mauguin symbol in this setting.
    code : str
        Code of *International Tables* that tells it from others of the symbol: ``2``, ``b3``,
        ``1ba-c``, ``h``; empty for the standard one.
    hall : str
        Its Hall symbol.
    """

    number: int
    symbol: str
    code: str
    hall: str

    @property
    def codes(self) -> set[str]:
        """The code, and b1 for b where a monoclinic group has one choice of cell."""
        return {self.code, f"{self.code}1"} if self.code in ("a", "b", "c") else {self.code}

    @property
    def operations(self) -> Operations:
        """Rotations and translations, centring included."""
        found = operations_of_hall(self.hall)
        assert found is not None
        return found

    @property
    def name(self) -> str:
        """Symbol and code, as a file may write them."""
        orthorhombic = 16 <= self.number <= 74
        code = self.code if self.code or not orthorhombic else "abc"
        return f"{self.symbol} :{code}" if code else self.symbol


@dataclass(frozen=True)
class StatedGroup:
    """What a CIF states of its space group, apart from operations.

    Attributes
    ----------
    hall, symbol, code : str or None
        Hall symbol, Hermann–Mauguin symbol, code of the setting.
    number : int or None
        Number of *International Tables*.
    """

    hall: str | None = None
    symbol: str | None = None
    code: str | None = None
    number: int | None = None

    @classmethod
    def of(cls, block: DataBlock, notes: list[str]) -> StatedGroup:
        """Read it from a data block; what is not a number or symbol is noted and left out."""
        text = block.first(
            "_space_group_it_number", "_symmetry_int_tables_number", "_space_group_number"
        )
        number = None
        if text is not None:
            if re.fullmatch(r"\d{1,3}", text) and 1 <= int(text) <= 230:
                number = int(text)
            else:
                notes.append(f"the stated space-group number {text[:20]!r} is none of 1 to 230")
        tags = {
            "Hall symbol": ("_space_group_name_hall", "_symmetry_space_group_name_hall"),
            "space-group symbol": (
                "_space_group_name_h-m_alt",
                "_symmetry_space_group_name_h-m",
                "_space_group_name_h-m",
            ),
            "code of the setting": ("_space_group_it_coordinate_system_code",),
        }
        words: dict[str, str | None] = {}
        for what, known in tags.items():
            word = " ".join((block.first(*known) or "").split())
            if len(word) > 60:
                notes.append(f"the stated {what} {word[:20]!r} … is none")
                word = ""
            words[what] = word or None
        hall, symbol, code = words.values()
        return cls(hall, symbol, code, number)

    @property
    def group(self) -> int | None:
        """Number of the group meant: as stated, or that of the symbols."""
        if self.number is not None:
            return self.number
        hall = operations_of_hall(self.hall) if self.hall else None
        if hall is not None:
            return _number(hall)
        numbers = {setting.number for setting in _named(self.symbol)[0]} if self.symbol else set()
        return numbers.pop() if len(numbers) == 1 else None

    def contradictions(self) -> list[Notice]:
        """Say where Hall symbol, symbol and number are not of one group, or of one setting."""
        settings = _named(self.symbol)[0] if self.symbol else []
        numbers: dict[str, int | None] = {}
        agree = True
        hall = operations_of_hall(self.hall) if self.hall else None
        if hall is not None:
            same = [s.number for s in settings if _same(hall, s.operations)]
            agree = bool(same) or not settings
            numbers[f"the Hall symbol {self.hall}"] = same[0] if same else _number(hall)
        if len({setting.number for setting in settings}) == 1:
            numbers[f"the symbol {self.symbol}"] = settings[0].number
        if self.number is not None:
            numbers["the number"] = self.number
        if len(set(numbers.values())) > 1:
            said = ", ".join(f"{what} ({number or 'none'})" for what, number in numbers.items())
            text = f"the CIF states several space groups: {said.replace('the number ', 'number ')}"
        elif not agree:
            text = (
                f"the CIF states two settings of its space group: the Hall symbol {self.hall} is "
                f"not that of {self.symbol}"
            )
        else:
            return []
        return [Notice("stated-group", text)]


def _number(operations: Operations) -> int | None:
    from symchiral.crystal.search import number_of_operations

    return number_of_operations(*operations)


def operations_of(
    stated: StatedGroup,
    *,
    cell: Floats,
    rows: Sequence[SiteRow],
    formula: tuple[dict[int, float], int | None] | None,
    name: str,
    notes: list[str],
) -> Operations:
    """Return rotations and translations of the group a file names without listing operations.

    The Hall symbol decides over the Hermann–Mauguin symbol, and that over the number. Of several
    settings that a symbol has, those that fit the cell are taken; of monoclinic ones that with
    the unique axis b; and of what is left that one with the stated contents of the cell and
    without overlapping atoms. If that leaves two, it is an error.

    Raises
    ------
    ReadError
        If the symbol is not known, or the setting cannot be told.
    """
    if stated.hall is not None:
        found = operations_of_hall(stated.hall)
        if found is not None:
            if len(found[0]) > 1:
                notes.append(
                    f"the CIF lists no operations: those of its Hall symbol {stated.hall} were used"
                )
            return found
        if stated.symbol is None and stated.number is None:
            raise ReadError(
                f"cannot read {name}",
                why=f"its Hall symbol {stated.hall!r} is none, and it lists no operations",
                fix="list the operations (_space_group_symop_operation_xyz)",
            )
        notes.append(f"the stated Hall symbol {stated.hall!r} cannot be read and is left out")
    if stated.symbol is None and stated.number is None:
        notes.append("the CIF states no symmetry: its atoms are taken as the whole cell")
        return _IDENTITY
    settings, called = _wanted(stated, name)
    settings = [s for s in settings if metric_misfit(cell, s.operations[0]) <= FITS] or settings
    for axis in "bc":  # short monoclinic symbols: the cell did not tell the axis
        upright = [s for s in settings if s.number <= 15 and s.code.strip("-").startswith(axis)]
        settings = upright or settings
    settings = _distinct(settings)
    if len(settings) > 1:
        good = [s for s in settings if _fits(s.operations, cell, rows, formula)]
        if len(good) != 1:
            what = "origin choices" if {s.code for s in settings} == {"1", "2"} else "settings"
            choices = " or ".join(f"'{setting.name}'" for setting in settings)
            count = "two" if len(settings) == 2 else str(len(settings))
            raise ReadError(
                f"cannot read {name}",
                why=f"it names the space group {called} without operations, which has {count} "
                f"{what}, and its contents do not tell which",
                fix=f"write {choices} as the symbol, or list the operations",
            )
        settings = good
    chosen = settings[0]
    if chosen.number > 1:
        notes.append(
            f"the CIF names the space group {called} and lists no operations: "
            f"those of {chosen.name} were used"
        )
    return chosen.operations


@lru_cache(maxsize=1024)
def operations_of_hall(symbol: str) -> Operations | None:
    """Return the operations that a Hall symbol spells; None if it is no symbol of a group.

    Examples
    --------
    >>> rotations, _ = operations_of_hall("-P 2yab")
    >>> len(rotations), operations_of_hall("P 7")
    (4, None)
    """
    import gemmi

    text = symbol.replace("''", '"').replace("\u2033", '"').replace("\u2212", "-")
    try:
        group = gemmi.symops_from_hall(text)
    except (RuntimeError, ValueError):
        return None
    one = gemmi.Op.DEN
    rotations = np.array([op.rot for op in group], dtype=np.int64) // one
    translations = np.array([op.tran for op in group], dtype=float) / one % 1.0
    if not distinct_operations(rotations, translations)[1]:
        return None
    return frozen(rotations), frozen(translations)


Entries = dict[str, list[tuple[frozenset[str], Setting]]]


@cache
def _old_symbols() -> Entries:
    """Settings by compact symbol, each with the codes that choose it there, from gemmi.

    Where a setting of other axes has a symbol of its own, the origin alone may be given:
    ``C c c b :2`` is ``C c c b :2ba-c``.
    """
    import gemmi

    entries: Entries = {}
    for known in gemmi.spacegroup_table():
        origin, axes = known.ext.strip("\0").lower(), known.qualifier.strip("\0")
        setting = Setting(known.number, known.hm, origin + axes, known.hall)
        _put(entries, (known.hm,), {origin, axes, *setting.codes}, setting)
    return entries


@cache
def _full_symbols() -> Entries:
    """The same for full symbols and those with e, which spglib knows."""
    from symchiral.crystal.search import named_settings

    entries: Entries = {}
    for number, names, code, hall in named_settings():
        setting = Setting(number, names[0], code.lower(), hall)
        _put(entries, names, setting.codes, setting)
    return entries


def _of_number(number: int) -> list[Setting]:
    """The settings of a group that *International Tables* have."""
    found = (setting for entries in _full_symbols().values() for _, setting in entries)
    return list(dict.fromkeys(setting for setting in found if setting.number == number))


def _put(entries: Entries, names: Iterable[str], codes: set[str], setting: Setting) -> None:
    for name in {_compact(spelling) for text in names for spelling in _spellings(text, setting)}:
        entries.setdefault(name, []).append((frozenset(codes), setting))


def _spellings(symbol: str, setting: Setting) -> list[str]:
    """A symbol, and what it is shortened to in one dialect or another."""
    found = [symbol]
    words = symbol.split()
    if setting.number <= 15 and setting.code and words.count("1") == 2:
        found.append("".join(word for word in words if word != "1"))
    if setting.number >= 200 and "-3" in symbol:
        found.append(symbol.replace("-3", "3"))  # before 1983
    return found


def _compact(symbol: str) -> str:
    return re.sub(r"[\s_()]", "", symbol).lower()


def _named(symbol: str) -> tuple[list[Setting], bool]:
    """Settings that have a symbol, with its choice, and whether any has it without the choice.

    Examples
    --------
    >>> [[s.hall for s in _named(text)[0]] for text in ("C c c e :2", "P2_1/a", "R-3mH")]
    [['-C 2a 2ac'], ['-P 2yab', '-P 2ac'], ['-R 3 2"']]
    """
    text = _OVERLINED.sub(r"-\1", symbol.replace("\u2212", "-")).strip()
    match = _SUFFIX.fullmatch(text)
    spelled: list[tuple[str, str | None]] = [(_compact(text), None)]
    if match:
        spelled.append((_compact(match[1]), _code(match[2] or match[3] or match[4])))
    found = (
        (entries, code)
        for table in (_old_symbols, _full_symbols)
        for name, code in spelled
        if (entries := table().get(name))
    )
    entries, code = next(found, ([], None))
    chosen = [s for codes, s in entries if code is None or code in codes]
    if not chosen and code in ("1", "h"):  # the only setting there is
        chosen = [s for codes, s in entries if not {"1", "2", "h", "r"} & codes]
    return _distinct(chosen), bool(entries)


def numbers_of_symbol(symbol: str) -> tuple[int, ...]:
    """Return the numbers of the space groups that have a symbol in some setting, smallest first.

    Examples
    --------
    >>> numbers_of_symbol("P 21/c"), numbers_of_symbol("Ccce"), numbers_of_symbol("D3d")
    ((14,), (68,), ())
    """
    return tuple(sorted({setting.number for setting in _named(symbol)[0]}))


def _code(text: str) -> str:
    return _CODES.get(text.lower(), text.lower())


def _distinct(settings: Iterable[Setting]) -> list[Setting]:
    """Those of different operations: a setting may have two codes or two spellings."""
    kept: list[Setting] = []
    for setting in settings:
        if not any(_same(setting.operations, other.operations) for other in kept):
            kept.append(setting)
    return kept


def _same(one: Operations, other: Operations) -> bool:
    return _keys(one) == _keys(other)


def _keys(operations: Operations) -> set[bytes]:
    rotations, translations = operations
    whole = np.rint(24 * translations).astype(np.int64) % 24
    return {w.tobytes() + t.tobytes() for w, t in zip(rotations, whole, strict=True)}


def _wanted(stated: StatedGroup, name: str) -> tuple[list[Setting], str]:
    """The settings that symbol, or number, and code name; and how to call them."""
    code = None if stated.code is None else _code(stated.code)
    if stated.symbol is not None:
        called = stated.symbol
        settings, known = _named(called)
        if not known:
            raise ReadError(
                f"cannot read {name}",
                why=f"it names the space group {called!r} without operations, and this symbol is "
                "not in the table of settings",
                fix="list the operations (_space_group_symop_operation_xyz), "
                "or use the standard setting",
            )
        if not settings:
            bare = called.split(":")[0].rstrip(" HRSZ")
            raise _no_such_choice(called, _named(bare)[0], name)
    else:
        assert stated.number is not None
        called = f"number {stated.number}"
        settings = _of_number(stated.number)
        if code is None:  # a number alone means the standard setting
            settings = [s for s in settings if s.code in ("", "1", "2", "h", "r", "b", "b1")]
    if code is not None:
        chosen = [s for s in settings if code in s.codes]
        if not chosen:
            raise _no_such_choice(f"{called}, setting {stated.code}", settings, name)
        settings = chosen
    return settings, called


def _no_such_choice(called: str, settings: list[Setting], name: str) -> ReadError:
    choices = ", ".join(f"'{setting.name}'" for setting in settings[:8])
    return ReadError(
        f"cannot read {name}",
        why=f"it names the space group {called} without operations, and there is no such choice",
        fix=f"write one of {choices} as the symbol, or list the operations",
    )


def _fits(
    operations: Operations,
    cell: Floats,
    rows: Sequence[SiteRow],
    formula: tuple[dict[int, float], int | None] | None,
) -> bool:
    """Tell whether operations give the stated contents, or at least no atom without room."""
    sites = np.array([row.position for row in rows])
    try:
        orbits = expand(sites, *operations, cell, labels=tuple(row.label for row in rows))
    except StructureError:
        return False
    if formula is not None and formula[1] is not None:
        found = contents(rows, orbits.site)
        return any(
            all(abs(found.get(z, 0.0) - n * units) < 0.5 for z, n in formula[0].items())
            for units in units_of_cell(*formula)
        )
    distance = distances(orbits.positions[:500, None] - orbits.positions[:500], cell)
    np.fill_diagonal(distance, np.inf)
    return bool(distance.min() > 0.8)
