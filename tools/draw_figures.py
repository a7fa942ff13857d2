"""Draw the figures of ``docs/dynamics.md`` and of the README into ``docs/figures``.

Usage::

    python tools/draw_figures.py
"""

from __future__ import annotations

from pathlib import Path

from symchiral.cli import main

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "figures"
BI2SE3 = ["Bi2Se3/phonopy.yaml", "--frequencies", "Bi2Se3/frequencies_melnikov.json"]
FIGURES = {
    "bi2se3_circular.png": [*BI2SE3, "--pump", "2.0THz σ+ 1ps 0.2MV/cm", "--show", "Eu(1) Eg(2)"],
    "bi2se3_linear.png": [*BI2SE3, "--pump", "2.0THz 30deg 1ps 0.2MV/cm", "--show", "Eu(1) Eg(2)"],
    "anatase_third_harmonic.png": [
        *("TiO2_anatase/phonopy.yaml", "--pump", "4.09THz σ+ 1ps 5MV/cm", "--duration", "10"),
        *("--show", "Eu(1) Eu(2)"),
    ],
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, words in FIGURES.items():
        main(["simulate", *words, "--figure", str(FOLDER / name)])
