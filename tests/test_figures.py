"""Figures as they are printed: sizes, letters, colours for every eye, and files of every format."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import symchiral as sc
from symchiral.answers.bands import Bands
from symchiral.answers.bands import bands as bands_answer
from symchiral.answers.validate import validate as validate_answer
from symchiral.cli import main
from symchiral.dynamics.delaymap import DelayMap
from symchiral.dynamics.run import Run
from symchiral.errors import InputError, LabelError, LimitError
from symchiral.figures import colours
from symchiral.figures.bands import bands_figure
from symchiral.figures.delaymap import map_figure
from symchiral.figures.motion import motion_figure
from symchiral.figures.save import save_figure
from symchiral.figures.stacked import ordinates, shifts
from symchiral.figures.style import MILLIMETRES, SMALLEST, new_figure, styled
from symchiral.figures.validation import validation_figure
from symchiral.forces.bands import Bands as Dispersion
from symchiral.traces.measurement import Measurement, PumpPulse

pytest.importorskip("matplotlib", reason="the extra figures is not installed")

CRYSTALS = (
    ("ZnO", None),
    ("MgB2", "GM M K GM A"),
    ("HgS_cinnabar", "GM A"),
    ("TeO2_alpha", "M GM Z"),
)
"""With forces that ship, and a path; narrow pieces, many levels, pairs, and partners untold."""


@lru_cache(maxsize=8)
def dispersion(name: str = "HgS_cinnabar", path: str | None = "GM A") -> Dispersion:
    return sc.read(f"{name}/phonopy.yaml").bands(path, points=40)


@lru_cache(maxsize=8)
def bands(name: str = "HgS_cinnabar", path: str | None = "GM A") -> Bands:
    return bands_answer(dispersion(name, path))


@lru_cache(maxsize=2)
def run(pump: str = "2.46THz σ+ 1ps 0.2MV/cm") -> Run:
    return sc.read("Bi2Se3/phonopy.yaml").simulate(pump, duration=6)


@lru_cache(maxsize=2)
def two_pulses(mode: str) -> DelayMap:
    pulse, delays = "2.46THz σ+ 0.5ps 0.1MV/cm", np.linspace(0, 3, 32)
    study = sc.read("Bi2Se3/phonopy.yaml")
    return study.delay_map(mode, pulse, pulse, delays, duration=6)


@lru_cache(maxsize=1)
def judged() -> tuple[Any, Any]:
    study = sc.read("Bi2Se3/phonopy.yaml")
    found = study.validate("Bi2Se3/traces.csv")
    return validate_answer(study.crystal, study.axis, found), found.fit


def figures(size: Any) -> Iterator[tuple[str, Any]]:
    for name, path in CRYSTALS:
        yield name, bands_figure(bands(name, path), size=size)
    yield "run", motion_figure(run(), size=size)
    for mode in ("Eg#2", "A1g#1"):
        yield f"map of {mode}", map_figure(two_pulses(mode), size=size)
    yield "traces", validation_figure(*judged(), size=size)
    yield "rows", validation_figure(judged()[0], None, size=size)


@contextmanager
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The texts that are drawn while this is entered: ticks beyond the axes are not."""
    from matplotlib.text import Text

    found: list[Any] = []
    draw = Text.draw

    def recording(text: Any, renderer: Any, *more: Any, **named: Any) -> None:
        if text.get_visible() and text.get_text().strip():
            found.append(text)
        draw(text, renderer, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", recording)
        yield found


def check_texts(name: str, figure: Any, size: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """As wide as a journal wants; every text within, of 7 points, and on no other; how many."""
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(MILLIMETRES[size])
    assert figure.get_size_inches()[1] * 25.4 < 260, name
    with written(monkeypatch) as texts:
        figure.draw_without_rendering()
    sheet = figure.bbox.padded(1)
    boxes = [(text.get_text(), bare(text)) for text in texts]
    for text, box in boxes:
        assert sheet.x0 <= box.x0 < box.x1 <= sheet.x1, (name, text)
        assert sheet.y0 <= box.y0 < box.y1 <= sheet.y1, (name, text)
    for (a, one), (b, other) in combinations(boxes, 2):
        assert not one.overlaps(other), (name, size, a, b)
    assert min(text.get_fontsize() for text in texts) >= SMALLEST, name
    return len(texts)


@pytest.mark.sweep
@pytest.mark.parametrize("size", ["single", "double"])
def test_every_figure_can_be_read_at_its_size(size: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(check_texts(n, f, size, monkeypatch) for n, f in figures(size)) > 200


def test_a_figure_can_be_read_at_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = bands_figure(bands(), size="single")
    assert check_texts("cinnabar", figure, "single", monkeypatch) > 15


def bare(text: Any) -> Any:
    """The box of the letters, less a pixel; without the line from a text to its level."""
    from matplotlib.text import Text

    text.get_window_extent()
    return Text.get_window_extent(text).padded(-1)


@pytest.mark.sweep
@pytest.mark.parametrize("size", ["single", "double"])
def test_numbers_of_bands_stand_apart_within_their_piece(size: Any) -> None:
    written = 0
    for name, path in CRYSTALS:
        axes = bands_figure(bands(name, path), size=size).axes[0]
        boxes = [bare(t) for t in axes.texts]
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2)), name
        lines = axes.transData.transform([(x, 0) for x in axes.get_xticks()])[:, 0]
        for box in boxes:
            assert not any(box.x0 < x - 1 and x + 1 < box.x1 for x in lines), name
        # Markers of the sense are not hidden behind numbers.
        for line in axes.lines:
            if line.get_linestyle() == "None":
                points = line.get_transform().transform(np.column_stack(line.get_data()))
                assert not any(box.contains(*p) for box in boxes for p in points), name
        written += len(boxes)
    assert written > 40


@pytest.mark.sweep
def test_every_kind_of_line_of_bands_is_in_the_legend() -> None:
    kinds = set()
    for name, path in CRYSTALS:
        axes = bands_figure(bands(name, path)).axes[0]
        frame = colours.FAINT
        drawn = {
            (line.get_linestyle() if line.get_marker() == "None" else line.get_marker())
            for line in axes.lines
            if line.get_color() != frame
        }
        handles = axes.get_legend().legend_handles
        told = {h.get_marker() for h in handles} | {
            h.get_linestyle() for h in handles if h.get_marker() == "None"
        }
        assert drawn <= told, name
        kinds |= drawn
    assert kinds == {"-", "--", "^", "v"}


@pytest.mark.sweep
def test_curves_of_a_run_are_named_and_none_hides_another() -> None:
    """Of linear light both circular amplitudes are equal: the broken line lies on the whole one."""
    figure = motion_figure(run("2.46THz x 1ps 0.2MV/cm"), shown=["Eu#1"])
    traces, amplitudes = figure.axes[:2]
    plus, minus = amplitudes.lines
    assert [t.get_text() for t in amplitudes.get_legend().get_texts()] == ["(+)", "(−)"]
    assert plus.get_linestyle() == "-" != minus.get_linestyle()
    assert plus.get_linewidth() > minus.get_linewidth()
    assert (plus.get_color(), minus.get_color()) == (colours.PLUS, colours.MINUS)
    upper, lower = (line.get_ydata() for line in traces.lines)
    assert upper.min() > lower.max()
    assert [t.get_text() for t in traces.texts] == ["Qx", "Qy"]
    for axis in figure.axes:
        assert axis.get_xlabel() or axis.get_ylabel()


def test_ordinates_are_those_of_the_trace() -> None:
    """Whatever is added to a trace: the number beside a point is its value."""
    from matplotlib.figure import Figure

    t = np.linspace(0, 1, 400)
    for scale in (1.0, 3e-5, 4e4):
        signals = scale * np.column_stack([np.sin(20 * t), 2 + 0.5 * np.cos(9 * t)])
        axes, shift = Figure().subplots(), shifts(signals)
        ordinates(axes, signals, shift, "ab", ("k", "k"), "signal")
        found = re.search(r"10([⁻⁰-⁹¹²³]+)", axes.get_ylabel())
        power = int(found[1].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if found else 0
        labels = [float(x.get_text().replace("−", "-")) for x in axes.get_yticklabels()]
        assert len(labels) >= 4
        for place, value in zip(axes.get_yticks(), labels, strict=True):
            away = [place - value * 10.0**power - s for s in shift]
            assert min(map(abs, away)) < 1e-9 * scale


@pytest.mark.sweep
def test_what_a_measurement_leaves_out_is_kept_and_shaded() -> None:
    t = np.linspace(-1, 9, 200)
    signals = np.column_stack([np.cos(12 * t), np.sin(12 * t)])
    measured = Measurement.of(t, signals, time_unit="ps", pump=PumpPulse("+"), exclude=(-0.5, 1.0))
    (one,) = measured.runs
    assert one.excluded is not None
    assert len(one.times) + len(one.excluded.times) == 200
    assert one.excluded.times.max() < one.times.min()
    figure = validation_figure(*judged())
    traces, residuals = figure.axes[:2]
    kept = judged()[1].measurement.runs[0]
    for axes in (traces, residuals):
        (shade,) = axes.patches
        assert shade.get_x() + shade.get_width() == pytest.approx(kept.times[0])
    assert residuals.get_ylabel() == "data − fit"
    points = [line.get_ydata() for line in residuals.lines if line.get_marker() != "None"]
    left = judged()[1].residuals(0)
    for c, y in enumerate(points):
        assert np.ptp(y - left[:, c]) < 1e-12


# ------------------------------------------------------------------------------- colours

# Machado, Oliveira and Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), severity 1.
EYES = {
    "no red cones": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}  # fmt: skip
XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)  # of linear sRGB, IEC 61966-2-1

Real = npt.NDArray[np.float64]


def linear(colour: str) -> Real:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: Real) -> Real:
    """CIE L*a*b* of linear sRGB, under D65."""
    x = XYZ @ np.clip(rgb, 0, 1) / XYZ.sum(axis=1)
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(
    "senses",
    [
        (colours.PLUS, colours.MINUS, colours.STILL),
        (colours.PLUS_ON_DARK, colours.MINUS_ON_DARK, colours.STILL_ON_DARK),
    ],
)
def test_senses_are_told_apart_by_every_eye_and_in_grey(senses: tuple[str, ...]) -> None:
    """Distances of 2 can just be seen; in grey only L* is left."""
    for eye, matrix in EYES.items():
        seen = [lab(np.array(matrix) @ linear(c)) for c in senses]
        for a, b in combinations(seen, 2):
            assert np.linalg.norm(a - b) > 25, eye
    lightness = [lab(linear(c))[0] for c in senses]
    assert min(abs(a - b) for a, b in combinations(lightness, 2)) > 10
    # Along the scale of J it runs in one direction.
    assert sorted(lightness) in (lightness, lightness[::-1])


def test_curves_that_differ_in_else_are_told_apart() -> None:
    for eye, matrix in EYES.items():
        seen = [lab(np.array(matrix) @ linear(c)) for c in colours.SERIES]
        for a, b in combinations(seen, 2):
            assert np.linalg.norm(a - b) > 20, eye


@pytest.mark.parametrize(
    ("colour", "page"),
    [
        (colours.PLUS, "#ffffff"),
        (colours.MINUS, "#ffffff"),
        (colours.PLUS_ON_DARK, "#121212"),
        (colours.MINUS_ON_DARK, "#121212"),
    ],
)
def test_words_in_the_colours_of_the_senses_can_be_read(colour: str, page: str) -> None:
    """Contrast of WCAG 2.1, 1.4.3."""
    a, b = sorted(float(XYZ[1] @ linear(c)) for c in (colour, page))
    assert (b + 0.05) / (a + 0.05) >= 4.5


def test_the_colours_of_the_senses_are_written_once() -> None:
    package = Path(sc.__file__).parent
    for colour in (colours.PLUS, colours.MINUS, colours.PLUS_ON_DARK, colours.MINUS_ON_DARK):
        files = [
            path.name
            for path in package.rglob("*")
            if path.suffix in (".py", ".js", ".css", ".html") and colour in path.read_text("utf-8")
        ]
        assert files == ["colours.py"]


def test_orbits_have_the_sense_of_their_motion() -> None:
    phase = 2 * np.pi * np.arange(24) / 24
    circle = np.column_stack([np.cos(phase), np.sin(phase), 0 * phase])
    line = np.column_stack([np.cos(phase), 0.5 * np.cos(phase), 0 * phase])
    moved = np.stack([circle, circle * [1, -1, 1], line, 1e-9 * circle, 0 * circle], axis=1)
    assert colours.orbit_senses(moved) == [1, -1, 0, 0, 0]


# ------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    "ending", [*(pytest.param(x, marks=pytest.mark.sweep) for x in ("pdf", "svg", "png")), "eps"]
)
def test_files_hold_text_and_no_date_and_are_written_without_complaint(
    ending: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = [tmp_path / f"{name}.{ending}" for name in "ab"]
    found = dispersion()
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        for file in files:
            sc.save(found, file, size="single")
    assert not caplog.records
    one, other = (file.read_bytes() for file in files)
    assert one == other
    if ending == "svg":
        assert b">Frequency (THz" in one
        assert b'width="243.' in one  # points: 86 mm
    elif ending == "eps":
        assert b"%%BoundingBox: " in one
        assert b"CreationDate" not in one
        assert b"FontType 42" in one
        box = re.search(rb"%%HiResBoundingBox: (\S+) \S+ (\S+) ", one)
        assert box is not None
        assert float(box[2]) - float(box[1]) == pytest.approx(86 / 25.4 * 72, abs=1)
    elif ending == "pdf":
        assert b"/Type /Font" in one or b"/FontDescriptor" in one
        assert b"/Type3" not in one
    else:
        from PIL import Image

        with Image.open(files[0]) as picture:
            assert picture.width == int(86 / 25.4 * 300)


@pytest.mark.sweep
def test_no_figure_has_what_eps_cannot_hold(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Transparent colours, of which the library warns."""
    with caplog.at_level(logging.WARNING):
        for name, figure in figures("double"):
            with styled():
                save_figure(figure, tmp_path / f"{name}.eps", "test")
    assert not caplog.records


def test_a_style_is_put_on_top(tmp_path: Path) -> None:
    sheet = tmp_path / "mine.mplstyle"
    sheet.write_text("font.size: 12\nxtick.labelsize: 11\nsavefig.bbox: tight\n")
    found = bands()
    figure = bands_figure(found, style=sheet)
    assert {t.get_fontsize() for t in figure.axes[0].get_xticklabels()} == {11}
    assert {t.get_fontsize() for t in figure.axes[0].texts} == {12 * 7 / 8}
    import matplotlib

    before = dict(matplotlib.rcParams)
    with styled("grayscale"):
        assert matplotlib.rcParams["pdf.fonttype"] == 42
        assert matplotlib.rcParams["image.cmap"] == "gray"
    with styled("ggplot"):
        assert matplotlib.rcParams["axes.grid"]
        assert matplotlib.rcParams["axes.labelsize"] == 8
    with styled(sheet):
        assert matplotlib.rcParams["savefig.bbox"] is None
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no.such.key: 3\n", "no.such.key"),
        ("font.size: large\n", "font.size"),
        ("text.usetex: True\n", "usetex"),
        ("\x00\x80", "style"),
    ],
)
def test_a_style_that_makes_no_sense_is_refused(text: str, said: str, tmp_path: Path) -> None:
    sheet = tmp_path / "bad.mplstyle"
    sheet.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=re.escape(said)), styled(sheet):
        pass
    with pytest.raises(InputError, match=r"[Dd]id you mean grayscale"), styled("greyscale"):
        pass


@pytest.mark.sweep
def test_commands_take_size_and_style(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    words = ["bands", "ZnO/phonopy.yaml", "--path", "GM A", "--points", "10", "-o", "b.png"]
    assert main([*words, "--size", "single", "--style", "grayscale", "--jmax", "0.5"]) == 0
    with Image.open("b.png") as picture:
        assert picture.width == int(86 / 25.4 * 300)
    # Before anything is read or computed.
    assert main(["bands", "nowhere.cif", "-o", "b.png", "--style", "nowhere"]) == 1
    assert "neither a file nor a style" in capsys.readouterr().err
    assert main([*words, "--jmax", "0"]) == 1
    assert "positive" in capsys.readouterr().err
    settings = tmp_path / "settings.toml"
    settings.write_text('size = "single"\n')
    monkeypatch.setenv("SYMCHIRAL_SETTINGS", str(settings))
    assert main([*words]) == 0
    with Image.open("b.png") as picture:
        assert picture.width == int(86 / 25.4 * 300)


# ------------------------------------------------------------------------------- axes


@pytest.mark.sweep
def test_given_axes_are_drawn_into_and_no_figure_is_made() -> None:
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    answer, fit = judged()
    found = dispersion()
    for noun, count, options in (
        (found, 1, {"unit": "meV", "jmax": 0.3}),
        (run(), 4, {"shown": ["Eg#2"]}),
        (fit, 12, {}),
        (answer, 1, {}),
    ):
        figure = Figure(figsize=(12, 9), layout="constrained")
        axes = np.atleast_1d(figure.subplots(1 if count < 12 else 4, min(count, 3) or 1)).ravel()
        if count == 4:
            figure.clear()
            axes = figure.subplots(2, 2).ravel()
        before = pyplot.get_fignums()
        drawn = sc.draw(noun, axes, **options)
        assert list(drawn) == list(axes)
        assert pyplot.get_fignums() == before
        assert all(a.has_data() for a in axes)
        with pytest.raises(InputError, match="axes"):
            sc.draw(noun, [*axes, *axes], **options)
    with pytest.raises(InputError, match="cannot draw a int"):
        sc.draw(3)  # type: ignore[arg-type]


@pytest.mark.sweep
def test_without_axes_pyplot_has_the_figure() -> None:
    code = (
        "import matplotlib; matplotlib.use('agg'); import symchiral as sc;"
        "from matplotlib import pyplot;"
        "b = sc.read('HgS_cinnabar/phonopy.yaml').bands('GM A', points=10);"
        "axes, = sc.draw(b); assert pyplot.gcf() is axes.figure; print(axes.get_ylabel())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "Frequency (THz)\n"


def test_the_scale_of_j_can_be_chosen() -> None:
    found = bands()
    for jmax, extend in ((None, "neither"), (0.2, "both"), (1.0, "neither")):
        bar = bands_figure(found, jmax=jmax).axes[1]
        low, high = bar.get_ylim()
        assert low == -high
        if jmax is not None:
            assert high == pytest.approx(jmax)
        assert bar._colorbar.extend == extend
    with pytest.raises(LimitError, match="positive"):
        bands_figure(found, jmax=-1)


def test_a_size_is_one_of_two() -> None:
    with pytest.raises(LabelError, match="single or double"):
        new_figure("triple", 50)  # type: ignore[arg-type]
