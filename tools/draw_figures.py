"""Draw the figures of ``docs/dynamics.md`` and of the README into ``docs/figures``.

Usage::

    python tools/draw_figures.py
"""

from __future__ import annotations

from pathlib import Path

from symchiral.cli import main

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "figures"
MEASURED = ["--frequencies", "Bi2Se3/frequencies_melnikov.json"]
FIGURES = {
    "bi2se3_circular.png": ["2.0THz σ+ 1ps 0.2MV/cm", *MEASURED],
    "bi2se3_linear.png": ["2.0THz 30deg 1ps 0.2MV/cm", *MEASURED],
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, (pump, *words) in FIGURES.items():
        command = ["simulate", "Bi2Se3/phonopy.yaml", "--pump", pump, *words]
        main([*command, "--show", "Eu(1) Eg(2)", "--figure", str(FOLDER / name)])
