"""The answer of ``report``: what is on the page that was written.

The record comes first, then the functions that fill it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log, prod

from symchiral.answers.channel import Transfer
from symchiral.answers.crystal import Structure, structure
from symchiral.answers.predict import Predict
from symchiral.answers.record import Answer, Count, beginning
from symchiral.crystal.search import SymmetricCrystal
from symchiral.defaults import REPORT_PULSE
from symchiral.rules.activity import ROUTES
from symchiral.rules.grammar import parse_transfer
from symchiral.units import PER_THZ

BANDWIDTH = 0.441
"""Full width of the spectrum of the pulse, THz: that of a Gaussian one of 1 ps."""


class Report(Answer, frozen=True, kw_only=True, tag="symchiral/report/1"):
    """What ``symchiral report --json`` prints: what is on the page."""

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    output: str
    """The file that was written."""
    size: Count
    """Its bytes."""
    answers: tuple[str, ...]
    """Commands whose JSON documents are in it."""
    left_out: tuple[str, ...]
    """What is not on the page, and why."""


def report(
    crystal: SymmetricCrystal,
    *,
    path: str,
    size: int,
    answers: tuple[str, ...],
    left_out: tuple[str, ...],
) -> Report:
    """Answer what is on a page.

    Parameters
    ----------
    path : str
        The file that was written.
    size : int
        Its bytes.
    answers : tuple of str
        Commands whose documents are in it.
    left_out : tuple of str
        What is not on the page, and why.
    """
    return Report(
        **beginning(crystal),
        structure=structure(crystal),
        output=path,
        size=size,
        answers=answers,
        left_out=left_out,
    )


def resonant_pulse(
    predicted: Predict, sizes: Mapping[str, float], measured: Mapping[str, float] | None = None
) -> str | None:
    """Return a circular pulse on the transfer that a report simulates, as ``simulate`` takes it.

    Of the transfers that flip the sense and whose incoming quanta circular infrared light of one
    spin drives all, it is that with the largest product of coupling coefficient, score, and the
    spectrum of the pulse at every incoming mode. The light has the mean frequency of these. None
    where there is none.

    Parameters
    ----------
    predicted : Predict
        The transfers between modes.
    sizes : mapping of str to float
        Coupling coefficient of each, by id.
    measured : mapping of str to float, optional
        Measured frequencies of modes, THz, in the place of calculated ones.
    """
    best: tuple[float, str] | None = None
    for transfer in predicted.transfers or ():
        spin = _spin(transfer)
        if spin is None or transfer.pam_sense != "flipped" or transfer.frequencies is None:
            continue
        legs, _ = parse_transfer(transfer.id)
        names = [f"{leg.name}#{leg.mode}" for leg in legs]
        into = [
            (measured or {}).get(name, f / PER_THZ[transfer.frequency_unit])
            for name, f in zip(names, transfer.frequencies, strict=False)
        ]
        mean = sum(into) / len(into)
        spectrum = prod(exp(-4 * log(2) * ((f - mean) / BANDWIDTH) ** 2) for f in into)
        strength = sizes.get(transfer.id, 0.0) * (transfer.score or 0.0) * spectrum
        if strength > 0 and (best is None or strength > best[0]):
            best = strength, f"{mean:.4g}THz s{spin} {REPORT_PULSE}"
    return None if best is None else best[1]


def _spin(transfer: Transfer) -> str | None:
    """``+`` or ``-``: the infrared light that drives every incoming quantum, if one does."""
    spins = {ROUTES[route] if route else None for route in transfer.pump}
    for spin in ("+", "-"):
        if spins == {("infrared", (spin,))}:
            return spin
    return None
