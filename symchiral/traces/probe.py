r"""How a probe sees the two coordinates of a multiplet.

Each channel c is a linear combination of the coordinates, :math:`S_c = \sum_j P_{cj} Q_j`.
Three geometries occur:

coordinates
    the channels are :math:`Q_x` and :math:`Q_y` themselves.
balanced
    a balanced detector sees how far a probe polarised along θ and travelling along the axis is
    turned: :math:`S_\theta = \chi_{xy}\cos2\theta - \tfrac12(\chi_{xx}-\chi_{yy})\sin2\theta`.
    The pair :math:`(\tfrac12(\chi_{xx}-\chi_{yy}), \chi_{xy})` carries two units of angular
    momentum.
    On a three-fold axis :math:`2\equiv-1`: it turns *against* the multiplet, and with x in a mirror
    plane it is proportional to :math:`(Q_x, -Q_y)`, so
    :math:`S_\theta \propto Q_x\sin2\theta + Q_y\cos2\theta`; a motion along the line at −2φ gives
    :math:`\sin2(\theta-\varphi)`. On axes of order 5 and above it rotates with its multiplet (E2)
    and :math:`S_\theta \propto -Q_x\sin2\theta + Q_y\cos2\theta`. On a four-fold axis
    :math:`2\equiv-2` belongs to modes that do not turn, on a two-fold axis nothing turns: there it
    sees no helicity.
analyser
    what comes out is a vector, such as an emitted THz field:
    :math:`S_\theta = Q_x\cos\theta + Q_y\sin\theta`.

A common rotation of the sample or of all angles changes the phases of :math:`a_\pm`, never h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.errors import InputError
from symchiral.units import counted
from symchiral.value import Floats, Value, frozen

Sees = Literal["raman", "infrared", "any"]


@dataclass(frozen=True, eq=False)
class Probe(Value):
    """The geometry of a probe.

    Attributes
    ----------
    channels : tuple of str
        Names of the columns, one per channel.
    matrix : (C, 2) array
        P. One row alone sees one projection of the motion.
    sees : str
        ``raman``, ``infrared`` or ``any``: the activity a mode must have to show.
    fold : int or None
        Order of the axis that the geometry supposes; None if it fits every axis.
    turning : bool
        Whether only modes that rotate about the axis show: what keeps the axis changes neither the
        anisotropy that a balanced detector sees nor the vector behind an analyser.

    Examples
    --------
    >>> Probe.balanced({"S0": 0, "S45": 45}, fold=3).matrix.round(6) + 0.0
    array([[0., 1.],
           [1., 0.]])
    """

    channels: tuple[str, ...]
    matrix: Floats
    sees: Sees
    fold: int | None = None
    turning: bool = False

    def __post_init__(self) -> None:
        matrix = frozen(self.matrix, float)
        object.__setattr__(self, "matrix", matrix)
        if self.sees not in ("raman", "infrared", "any"):
            raise InputError(
                f"a probe cannot see {self.sees!r}",
                why="activity is raman or infrared",
                fix="say raman, infrared, or any if it is not known",
            )
        if len(set(self.channels)) != len(self.channels):
            raise InputError(
                f"the channels {', '.join(self.channels)} are not all different",
                why="every channel of the probe is a column of its own",
                fix="name each column once",
            )
        if matrix.shape != (len(self.channels), 2) or not np.isfinite(matrix).all():
            raise InputError(
                "the geometry of the probe is not usable",
                why=f"{counted(len(self.channels), 'channel')} need a finite "
                f"{len(self.channels)} × 2 matrix",
                fix="give one row (weight of Qx, weight of Qy) per channel",
            )
        sizes = np.linalg.svd(matrix, compute_uv=False) if len(matrix) else np.zeros(2)
        if self.alone and sizes[0] > 0:
            return
        if len(sizes) < 2 or sizes[1] < 0.05 * sizes[0]:
            raise InputError(
                f"the probe {', '.join(self.channels)} does not tell Qx from Qy",
                why="the sense of rotation needs two independent projections of the motion",
                fix="measure two polarisations: balanced 45° apart, or an analyser 90° apart",
            )

    @property
    def alone(self) -> bool:
        """Whether it is one channel, which does not tell Qx from Qy: senses are left open."""
        return len(self.channels) == 1

    @staticmethod
    def coordinates(x: str = "Qx", y: str = "Qy", *, sees: Sees = "any") -> Probe:
        """Two channels that are the coordinates of the multiplet."""
        return Probe((x, y), np.eye(2), sees)

    @staticmethod
    def balanced(angles: dict[str, float], *, fold: int) -> Probe:
        """Balanced detection at probe angles in degrees, along an axis of order ``fold``."""
        if fold < 3 or fold == 4:
            raise InputError(
                f"balanced detection along a {fold}-fold axis sees no helicity",
                why="there the in-plane polarisability belongs to modes that do not turn",
                fix="use channels that are Qx and Qy, or an analyser, or another axis",
            )
        twice = 2 * np.deg2rad(np.array(list(angles.values()), dtype=float))
        sense = -1.0 if fold == 3 else 1.0
        matrix = np.column_stack([-sense * np.sin(twice), np.cos(twice)])
        return Probe(tuple(angles), matrix, "raman", fold, turning=True)

    @staticmethod
    def analyser(angles: dict[str, float], *, sees: Sees = "infrared") -> Probe:
        """A vector seen through an analyser at angles in degrees."""
        theta = np.deg2rad(np.array(list(angles.values()), dtype=float))
        matrix = np.column_stack([np.cos(theta), np.sin(theta)])
        return Probe(tuple(angles), matrix, sees, turning=True)

    def whitening(self, noise: npt.ArrayLike | None = None) -> tuple[Floats, Floats]:
        r"""Return (C, 2) U and (2, 2) W: two channels of equal noise, and back to the coordinates.

        Of one channel (1, 1) U and (2, 1) W, to the part of the coordinates that it sees.

        With N the noise of the channels and :math:`N^{-1}P = U\Sigma V^T`, the two traces
        :math:`\mathbf y = U^T N^{-1}\mathbf S` have equal, uncorrelated noise and keep everything
        that is known of :math:`\mathbf Q = W\mathbf y`, :math:`W = V\Sigma^{-1}`.
        """
        weights = 1 / np.asarray(noise, dtype=float) if noise is not None else np.ones(len(self))
        u, sizes, vt = np.linalg.svd(weights[:, None] * self.matrix, full_matrices=False)
        return weights[:, None] * u, vt.T / sizes

    def __len__(self) -> int:
        return len(self.channels)
