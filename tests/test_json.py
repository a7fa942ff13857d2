"""The documents of --json: their schemas hold, and ids, copies and counts mean what they say."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import random
import re
from collections.abc import Iterator
from functools import cache
from itertools import permutations
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import symchiral as sc
from symchiral.answers.explain import explain
from symchiral.answers.modes import Modes, modes
from symchiral.answers.schema import schema
from symchiral.engine.judge import Verdict
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook
from symchiral.study import Study
from symchiral.text.modes import modes_tables

Document = dict[str, Any]

# Every kind of axis, none at all, a table without rows, S4, cubic and primed names.
STRUCTURES = {
    "BPO4": "-4",
    "BaTiO3_P4mm": "4",
    "Bi2Se3": "3",
    "C_diamond": "4_1",
    "CuO": "2",
    "GaAs": "-4",
    "KAsSe2": None,
    "MgB2": "6",
    "P2I4": None,
    "SrTiO3": "4",
    "Te_P3121": "3_1",
    "Te_P3221": "3_2",
    "Te_highpressure_P21": "2_1",
    "TlBO2_P43": "4_3",
    "WC": "3",
    "ZnO": "6_3",
}
NAMES = tuple(STRUCTURES)

ENUMERATIONS = {
    "verdict": {"allowed", "forbidden", "undecided"},
    "pam_sense": {"kept", "flipped", "neutral", "undefined"},
    "rotation_sense": {"kept", "flipped", "none", "open"},
    "kind": {
        "invariant",
        "momentum",
        "translation",
        "parity",
        "pam",
        "exchange",
        "time-reversal",
        "spin",
        "normal-mode",
        "group",
        "tolerance",
    },
    "axis": {"rotation", "screw", "rotoreflection"},
}
"""The contract."""


@cache
def study(name: str) -> Study:
    return sc.read(name)


@cache
def book(name: str, order: int = 3) -> RuleBook:
    return study(name).rules(order=order)


@cache
def document(name: str, *, everything: bool) -> Document:
    return study(name).predict(everything=everything).to_dict()


@cache
def plain_schema(command: str) -> Document:
    found: Document = json.loads(schema(command))
    return found


@cache
def validator(command: str) -> Draft202012Validator:
    return Draft202012Validator(plain_schema(command))


def check(found: Document, command: str) -> None:
    """A document survives JSON without NaN and is what its schema says."""
    again = json.loads(json.dumps(found, allow_nan=False))
    errors = sorted(validator(command).iter_errors(again), key=lambda e: e.json_path)
    assert not errors, f"{errors[0].json_path}: {errors[0].message[:300]}"


def leaves(found: object) -> Iterator[object]:
    if isinstance(found, dict):
        for key, value in found.items():
            assert isinstance(key, str)
            yield from leaves(value)
    elif isinstance(found, list):
        for value in found:
            yield from leaves(value)
    else:
        yield found


# ------------------------------------------------------------------------------- schemas


@pytest.mark.parametrize(
    "command",
    [
        *("predict", "explain", "show", "modes", "bands", "phonons", "validate", "plan"),
        *("couple", "audit", "simulate"),
    ],
)
def test_schema_is_a_schema_that_describes_every_key(command: str) -> None:
    found = plain_schema(command)
    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["properties"]["schema"]["const"] == f"symchiral/{command}/1"
    described = 0
    for name, body in keys_of(found):
        body = found["$defs"][body["$ref"].split("/")[-1]] | body if "$ref" in body else body
        assert body.get("description"), f"{name} has no description"
        described += 1
    assert described > 50
    assert "$ref" not in found
    objects = [part for part in parts_of(found) if part.get("type") == "object"]
    for part in objects:
        if "properties" in part:
            assert part["title"]
            assert part["additionalProperties"] is True
            # A key that only some crystals have says so first; a younger one has a default.
            always = {
                key
                for key, body in part["properties"].items()
                if not body.get("description", "").startswith("Only ") and "default" not in body
            }
            assert set(part.get("required", ())) == always


def parts_of(part: object) -> Iterator[Document]:
    if isinstance(part, dict):
        yield part
        for key, value in part.items():
            if key not in ("if", "then", "else"):
                yield from parts_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from parts_of(value)


def keys_of(found: Document) -> Iterator[tuple[str, Document]]:
    for part in parts_of(found):
        if part.get("type") == "object":
            yield from part.get("properties", {}).items()


@pytest.mark.parametrize("name", NAMES)
def test_documents_are_what_their_schema_says(name: str) -> None:
    axis = study(name).axis
    assert (axis.symbol if axis else None) == STRUCTURES[name]
    short, full = document(name, everything=False), document(name, everything=True)
    check({**full, "channels": thinned(full["channels"])}, "predict")
    check({**short, "channels": short["channels"][:3]}, "predict")  # the rest is in the full one
    assert json.loads(json.dumps(full)) == full  # plain lists and dictionaries
    check(study(name).show().to_dict(), "show")
    for rule in samples(book(name)):
        check(explain(study(name).crystal, rule).to_dict(), "explain")


@pytest.mark.parametrize("name", ["Bi2Se3", "ZnO", "HgS_cinnabar", "NaCl", "MgB2"])
def test_documents_with_forces_are_what_their_schema_says(name: str) -> None:
    found = sc.read(f"{name}/phonopy.yaml")
    predicted = found.predict(unit="cm-1").to_dict()
    check({**predicted, "channels": [], "transfers": predicted["transfers"][:20]}, "predict")
    assert bool(predicted["transfers"]) == (name != "NaCl")  # odd modes only: nothing at order 3
    points = [found.modes("GM"), found.modes("GM", direction=(1, 0, 0))]
    answer = modes(found.crystal, found.axis, points, unit="meV", eigenvectors=True)
    assert Modes.from_json(answer.to_json()) == answer
    document = answer.to_dict()
    check(document, "modes")
    assert len(document["modes"]) == 2 * 3 * len(found.crystal.primitive)
    assert {mode["frequency_unit"] for mode in document["modes"]} == {"meV"}
    tables = [table.text() for table in modes_tables(answer)]
    assert [table.text() for table in modes_tables(Modes.from_json(answer.to_json()))] == tables
    bare = modes(found.crystal, found.axis, points, unit="meV", motions=False)
    assert [table.text() for table in modes_tables(bare)] == tables


def thinned(channels: list[Document]) -> list[Document]:
    """Every fifth channel, and one of each kind: jsonschema takes milliseconds for each."""
    kinds = {
        (c["verdict"], c["reason"]["kind"], c["pam_sense"], c["rotation_sense"]): c
        for c in channels
    }
    return [*kinds.values(), *channels[::5]]


def samples(rules: RuleBook) -> list[Rule]:
    """One rule of every verdict and reason of a book."""
    found: dict[tuple[str, str], Rule] = {}
    for rule in rules.everything[:: max(1, len(rules.everything) // 60)]:
        found.setdefault((rule.verdict, rule.reason.kind), rule)
    assert found
    return list(found.values())


def test_an_undecided_channel_is_in_the_schema() -> None:
    rule = book("Bi2Se3")["Eu(+) Eu(+) -> Eg(-)"]
    channel = dataclasses.replace(rule.channel, verdict=Verdict("undecided", 1e-5))
    undecided = Rule(channel, rule.species, rule.axis)
    found = explain(study("Bi2Se3").crystal, undecided).to_dict()
    check(found, "explain")
    assert found["channel"]["residual"] == 1e-5
    assert found["channel"]["reason"]["kind"] == "tolerance"


def test_no_key_is_left_undescribed() -> None:
    """Validated with additionalProperties false, nothing is left over."""
    strict = copy.deepcopy(plain_schema("predict"))
    changed = 0
    for part in parts_of(strict):
        if part.get("type") == "object" and "properties" in part:
            part["additionalProperties"] = False
            changed += 1
    assert changed > 12
    for name in ("Bi2Se3", "P2I4", "SrTiO3"):
        found = document(name, everything=True)
        few = {one["reason"]["kind"]: one for one in found["channels"]}.values()
        Draft202012Validator(strict).validate({**found, "channels": list(few)})


MUTATIONS: dict[str, tuple[list[str | int], object]] = {
    "another version": (["schema"], "symchiral/predict/2"),
    "a verdict of no kind": (["channels", 0, "verdict"], "maybe"),
    "a PAM that is a number": (["channels", 0, "incoming", 0, "pam"], 1),
    "a PAM that is no fraction": (["channels", 0, "incoming", 0, "pam"], "0.5"),
    "a PAM with a plus sign": (["species", 1, "pam", 0], "+1"),
    "a copy of two letters": (["channels", 0, "incoming", 0, "copy"], "aa"),
    "an Umklapp number in quotes": (["channels", 0, "umklapp"], "1"),
    "half a momentum": (["channels", 0, "momentum_umklapp"], [0, 0]),
    "a sense of no kind": (["channels", 0, "pam_sense"], "reversed"),
    "atoms of no kind": (["channels", 0, "rotation_sense"], "neutral"),
    "a reason of no kind": (["channels", 0, "reason", "kind"], "magic"),
    "a pump of no kind": (["channels", 0, "pump", 0], "infrared:x"),
    "an unknown probe": (["channels", 0, "probe"], [None]),
    "an id without arrow": (["channels", 0, "id"], "Eu(+) Eu(+)"),
    "a negative count": (["counts", "judged"], -1),
    "an axis of no kind": (["axis", "kind"], "mirror"),
    "a point that is a float": (["axis", "point", 0], 0.5),
    "a flat cell": (["structure", "primitive", "cell"], [0, 0, 0]),
    "a group beyond 230": (["structure", "space_group"], 231),
    "a short hash": (["input", "sha256"], "abc"),
    "no tolerance": (["tolerance", "symprec"], 0),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_mutated_document_is_refused(what: str) -> None:
    path, value = MUTATIONS[what]
    found = copy.deepcopy(document("Bi2Se3", everything=False))
    found["channels"] = found["channels"][:1]
    inside: Any = found
    for step in path[:-1]:
        inside = inside[step]
    assert inside[path[-1]] != value
    inside[path[-1]] = value
    assert not validator("predict").is_valid(found)


def test_a_missing_key_is_refused_and_a_new_one_is_not() -> None:
    whole = document("Bi2Se3", everything=False)
    whole = {**whole, "channels": whole["channels"][:1]}
    removed = 0
    for key in whole:
        valid = validator("predict").is_valid({k: v for k, v in whole.items() if k != key})
        assert valid is (key == "table"), key  # documents of older versions have none
        removed += 1
    first = whole["channels"][0]
    for key in first:
        shorter = {k: v for k, v in first.items() if k != key}
        assert not validator("predict").is_valid({**whole, "channels": [shorter]}), key
        removed += 1
    assert removed > 30
    more = {**whole, "new": 1, "channels": [{**first, "new": [1]}]}
    assert validator("predict").is_valid(more)


# ------------------------------------------------------------------------------- contract


def test_enumerations_are_those_of_the_contract_and_complete() -> None:
    definitions = plain_schema("predict")["$defs"]
    channel = definitions["Channel"]["properties"]
    for key in ("verdict", "pam_sense", "rotation_sense"):
        assert set(channel[key]["enum"]) == ENUMERATIONS[key]
    assert set(definitions["Reason"]["properties"]["kind"]["enum"]) == ENUMERATIONS["kind"]
    kinds = definitions["AxisOfRotation"]["properties"]["kind"]["enum"]
    assert set(kinds) == ENUMERATIONS["axis"]
    seen: dict[str, set[str]] = {key: set() for key in ENUMERATIONS}
    for name in NAMES:
        found = document(name, everything=True)
        seen["axis"] |= {found["axis"]["kind"]} if found["axis"] else set()
        for one in found["channels"]:
            for key in ("verdict", "pam_sense", "rotation_sense"):
                seen[key].add(one[key])
            seen["kind"].add(one["reason"]["kind"])
    for key, values in seen.items():
        assert values <= ENUMERATIONS[key]
    assert seen["axis"] == ENUMERATIONS["axis"]
    assert seen["pam_sense"] == ENUMERATIONS["pam_sense"]
    assert seen["rotation_sense"] == ENUMERATIONS["rotation_sense"]
    assert seen["verdict"] >= {"allowed", "forbidden"}
    assert seen["kind"] >= {"invariant", "parity", "pam", "exchange"}


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_finite_and_counts_are_those_of_the_channels(name: str) -> None:
    full, short = document(name, everything=True), document(name, everything=False)
    values = [x for x in leaves(full) if isinstance(x, float)]
    assert values
    assert all(math.isfinite(x) for x in values)
    assert full["counts"] == short["counts"]
    counts, channels = full["counts"], full["channels"]
    allowed = [c for c in channels if c["verdict"] == "allowed"]
    assert counts["judged"] == len(channels) > 0
    assert counts["allowed"] == len(allowed)
    assert counts["undecided"] == sum(c["verdict"] == "undecided" for c in channels)
    for sense in ("flipped", "kept", "neutral"):
        assert counts[sense] == sum(c["pam_sense"] == sense for c in allowed)
    if full["axis"]:
        assert counts["flipped"] + counts["kept"] + counts["neutral"] == counts["allowed"]
    assert short["channels"] == [c for c in channels if c["verdict"] != "forbidden"]
    assert (name == "SrTiO3") == (not short["channels"])


@pytest.mark.parametrize("name", NAMES)
def test_copies_are_letters_in_order_and_identical_says_which_are_one(name: str) -> None:
    found = document(name, everything=True)
    optical = {s["label"]: s["count"] - s["acoustic"] for s in found["species"]}
    seen = set()
    for one in found["channels"]:
        modes: dict[str, list[str]] = {}
        for leg in (*one["incoming"], *one["outgoing"]):
            letters = modes.setdefault(leg["species"], [])
            if leg["copy"] not in letters:
                letters.append(leg["copy"])
        for label, letters in modes.items():
            assert letters == list("abcdefghij"[: len(letters)]), one["id"]
            assert one["acoustic_only"] == any(len(x) > optical[s] for s, x in modes.items())
            assert len(letters) <= optical[label]
        into = [(leg["species"], leg["copy"]) for leg in one["incoming"]]
        assert one["identical"] == (len(set(into)) < len(into))
        form = canonical(one)
        assert form not in seen, f"{one['id']} is listed twice"
        seen.add(form)
        assert len(one["pump"]) == len(one["incoming"])
        assert one["n"] == (found["axis"]["order"] if found["axis"] else None)
    assert len(seen) == len(found["channels"])


def canonical(one: Document) -> tuple[object, ...]:
    """A channel without the order of its incoming legs and the names of its copies."""
    out = one["outgoing"][0]

    def leg(x: Document, names: dict[tuple[str, str], int]) -> tuple[str, str, int]:
        names.setdefault(
            (x["species"], x["copy"]), sum(species == x["species"] for species, _ in names)
        )
        return x["species"], x["component"], names[x["species"], x["copy"]]

    forms: list[tuple[object, ...]] = []
    for into in permutations(one["incoming"]):
        names: dict[tuple[str, str], int] = {}
        forms.append((tuple(leg(x, names) for x in into), leg(out, names)))
    return min(forms, key=repr)


# ------------------------------------------------------------------------------- ids


def same(one: Rule, other: Rule, *, text: str) -> None:
    """Everything but the spelling is the same."""
    for key in ("verdict", "coefficients", "umklapp", "pam_sense", "rotation_sense", "am_transfer"):
        assert getattr(one, key) == getattr(other, key), f"{text}: {key}"


@pytest.mark.parametrize("name", NAMES)
def test_ids_read_back_to_their_channel(name: str) -> None:
    rules = book(name)
    ids = [rule.id for rule in rules.everything]
    assert len(set(ids)) == len(ids)
    for rule in rules.everything:
        again = rules[rule.id]
        assert again.id == rule.id
        same(rule, again, text=rule.id)


@pytest.mark.parametrize("name", ["BPO4", "Bi2Se3", "GaAs", "P2I4", "SrTiO3", "Te_P3121", "WC"])
def test_ids_of_fourth_order_read_back(name: str) -> None:
    rules = book(name, 4)
    chosen = random.Random(4).sample(rules.everything, min(40, len(rules.everything)))
    for rule in chosen:
        again = rules[rule.id]
        assert again.id == rule.id
        same(rule, again, text=rule.id)
    assert len(chosen) >= 5


def spellings(rule: Rule) -> list[str]:
    """Other ways to write a transfer, and its legs in every order."""
    into, out = (side.split() for side in rule.id.split(" -> "))
    cdml = {s["label"]: s["cdml"] for s in document_species(rule)}

    def write(leg: str, style: str) -> str:
        label, rest = re.match(r"^([^:(]+)(.*)$", leg).groups()  # type: ignore[union-attr]
        if style == "underscore":
            label = label[0] + "_" + label[1:] if len(label) > 1 else label
        elif style == "braces":
            label = label[0] + "_{" + label[1:] + "}" if len(label) > 1 else label
        elif style == "prime":
            label = label.replace("''", "″").replace("'", "′")
        elif style == "cdml":
            label = cdml[label]
        elif style == "greek":
            label = cdml[label].replace("GM", "Γ").replace("-", "−")
        return label + (rest.replace("-", "−") if style in ("greek", "minus") else rest)

    found = []
    for style in ("underscore", "braces", "prime", "cdml", "greek", "minus"):
        arrow = "→" if style in ("greek", "minus") else "->"
        found.append(
            " ".join([*(write(x, style) for x in into), arrow, *(write(x, style) for x in out)])
        )
    found += [" ".join([*order, "->", *out]) for order in permutations(into)]
    found.append("  ".join([*into, "->", *out]) + " ")
    return found


def document_species(rule: Rule) -> list[Document]:
    from symchiral.irreps.cdml import cdml_name

    return [{"label": s.label, "cdml": cdml_name(s.participant)} for s in rule.species.values()]


@pytest.mark.parametrize("name", NAMES)
def test_aliases_and_permuted_legs_read_as_the_same_transfer(name: str) -> None:
    rules = book(name)
    chosen = random.Random(3).sample(rules.everything, min(12, len(rules.everything)))
    read = 0
    for rule in chosen:
        for text in spellings(rule):
            same(rule, rules[text], text=text)
            read += 1
    assert read >= 8 * len(chosen)


def test_named_examples_of_the_grammar() -> None:
    rules = book("Bi2Se3")
    first = rules["Eu(+) Eu(+) -> Eg(-)"]
    for text in (
        "E_u(+) E_u(+) → E_g(−)",
        "GM3-(+) GM3-(+) -> GM3+(-)",
        "Γ3−(+) Γ3−(+) → Γ3+(−)",
        "Eu(1) Eu(+1) -> Eg(-1)",
        "Eu:a(+) Eu(+)@GM -> Eg(-)@GM",
    ):
        again = rules[text]
        assert again.id == first.id, text
        same(first, again, text=text)
    assert (first.verdict, first.umklapp, first.am_transfer) == ("allowed", 1, 3.0)


# ------------------------------------------------------------------------------- elsewhere


@pytest.mark.parametrize(
    ("name", "q"),
    [("graphene_slab", "K K K"), ("Te_P3121", "0,0,1/4 0,0,1/4 0,0,1/2"), ("ZnO", "A A GM")],
)
def test_documents_off_the_zone_centre(name: str, q: str) -> None:
    found = sc.predict(name, q=q, all=True).to_dict()
    check({**found, "channels": thinned(found["channels"])}, "predict")
    assert len(found["q"]) == 3
    rules = study(name).rules(q=q)
    for one in found["channels"][::7]:
        assert rules[one["id"]].id == one["id"]
        assert rules[one["id"]].verdict == one["verdict"]
    check(study(name).show(q=q.split()[0]).to_dict(), "show")


def test_what_only_rigid_translations_could_do_is_marked_and_forbidden() -> None:
    found = sc.predict("WC", acoustic=True).to_dict()
    rigid = [one for one in found["channels"] if one["acoustic_only"]]
    assert rigid
    assert {one["verdict"] for one in rigid} == {"forbidden"}
    assert {one["reason"]["kind"] for one in rigid} == {"translation"}
    check({**found, "channels": rigid[:5]}, "predict")
