"""The light that drives modes directly: its band and its polarisation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from symchiral.errors import GrammarError
from symchiral.fields.polarization import read_light
from symchiral.units import FASTEST, SIZE, in_ps, in_thz
from symchiral.value import CIRCULAR

_UNITS = r"(?P<unit>THz|cm-1|cm⁻¹|meV)"
_RANGE = re.compile(
    rf"(?<![^\s])(?P<low>{SIZE})(?: ?[-–] ?(?P<high>{SIZE}))? ?{_UNITS}(?!\S)", re.IGNORECASE
)

_DURATION = re.compile(rf"(?P<size>{SIZE}) ?(?P<unit>fs|ps)", re.IGNORECASE)

LONGEST = 100_000
"""Longest duration of a pulse, ps."""


@dataclass(frozen=True)
class Pump:
    """Light that drives modes directly: a band of frequencies, a polarisation, or both.

    Attributes
    ----------
    low, high : float
        THz.
    light : str or None
        ``+`` and ``-`` for circular light of spin ±1 about the axis, ``z`` for light polarised
        along it, None for any.

    Examples
    --------
    >>> Pump.parse("1.5-2.5THz σ+")
    Pump(low=1.5, high=2.5, light='+')
    """

    low: float = 0.0
    high: float = float("inf")
    light: Literal["+", "-", "z"] | None = None

    @property
    def banded(self) -> bool:
        """Whether its frequencies matter."""
        return self.low > 0 or self.high < float("inf")

    @classmethod
    def of(cls, given: Pump | str | None) -> Pump | None:
        """Return a pump given as such or in words; None for none.

        Raises
        ------
        GrammarError
            It is neither.
        """
        if given is None or isinstance(given, Pump):
            return given
        if isinstance(given, str):
            return cls.parse(given)
        raise GrammarError(
            f"cannot use the pump {given!r}",
            why="it is neither text nor a Pump",
            fix='write it as in "1.5-2.5THz", "σ+" or "1.5-2.5THz σ+"',
        )

    @classmethod
    def parse(cls, text: str) -> Pump:
        """Read ``1.5-2.5THz``, ``σ+``, or both.

        Raises
        ------
        GrammarError
            It is neither, or the band is empty.
        """
        plain = " ".join(text.split())
        match = _RANGE.search(plain)
        rest = (
            plain if match is None else f"{plain[: match.start()]} {plain[match.end() :]}".strip()
        )
        light = _light(rest) if rest else None
        if not (match or rest):
            raise GrammarError(
                f"cannot read the pump {text!r}",
                why="it is neither a band of frequencies nor a polarisation σ+, σ- or z",
                fix='write it as in "1.5-2.5THz", "σ+" or "1.5-2.5THz σ+"',
            )
        if match is None:
            return cls(light=light)
        low = _thz(match, "low", text)
        if match["high"] is None:
            raise GrammarError(
                f"cannot read the pump {text!r}",
                why="one frequency is no band",
                fix=f'give two, as in "{float(match["low"]) * 0.8:g}-'
                f'{float(match["low"]) * 1.2:g}{match["unit"]}"',
            )
        high = _thz(match, "high", text)
        if not low < high:
            raise GrammarError(
                f"cannot read the pump {text!r}",
                why=f"its band ends at {match['high']} {match['unit']}, not above its begin",
                fix="write the lower frequency first",
            )
        return cls(low, high, light)


def read_band(text: str) -> Pump:
    """Read a band alone, ``1-3THz``: what a source reaches, whatever the polarisation.

    Raises
    ------
    GrammarError
        It is no band, or has a polarisation, too.
    """
    if _RANGE.fullmatch(" ".join(text.split())) is None:
        raise GrammarError(
            f"cannot read the band {text!r}",
            why="it is not two frequencies with their unit; polarisations are part of the plan",
            fix='write it as in "1-3THz"',
        )
    return Pump.parse(text)


def _thz(match: re.Match[str], end: str, text: str) -> float:
    found = float(match[end].replace("−", "-")) * in_thz(match["unit"])
    if not found < FASTEST:
        raise GrammarError(
            f"cannot read the frequency in {text!r}",
            why=f"{match[end]} {match['unit']} is far above any vibration",
            fix="write it as in 0.3THz",
        )
    return found


def _light(word: str) -> Literal["+", "-", "z"]:
    """What a word for light says of the quanta it drives."""
    try:
        light = read_light(word)
    except GrammarError as error:
        raise GrammarError(
            f"cannot read the pump {word!r}",
            why=f"it is neither a band of frequencies nor a polarisation: {error.why}",
            fix='write it as in "1.5-2.5THz", "σ+" or "1.5-2.5THz σ+"',
        ) from error
    if light is None or not (light.along or abs(light.spin) > 1 - CIRCULAR):
        raise GrammarError(
            f"no transfers are listed for the pump {word!r}",
            why="each line is of circular components, and this light has both spins",
            fix="write σ+ or σ-, or z along the axis; symchiral light and plan know linear light",
        )
    return "z" if light.along else "+" if light.spin > 0 else "-"


def duration(text: str) -> float:
    """Read a duration with its unit, ``1.2ps``, ``800 fs``; returns ps.

    Examples
    --------
    >>> duration("800 fs")
    0.8

    Raises
    ------
    GrammarError
        It is not a number with a unit.
    """
    match = _DURATION.fullmatch(" ".join(text.split()))
    if match is None or not 0 < float(match["size"]) * in_ps(match["unit"]) <= LONGEST:
        raise GrammarError(
            f"cannot read the duration {text!r}",
            why=f"it is not a number of fs or ps between 0 and {LONGEST:,} ps",
            fix="write it as in 1.2ps",
        )
    return float(match["size"]) * in_ps(match["unit"])


def frequency(text: str) -> float:
    """Read a frequency with its unit, ``0.3THz``, ``10 cm-1``, ``1.2meV``; returns THz.

    Examples
    --------
    >>> frequency("0.3 THz")
    0.3

    Raises
    ------
    GrammarError
        It is not a number with a unit.
    """
    match = _RANGE.fullmatch(" ".join(text.split()))
    if match is None or match["high"] is not None:
        raise GrammarError(
            f"cannot read the frequency {text!r}",
            why="it is not a number with one of the units THz, cm-1, meV",
            fix="write it as in 0.3THz",
        )
    return _thz(match, "low", text)
