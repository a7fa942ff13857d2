"""Rules of a group: at the zone centre all groups of a class have the same.

Every verdict, number of coefficients, invariant, route of light and reason that the group of the
class gives is compared with what the group itself gives, worked out anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np
import pytest
from class_crystals import all_groups

import symchiral as sc
from symchiral.crystal.spacegroup import SpaceGroup
from symchiral.engine import invariant as invariants
from symchiral.engine import reason as reasons
from symchiral.engine import tensor as tensors
from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import judge
from symchiral.fields.polar import electric_field
from symchiral.irreps.classes import all_of_class, class_group, class_operations, of_class
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.pam import Turn, components
from symchiral.irreps.participant import Participant
from symchiral.rules import activity, group_rules

PATTERNS = {1: [(0, 0, 0)], 2: [(0, 0, 0), (0, 0, 1)], 3: [(0, 0, 0), (0, 0, 1), (0, 1, 2)]}


def turns(group: SpaceGroup) -> Iterator[Turn]:
    """One named operation, or two that lie differently, of each class of conjugate ones."""
    chosen = {}
    axes = [i for i, g in enumerate(group.operations) if g.type >= 2 or g.type == -4]
    for listed in (axes, axes[::-1]):
        seen: set[int] = set()
        for i in listed:
            if i not in seen:
                chosen[i] = group.operations[i]
                moved = group.products[group.products[:, i], group.inverses]
                seen |= set(moved.tolist())
    for i, g in chosen.items():
        assert g.direction is not None
        yield Turn(abs(g.type), i, (0, 0, 0), g.direction)


def slots(copies: tuple[int, ...], irreps: tuple[Participant, ...]) -> tuple[tuple[int, ...], ...]:
    """Legs that are one and the same mode."""
    groups: dict[tuple[Participant, int], list[int]] = {}
    for i, key in enumerate(zip(irreps, copies, strict=True)):
        groups.setdefault(key, []).append(i)
    return tuple(map(tuple, groups.values()))


def patterns(irreps: tuple[Participant, ...]) -> Iterator[tuple[int, ...]]:
    """Copies of three irreps: all modes of a species one, two or three different ones."""
    times = Counter(irreps)
    for copies in PATTERNS[max(times.values())]:
        yield tuple(c if times[p] > 1 else 0 for c, p in zip(copies, irreps, strict=True))


def compare(group: SpaceGroup, turn: Turn | None, counted: Counter[str]) -> None:
    """Compare everything of order 3 that a group and its class say about one operation."""
    own = zone_centre(group)
    there, named = all_of_class(own, turn)
    assert {p.group for p in there} == {class_group(group)}
    for p, q in zip(own, there, strict=True):
        mine, theirs = components(p, turn), components(q, named)
        keys = [
            [(c.residue, c.pam, c.name, c.conjugate, c.counted, c.basis.shape) for c in parts]
            for parts in (mine, theirs)
        ]
        assert keys[0] == keys[1]
        assert activity._activity.__wrapped__(p) == activity._activity.__wrapped__(q)
        for i in range(len(mine)):
            counted["routes"] += 1
            routes = activity._routes.__wrapped__
            assert routes(p, i, turn) == routes(q, i, named)
            if turn and named and activity.activity(p).infrared:
                for light in ("+", "-", "z"):
                    absorbs = activity._absorbs.__wrapped__
                    assert absorbs(p, i, turn, light) == absorbs(q, i, named, light)
    for chosen in combinations_with_replacement(range(len(own)), 3):
        irreps = tuple(own[i] for i in chosen)
        for copies in patterns(irreps):
            equal, arms = slots(copies, irreps), (0, 0, 0)
            number, sizes = group_rules._vertex.__wrapped__(irreps, arms, equal, turn)
            others = tuple(there[i] for i in chosen)
            theirs_too = group_rules._vertex.__wrapped__(others, arms, equal, named)
            assert number == theirs_too[0]
            np.testing.assert_allclose(sizes, theirs_too[1], rtol=0, atol=1e-9)
            counted["products"] += sizes.size
            if number:
                counted["invariants"] += 1
                judged, at = all_of_class(irreps, turn, vectors=True)
                expand = invariants._expand.__wrapped__
                assert (
                    expand(irreps, arms, copies, turn).text == expand(judged, arms, copies, at).text
                )


def compare_reasons(group: SpaceGroup, turn: Turn | None, counted: Counter[str]) -> None:
    """Compare the witnesses of every forbidden product of two in and one out."""
    own = zone_centre(group)
    order = reasons.by_simplicity(group, turn.index if turn else None)
    parts = [(p, c) for p in own for c in components(p, turn)]
    for legs in combinations_with_replacement(parts, 3):
        for copies in ((0, 0, 0), (0, 1, 2)):
            coupling = Coupling(
                tuple(
                    Leg(p, c, copy, outgoing=i == 2)
                    for i, ((p, c), copy) in enumerate(zip(legs, copies, strict=True))
                )
            )
            if judge(coupling).word == "forbidden":
                counted["reasons"] += 1
                assert reasons._find(coupling, order) == reasons._find_in_class(
                    coupling, turn, order
                )


def test_operations_of_a_group_multiply_like_those_of_its_class() -> None:
    irreps = 0
    for group in all_groups():
        places = class_operations(group)
        assert places is not None
        there = np.array(places)
        assert sorted(places) == list(range(len(group)))
        assert np.array_equal(there[group.products], class_group(group).products[there][:, there])
        types = [g.type for g in class_group(group).operations]
        assert [g.type for g in group.operations] == [types[i] for i in places]
        for p in zone_centre(group):
            q = of_class(p)
            assert (q.group, q.names) == (class_group(group), p.names)
            irreps += 1
    assert irreps == 1313


@pytest.mark.parametrize("number", [166, 115, 189, 146, 19, 64])
def test_group_and_class_say_the_same(number: int) -> None:
    group, counted = all_groups()[number - 1], Counter[str]()
    for turn in (None, *turns(group)):
        compare(group, turn, counted)
    for turn in list(turns(group))[:1]:
        compare_reasons(group, turn, counted)
    assert min(counted["invariants"], counted["reasons"], counted["routes"]) > 5


@pytest.mark.sweep
def test_every_group_and_its_class_say_the_same() -> None:
    counted = Counter[str]()
    for group in all_groups():
        if group != class_group(group):
            counted["groups"] += 1
            for turn in (None, *turns(group)):
                counted["operations"] += 1
                compare(group, turn, counted)
    assert counted == {
        "groups": 198,
        "operations": 1123,
        "products": 495912,
        "invariants": 31805,
        "routes": 9547,
    }


@pytest.mark.sweep
def test_every_group_and_its_class_give_the_same_reasons() -> None:
    counted = Counter[str]()
    for group in all_groups():
        if group != class_group(group) and len(group) <= 16:
            for turn in turns(group):
                compare_reasons(group, turn, counted)
    assert counted == {"reasons": 169387}


def test_light_that_creates_a_component_is_a_judged_coupling() -> None:
    """Routes, which come from tensor forms, against the average of the legs themselves."""
    counted = Counter[str]()
    for group in {class_group(group) for group in all_groups()}:
        for turn in turns(group):
            field, light = (
                electric_field(group),
                activity.polarizations(zone_centre(group)[0], turn),
            )
            into = {name: Leg(field, part) for name, part in light.items()}
            out = {name: Leg(field, part, outgoing=True) for name, part in light.items()}
            for p in zone_centre(group):
                for part in components(p, turn):
                    made = Leg(p, part, outgoing=True)
                    found = activity.routes(p, part.index, turn)
                    for s in light:
                        absorbed = judge(Coupling((into[s], made))).word == "allowed"
                        assert absorbed == (f"infrared:{s}" in found)
                        assert absorbed == activity.absorbs(p, part.index, turn, s)
                        counted["absorbed"] += absorbed
                        for t in light:
                            word = judge(Coupling((into[s], out[t], made))).word
                            assert (word == "allowed") == (f"raman:{s}{t}" in found)
                            counted[word] += 1
    assert counted == {"absorbed": 222, "allowed": 852, "forbidden": 5286}


def test_a_second_crystal_of_a_class_works_out_nothing() -> None:
    def everything(name: str) -> list[tuple[object, ...]]:
        book = sc.read(name).rules()
        return [
            (
                r.id,
                r.verdict,
                r.coefficients,
                r.umklapp,
                r.pam_sense,
                r.pump,
                r.probe,
                r.reason.kind,
            )
            + ((r.invariant.text,) if r.invariant else ())
            for r in book.everything
        ]

    sc.clear_caches()
    first = everything("Al2O3")
    caches = (
        group_rules._vertex,
        invariants._expand,
        reasons._find_once,
        activity._routes,
        activity._activity,
        tensors.tensor_form,
    )
    before = [f.cache_info().misses for f in caches]
    assert all(before)
    # CdI2 is of the same class, of another group; its species are among those of Al2O3.
    assert 0 < len(everything("CdI2")) < len(first)
    assert [f.cache_info().misses for f in caches] == before


def test_off_the_zone_centre_nothing_is_shared() -> None:
    """Also in a group that itself stands for its class: arms and lattice translations count."""
    checked = 0
    for name in ("graphene_slab", "MgB2", "NaCl", "WC"):
        study = sc.read(name)
        assert study.axis is not None
        for label in ("M", "K", "X", "A"):
            try:
                species = study.species(label)
            except sc.SymchiralError:
                continue
            participants = tuple(s.participant for s in species)
            found, turn = all_of_class(participants, study.axis.turn)
            assert found == participants
            assert turn is study.axis.turn
            checked += 1
    assert checked >= 8
