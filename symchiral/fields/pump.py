"""The light that drives modes directly: its band and its polarisation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symchiral.errors import GrammarError
from symchiral.fields.polarization import circular_spin
from symchiral.units import in_thz

_RANGE = re.compile(
    r"(?P<low>\d+\.?\d*)(?:[-–](?P<high>\d+\.?\d*))?\s*(?P<unit>THz|cm-1|cm⁻¹|meV)", re.IGNORECASE
)


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
    light: str | None = None

    @property
    def banded(self) -> bool:
        """Whether its frequencies matter."""
        return self.low > 0 or self.high < float("inf")

    @classmethod
    def parse(cls, text: str) -> Pump:
        """Read ``1.5-2.5THz``, ``σ+``, or both.

        Raises
        ------
        GrammarError
            It is neither, or the band is empty.
        """
        match = _RANGE.search(text)
        rest = _RANGE.sub("", text, count=1).split()
        light = _light(rest[0]) if len(rest) == 1 else None
        if (rest and light is None) or not (match or rest):
            raise GrammarError(
                f"cannot read the pump {text!r}",
                why="it is neither a band of frequencies nor a polarisation σ+, σ- or z",
                fix='write it as in "1.5-2.5THz", "σ+" or "1.5-2.5THz σ+"',
            )
        if match is None:
            return cls(light=light)
        factor = in_thz(match["unit"])
        low = float(match["low"]) * factor
        if match["high"] is None:
            raise GrammarError(
                f"cannot read the pump {text!r}",
                why="one frequency is no band",
                fix=f'give two, as in "{float(match["low"]) * 0.8:g}-'
                f'{float(match["low"]) * 1.2:g}{match["unit"]}"',
            )
        high = float(match["high"]) * factor
        if not low < high:
            raise GrammarError(
                f"cannot read the pump {text!r}",
                why=f"its band ends at {match['high']} {match['unit']}, not above its begin",
                fix="write the lower frequency first",
            )
        return cls(low, high, light)


def _light(word: str) -> str | None:
    """The polarisation a word names, None if none."""
    spin = circular_spin(word)
    if spin is not None:
        return "+" if spin > 0 else "-"
    return "z" if word == "z" else None


def frequency(text: str) -> float:
    """Read a frequency with its unit, ``0.3THz``, ``10 cm-1``, ``1.2meV``; returns THz.

    Examples
    --------
    >>> frequency("0.3 THz")
    0.3

    Raises
    ------
    GrammarError
        It is no number with a unit.
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None or match["high"] is not None:
        raise GrammarError(
            f"cannot read the frequency {text!r}",
            why="it is not a number with one of the units THz, cm-1, meV",
            fix="write it as in 0.3THz",
        )
    return float(match["low"]) * in_thz(match["unit"])
