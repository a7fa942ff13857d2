"""Modes that are set in motion at time zero, in the place of light that drives them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import pi

import numpy as np

from symchiral.errors import GrammarError
from symchiral.modes.coordinates import NormalCoordinates
from symchiral.modes.names import ModeName, find_name
from symchiral.units import SIZE
from symchiral.value import Floats

_SIZE = re.compile(rf"(?P<size>{SIZE})(?:Å|A|angstrom)")


@dataclass(frozen=True)
class Start:
    r"""One mode that moves freely from t = 0 on, :math:`Q = \mathrm{Re}\, a\, ε_l e^{-iωt}`.

    Attributes
    ----------
    mode : str
        Its name, ``E1u#1(+)``: a circular motion, or that of a mode without a partner.
    displacement : float
        Largest displacement of an atom in it, Å.
    """

    mode: str
    displacement: float

    @classmethod
    def parse(cls, text: str) -> Start:
        """Read ``"E1u#1(+) 0.05Å"``.

        Examples
        --------
        >>> Start.parse("E1u#1(+) 0.05A")
        Start(mode='E1u#1(+)', displacement=0.05)

        Raises
        ------
        GrammarError
            It is written otherwise.
        """
        words = re.sub(r" (?=(?:Å|A|angstrom)$)", "", " ".join(text.split())).split(" ")
        found = _SIZE.fullmatch(words[-1])
        if found is None or len(words) < 2 or not 0 < float(found["size"]) < 1:
            raise GrammarError(
                f"cannot read the start {text!r}",
                why="it is not a mode and the largest displacement of an atom, below 1 Å, with its "
                "unit",
                fix='write it as in "E1u#1(+) 0.05A"',
            )
        return cls(str(ModeName.parse(" ".join(words[:-1]))), float(found["size"]))

    def state(self, coordinates: NormalCoordinates) -> tuple[Floats, Floats]:
        """Return Q and its velocity at t = 0, (n,) each, √amu Å and √amu Å/ps.

        Raises
        ------
        LabelError
            There is no such mode.
        """
        names = coordinates.circular_names
        name = find_name(self.mode, names, (m.species for m in coordinates.multiplets))
        vector = coordinates.circular[names.index(name)].conj()
        moving = self.displacement / coordinates.reach(name) * vector
        omega = 2 * pi * coordinates.frequencies[np.argmax(np.abs(vector))]
        return moving.real, (-1j * omega * moving).real
