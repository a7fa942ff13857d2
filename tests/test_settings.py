"""Settings of space groups that a CIF names: all 530 that spglib lists, however they are named."""

from __future__ import annotations

import random
import re
import sys
from collections import Counter

import numpy as np
import pytest
import spglib

from symchiral.crystal.crystal import Crystal
from symchiral.crystal.search import find_symmetry
from symchiral.errors import ReadError, SymchiralError
from symchiral.reading.asymmetric import Expanded, expand_block
from symchiral.reading.cif import parse_cif
from symchiral.reading.named_group import operations_of_hall
from symchiral.reading.structure import read_bytes

CODE_TAG = "_space_group_IT_coordinate_system_code"
SITE = np.array([0.1234, 0.2918, 0.0741])
Cell = tuple[float, float, float, float, float, float]


def generic_cell(number: int, choice: str) -> Cell:
    """A cell that fits this setting, so large that atoms of a general position have room."""
    a, b, c = 20.4, 25.2, 30.8
    if number <= 2:
        return a, b, c, 81, 97, 103
    if number <= 15:
        angles = {"a": (100, 90, 90), "b": (90, 100, 90), "c": (90, 90, 100)}
        return (a, b, c, *angles[choice.strip("-")[0]])
    if number <= 74:
        return a, b, c, 90, 90, 90
    if number <= 142:
        return a, a, c, 90, 90, 90
    if choice == "R":
        return a, a, a, 71, 71, 71
    if number <= 194:
        return a, a, c, 90, 90, 120
    return a, a, a, 90, 90, 90


def one_site(statement: str, cell: Cell, site: object = SITE) -> str:
    tags = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = ["data_x", *(f"_cell_{tag} {x}" for tag, x in zip(tags, cell, strict=True)), statement]
    lines += ["loop_", "_atom_site_label", *(f"_atom_site_fract_{axis}" for axis in "xyz")]
    return "\n".join([*lines, "Po1 " + " ".join(str(x) for x in np.array(site)), ""])


def read(text: str) -> Crystal:
    return read_bytes(text.encode(), name="x.cif")


def same_atoms(crystal: Crystal | Expanded, hall_number: int) -> bool:
    """Whether these are the images of the site under spglib's own operations."""
    group = spglib.get_symmetry_from_database(hall_number)
    wanted = (group["rotations"] @ SITE + group["translations"]) % 1.0
    if len(crystal.positions) != len(wanted):
        return False
    delta = crystal.positions[:, None] - wanted
    delta -= np.rint(delta)
    return bool(np.abs(delta).max(axis=2).min(axis=1).max() < 1e-6)


def symbol_tag(symbol: str) -> str:
    return f"_space_group_name_H-M_alt '{symbol}'"


@pytest.mark.sweep
def test_every_setting_by_every_name() -> None:
    kinds = {hall: spglib.get_spacegroup_type(hall) for hall in range(1, 531)}
    fulls = Counter(kind.international_full for kind in kinds.values())
    halls = {k: {x.hall_symbol for x in kinds.values() if x.international_full == k} for k in fulls}
    counts: Counter[tuple[str, str]] = Counter()
    unique, refusals = 0, set()

    # Without the checks that every crystal passes, which have nothing to do with settings.
    def read(text: str) -> Expanded:
        return expand_block(parse_cif(text)[0], name="x.cif")

    for hall, kind in kinds.items():
        parts = [part.strip() for part in kind.international.split("=")]
        symbol = (parts[1:] or parts)[0]
        words = [w for w in symbol.split() if not (3 <= kind.number <= 15 and w == "1")]
        code = kind.choice or ("abc" if 16 <= kind.number <= 74 else "")
        choice = f" :{code}" if code else ""
        hall_tag = f"_space_group_name_Hall '{kind.hall_symbol}'"
        number_tag = f"_space_group_IT_number {kind.number}"
        statements = {
            "full symbol": symbol_tag(kind.international_full),
            "full symbol + choice": symbol_tag(kind.international_full + choice),
            "symbol + choice": symbol_tag(symbol.replace("_", "") + choice),
            "short symbol": symbol_tag("".join(words)),
            "number + choice": f"{number_tag}\n{CODE_TAG} {code or '.'}",
            "Hall": hall_tag,
            "number + Hall": f"{number_tag}\n{hall_tag}",
        }
        cell = generic_cell(kind.number, kind.choice)
        for what, statement in statements.items():
            try:
                crystal = read(one_site(statement, cell))
            except ReadError as error:
                counts[what, "refused"] += 1
                refusals.add((hall, str(error)))
                continue
            right = same_atoms(crystal, hall)
            assert right, (hall, what, statement, crystal.notes)
            assert crystal.notices == (), (hall, what)
            counts[what, "right"] += 1
        # Hexagonal and rhombohedral axes share a symbol: the cell tells them apart.
        rhombohedral = kind.choice in ("H", "R")
        unique += len(halls[kind.international_full]) == 1 or rhombohedral
    for hall, text in refusals:
        assert re.search("origin choices|settings", text), text
        cell = generic_cell(kinds[hall].number, kinds[hall].choice)
        named = [read(one_site(symbol_tag(name), cell)) for name in re.findall(r"'([^']*)'", text)]
        assert sum(same_atoms(crystal, hall) for crystal in named) == 1, text  # one is right
    sys.stdout.write(f"{unique} full symbols name one setting; {dict(counts)}\n")
    for what in ("full symbol + choice", "symbol + choice", "number + choice"):
        assert counts[what, "right"] == 530, counts
    assert counts["Hall", "right"] == counts["number + Hall", "right"] == 530, counts
    # The rest have two origin choices or glides that e stands for.
    assert counts["full symbol", "right"] == unique == 458, counts
    assert counts["full symbol", "refused"] == counts["short symbol", "refused"] == 72, counts
    assert counts["short symbol", "right"] == 458, counts


def test_symbols_name_one_group() -> None:
    """No compact symbol, of whatever dialect, is that of two groups."""
    from symchiral.reading.named_group import _full_symbols, _old_symbols

    names = _old_symbols().keys() | _full_symbols().keys()
    assert len(names) == 787
    shared = set()
    for name in names:
        entries = _old_symbols().get(name, []) + _full_symbols().get(name, [])
        if len({setting.number for _, setting in entries}) > 1:
            shared.add(name)
    # Of C 1 21 1 (5) and C 1 1 21 (4), centred for no need, the cell tells which is meant.
    assert shared <= {"b2", "b21", "c2", "c21", "f2", "fm", "f2/m"}, shared


def test_gemmi_names_the_settings_as_spglib_does() -> None:
    """Where both tables have a symbol and a choice, they mean the same operations."""
    from symchiral.reading.named_group import _full_symbols, _old_symbols, _same

    checked = 0
    for name, entries in _full_symbols().items():
        for codes, setting in entries:
            others = [s for other, s in _old_symbols().get(name, []) if other & codes]
            checked += len(others)
            assert all(_same(setting.operations, s.operations) for s in others), name
    assert checked > 450


@pytest.mark.parametrize(
    ("spelling", "hall_number"),
    [
        ("-P 2yab", 83), ("-p_2yab", 83), ("  -P  2yab ", 83), ("-P 2ac", 84), ("-I 2ya", 92),
        ("P 6c -2c", 480), ('-R 3 2"', 458), ("-R 3 2\'\'", 458), ("-P 3* 2", 459), ("P 3*", 434),
        ("-F 4vw 2vw 3", 526), ("F 4d 2 3 -1d", 525), ("P 31 2 (0 0 4)", 440),
        ("\u2212P 2ac 2n", 292),
        ("C 2y (x,y,-x+z)", 11), ("P 2 2 (x-1/4,y,z+1/4)", 0),
    ],
)  # fmt: skip
def test_hall_symbols_in_any_spelling(spelling: str, hall_number: int) -> None:
    found = operations_of_hall(spelling)
    assert found is not None
    if hall_number == 0:  # another origin than any tabulated one
        assert len(found[0]) == 4
        assert np.any(found[1] == 0.5)
        return
    group = spglib.get_symmetry_from_database(hall_number)
    wanted = {
        w.tobytes() + (np.rint(24 * t) % 24).tobytes()
        for w, t in zip(group["rotations"].astype(int), group["translations"], strict=True)
    }
    assert wanted == {
        w.tobytes() + (np.rint(24 * t) % 24).tobytes() for w, t in zip(*found, strict=True)
    }


def test_a_hall_symbol_with_any_origin_gives_the_group_moved_there() -> None:
    """{1|v} {W|w} {1|v}⁻¹ = {W|w + v − W v}, for random shifts in twelfths."""
    rng = random.Random(5)
    for hall in range(1, 531, 5):
        kind = spglib.get_spacegroup_type(hall)
        v = np.array([rng.randrange(12) for _ in range(3)])
        if "(" in kind.hall_symbol:
            continue
        found = operations_of_hall(f"{kind.hall_symbol} ({v[0]} {v[1]} {v[2]})")
        assert found is not None, hall
        group = spglib.get_symmetry_from_database(hall)
        moved = group["translations"] + v / 12 - group["rotations"] @ v / 12
        assert {
            (w.astype(int).tobytes(), tuple(np.rint(24 * t).astype(int) % 24))
            for w, t in zip(group["rotations"], moved, strict=True)
        } == {
            (w.astype(int).tobytes(), tuple(np.rint(24 * t).astype(int) % 24))
            for w, t in zip(*found, strict=True)
        }, (hall, v)


@pytest.mark.parametrize(
    "text", ["", "P", "P 7", "bogus", "X 2y", "P 2q", "P 2 (1 2)", "P 2z 3 6x"]
)
def test_what_is_no_hall_symbol(text: str) -> None:
    found = operations_of_hall(text)
    assert found is None or len(found[0]) <= 192
    cell = generic_cell(14, "b1")
    if text.strip():
        tag = f"_space_group_name_Hall '{text}'"
        if found is None:
            with pytest.raises(ReadError, match="Hall symbol"):
                read(one_site(tag, cell))
            crystal = read(one_site(f"{tag}\n_space_group_IT_number 14", cell))
            assert any("cannot be read" in note for note in crystal.source.notes)
            assert len(crystal) == 4


def test_any_text_as_a_hall_symbol_is_a_group_or_none() -> None:
    rng = random.Random(7)
    groups = 0
    for _ in range(2000):
        text = "".join(rng.choice("-PIFCR 2346abcnuvwxyz'\"*(1)") for _ in range(rng.randrange(9)))
        found = operations_of_hall(text)
        groups += found is not None
    assert groups > 50


@pytest.mark.parametrize(
    ("symbol", "cell", "hall_number"),
    [
        ("P b n m", (5, 6, 7, 90, 90, 90), 294), ("Pbnm", (5, 6, 7, 90, 90, 90), 294),
        ("I 2/a", (5, 6, 7, 90, 99, 90), 92), ("B 2/b", (5, 6, 7, 90, 90, 99), 99),
        ("P 21/b", (5, 6, 7, 90, 90, 99), 86), ("P 21/a", (5, 6, 7, 90, 99, 90), 83),
        ("P 21/a", (5, 6, 7, 90, 90, 99), 84), ("P 21/a", (5, 6, 7, 90, 90, 90), 83),
        ("C m c a", (5, 6, 7, 90, 90, 90), 304), ("C m c e", (5, 6, 7, 90, 90, 90), 304),
        ("C c c b :2", (5, 6, 7, 90, 90, 90), 325), ("C c c e :2", (5, 6, 7, 90, 90, 90), 323),
        ("F d -3 m Z", (8, 8, 8, 90, 90, 90), 526), ("Fd-3mS", (8, 8, 8, 90, 90, 90), 525),
        ("F d 3 m :2", (8, 8, 8, 90, 90, 90), 526), ("F m 3 m", (8, 8, 8, 90, 90, 90), 523),
        ("F 4/m -3 2/m", (8, 8, 8, 90, 90, 90), 523),
        ("F 4/m 3\u0305 2/m", (8, 8, 8, 90, 90, 90), 523),
        ("R -3 m", (6, 6, 6, 71, 71, 71), 459), ("R-3mH", (6, 6, 9, 90, 90, 120), 458),
        ("P 4/n 21/m 2/m :2", (5, 5, 7, 90, 90, 90), 409), ("P n a m", (5, 6, 7, 90, 90, 90), 297),
    ],
)  # fmt: skip
def test_symbols_as_people_write_them(symbol: str, cell: Cell, hall_number: int) -> None:
    big = (*(4 * x for x in cell[:3]), *cell[3:])
    assert same_atoms(read(one_site(symbol_tag(symbol), big)), hall_number)


def test_a_choice_that_does_not_exist_is_refused() -> None:
    cell = generic_cell(227, "1")
    for tag in (
        symbol_tag("F d -3 m :3"), symbol_tag("P m -3 m :2"), symbol_tag("F d -3 m :r"),
        f"_space_group_IT_number 227\n{CODE_TAG} b1",
    ):  # fmt: skip
        with pytest.raises(ReadError, match="no such choice"):
            read(one_site(tag, cell))
    assert len(read(one_site(symbol_tag("P m -3 m :1"), cell))) == 48  # the only one there is


def test_statements_that_do_not_agree_are_a_warning() -> None:
    hall, number = "_space_group_name_Hall '-P 2yab'", "_space_group_IT_number {}"
    cell = generic_cell(14, "b1")
    for tags, warned, atoms in (
        ([hall, number.format(14), symbol_tag("P 1 21/a 1")], False, 83),
        ([hall, number.format(15)], True, 83),
        ([hall, symbol_tag("P 1 21/c 1")], True, 83),
        ([symbol_tag("P 1 21/c 1"), number.format(4)], True, 81),
        ([symbol_tag("P 1 21/c 1"), number.format(14)], False, 81),
    ):
        crystal = read(one_site("\n".join(tags), cell))
        assert same_atoms(crystal, atoms), tags
        kinds = [notice.kind for notice in find_symmetry(crystal).warnings]
        assert ("stated-group" in kinds) == warned, tags


def test_listed_operations_come_first() -> None:
    text = one_site("_space_group_name_Hall '-P 2yab'", generic_cell(14, "b1"))
    text += "loop_\n_space_group_symop_operation_xyz\nx,y,z\n-x,-y,-z\n"
    crystal = read(text)
    assert len(crystal) == 2
    assert crystal.source.stated_group == 14
    assert [n.kind for n in find_symmetry(crystal).warnings] == ["stated-group"]


def test_symbols_that_are_none_are_refused_with_advice() -> None:
    with pytest.raises(SymchiralError, match="not in the table"):
        read(one_site(symbol_tag("P b x m"), generic_cell(62, "")))
