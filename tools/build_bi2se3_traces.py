"""Write structures/Bi2Se3/traces.csv: what a THz experiment on Bi2Se3 would show by `simulate`.

The modes of the zone centre are driven as in docs/dynamics.md, by forces, Born charges and cubic
coefficients from first principles and by the measured frequencies of arXiv:1708.03318 (abstract),
with pulses of σ+, σ− and linear polarisation at two angles. Nothing is said about Eg: what moves it
is the coupling to Eu. A balanced detector sees Eg through the Raman tensor. Added is what
an experiment adds: noise, a drift, and the pump itself while it lasts. Linewidths are assumed.

Angles of pump and probe are counted from a mirror plane, in which x lies, the projection of a. The
two coordinates (Qx, Qy) of Eg are taken as the displacement of the upper Bi atom along x and y, and
S(θ) ∝ Qx sin 2θ + Qy cos 2θ (symchiral/traces/probe.py).
"""

from pathlib import Path

import numpy as np

import symchiral as sc
from symchiral.reading.spectrum import read_frequencies

FILE = Path(__file__).resolve().parent.parent / "structures" / "Bi2Se3" / "traces.csv"

PUMPS = {"σ+": "σ+", "σ-": "σ-", "0 deg": "0deg", "30 deg": "30deg"}
"""As in the file, and as simulate takes them."""

LIGHT = "2.0THz {} 1ps 0.2MV/cm"
LINEWIDTHS = {"Eu#1": 0.2}
"""γ/2π in THz, not measured ones: Eu#1 fades first. Of the others 0.05, as simulate takes it."""

LAST, STEP = 10.0, 0.06
NOISE = 0.3
"""Of the amplitude that Eg has under circular light."""

LINES = (
    "# pump_frequency: 2.0 THz",
    "# bandwidth: 0.45 THz",
    "# probe: balanced, fold 3, S0 = 0, S45 = 45",
    "# exclude: -1.5, 1.5",
    "time_ps,pump,S0,S45",
)


def motion(study: sc.Study, light: str, times: np.ndarray) -> np.ndarray:
    """Displacement of a Bi atom by the Eg modes along x, in a mirror plane, and along y, Å."""
    frequencies = read_frequencies("Bi2Se3/frequencies_melnikov.json")
    run = study.simulate(light, duration=LAST + 1, frequencies=frequencies, damping=LINEWIDTHS)
    coordinates = run.model.coordinates
    q = np.zeros_like(run.coordinates)
    for name in ("Eg#1", "Eg#2"):
        slots = coordinates.slots(name)
        q[:, slots] = run.coordinates[:, slots]
    atom = coordinates.displacements(q)[:, 1] @ run.model.lab.T
    return np.column_stack([np.interp(times, run.times, atom[:, i]) for i in (0, 1)])


def main() -> None:
    """Simulate the four pumps, add noise, and write the file."""
    rng = np.random.default_rng(2026)
    study = sc.read("Bi2Se3/phonopy.yaml")
    times = np.arange(-2.1, LAST, STEP)
    moved = {pump: motion(study, LIGHT.format(name), times) for pump, name in PUMPS.items()}
    scale = np.linalg.norm(moved["σ+"], axis=1).max()
    rows = list(LINES)
    for pump, (x, y) in ((p, m.T / scale) for p, m in moved.items()):
        drift = 0.2 - 0.02 * times
        pulse = 1.5 * np.exp(-2 * np.log(2) * times**2) * np.cos(4 * np.pi * times)
        s0, s45 = (q + drift + pulse + NOISE * rng.standard_normal(len(times)) for q in (y, x))
        rows += [f"{t:.2f},{pump},{a:.4f},{b:.4f}" for t, a, b in zip(times, s0, s45, strict=True)]
    FILE.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
