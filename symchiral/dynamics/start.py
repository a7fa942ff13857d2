"""Modes that are set in motion at time zero, in the place of light that drives them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import pi

import numpy as np
import numpy.typing as npt

from symchiral.errors import GrammarError, LabelError, nearest
from symchiral.modes.coordinates import NormalCoordinates

Floats = npt.NDArray[np.float64]

_WRITTEN = re.compile(r"\s*(?P<mode>.+?)\s+(?P<size>[0-9]*\.?[0-9]+)\s*(?:Å|A|angstrom)\s*")


@dataclass(frozen=True)
class Start:
    r"""One mode that moves freely from t = 0 on, :math:`Q = \mathrm{Re}\, a\, ε_l e^{-iωt}`.

    Attributes
    ----------
    mode : str
        Its name, ``E1u(1,+)``: a circular motion, or that of a mode without a partner.
    displacement : float
        Largest displacement of an atom in it, Å.
    """

    mode: str
    displacement: float

    @classmethod
    def parse(cls, text: str) -> Start:
        """Read ``"E1u(1,+) 0.05Å"``.

        Examples
        --------
        >>> Start.parse("E1u(1,+) 0.05A")
        Start(mode='E1u(1,+)', displacement=0.05)

        Raises
        ------
        GrammarError
            It is written otherwise.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None or not 0 < float(found["size"]) < 1:
            raise GrammarError(
                f"cannot read the start {text!r}",
                why="it is not a mode and the largest displacement of an atom, below 1 Å, with its "
                "unit",
                fix='write it as in "E1u(1,+) 0.05A"',
            )
        mode = "".join(found["mode"].split()).replace("−", "-")
        return cls(mode, float(found["size"]))

    def state(self, coordinates: NormalCoordinates) -> tuple[Floats, Floats]:
        """Return Q and its velocity at t = 0, (n,) each, √amu Å and √amu Å/ps.

        Raises
        ------
        LabelError
            There is no such mode.
        """
        names = coordinates.circular_names
        short = [name.replace(",*", "") for name in names]
        if self.mode not in (*names, *short):
            raise LabelError(
                f"no mode {self.mode} at the zone centre",
                why="a start names one optical mode, species, number and component",
                fix=nearest(self.mode, names),
            )
        i = (names if self.mode in names else short).index(self.mode)
        vector = coordinates.circular[i].conj()
        # Atoms move along Re u e^{−iωt}, on ellipses whose half axis a has 2a² = |u|² + |u·u|.
        u = coordinates.displacements(vector.real) + 1j * coordinates.displacements(vector.imag)
        reach = np.sqrt((np.sum(np.abs(u) ** 2, axis=1) + np.abs(np.sum(u * u, axis=1))) / 2)
        moving = self.displacement / reach.max() * vector
        omega = 2 * pi * coordinates.frequencies[np.argmax(np.abs(vector))]
        return moving.real, (-1j * omega * moving).real
