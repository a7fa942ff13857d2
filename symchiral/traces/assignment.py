r"""Which mode a line belongs to: by activity, by frequency, and by what the pump reaches.

A mode is eligible for a line if the probe can show it, if it lies within three standard deviations
(of the line and of the mode's frequency together), and unless the line rotates and the mode cannot.
The cost of taking a line for a mode is

.. math::
    \tfrac12 \frac{(f - f_m)^2}{\sigma_f^2 + \sigma_m^2} ,

that of a mode of unknown frequency the cost at three standard deviations, and so much more for a
mode that no lawful force of the pump reaches in energy that it is taken only where no other is
eligible. Which way a line turns is no part of the cost: that is what is to be judged. Lines and
modes are paired one to one at the least total cost, and where lines compete for a mode the stronger
one has it. Every other pairing that is not 20 times less likely leaves the line's name open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.display import Worded
from symchiral.errors import InputError
from symchiral.traces.direction import law
from symchiral.traces.expected import CandidateMode
from symchiral.traces.line import Line
from symchiral.traces.probe import Sees
from symchiral.value import TINY, Floats

LARGEST_SQUARE = 1e3
"""Square of standard deviations beyond which a motion is no surer to leave its line."""

LARGEST_DEVIATION = 3.0
"""Standard deviations by which a frequency may be off."""

MARGIN = float(np.log(20.0))
"""An alternative less than this worse, 20 to 1, leaves an assignment open."""

UNREACHED = 0.5 * LARGEST_DEVIATION**2 + MARGIN
"""Cost of a mode that the pump does not reach: more than any other mode and its margin."""

ALONE = 3 * UNREACHED
"""Cost of leaving a line without a mode, less up to ``MARGIN`` where it is weak."""


@dataclass(frozen=True)
class Evidence:
    """How a line bears out a sense.

    Attributes
    ----------
    combined : float
        All of them together in standard deviations, positive in favour; see :func:`together`.
    worst : float
        The least z of a single run.
    runs : int
        Number n of what tells the sense: runs with a circular pump, and the lines of all runs with
        linear pumps together where their angles are known and differ.
    turned : float
        Standard deviations by which the line rotates under a linear pump, the largest of all runs.
    misfit : float
        Standard deviations by which its lines under linear pumps break the law of the angle.
    law : bool
        Whether that law was tested.
    circular : float
        The same of the runs with a circular pump alone.
    against : float
        The least z of these runs.
    reversing : bool
        Whether there are runs with σ+ and runs with σ− among them.
    best : float
        The largest z of the runs with a circular pump.
    told : bool
        Whether no run with a circular pump leaves its sense open.
    """

    combined: float
    worst: float
    runs: int
    turned: float = 0.0
    misfit: float = 0.0
    law: bool = False
    circular: float = 0.0
    against: float = 0.0
    reversing: bool = False
    best: float = 0.0
    told: bool = True

    def split(self, sigma: float) -> bool:
        """Whether runs with one and the same circular pump rotate in opposite senses."""
        return not self.reversing and self.against <= -sigma and self.best >= sigma


def together(z: Sequence[float], common: Sequence[float]) -> float:
    r"""Return how sure several measurements of a sense are together, in standard deviations.

    .. math::
        \frac{\sum_r z_r}{\big[\sum_r (1 - \varphi_r^2) + (\sum_r \varphi_r)^2\big]^{1/2}}

    where the part :math:`\varphi_r` of the error of each is that of one apparatus, of its wave
    plate and its detectors, and noise the rest: noise averages out, the apparatus does not.

    Examples
    --------
    >>> round(together([3.0, 3.0], [0.0, 0.0]), 2), round(together([3.0, 3.0], [1.0, 1.0]), 2)
    (4.24, 3.0)
    """
    if not z:
        return 0.0
    part = np.array(common)
    return float(np.sum(z) / np.sqrt(np.sum(1 - part**2) + np.sum(part) ** 2))


def still(z: Sequence[float]) -> tuple[float, float]:
    """Return how far motions that should be along a line are from it, all together and the worst.

    Standard deviations, negative: those of the probability that noise gives the sum of squares, and
    the largest of so many. The mean of |z| is 0.8 of noise alone, so that they do not just add.

    Examples
    --------
    >>> [round(x, 2) for x in still([1.0] * 16)], [round(x, 2) for x in still([4.0])]
    ([-0.75, -0.0], [-4.0, -4.0])
    """
    from scipy.stats import chi2, norm

    square = np.minimum(np.square(z), LARGEST_SQUARE)
    count = len(square)
    every = chi2.sf(square.sum(), count)
    largest = min(float(chi2.sf(square.max(), 1)), 1 - 1e-12)
    worst = -np.expm1(count * np.log1p(-largest))
    both = -norm.isf(np.maximum([every, worst], TINY) / 2)
    return float(both[0]), float(both[1])


def likelihood(line: Line, *, poles: bool = False) -> float | None:
    r"""Return how much likelier a line rotates with the light than against it.

    Natural logarithm of the ratio of the likelihoods of the sense + under σ+ and − under σ−, and of
    the opposite senses, each at its best. Of a sense that is z standard deviations away from a
    motion along a line, which lies between the two, it is :math:`\pm z^2/2`, with z of all runs
    with circular pumps :func:`together`. None without such runs.

    Parameters
    ----------
    poles : bool
        As the line alone has it, without a model of its force.

    Examples
    --------
    >>> from symchiral.traces.line import lines_of
    >>> row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.8, "error": 0.2}
    >>> (line,) = lines_of({"pump": {"polarization": "σ+"}, "components": [row]})
    >>> round(likelihood(line), 1)
    -8.0
    """
    circular = [t for t in line.turnings if t.pump is not None and t.pump.sense]
    if not circular:
        return None
    z = [
        t.pump.sense * (t.poles if poles and t.poles is not None else t.helicity.sigmas)  # type: ignore[union-attr]
        for t in circular
    ]
    found = together(z, [t.common for t in circular])
    return found * abs(found) / 2


def evidence(line: Line, sense: int, turn: int | None = None) -> Evidence:
    """Return the evidence of a line for a sense under a σ+ pump; 0 is a motion along a line.

    Parameters
    ----------
    line : Line
        The line.
    sense : int
        The helicity that is expected for σ+.
    turn : int, optional
        By how many times the angle of a linear pump its line rotates, if that is known.
    """
    pumped = [t for t in line.turnings if t.pump is not None]
    straight = [t for t in pumped if not t.pump.sense]  # type: ignore[union-attr]
    if sense == 0:
        z, common = [-abs(t.helicity.sigmas) for t in pumped], [t.common for t in pumped]
    else:
        turning = [t for t in pumped if t.pump.sense]  # type: ignore[union-attr]
        z = [sense * t.pump.sense * t.helicity.sigmas for t in turning]  # type: ignore[union-attr]
        common = [t.common for t in turning]
    turned, tested = 0.0, None
    circular = list(z) if sense else []
    alone = together(circular, common[: len(circular)])
    # Strain turns what linear light drives: where it is seen, that tells nothing.
    if turn is not None and line.splitting is None:
        turned = max((abs(t.helicity.sigmas) for t in straight), default=0.0)
        known = [
            (t.pump.angle, t.direction)
            for t in straight
            if t.pump is not None
            and t.pump.angle is not None
            and t.direction is not None
            and t.seen
        ]
        tested = law([a for a, _ in known], [d for _, d in known], turn)
        if tested is not None and tested.tells and sense:
            z.append(tested.favour)
            common.append(0.0)
    combined, worst = together(z, common), float(min(z, default=0.0))
    if sense == 0 and z:
        combined, worst = still(z)
    return Evidence(
        combined,
        worst,
        len(z),
        turned,
        0.0 if tested is None else max(tested.misfit, 0.0),
        tested is not None,
        alone,
        float(min(circular, default=0.0)),
        {t.pump.sense for t in pumped} >= {1, -1},  # type: ignore[union-attr]
        float(max(circular, default=0.0)),
        all(t.told for t in pumped if t.pump.sense),  # type: ignore[union-attr]
    )


@dataclass(frozen=True)
class Refusal(Worded):
    """Why a line near a mode is not of it.

    Attributes
    ----------
    mode : str
        The mode.
    kind : str
        ``activity``: the probe does not see it; ``probe``: it sees only modes that turn, and this
        one cannot; ``geometry``: along the axis it does not show; ``turns``: the line rotates, and
        the mode cannot; ``energy``: no lawful force of the pump reaches it, and another mode near
        the line is reached.
    sees : str or None
        The activity that the probe sees.
    sigmas : float or None
        Standard deviations by which the line rotates.
    """

    mode: str
    kind: Literal["activity", "probe", "geometry", "turns", "energy"]
    sees: Sees | None = None
    sigmas: float | None = None


@dataclass(frozen=True)
class Assignment:
    """A line and the mode it is taken for.

    Attributes
    ----------
    line : Line
        The line.
    mode : CandidateMode or None
        Its mode, None if no candidate is eligible.
    alternatives : tuple of str
        Other modes that are not 20 times less likely, the lines taken together.
    why_not : tuple of Refusal
        Modes near the line that are not eligible, and why.
    """

    line: Line
    mode: CandidateMode | None
    alternatives: tuple[str, ...]
    why_not: tuple[Refusal, ...]


def assign(
    lines: Sequence[Line],
    modes: Sequence[CandidateMode],
    *,
    reached: Callable[[Line, CandidateMode], bool],
    sees: Sees,
    sigma: float,
) -> tuple[Assignment, ...]:
    """Pair lines with modes; lines that are not significant, or of the pump itself, stay alone.

    Parameters
    ----------
    lines, modes
        What is paired.
    reached : callable
        Whether a lawful force of the pump may set a mode swinging at a line.
    sees : str
        Activity that the probe shows.
    sigma : float
        Standard deviations at which a line that turns does so.
    """
    from scipy.optimize import linear_sum_assignment

    if not lines:
        return ()
    costs = np.full((len(lines), len(modes)), np.inf)
    refused: list[list[Refusal]] = [[] for _ in lines]
    for i, line in enumerate(lines):
        for j, mode in enumerate(modes):
            off = distance(line, mode)
            if not (line.significant and line.lasting) or off > LARGEST_DEVIATION:
                continue
            if why := _barrier(line, mode, sees, sigma):
                refused[i].append(why)
                continue
            costs[i, j] = 0.5 * off**2 + (0.0 if reached(line, mode) else UNREACHED)
    # A candidate that stands for several modes can take as many lines.
    columns = np.array(
        [j for j, mode in enumerate(modes) for _ in range(min(mode.count, len(lines)))]
    )
    alone = np.diag(ALONE + _weakness(lines))
    alone[~np.eye(len(lines), dtype=bool)] = np.inf
    table = np.minimum(np.hstack([costs[:, columns], alone]), 1e6)

    def total(given: Floats) -> tuple[float, np.ndarray]:
        rows, found = linear_sum_assignment(given)
        return float(given[rows, found].sum()), found

    least, found = total(table)
    result = []
    for i, line in enumerate(lines):
        if found[i] >= len(columns):
            result.append(Assignment(line, None, (), tuple(refused[i])))
            continue
        own = int(columns[found[i]])
        others = []
        for j in np.argsort(costs[i]):
            if j == own or not np.isfinite(costs[i, j]):
                continue
            forced = table.copy()
            forced[i, : len(columns)][columns != j] = 1e6
            forced[i, len(columns) :] = 1e6
            if total(forced)[0] < least + MARGIN:
                others.append(modes[j].name)
            elif costs[i, j] >= UNREACHED > costs[i, own]:
                refused[i].append(Refusal(modes[j].name, "energy"))
        result.append(Assignment(line, modes[own], tuple(others), tuple(refused[i])))
    return tuple(result)


def distance(line: Line, mode: CandidateMode) -> float:
    """How far a line is from a mode in standard deviations; from one anywhere, as far as can be."""
    if mode.frequency is None:
        return LARGEST_DEVIATION
    spread = float(np.hypot(line.frequency_error, mode.tolerance))
    return abs(line.frequency - mode.frequency) / spread


def check_unit(lines: Sequence[Line], modes: Sequence[CandidateMode]) -> None:
    """Raise if no line is near a mode, but one would be if the unit of time were another.

    Its frequency must then be known as well as that of the mode: one that is hardly known is near
    any mode.

    Raises
    ------
    InputError
        The unit of the times looks wrong.
    """
    if any(
        line.significant and distance(line, m) <= LARGEST_DEVIATION for line in lines for m in modes
    ):
        return
    for factor, mistake in ((1e3, "femtoseconds read as picoseconds"),
                            (1e-3, "picoseconds read as femtoseconds")):  # fmt: skip
        for line in lines:
            moved, error = factor * line.frequency, factor * line.frequency_error
            for mode in modes:
                if mode.frequency is None or error > mode.tolerance or not line.significant:
                    continue
                if abs(moved - mode.frequency) <= LARGEST_DEVIATION * np.hypot(
                    error, mode.tolerance
                ):
                    raise InputError(
                        f"no line is near a mode, but {line.frequency:.4g} THz times {factor:g} is "
                        f"near {mode.name} at {mode.frequency:.4g} THz",
                        why=f"this is what {mistake} look like",
                        fix="check the unit of the times",
                    )


def _weakness(lines: Sequence[Line]) -> Floats:
    """Logarithm of every amplitude by the largest, at least −MARGIN; 0 where it is not known."""
    known = [line.amplitude for line in lines if line.amplitude]
    sizes = [(line.amplitude or 0.0) / max(known) if known else 1.0 for line in lines]
    found: Floats = np.maximum(np.log(np.maximum(sizes, 1e-6)), -MARGIN)
    return found


def _barrier(line: Line, mode: CandidateMode, sees: Sees, sigma: float) -> Refusal | None:
    if not mode.seen_by(sees):
        return Refusal(mode.name, "activity", sees=sees)
    if line.along_axis and not mode.turns:
        return Refusal(mode.name, "probe")
    if line.along_axis and sees != "any" and sees not in mode.shown_along:
        return Refusal(mode.name, "geometry", sees=sees)
    turned = max((abs(t.helicity.sigmas) for t in line.turnings), default=0.0)
    if not mode.turns and turned >= sigma:
        return Refusal(mode.name, "turns", sigmas=turned)
    return None
