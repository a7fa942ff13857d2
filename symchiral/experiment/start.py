r"""Where to start a fit: the strongest line of a spectrum, and a line that is really two.

A damped oscillation is looked for with matched filters :math:`e^{-\gamma t}e^{i\omega t}` of a few
dampings over a fine grid of frequencies. What counts is the posterior
:math:`\exp(G/2s^2)/\omega`, with G the square that a line would remove and :math:`s^2` the mean
square of what is left: the scale of frequencies is unknown beforehand (a prior even in the
logarithm), so that peaks of noise at high frequency do not win by their number.

Where one filter answers for two close lines, a matrix pencil (a subspace method) tells them apart:
the trace is turned to rest at the frequency found and averaged over half periods, or several in a
long record, in which its counter-rotating half averages out; the poles are the eigenvalues of the
shift between neighbouring Hankel matrices in their signal subspace.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from symchiral.experiment.oscillators import Block
from symchiral.value import TINY, Floats

DAMPINGS = (0.0, 3.0, 9.0)
"""Dampings of the matched filters, in units of the inverse length of the record."""

FEWEST_BINS = 8
"""Half periods a record must hold for two lines to be told apart by their poles."""

MOST_BINS = 512
"""Most bins in which two close lines, at rest, are told apart; the time grows with their cube."""

POINTS_PER_BIN = 4
"""Points of the spectrum per inverse length of the record."""

LOST_SHARE = 0.15
"""Part of a peak that may fall between the points of the spectrum and the filters."""

MOST = 4
"""Peaks that are looked at beside a line."""


def spacing(times: Floats) -> float:
    """Return the step that resolves the record: the common one if even, else the median."""
    steps = np.diff(times)
    return float(np.median(steps[steps > 0]))


def strongest(
    blocks: Sequence[Block], residuals: Sequence[Floats], lowest: float, highest: float
) -> tuple[float, float, float]:
    """Return ω, γ of the strongest damped line in the residuals, and the square it would remove.

    Parameters
    ----------
    blocks : sequence of Block
        For their times.
    residuals : sequence of (N, C) arrays
        What is left to explain.
    lowest, highest : float
        Band of ω in rad/ps.
    """
    best, highscore = (lowest, 1.0 / _length(blocks), 0.0), -np.inf
    variance = _variance(residuals)
    if variance == 0.0:
        return best
    for omega, damping, gain in _filtered(blocks, residuals, lowest, highest):
        score = gain / (2 * variance) - np.log(omega)
        at = int(np.argmax(score))
        if score[at] > highscore:
            highscore = float(score[at])
            best = (float(omega[at]), damping, float(gain[at]))
    return best


def peaks(
    blocks: Sequence[Block],
    data: Sequence[Floats],
    lowest: float,
    highest: float,
    omega: float,
    bound: float,
) -> list[tuple[float, float]]:
    """Return ω, γ of peaks that remove about as much as the one at ``omega``, strongest first.

    Parameters
    ----------
    blocks, data, lowest, highest
        As for :func:`strongest`, the line at ``omega`` still in the data.
    omega : float
        Where the line was found, rad/ps; its own peak does not count.
    bound : float
        By how much less than it they may remove. A grid misses some of a peak, so that
        :data:`LOST_SHARE` of what the line removes is allowed beside it.
    """
    gains = list(_filtered(blocks, data, lowest, highest))
    if not gains:
        return []
    far = 2 * np.pi / _length(blocks)
    grid = gains[0][0]
    near = np.abs(grid - omega) < far
    here = max((float(gain[near].max(initial=0.0)) for _, _, gain in gains), default=0.0)
    envelope = np.max([gain for _, _, gain in gains], axis=0)
    damping = np.array([d for _, d, _ in gains])[np.argmax([g for _, _, g in gains], axis=0)]
    enough = here - bound - LOST_SHARE * here
    found: list[tuple[float, float]] = []
    for at in np.argsort(envelope)[::-1]:
        if envelope[at] < enough or len(found) == MOST:
            break
        if not near[at] and all(abs(grid[at] - other) > far / 2 for other, _ in found):
            found.append((float(grid[at]), float(damping[at])))
    return found


def _filtered(
    blocks: Sequence[Block], data: Sequence[Floats], lowest: float, highest: float
) -> Iterator[tuple[Floats, float, Floats]]:
    """Frequencies, damping and the square removed there, for each of the matched filters."""
    length = _length(blocks)
    step = min(spacing(block.times) for block in blocks)
    if not all(_even(block.times, step) for block in blocks):
        step /= 4
    size = 1 << int(np.ceil(np.log2(POINTS_PER_BIN * (length / step + 1))))
    omega: Floats = np.asarray(2 * np.pi * np.fft.rfftfreq(size, step), dtype=np.float64)
    band = (omega >= lowest) & (omega <= highest)
    if not band.any():
        return
    cells = [np.rint((b.times - b.times[0]) / step).astype(np.int64) for b in blocks]
    for fading in DAMPINGS:
        gain: Floats = np.zeros(int(band.sum()))
        for block, residual, cell in zip(blocks, data, cells, strict=True):
            window = np.exp(-fading / length * (block.times - block.times[0]))
            grid = np.zeros((residual.shape[1], size))
            np.add.at(grid.T, cell, residual * window[:, None])
            spectrum = np.fft.rfft(grid, axis=1)[:, band]
            gain += 2 * (spectrum.real**2 + spectrum.imag**2).sum(axis=0) / np.vdot(window, window)
        yield omega[band], fading / length, gain


def _length(blocks: Sequence[Block]) -> float:
    return max(float(np.ptp(block.times)) for block in blocks)


def _variance(residuals: Sequence[Floats]) -> float:
    return sum(float(np.vdot(r, r)) for r in residuals) / sum(r.size for r in residuals)


def _even(times: Floats, step: float) -> bool:
    """Whether all times lie on one grid of this step."""
    cells = (times - times[0]) / step
    return bool(np.abs(cells - np.rint(cells)).max() < 1e-3)


def split(
    blocks: Sequence[Block], residuals: Sequence[Floats], omega: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return (ω, γ) of the two lines around ``omega`` that a matrix pencil finds, or None.

    Parameters
    ----------
    blocks : sequence of Block
        For their times.
    residuals : sequence of (N, C) arrays
        The trace without its other lines.
    omega : float
        Where one line was found, rad/ps.
    """
    half = np.pi / omega
    if not 0 < half < np.inf:
        return None
    width = half * max(np.ceil(_length(blocks) / half / MOST_BINS), 1)
    left, right = [], []
    counts = [int(np.ptp(block.times) / width) for block in blocks]  # the last may be cut short
    columns = min((n for n in counts if n >= FEWEST_BINS), default=0) // 2
    for block, residual, count in zip(blocks, residuals, counts, strict=True):
        if count < FEWEST_BINS:
            continue
        resting = _bins(block.times, residual, omega, width, count)
        rows = np.arange(count - columns)[:, None] + np.arange(columns)
        for column in resting.T:
            hankel = column[rows]
            left.append(hankel[:-1])
            right.append(hankel[1:])
    if not left:
        return None
    first, second = np.concatenate(left), np.concatenate(right)
    # Right signal subspace of the pencil; rank two, for two lines.
    u, s, vh = np.linalg.svd(first, full_matrices=False)
    if s[1] <= 1e-12 * s[0]:
        return None
    shift = (u[:, :2].conj().T @ second @ vh[:2].conj().T) / s[:2, None]
    poles = np.log(np.linalg.eigvals(shift) + TINY) / width
    if not np.isfinite(poles).all():
        return None
    # At rest a line at ω' is exp(−γt − i(ω' − ω)t).
    found = [(omega - float(p.imag), max(-float(p.real), 0.0)) for p in poles]
    return found[0], found[1]


def _bins(times: Floats, data: Floats, omega: float, width: float, count: int) -> np.ndarray:
    """Average e^{iωt} data over bins of one width; empty ones take the mean of their neighbours."""
    index = ((times - times[0]) / width).astype(np.int64)
    inside = index < count
    index = index[inside]
    turned = data[inside] * np.exp(1j * omega * times[inside])[:, None]
    filled = np.bincount(index, minlength=count)
    sums = np.zeros((count, data.shape[1]), dtype=complex)
    np.add.at(sums, index, turned)
    found: np.ndarray = sums / np.maximum(filled, 1)[:, None]
    for hole in np.flatnonzero(filled == 0):
        near = found[max(hole - 1, 0) : hole + 2][filled[max(hole - 1, 0) : hole + 2] > 0]
        found[hole] = near.mean(axis=0) if len(near) else 0.0
    return found
