"""What tables say of magnetic order: group, moments, what splits, mixes and rotates."""

from __future__ import annotations

from typing import Any

from symchiral.answers.crystal import MagneticGroup
from symchiral.answers.magnetism import Magnetism, Splitting
from symchiral.rules.magnetism import Splitting as RuleSplitting
from symchiral.rules.wording import minus
from symchiral.table import Phrases, labelled
from symchiral.value import grouped

_TYPES = {
    1: "type I, no operation with time reversal",
    3: "type III, half of the operations with time reversal",
    4: "type IV, time reversal with a translation",
}


def splitting_text(splitting: RuleSplitting) -> str:
    """Say why a species splits, or what forbids it."""
    operation = splitting.operation
    if operation is not None:
        time = " with time reversal" if operation.reversed else ""
        return f"the {operation.name} {operation.seitz}{time} reverses Q×Q̇"
    return {
        "allowed": "no operation reverses Q×Q̇",
        "time-reversal": "time reversal reverses Q×Q̇",
        "translation": "time reversal with a translation reverses Q×Q̇",
        "group": "the group leaves no direction of Q×Q̇ invariant",
    }[splitting.kind]


def magnetic_lines(group: MagneticGroup, magnetism: Magnetism) -> list[Phrases]:
    """Return the lines of ``show``: magnetic group, moments, splitting."""
    number = "no BNS number found" if group.bns is None else f"BNS {group.bns}"
    lines = [
        labelled("magnetic", f"{number}: {_TYPES[group.type]}"),
        labelled("moments", _moments(magnetism)),
        labelled("splits", _splits(magnetism.splitting)),
    ]
    if magnetism.folded:
        return lines
    return [*lines, labelled("mixes", _mixes(magnetism)), labelled("rotates", _turns(magnetism))]


def _moments(magnetism: Magnetism) -> str:
    parts = [
        f"{m.site} {m.size:.2f} μB, not collinear"
        if m.along is None
        else f"{m.site} {m.size:.2f} μB along {'±' if m.both_ways else ''}{minus(m.along)}"
        for m in magnetism.moments
    ]
    axes = [minus(name) for name in magnetism.net_moment_along]
    net = {
        0: "no net moment is allowed",
        1: f"a net moment along {''.join(axes[:1])} is allowed",
        2: f"a net moment in the plane of {' and '.join(axes)} is allowed",
        3: "a net moment in any direction is allowed",
    }[len(axes)]
    return "; ".join([*parts, net])


def _splits(found: tuple[Splitting, ...]) -> str:
    if not found:
        return "nothing: no species is degenerate"
    split = [s.species for s in found if s.split]
    texts = [f"{', '.join(split)} into (+) and (−): Q×Q̇ is allowed"] if split else []
    kept = grouped((s.reason, s.species) for s in found if not s.split)
    texts += [f"not {', '.join(labels)}: {reason}" for reason, labels in kept.items()]
    return "; ".join(texts)


def _mixes(magnetism: Magnetism) -> str:
    """Species that are right for the potential energy only."""
    if not magnetism.mixing:
        return "no modes of different species"
    texts = ", ".join(f"{a} with {b}" for a, b in magnetism.mixing)
    return f"{texts}: Q·Q̇ is allowed, and the labels hold for the potential energy only"


def _turns(magnetism: Magnetism) -> str:
    """Which non-degenerate modes have an angular momentum."""
    found = grouped((_where(tuple(map(minus, s.along))), s.species) for s in magnetism.turning)
    if not found:
        return "no atom in a non-degenerate mode"
    texts = [f"{', '.join(labels)} ({where})" for where, labels in found.items()]
    return f"atoms in non-degenerate modes: {'; '.join(texts)}"


def _where(axes: tuple[str, ...]) -> str:
    """Where J may point, given names of the axes that span it."""
    return {
        0: "single atoms only",
        1: f"J along {''.join(axes[:1])}",
        2: f"J in the plane of {' and '.join(axes)}",
        3: "J in any direction",
    }[len(axes)]


def display(noun: object, form: str) -> Any:
    """Return a noun in a form: ``text`` of a splitting, why, or what forbids it."""
    match noun, form:
        case RuleSplitting(), "text":
            return splitting_text(noun)
    raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")
