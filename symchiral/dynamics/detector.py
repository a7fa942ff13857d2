r"""What a detector shows of the motion of modes: rotation of a probe, or the field that they emit.

Light travels along the axis. A balanced detector sees by how much a probe polarised along θ, with x
and y those of the model, is rotated,

.. math:: S_θ = \frac{δχ_{xy} \cos 2θ - \tfrac12 (δχ_{xx} - δχ_{yy}) \sin 2θ}{n (n^2 - 1)},
   \qquad δχ = \frac{4π}{V} \sum_a \frac{∂α}{∂Q_a} Q_a ,

in reflection from a thick crystal of the index n = √ε∞, from :math:`r = (1 - n)/(1 + n)` and
:math:`δn = δχ/2n`. Behind an analyser at θ a free-standing film of thickness d emits

.. math:: S_θ = -\frac{d}{2 ε_0 c V} \sum_a (Z_a · \hat e_θ)\, \dot Q_a .

The response of the instrument is Gaussian.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.run import Run
from symchiral.errors import InputError
from symchiral.units import SPEED_OF_LIGHT, VACUUM_PERMITTIVITY
from symchiral.value import Floats

DetectorKind = Literal["balanced", "analyser"]

MILLIRADIANS = 1e3
KILOVOLTS = 1e5
"""1 V/Å in kV/cm."""

NANOMETRE = 10.0
"""Å: thickness of the film that emits."""


@dataclass(frozen=True)
class Detector:
    """A detector of one or more channels.

    Attributes
    ----------
    kind : str
        ``balanced``: the rotation of a probe, in mrad; ``analyser``: the emitted field of a film of
        1 nm, in kV/cm.
    channels : tuple of (str, float)
        Name and angle of every channel, degrees from x.
    response : float
        Full width at half maximum of the response of the instrument, ps; 0 for a fast one.
    noise : float
        Standard deviation of the noise, as a part of the largest signal after the pulse.
    seed : int
        Of the noise.
    """

    kind: DetectorKind
    channels: tuple[tuple[str, float], ...]
    response: float = 0.0
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.channels:
            raise InputError(
                "the detector has no channel",
                why="a channel has a name and an angle",
                fix="write it as in balanced, S0 = 0, S45 = 45",
            )
        if not (
            np.isfinite([self.response, self.noise]).all() and min(self.response, self.noise) >= 0
        ):
            raise InputError(
                f"no detector with a response of {self.response:g} ps and noise of {self.noise:g}",
                why="neither can be negative",
                fix="leave them out for none",
            )

    def signals(self, run: Run) -> Floats:
        """Return the signals of a run, (T, C).

        Raises
        ------
        InputError
            What the detector sees is not known of this crystal: there are no Raman tensors, no
            electronic permittivity, or no Born charges.
        """
        angles = np.radians([angle for _, angle in self.channels])
        if self.kind == "balanced":
            found = run.coordinates @ rotations(run.model, angles)
        else:
            found = _emission(run, angles)
        if self.response:
            from scipy.ndimage import gaussian_filter1d

            step = float(run.times[1] - run.times[0])
            width = self.response / (2 * np.sqrt(2 * np.log(2))) / step
            found = gaussian_filter1d(found, width, axis=0, mode="nearest")
        if self.noise:
            late = found[run.after] if run.after.any() else found
            size = self.noise * float(np.abs(late).max())
            found = found + size * np.random.default_rng(self.seed).standard_normal(found.shape)
        return np.asarray(found)


def rotations(model: NormalModeModel, angles: Floats) -> Floats:
    """Return the rotation of probes polarised along angles in radians by every Q, (n, C).

    In mrad/(√amu Å).

    Raises
    ------
    InputError
        There are no Raman tensors, or no electronic permittivity.
    """
    if model.raman is None or model.dielectric is None:
        raise InputError(
            "it is not known how the probe sees the modes",
            why="there are no Raman tensors"
            if model.raman is None
            else "the electronic permittivity is missing",
            fix='put Raman tensors into the file of couplings, key "raman"'
            if model.raman is None
            else "put BORN beside the forces",
        )
    volume = model.coordinates.modes.crystal.primitive.volume
    tensors = model.raman / (VACUUM_PERMITTIVITY * volume)
    n = model.electronic_index
    along = (tensors[:, 0, 0] - tensors[:, 1, 1]) / 2
    seen = np.outer(tensors[:, 0, 1], np.cos(2 * angles)) - np.outer(along, np.sin(2 * angles))
    return np.asarray(MILLIRADIANS * seen / (n * (n * n - 1)))


def _emission(run: Run, angles: Floats) -> Floats:
    """The field that a film of 1 nm emits, behind analysers, kV/cm."""
    model = run.model
    if not model.charges.any():
        raise InputError(
            "it is not known what the modes emit",
            why="the forces come without Born charges",
            fix="put BORN beside the forces",
        )
    volume = model.coordinates.modes.crystal.primitive.volume
    current = run.velocities @ model.charges[:, :2] / volume
    seen = current @ np.stack([np.cos(angles), np.sin(angles)])
    speed = SPEED_OF_LIGHT * 1e4  # Å/ps
    return np.asarray(-KILOVOLTS * NANOMETRE * seen / (2 * VACUUM_PERMITTIVITY * speed))
