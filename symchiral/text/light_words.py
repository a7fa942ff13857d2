"""Light in words: activities and routes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import UNSET

from symchiral.answers.species import SpeciesOfGroup, SpeciesOfModes
from symchiral.rules.activity import ROUTES, Activity, Process, Route

if TYPE_CHECKING:
    from symchiral.answers.modes import Mode

_SHORT: dict[Process, str] = {"infrared": "IR", "raman": "R", "hyper-raman": "hyper-R"}


def activity_words(species: SpeciesOfModes | SpeciesOfGroup | Mode) -> str:
    """``infrared (σ±)``, ``infrared (z)``, ``Raman``, …"""
    kind = Activity(infrared=species.infrared, raman=species.raman, hyper_raman=species.hyper_raman)
    order = UNSET if isinstance(species, SpeciesOfGroup) else species.by_order
    odd = (
        Activity(infrared=False, raman=False, hyper_raman=False)
        if order is UNSET
        else Activity(infrared=order.infrared, raman=order.raman, hyper_raman=order.hyper_raman)
    )
    light = species.infrared_light
    circular = ["σ±"] if {"+", "-"} & set(light) else []
    polarized = [*circular, *(["z"] if "z" in light else [])]
    return starred(kind, odd, infrared=f"infrared ({', '.join(polarized)})" if light else None)


def starred(even: Activity, odd: Activity, *, infrared: str | None = None) -> str:
    """``Raman, infrared*``: what light sees by displacements, and what by the velocity alone.

    Parameters
    ----------
    infrared : str, optional
        What to write for infrared light, with its polarisations.
    """
    new = Activity(
        infrared=odd.infrared and not even.infrared,
        raman=odd.raman and not even.raman,
        hyper_raman=odd.hyper_raman and not (even.hyper_raman or even.infrared or even.raman),
    )
    words = [infrared if w == "infrared" and infrared else w for w in even.words]
    return ", ".join([*words, *(f"{word}*" for word in new.words)]) or "silent"


def short_routes(routes: Iterable[Route | None]) -> str:
    """``IR R``: the process by which light drives every quantum, a dash for none."""
    return " ".join("—" if route is None else _SHORT[ROUTES[route][0]] for route in routes)


def probe_words(routes: Iterable[Route]) -> str:
    """``IR, Raman``: the processes by which light sees a quantum."""
    words = {**_SHORT, "raman": "Raman"}
    return ", ".join(dict.fromkeys(words[ROUTES[route][0]] for route in routes)) or "—"


def spin_word(spin: str) -> str:
    """``σ+``, ``σ−``."""
    return f"σ{'−' if spin == '-' else '+'}"


def spins_arrow(*spins: str) -> str:
    """``σ+→σ−``: spins of incident and scattered light."""
    return "→".join(map(spin_word, spins))
