r"""What temperature does to the modes of the zone centre, and what it does not.

The mean motion obeys :math:`\langle\ddot Q_a\rangle + … = F_a - \tfrac12 φ_{abc} (\langle Q_b
\rangle \langle Q_c\rangle + C_{bc})`, C the covariance of the thermal motion, which populations
set. Unperturbed, C moves the places of the atoms, which are those of the file; its response to the
motion is what damps it and shifts its frequency. Everything else in the mean motion, amplitudes and
senses of what is driven, does not depend on populations to this order: temperature enters by
linewidths alone. For these there is one law, that of the decay of a quantum into two of half its
frequency (P. G. Klemens, Phys. Rev. 148, 845 (1966)),

.. math:: γ(T) = γ_0 \left[1 + 2 n(f/2, T)\right], \qquad n(f, T) = \frac{1}{e^{hf/kT} - 1},

and it is applied only where it is asked for, from a temperature at which the width is known.
Intensities of spontaneous Raman scattering, which grow as n + 1 and n, are no motion of the mean.

Beside the mean motion stands the thermal one. In one primitive cell a coordinate has

.. math:: \langle Q^2 \rangle = \frac{\hbar}{2ω}\,(2n + 1)

where all wavevectors of its branch have the frequency of the zone centre.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import expm1, pi, sqrt
from typing import Literal, Self

from symchiral.defaults import DAMPING
from symchiral.disk import is_file, user_path
from symchiral.errors import GrammarError, InputError
from symchiral.reading.spectrum import read_linewidths
from symchiral.units import HBAR, SIZE, THZ_PER_KELVIN

HOTTEST = 1e4
"""K: no crystal is hotter."""

Law = Literal["klemens"]
"""How linewidths depend on temperature: decay into two quanta of half the frequency."""

_TEMPERATURE = re.compile(rf"(?P<size>{SIZE}) ?K")
_AT = re.compile(r"(?P<widths>.+?) +at +(?P<temperature>\S+(?: K)?)(?: +(?P<law>[A-Za-z]+))?")


def read_temperature(text: str) -> float:
    """Read a temperature, ``300K``; returns K.

    Examples
    --------
    >>> read_temperature("77 K")
    77.0

    Raises
    ------
    GrammarError
        It is not a number from 0 to 10⁴ with the unit K.
    """
    match = _TEMPERATURE.fullmatch(" ".join(text.split()))
    if match is None or not float(match["size"]) <= HOTTEST:
        raise GrammarError(
            f"cannot read the temperature {text!r}",
            why=f"it is not a number of K from 0 to {HOTTEST:g}",
            fix="write it as in 300K",
        )
    return float(match["size"])


def occupation(frequency: float, temperature: float) -> float:
    """Return the mean number n of thermal quanta of a frequency in THz at a temperature in K.

    Examples
    --------
    >>> round(occupation(4.05, 300), 3), occupation(4.05, 0)
    (1.097, 0.0)
    """
    if not temperature:
        return 0.0
    ratio = frequency / (THZ_PER_KELVIN * temperature)
    return 1 / expm1(ratio) if ratio < LARGE else 0.0


LARGE = 700.0
"""exp of this is near the largest number there is."""


def thermal_amplitude(frequency: float, temperature: float) -> float:
    """Return the root mean square of a coordinate in one primitive cell, √amu Å.

    Examples
    --------
    >>> round(thermal_amplitude(4.05, 300), 3)
    0.631
    """
    n = occupation(frequency, temperature)
    return sqrt(HBAR / (4 * pi * frequency) * (2 * n + 1))


def quanta(frequency: float, amplitude: float) -> float:
    r"""Return the number of quanta per primitive cell of a motion of a mode.

    :math:`\tfrac12 ω^2 |a|^2 / \hbar ω`, the frequency in THz, the amplitude in √amu Å.

    Examples
    --------
    >>> round(quanta(4.05, 0.252), 3)
    0.127
    """
    return pi * frequency * amplitude**2 / HBAR


@dataclass(frozen=True)
class Damping:
    """Linewidths γ/2π, and how they depend on temperature if that is stated.

    Attributes
    ----------
    modes : mapping of str to float
        Linewidths by mode, THz.
    others : float
        That of all others, THz.
    temperature : float or None
        K, at which these are the widths; None: at any.
    law : str or None
        How they depend on temperature; None where no temperature is stated.
    """

    modes: Mapping[str, float] = field(default_factory=dict)
    others: float = DAMPING
    temperature: float | None = None
    law: Law | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``0.05THz``, ``0.05THz, Eu#1 0.08THz`` or a file, then ``at 300K klemens`` or not.

        Examples
        --------
        >>> Damping.parse("0.05THz, Eu#1 0.08THz at 300K klemens").modes
        {'Eu#1': 0.08}

        Raises
        ------
        GrammarError
            It is written otherwise.
        ReadError
            It is a file that cannot be read.
        """
        words, at, law = text, None, None
        match = None if is_file(user_path(text)) else _AT.fullmatch(" ".join(text.split()))
        if match is not None:
            words, at = match["widths"], read_temperature(match["temperature"])
            law = _law(match["law"], text)
        first, comma, rest = words.partition(",")
        given: list[float | dict[str, float]]
        if comma and " " not in first.strip() and not is_file(user_path(words)):
            given = [read_linewidths(part.strip(), zero=True) for part in (first, rest)]
        else:
            given = [read_linewidths(words, zero=True)]
        widths = [x for x in given if isinstance(x, float)]
        if len(widths) > 1:
            raise GrammarError(
                f"cannot read the linewidths {text!r}",
                why="there are two for all modes",
                fix="write them as in 0.05THz, Eu#1 0.08THz",
            )
        modes = next((x for x in given if not isinstance(x, float)), {})
        others = widths[0] if widths else DAMPING
        return cls(modes, others, at, law)

    def factor(self, frequency: float, temperature: float | None) -> float:
        """Return by what the widths of a mode are multiplied at a temperature in K.

        Raises
        ------
        InputError
            They depend on temperature, and it is not given.
        """
        if self.temperature is None:
            return 1.0
        if temperature is None:
            raise InputError(
                "the linewidths depend on temperature",
                why=f"they are those at {self.temperature:g} K, with a law for others, and no "
                "temperature is given",
                fix="give one, as in --temperature 77K, or leave out the law",
            )
        now, then = (occupation(frequency / 2, t) for t in (temperature, self.temperature))
        return (1 + 2 * now) / (1 + 2 * then)


def _law(word: str | None, text: str) -> Law:
    if word is not None and word.lower() == "klemens":
        return "klemens"
    raise GrammarError(
        f"cannot read the linewidths {text!r}",
        why="how they change from that temperature to others is not stated"
        if word is None
        else f"{word!r} is no law of it",
        fix="write klemens for decay into two quanta of half the frequency, as in 0.05THz at 300K "
        "klemens",
    )
