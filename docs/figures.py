"""Make the figures of the documentation: ``python docs/figures.py [NAME …]``.

Those of the report are taken by Debian's chromium (extra ``[browser]``).
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import symchiral as sc
from symchiral.cli import main
from symchiral.figures.colours import MINUS, PLUS, SHADE, STILL
from symchiral.figures.save import DPI
from symchiral.figures.style import new_figure, styled
from symchiral.reading.spectrum import read_frequencies

FOLDER = Path(__file__).resolve().parent / "figures"

MEASURED = "Bi2Se3/frequencies_melnikov.json"
BI2SE3 = ["simulate", "Bi2Se3/phonopy.yaml", "--frequencies", MEASURED]

COMMANDS = {
    "bands_quartz": ["bands", "SiO2_quartz_P3121/phonopy.yaml"],
    "bands_ZnO": ["bands", "ZnO/phonopy.yaml"],
    "bands_cinnabar": [
        *("bands", "HgS_cinnabar/phonopy.yaml", "--path", "GM A", "--rotational-sum-rule"),
    ],
    "bi2se3_circular": [*BI2SE3, "--pump", "2.0THz σ+ 1ps 0.2MV/cm", "--show", "Eu#1 Eg#2"],
    "bi2se3_linear": [*BI2SE3, "--pump", "2.0THz 30deg 1ps 0.2MV/cm", "--show", "Eu#1 Eg#2"],
    "bi2se3_film": [
        *(*BI2SE3, "--pump", "2.0THz s+ 1ps 0.1mJ/cm2", "--film", "25nm on 3.07"),
        *("--show", "Eu#1 Eg#2"),
    ],
    "bi2se3_map": [
        *(*BI2SE3, "--pump", "2.05THz s+ 0.5ps 0.1MV/cm", "--pump", "2.05THz s+ 0.5ps 0.1MV/cm"),
        *("--sweep", "delay 0..6.3ps 64", "--map", "Eg#2"),
    ],
    "anatase_third_harmonic": [
        *("simulate", "TiO2_anatase/phonopy.yaml", "--pump", "4.09THz σ+ 1ps 5MV/cm"),
        *("--duration", "10", "--show", "Eu#1 Eu#2"),
    ],
    "bi2se3_lines": [
        *("validate", "Bi2Se3/phonopy.yaml", "Bi2Se3/traces.csv", "--frequencies", MEASURED),
    ],
}
"""Figures that a command draws: what a reader types, without the name of the file."""


def transfer(path: Path) -> None:
    """Two quanta of Eu make one of Eg: the paths of two atoms of Bi2Se3, and both amplitudes."""
    frequencies = read_frequencies(MEASURED)
    study = sc.read("Bi2Se3/phonopy.yaml")
    run = study.simulate("2.0THz σ+ 1ps 0.2MV/cm", duration=16, frequencies=frequencies)
    told = (
        ("Eu#1", PLUS, 2, "the pump drives $E_u$\n2.05 THz, $l = +1$"),
        ("Eg#2", MINUS, 3, "and $E_g$ answers\n4.05 THz, $l = 1 + 1 \\equiv -1$ (mod 3)"),
    )
    with styled():
        figure = new_figure("double", 62)
        orbits = figure.subplots(1, 3, width_ratios=(1, 1, 1.3))
        right = orbits[2]
        for axis, (name, colour, atom, title) in zip(orbits[:2], told, strict=True):
            alone = np.zeros_like(run.coordinates)
            slots = run.model.coordinates.slots(name)
            alone[:, slots] = run.coordinates[:, slots]
            moved = run.model.coordinates.displacements(alone)[:, atom] @ run.model.lab.T
            x, y = 1e3 * moved[run.after, :2].T
            step = run.times[1] - run.times[0]
            turn = round(0.85 / run.motion(name).frequency / step)
            first = int(np.argmax(np.hypot(x, y)))
            axis.plot(x, y, color=STILL, lw=0.3)
            axis.plot(x[first : first + turn], y[first : first + turn], color=colour, lw=2.5)
            axis.annotate(
                "",
                (x[first + turn], y[first + turn]),
                (x[first + turn - 3], y[first + turn - 3]),
                arrowprops={"arrowstyle": "-|>,head_width=0.4,head_length=0.8", "color": colour},
            )
            reach = 1.25 * float(np.hypot(x, y).max())
            axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
            axis.set(title=title, xlabel="x of a Se atom (mÅ)", ylabel="y (mÅ)")
            wave = np.abs(run.amplitudes(name)).max(axis=1)
            style = "-" if colour == PLUS else "--"
            right.plot(run.times, wave, color=colour, lw=2, ls=style, label=f"$E_{name[1]}$")
        right.set(xlim=(-2, 16), ylim=(0, None))
        right.set(xlabel="time (ps)", ylabel="amplitude (√amu Å)")
        right.axvspan(-1, 1, color=SHADE, zorder=0, label="pulse, σ+")
        right.legend()
        figure.savefig(path, dpi=DPI, metadata={"Software": None})


def by_command(words: list[str], path: Path) -> None:
    """Draw what a command draws."""
    option = "--figure" if words[0] == "simulate" else "-o"
    if main([*words, option, str(path), "--overwrite"]):
        raise SystemExit(f"symchiral {' '.join(words)} failed")


PAGES = {
    "report_bi2se3": (
        800,
        """document.querySelector("#transfers button.opens").click();
        document.querySelector("#transfers-title").scrollIntoView();""",
    ),
    "report_motion": (
        590,
        """const time = document.querySelector("#instant");
        time.value = 1;
        time.dispatchEvent(new Event("input"));
        document.querySelector("#motion").scrollIntoView();""",
    ),
}
"""Pictures of the report of Bi2Se3: the height of the window, and what is done before."""


def by_browser(height: int, script: str, path: Path) -> None:
    """Take a picture of the report in a browser."""
    sys.path.insert(0, str(FOLDER.parents[1] / "tests"))
    from browsing import opened, started

    with tempfile.TemporaryDirectory() as folder, contextmanager(started)() as driver:
        file = Path(folder) / "report.html"
        if main(["report", "Bi2Se3/phonopy.yaml", "-o", str(file)]):
            raise SystemExit("symchiral report failed")
        opened(driver, file, 1280, height)
        driver.execute_script(script)
        driver.execute_async_script("setTimeout(arguments[0], 400)")
        shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    path.write_bytes(base64.b64decode(shot["data"]))


FIGURES: dict[str, Callable[[Path], None]] = {"transfer": transfer} | {
    name: lambda path, words=words: by_command(words, path)  # type: ignore[misc]
    for name, words in COMMANDS.items()
}
FIGURES |= {
    name: lambda path, told=told: by_browser(*told, path)  # type: ignore[misc]
    for name, told in PAGES.items()
}

if __name__ == "__main__":
    for figure in sys.argv[1:] or FIGURES:
        FIGURES[figure](FOLDER / f"{figure}.png")
