"""JSON and YAML are read into plain values or refused in words, whatever they hold."""

from __future__ import annotations

import json
import math

import pytest
import yaml

from symchiral.errors import ReadError
from symchiral.plain import array, complex_array, number, parse_json, parse_yaml, rational
from symchiral.reading import find_structure
from symchiral.reading.files import unpack

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True)
)

YAML_12 = {
    "010": 10, "1e-3": 1e-3, "-.5": -0.5, "1.": 1.0, ".inf": math.inf, "12:30": "12:30",
    "no": "no", "On": "On", "true": True, "~": None, "'1'": "1", "2020-01-01": "2020-01-01",
    "1_0": "1_0", "0x10": "0x10", "+7": 7, "<<": "<<", "=": "=",
}  # fmt: skip
"""Scalars by the core schema of YAML 1.2 (yaml.org/spec/1.2.2, section 10.3.2)."""

BAD_YAML = {
    "a key twice": ("a: 1\na: 2", "given twice"),
    "code": ("a: !!python/object/apply:os.system [x]", "constructor for the tag"),
    "binary": ("a: !!binary aGk=", "constructor for the tag"),
    "a list as a key": ("? [1]\n: 2", "unhashable"),
    "contains itself": ("&a [*a]", "aliases"),
    "aliases of aliases": (LAUGHS, "aliases"),
    "deep": ("[" * 100_000, "nested too deeply"),
    "deep blocks": ("- " * 100_000 + "1", "nested too deeply"),
    "digits": ("a: " + "9" * 5000, "4300 digits"),
    "a bell": ("a: \x07", "control characters"),
    "not complete": ("a: [1, 2", "line 2"),
}

BAD_JSON = {
    "a key twice": ('{"a": 1, "a": 2}', "given twice"),
    "nan": ("[NaN]", "NaN is not a number"),
    "infinite": ("[-Infinity]", "-Infinity is not a number"),
    "deep": ("[" * 100_000, "nested too deeply"),
    "digits": ("9" * 5000, "4300 digits"),
    "not complete": ("[1, 2", "line 1"),
    "no text": (b"\xff{}", "decode"),
}


@pytest.mark.parametrize(
    "text",
    ["1e999999999", "1e-999999999", "0.5/2", "1/0", "1/2/3", "", " ", "nan", "9" * 99, "1_0"],
)
def test_what_is_no_rational_number_is_refused_at_once(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither a decimal number|divides by zero"):
        rational(text)


@pytest.mark.parametrize("text", YAML_12)
def test_scalars_are_those_of_yaml_1_2(text: str) -> None:
    found = parse_yaml(f"a: {text}", name="x")["a"]
    assert found == YAML_12[text]
    assert type(found) is type(YAML_12[text])


@pytest.mark.parametrize("case", BAD_YAML)
def test_bad_yaml(case: str) -> None:
    text, words = BAD_YAML[case]
    with pytest.raises(ReadError, match=words) as caught:
        parse_yaml(text, name="x")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("case", BAD_JSON)
def test_bad_json(case: str) -> None:
    text, words = BAD_JSON[case]
    with pytest.raises(ReadError, match=words) as caught:
        parse_json(text, name="x")
    assert len(str(caught.value)) < 500


def test_some_aliases_are_fine() -> None:
    assert parse_yaml("a: &x [1, 2]\nb: *x", name="x") == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("value", [True, "1", math.nan, math.inf, 10**400, 1e100, [1], None, {}])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(ValueError, match="the mass is"):
        number(value, "the mass")
    with pytest.raises(ValueError, match="the masses"):
        array([1.0, value], 1, "the masses")
    with pytest.raises(ValueError, match="the masses"):
        complex_array([1.0, [1, value]], 1, "the masses")


def test_arrays() -> None:
    assert array([[1, 2.5], [3, 4]], 2, "x").tolist() == [[1, 2.5], [3, 4]]
    assert complex_array([[1, [0, -1]]], 2, "x").tolist() == [[1, -1j]]
    for bad in ([1, 2], [[1], [1, 2]], [[[1]]], 3, [1, [2]]):
        with pytest.raises(ValueError, match="x"):
            array(bad, 2, "x")


@pytest.mark.sweep
def test_shipped_files_read_as_by_the_libraries_themselves() -> None:
    """The narrower schema changes nothing in what phonopy and symchiral write."""
    root = find_structure("Bi2Se3").parent
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    forces, tables = sorted(root.glob("*/phonopy.yaml*")), sorted(root.glob("*/*.json"))
    for path in forces:
        data = unpack(path.read_bytes(), name=path.name)
        if len(data) < 200_000:
            assert parse_yaml(data, name=path.name) == yaml.load(data, Loader=loader)
    for path in tables:
        assert parse_json(path.read_bytes(), name=path.name) == json.loads(path.read_bytes())
    assert len(forces) >= 26
    assert len(tables) >= 5
