"""What a detector shows of a simulation, as a table of traces that ``validate`` reads."""

from __future__ import annotations

import os

import numpy as np

from symchiral.disk import mark, write_text
from symchiral.dynamics.detector import Detector
from symchiral.dynamics.pulse import Pulse
from symchiral.dynamics.run import Run
from symchiral.dynamics.surface import EnteringPulse

KIND = "traces"
"""Kind of the files."""

SAMPLES = 8
"""Times in a period of the fastest mode."""

UNITS = {"balanced": "rotation of the probe in mrad", "analyser": "emitted field in kV/cm per nm"}
"""What the channels are."""


def write_traces(
    path: str | os.PathLike[str], run: Run, detector: Detector, *, overwrite: bool = False
) -> None:
    """Write the signals of a run as CSV, with what is known of pump and probe before the header.

    Raises
    ------
    InputError
        As for :meth:`Detector.signals`; or the file cannot be written, or another lies there.
    """
    signals = detector.signals(run)
    pulse = run.drive.pulse if isinstance(run.drive, EnteringPulse) else run.drive
    axis = run.model.coordinates.modes.axis
    fold = f"fold {1 if axis is None else axis.order}, " if detector.kind == "balanced" else ""
    channels = ", ".join(f"{name} = {angle:g}" for name, angle in detector.channels)
    lines = [f"# {mark(KIND)}", f"# {UNITS[detector.kind]}"]
    lines.append(f"# probe: {detector.kind}, {fold}{channels}")
    pump = None
    if isinstance(pulse, Pulse):
        lines.append(f"# pump_frequency: {pulse.thz:g} THz")
        lines.append(f"# bandwidth: {pulse.bandwidth:.4g} THz")
        lines.append(f"# duration: {pulse.fwhm_ps:g} ps")
        lines.append(f"# exclude: {pulse.start:g}, {pulse.end:g}")
        pump = pulse.polarization if isinstance(pulse.polarization, str) else None
    if detector.response:
        lines.append(f"# response: {detector.response:g}")
    names = ["time_ps", *(["pump"] if pump else []), *(name for name, _ in detector.channels)]
    lines.append(",".join(names))
    step = float(run.times[1] - run.times[0])
    fastest = float(run.model.coordinates.frequencies.max())
    stride = max(1, int(1 / (SAMPLES * fastest * step)))
    kept = np.arange(0, len(run.times), stride)
    word = [pump] if pump else []
    for t, row in zip(run.times[kept], signals[kept], strict=True):
        lines.append(",".join([f"{t:.6g}", *word, *(f"{x:.6g}" for x in row)]))
    write_text(path, "\n".join(lines) + "\n", KIND, overwrite=overwrite)
