"""Make the figures of the documentation: ``python docs/figures.py``."""

from pathlib import Path

import symchiral as sc
from symchiral.answers.bands import bands
from symchiral.figures.bands import bands_figure

ROOT = Path(__file__).resolve().parent.parent

for name in ("SiO2_quartz_P3121", "ZnO"):
    found = sc.read(ROOT / "structures" / name).bands()
    bands_figure(bands(found)).savefig(
        ROOT / "docs" / "_static" / f"bands_{name}.png", dpi=110, metadata={"Software": None}
    )
