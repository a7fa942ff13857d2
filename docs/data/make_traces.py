"""Write bi2se3_traces.csv: a made-up experiment on Bi2Se3, in closed form.

Balanced signals S(θ) ∝ Qx sin 2θ + Qy cos 2θ at θ = 0° and 45° of an Eg mode at 4.05 THz (the
frequency in arXiv:1708.03318, abstract) that a σ± pump of 2.0 THz makes turn the other way, and a
linear pump drives along a line. Damping, amplitudes and noise are invented.
"""

from pathlib import Path

import numpy as np

FREQUENCY, DAMPING, NOISE = 4.05, 0.45, 0.12
LINES = (
    "# pump_frequency: 2.0 THz",
    "# bandwidth: 0.3 THz",
    "# probe: balanced, fold 3, S0 = 0, S45 = 45",
    "# exclude: -1, 1",
    "time_ps,pump,S0,S45",
)


def main() -> None:
    rng = np.random.default_rng(2026)
    times = np.arange(-1.5, 6.5, 0.05)
    rows = list(LINES)
    for pump, along, across in (("σ+", 0.9, -0.8), ("σ-", 0.9, 0.8), ("linear", 0.85, 0.0)):
        angle = 2 * np.pi * FREQUENCY * times - 0.7
        fade = np.where(times > 0, np.exp(-DAMPING * times), 0.0)
        x, y = along * fade * np.cos(angle), across * fade * np.sin(angle)
        drift = 0.2 - 0.02 * times
        pulse = 2.0 * np.exp(-((times / 0.35) ** 2)) * np.cos(4 * np.pi * times)
        s0, s45 = (q + drift + pulse + NOISE * rng.standard_normal(len(times)) for q in (y, x))
        rows += [f"{t:.2f},{pump},{a:.4f},{b:.4f}" for t, a, b in zip(times, s0, s45, strict=True)]
    path = Path(__file__).with_name("bi2se3_traces.csv")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
