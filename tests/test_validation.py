"""Reading measurements, and judging them against candidate channels."""

import gzip
from dataclasses import replace
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from fresh import fresh_seed
from scipy.optimize import minimize
from synthetic_experiment import Line, random_line, traces

from symchiral.engine.reason import Reason, Witness
from symchiral.errors import InputError, LabelError, ReadError, SymchiralError
from symchiral.traces.assignment import likelihood
from symchiral.traces.expected import CandidateChannel, CandidateMode
from symchiral.traces.fit import fit
from symchiral.traces.line import lines_of, observed, read_observed
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.note import Note, NoteKind
from symchiral.traces.probe import Probe
from symchiral.traces.reading import read_measurement
from symchiral.traces.validation import _band
from symchiral.traces.verdict import Advice, AdviceKind, Why, WhyKind, validate_measurement

# ---------------------------------------------------------------- candidates in two patterns

ALLOWED = Reason("invariant", coefficients=1)
INVERSION = Reason("parity", (Witness(1, "{-1|0}", "-x,-y,-z", Fraction(1, 2), name="inversion"),))
THREE = Reason("pam", (Witness(1, "{3+001|0}", "-y,x-y,z", Fraction(2, 3), name="rotation"),))
FOUR = Reason("pam", (Witness(1, "{4+001|0}", "-y,x,z", Fraction(1, 4), name="rotation"),))

THREE_FOLD = (
    [
        CandidateMode("A1g#1", 2.15, False, True, False),
        CandidateMode("Eg#1", 1.15, False, True, True, am_sign=1),
        CandidateMode("Eg#2", 4.05, False, True, True, am_sign=1),
        CandidateMode("Eu#1", 2.0, True, False, True, am_sign=1),
        CandidateMode("Eu#2", 3.95, True, False, True, am_sign=1),
        CandidateMode("A1g#2", 5.2, False, True, False),
    ],
    [
        CandidateChannel("Eu#1(+) Eu#1(+) -> Eg#2(-)", ("Eu#1", "Eu#1"), "Eg#2", -1, "allowed",
                         ALLOWED, "lattice", 4.0),
        CandidateChannel("E[σ+] E[σ+] -> Eg#2(-)", (), "Eg#2", -1, "allowed",
                         ALLOWED, "light", 4.0, photons=2),
        CandidateChannel("Eu#1(+) Eu#1(+) -> Eg#2(+)", ("Eu#1", "Eu#1"), "Eg#2", 1, "forbidden",
                         THREE, "lattice", 4.0),
        CandidateChannel("Eu#1(+) Eu#1(+) -> Eu#2(-)", ("Eu#1", "Eu#1"), "Eu#2", -1, "forbidden",
                         INVERSION, "lattice", 4.0),
        CandidateChannel("Eu#1(+) Eu#1(-) -> A1g#2", ("Eu#1", "Eu#1"), "A1g#2", 0, "allowed",
                         ALLOWED, "lattice", 4.0),
    ],
)  # fmt: skip
"""Two quanta of +1 make one of −1, as in Bi2Se3; the frequencies are made up for the pattern."""

FOUR_FOLD = (
    [
        CandidateMode("Eu#1", 3.0, True, False, True),
        CandidateMode("Eu#2", 6.1, True, False, True),
        CandidateMode("Eg#1", 5.95, False, True, True),
        CandidateMode("B1g#1", 6.0, False, True, False),
        CandidateMode("B1g#2", 3.1, False, True, False),
    ],
    [
        CandidateChannel("Eu#1(+) B1g#2 -> Eu#2(-)", ("Eu#1", "B1g#2"), "Eu#2", -1, "allowed",
                         ALLOWED),
        CandidateChannel("Eu#1(+) B1g#2 -> Eu#2(+)", ("Eu#1", "B1g#2"), "Eu#2", 1, "forbidden",
                         FOUR),
        CandidateChannel("Eu#1(+) Eu#1(+) -> B1g#1", ("Eu#1", "Eu#1"), "B1g#1", 0, "allowed",
                         ALLOWED),
        CandidateChannel("Eu#1(+) Eu#1(+) -> Eg#1(+)", ("Eu#1", "Eu#1"), "Eg#1", 1, "forbidden",
                         FOUR),
    ],
)  # fmt: skip

PATTERNS = {
    "three-fold": (THREE_FOLD, "Eg#2", 4.05, "Eu#1(+) Eu#1(+) -> Eg#2(-)", "raman"),
    "four-fold": (FOUR_FOLD, "Eu#2", 6.1, "Eu#1(+) B1g#2 -> Eu#2(-)", "infrared"),
}


def judged(rng, pattern, sense, runs=("+",), snr=5.0):
    """Judge one synthetic data set whose line rotates with ``sense`` under σ+."""
    (modes, channels), _, frequency, _, sees = PATTERNS[pattern]
    times = np.arange(400) * (10 / frequency) / 400
    parts = []
    for pump in runs:
        h = {"+": 1, "-": -1, "linear": 0}[pump] * sense * rng.uniform(0.5, 1.0)
        line = random_line(rng, frequency, 3 / (10 / frequency), helicity=h)
        parts.append(
            Measurement.of(
                times, traces([line], times, noise=1 / snr, rng=rng), time_unit="ps",
                pump=PumpPulse(pump, frequency / 2), probe=Probe.coordinates(sees=sees),
            )
        )  # fmt: skip
    return validate_measurement(Measurement.together(parts), modes, channels)


def verdict(found, name):
    return next(c.verdict for c in found.channels if c.channel.id == name)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("count", [12, pytest.param(300, marks=pytest.mark.sweep)])
def test_forbidden_helicity_is_inconsistent_and_allowed_is_not(pattern, count):
    """One run at SNR 5, |h| from 0.5 to 1: ≥ 99 % and ≤ 1 %."""
    # Of a few one that is missed by chance would count for more than a hundredth.
    seed = 1 if count < 100 else fresh_seed()
    rng = np.random.default_rng(seed)
    _, mode, _, name, _ = PATTERNS[pattern]
    called = {1: [], -1: []}
    for sense in called:
        for _ in range(count):
            found = judged(rng, pattern, sense)
            line = max(found.lines, key=lambda x: x.assignment.line.amplitude)
            assert line.assignment.mode.name == mode
            called[sense].append((line.verdict, verdict(found, name)))
    wrong = np.mean([x == ("inconsistent", "inconsistent") for x in called[1]])
    right = np.mean(["inconsistent" in x for x in called[-1]])
    kept = np.mean([x == ("consistent", "consistent") for x in called[-1]])
    assert wrong >= 0.99, (seed, wrong)
    assert right <= 0.01, (seed, right)
    assert kept >= 0.99, (seed, kept)


def test_three_fold_pattern_end_to_end():
    found = judged(np.random.default_rng(1), "three-fold", -1, ("+", "-", "linear"))
    (line,) = found.lines
    assert line.assignment.mode.name == "Eg#2"
    assert line.channels == ("Eu#1(+) Eu#1(+) -> Eg#2(-)", "E[σ+] E[σ+] -> Eg#2(-)")
    assert line.mechanical_helicity[0] < -0.4
    assert line.mechanical_helicity[1] > 0.4
    rejected = next(c for c in found.channels if c.channel.id == "Eu#1(+) Eu#1(+) -> Eg#2(+)")
    assert rejected.verdict == "inconsistent"
    assert rejected.reason.rule is THREE
    assert any("(lattice, light)" in advice.text for advice in found.decide)
    # Twice Eu#1 is far from A1g#2: it need not be looked for.
    assert verdict(found, "Eu#1(+) Eu#1(-) -> A1g#2") == "off-resonance"
    assert not any("look for" in advice.text for advice in found.decide)
    # Activity, not frequency alone: the Eu#2 nearby is not what a Raman probe sees.
    refused = {r.mode: r for r in line.assignment.why_not}
    assert refused["Eu#2"].kind == "activity"
    assert refused["Eu#2"].text.startswith("the probe detects raman")


def test_inconsistent_needs_data():
    """A forbidden channel is undecided until the sense of its mode is measured, either way."""
    (modes, channels), *_ = PATTERNS["three-fold"]
    name = "Eu#1(+) Eu#1(+) -> Eg#2(+)"

    def judge(frequency, h, error=0.1, pump="+"):
        row = {"frequency": frequency, "frequency_unit": "THz", "helicity": h, "error": error}
        lines = lines_of({"pump": {"polarization": pump}, "components": [row]})
        found = validate_measurement(lines, modes, channels, sees="raman")
        return next(v for v in found.channels if v.channel.id == name), found

    for arguments, word, words in (
        ((1.15, -0.8), "undecided", "no line was taken for Eg#2"),
        ((4.05, -0.1), "undecided", "is not measured"),
        ((4.05, -0.8, 0.1, "linear"), "undecided", "is not measured"),
        ((4.05, -0.8), "inconsistent", "{3+001|0} multiplies"),
        ((4.05, 0.8), "inconsistent", "{3+001|0} multiplies"),
    ):
        channel, found = judge(*arguments)
        assert channel.verdict == word, arguments
        assert channel.channel.verdict == "forbidden"
        assert channel.reason.kind == "forbidden"
        assert words in channel.reason.text
        assert [v.verdict for v in found.channels].count("consistent") == 2 * (
            arguments == (4.05, -0.8)
        )
    # Nothing but noise: nothing is decided.
    noise = np.random.default_rng(1).standard_normal((200, 2))
    silent = Measurement.of(np.arange(200) * 0.05, noise, time_unit="ps", pump=PumpPulse("+"))
    found = validate_measurement(silent, modes, channels, sees="raman")
    assert {v.verdict for v in found.channels} == {"undecided"}
    assert {v.verdict for v in found.lines} == {"undecided"}


def test_a_record_shorter_than_a_period_says_what_it_cannot_show():
    (modes, channels), *_ = PATTERNS["three-fold"]
    times = np.arange(60) * 0.005
    data = traces([Line(4.05, 0.5, 1.0, -0.8)], times, noise=0.1, rng=np.random.default_rng(1))
    short = Measurement.of(times, data, time_unit="ps", pump=PumpPulse("+"))
    found = validate_measurement(short, modes, channels, sees="raman")
    (note,) = [n for n in found.notes if "shorter than one period" in n.text]
    assert "Eg#1" in note.modes
    assert "Eg#2" not in note.modes
    coarse = np.arange(60) * 0.2
    data = traces([Line(1.15, 0.2, 1.0, -0.8)], coarse, noise=0.1, rng=np.random.default_rng(1))
    found = validate_measurement(
        Measurement.of(coarse, data, time_unit="ps", pump=PumpPulse("+")),
        modes,
        channels,
        sees="raman",
    )
    assert any("do not resolve" in n.text and "Eg#2" in n.modes for n in found.notes)


def test_a_force_beside_the_line_of_its_mode():
    """Eg#2 at 4.05 and again where twice Eu#1 pushes it: the second is no other mode."""
    modes = [m for m in THREE_FOLD[0] if m.name in ("Eu#1", "Eg#2")]
    modes = [replace(m, tolerance=0.02) for m in modes]
    channels = [c for c in THREE_FOLD[1] if c.outgoing == "Eg#2"]
    channels = [replace(c, drive=4.3) for c in channels]
    rows = [
        {"frequency": f, "frequency_unit": "THz", "frequency_error": 0.01, "helicity": -0.8,
         "error": 0.1} for f in (4.05, 4.3)
    ]  # fmt: skip
    lines = lines_of({"pump": {"polarization": "+"}, "components": rows})
    own, forced = validate_measurement(lines, modes, channels, sees="raman").lines
    assert own.verdict == "consistent"
    assert forced.verdict == "undecided"
    assert "forced motion" in forced.reason.text


def test_the_witness_of_a_broken_rule_is_passed_through():
    found = judged(np.random.default_rng(2), "three-fold", 1)
    (line,) = found.lines
    assert line.verdict == "inconsistent"
    assert "Eg#2(+)" in line.reason.channel
    assert line.reason.rule is THREE
    assert "{3+001|0} multiplies" in line.reason.text


def test_turning_tells_modes_of_one_frequency_apart():
    """Between B1g at 6.00 and Eg at 5.95 THz, both Raman active, a line that turns is the Eg."""
    modes, channels = FOUR_FOLD
    for h, name in ((0.8, "Eg#1"), (0.02, "B1g#1")):
        row = {"frequency": 6.0, "frequency_unit": "THz", "helicity": h, "error": 0.1}
        lines = lines_of({"pump": {"polarization": "+"}, "components": [row]})
        found = validate_measurement(lines, modes, channels, sees="raman")
        assert found.lines[0].assignment.mode.name == name
    # The second is not told from an Eg that happens not to turn: open, and said so.
    assert found.lines[0].assignment.alternatives == ("Eg#1",)
    assert found.lines[0].verdict == "undecided"


def test_a_sense_does_not_choose_the_mode_by_which_it_is_judged():
    """Two modes near a line, one of which must turn as it does and the other may not: open."""
    modes = [
        CandidateMode("E1g#1", 4.02, False, True, True),
        CandidateMode("E2g#1", 3.93, False, True, True),
    ]
    channels = [
        CandidateChannel("a", (), "E1g#1", -1, "allowed", ALLOWED),
        CandidateChannel("b", (), "E2g#1", 1, "allowed", ALLOWED),
    ]
    row = {"frequency": 4.0, "frequency_unit": "THz", "helicity": 0.9, "error": 0.1}
    lines = lines_of({"pump": {"polarization": "σ+"}, "components": [row]})
    (line,) = validate_measurement(lines, modes, channels).lines
    assert (line.assignment.mode.name, line.verdict) == ("E1g#1", "undecided")
    assert line.assignment.alternatives == ("E2g#1",)
    assert line.reason.kind == "other-modes"
    assert not line.channels
    # What both would say is said, and the name is left open.
    for sense, word in ((1, "consistent"), (-1, "inconsistent")):
        both = [replace(c, sense=sense) for c in channels]
        (line,) = validate_measurement(lines, modes, both).lines
        assert (line.verdict, line.assignment.alternatives) == (word, ("E2g#1",))
        assert line.channels == (("a", "b") if sense == 1 else ())


def test_lines_are_assigned_together():
    """A mode that another line must be is no alternative, and the stronger of two has it."""
    modes = [
        CandidateMode("E#1", 3.0, False, True, True),
        CandidateMode("E#2", 3.2, False, True, True),
    ]
    row = {"frequency_unit": "THz", "helicity": 0.9, "error": 0.1}
    rows = [{"frequency": f, **row} for f in (2.95, 3.4)]
    pump = {"polarization": "σ+"}
    one, two = lines_of({"pump": pump, "components": rows})
    (alone,) = validate_measurement([one], modes, [], sees="raman").lines
    assert alone.assignment.alternatives == ()
    middle = replace(one, frequency=3.1)
    (open_,) = validate_measurement([middle], modes, [], sees="raman").lines
    assert len(open_.assignment.alternatives) == 1
    first, second = validate_measurement([middle, two], modes, [], sees="raman").lines
    assert (first.assignment.mode.name, second.assignment.mode.name) == ("E#1", "E#2")
    assert not first.assignment.alternatives
    # One mode and two lines, the weaker of which is a little nearer.
    near, far = replace(one, amplitude=0.1), replace(one, frequency=3.06, amplitude=1.0)
    weak, strong = validate_measurement([near, far], modes[:1], [], sees="raman").lines
    assert (weak.assignment.mode, strong.assignment.mode.name) == (None, "E#1")


def test_turning_the_same_way_for_both_pumps_is_inconsistent():
    rng = np.random.default_rng(3)
    (modes, channels), *_ = PATTERNS["three-fold"]
    times = np.arange(400) * 2.5 / 400
    parts = [
        Measurement.of(times, traces([Line(4.05, 1.2, 1.0, -0.8)], times, noise=0.1, rng=rng),
                       time_unit="ps", pump=PumpPulse(p))
        for p in "+-"
    ]  # fmt: skip
    found = validate_measurement(Measurement.together(parts), modes, channels, sees="raman")
    assert found.lines[0].verdict == "inconsistent"
    assert "the same sense for both helicities" in found.lines[0].reason.text


def test_undecided_says_what_is_missing():
    (modes, channels), *_ = PATTERNS["three-fold"]
    for pump, h, words in (
        ("linear", 0.0, "circular"),
        ("+", -0.2, "average about"),
        ("+", -0.9, "add a run with σ−"),
    ):
        row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": h, "error": 0.1}
        found = validate_measurement(
            lines_of({"pump": {"polarization": pump}, "components": [row]}), modes, channels,
            sees="raman",
        )  # fmt: skip
        assert any(words in advice.text for advice in found.decide), found.decide
    assert verdict(found, "Eu#1(+) Eu#1(+) -> Eg#2(-)") == "consistent"


def test_a_pump_elsewhere_is_off_resonance():
    (modes, channels), *_ = PATTERNS["three-fold"]
    pump = {"polarization": "σ+", "frequency": 9.0, "bandwidth": 0.5, "frequency_unit": "THz"}
    row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.9, "error": 0.1}
    lines = lines_of({"pump": pump, "components": [row]})
    found = validate_measurement(lines, modes, channels, sees="raman")
    reasons = {v.channel.id: v.reason for v in found.channels if v.verdict == "off-resonance"}
    driven = reasons["Eu#1(+) Eu#1(+) -> Eg#2(-)"]
    assert (driven.kind, driven.mode, driven.frequency) == ("pump-elsewhere", "Eu#1", 2.0)
    assert driven.pump == pytest.approx(2.025)
    light = reasons["E[σ+] E[σ+] -> Eg#2(-)"]
    assert light.force == pytest.approx((18 - 1.04, 18 + 1.04), abs=0.1)
    assert light.pump == pytest.approx(2.025)
    (line,) = found.lines
    assert (line.verdict, line.reason.kind) == ("not-reached", "not-reached")
    assert "needs a pump near 2.02 THz" in line.reason.text


@pytest.mark.parametrize(
    ("mode", "verdict_then"), [(2.2, "consistent"), (2.6, "off-resonance"), (1.4, "off-resonance")]
)
def test_the_bandwidth_of_the_pump_is_its_full_width(mode: float, verdict_then: str) -> None:
    """2.0 THz with a width of 0.5 THz: two quanta of a mode at 2.6 THz are far from 4 THz."""
    assert PumpPulse("+", 2.0, 0.5).spectrum.reach == (1.265, 2.735)
    assert PumpPulse("+").spectrum is None
    assert _band({PumpPulse("+", 2.0, 0.5), PumpPulse("-", 2.0, 0.3)}) == ((1.265, 2.735), 2.0)
    assert _band({PumpPulse("+", 2.0, 0.5), PumpPulse("-", 3.0)}) == ((1.265, 3.75), None)
    assert _band({PumpPulse("+", 2.0, 0.5), PumpPulse("-")}) == (None, 2.0)
    modes = [
        CandidateMode("Eu#1", mode, True, False, True, tolerance=0.01),
        CandidateMode("Eg#1", 4.0, False, True, True),
    ]
    channels = [CandidateChannel("two", ("Eu#1", "Eu#1"), "Eg#1", -1, "allowed", ALLOWED)]
    pump = {"polarization": "σ+", "frequency": 2.0, "bandwidth": 0.5, "frequency_unit": "THz"}
    row = {"frequency": 4.0, "frequency_unit": "THz", "helicity": -0.9, "error": 0.1}
    found = validate_measurement(
        lines_of({"pump": pump, "components": [row]}), modes, channels, sees="raman"
    )
    assert verdict(found, "two") == verdict_then


def test_swapped_channels_are_suspected():
    modes = [CandidateMode(n, f, False, True, True) for n, f in (("E#1", 2.0), ("E#2", 4.0))]
    channels = [
        CandidateChannel(n, (), n, s, "allowed", ALLOWED) for n, s in (("E#1", 1), ("E#2", -1))
    ]
    rows = [
        {"frequency": f, "frequency_unit": "THz", "helicity": h, "error": 0.1}
        for f, h in ((2.0, -0.9), (4.0, 0.9))
    ]
    found = validate_measurement(
        lines_of({"pump": {"polarization": "σ+"}, "components": rows}), modes, channels
    )
    assert any("swapped" in note.text for note in found.notes)


def test_femtoseconds_read_as_picoseconds():
    (modes, channels), *_ = PATTERNS["three-fold"]
    rng = np.random.default_rng(0)
    times = np.arange(400) * 6.25  # fs
    data = traces([Line(4.05, 1.2, 1.0, -0.8)], times / 1e3, noise=0.1, rng=rng)
    with pytest.raises(InputError, match="femtoseconds read as picoseconds"):
        validate_measurement(Measurement.of(times, data, time_unit="ps"), modes, channels)


def test_a_frequency_that_is_hardly_known_is_no_wrong_unit():
    """A drift of 0.004 ± 0.003 THz is near any mode when a thousand times faster: no error."""
    (modes, channels), *_ = PATTERNS["three-fold"]
    row = {"frequency": 0.004, "frequency_unit": "THz", "helicity": -0.8, "error": 0.1}
    pump = {"polarization": "σ+"}
    drift = lines_of({"pump": pump, "components": [dict(row, frequency_error=0.003)]})
    (line,) = validate_measurement(drift, modes, channels, sees="raman").lines
    assert (line.assignment.mode, line.verdict) == (None, "undecided")
    sharp = lines_of({"pump": pump, "components": [dict(row, frequency_error=2e-5)]})
    with pytest.raises(InputError, match="femtoseconds read as picoseconds"):
        validate_measurement(sharp, modes, channels, sees="raman")


# ---------------------------------------------------------------- files


def table(
    rng, path, *, header="time_fs,pump,Qx,Qy", before="", line="{t:.2f},{p},{x:.5f},{y:.5f}\n"
):
    times = np.arange(400) * 6.25
    text = before + header + "\n"
    for pump, h in (("σ+", -0.8), ("σ-", 0.8), ("linear", 0.0)):
        for t, (x, y) in zip(
            times,
            traces([Line(4.05, 1.2, 1.0, h)], times / 1e3, noise=0.1, rng=rng),
            strict=True,
        ):
            text += line.format(t=t, p=pump, x=x, y=y)
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_with_three_pumps(tmp_path):
    before = "# pump_frequency: 2.0 THz\n# bandwidth: 40 cm-1\n# probe: coordinates, Qx, Qy\n"
    path = table(np.random.default_rng(1), tmp_path / "a.csv", before=before)
    measured = read_measurement(path)
    assert [run.pump.polarization for run in measured.runs] == ["+", "-", "linear"]
    assert measured.runs[0].pump.frequency == 2.0
    assert measured.runs[0].pump.bandwidth == pytest.approx(1.1992, abs=1e-4)
    assert measured.runs[0].times[1] == pytest.approx(6.25e-3)
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_measurement(packed) == measured
    found = validate_measurement(measured, *THREE_FOLD, sees="raman")
    assert found.lines[0].verdict == "consistent"


def test_columns_are_found_by_name_not_by_place(tmp_path):
    path = table(
        np.random.default_rng(1),
        tmp_path / "a.csv",
        header="Qy;pump;delay (fs);Qx",
        line="{y:.5f};{p};{t:.2f};{x:.5f}\n",
    )
    path.write_text(path.read_text(encoding="utf-8").replace(".", ","), encoding="utf-8")
    assert read_measurement(path) == read_measurement(
        table(np.random.default_rng(1), tmp_path / "b.csv")
    )


def test_a_table_and_rows_may_say_how_long_the_pump_is(tmp_path):
    path = tmp_path / "a.csv"
    before = "# pump: σ+\n# pump_frequency: 2.0 THz\n# duration: 882 fs\n"
    path.write_text(before + HEAD + ROWS, encoding="utf-8")
    pump = read_measurement(path).runs[0].pump
    assert (pump.duration, pump.spectrum.source) == (0.882, "duration")
    assert pump.spectrum.width == pytest.approx(0.5)
    for given in (0.882, 0.9):
        asked = read_measurement(path, pump=PumpPulse("+", duration=given))
        assert asked.runs[0].pump == replace(pump, duration=given)
        assert [note.keys for note in asked.notes] == [("duration",)] * (given == 0.9)
    head = {"polarization": "σ+", "frequency": 2.0, "frequency_unit": "THz", "duration": 882}
    row = {"frequency": 4.0, "frequency_unit": "THz", "helicity": 0.9, "error": 0.1}
    (line,) = lines_of({"pump": {**head, "duration_unit": "fs"}, "components": [row]})
    assert line.turnings[0].pump == pump
    with pytest.raises(InputError, match="has no duration_unit"):
        lines_of({"pump": head, "components": [row]})


HEAD = "time_ps,Qx,Qy\n"
ROWS = "".join(f"{0.02 * i:.2f},{np.cos(i / 3):.3f},{np.sin(i / 3):.3f}\n" for i in range(60))


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (HEAD.replace("_ps", "") + ROWS, {}, "is not declared"),
        (HEAD + ROWS, {"time_unit": "fs"}, "contradicts"),
        ("# time_unit: fs\n" + HEAD + ROWS, {}, "contradicts"),
        ("# pump_frequency: 2.0\n" + HEAD + ROWS, {}, "number and a unit"),
        ("# pump_frequency: 2.0 GHz\n" + HEAD + ROWS, {}, "unknown unit"),
        ("# pump_freqency: 2 THz\n" + HEAD + ROWS, {}, "Did you mean pump_frequency?"),
        ("# duration: 2\n" + HEAD + ROWS, {}, "cannot read the duration '2'"),
        ("# probe: balanced, S0 = 0, S45 = 45\n" + HEAD + ROWS, {}, "Write the order too"),
        ("# probe: balanced, fold 3, S0 = 0, S45 = 45\n" + HEAD + ROWS, {}, "no column 'S0'"),
        ("# exclude: 0.1\n" + HEAD + ROWS, {}, "2 numbers are expected"),
        (HEAD.replace("Qy", "Sy") + ROWS, {}, "no column 'Qy'"),
        (HEAD.replace("Qy", "Qx") + ROWS, {}, "twice"),
        (HEAD.replace("time_ps", "step") + ROWS, {}, "no column of delays"),
        (HEAD + ROWS + "1,2\n", {}, "row 61 has 2 cells"),
        (HEAD + ROWS + "1,2,high\n", {}, "row 61 of the column 'Qy' holds 'high'"),
        (ROWS, {}, "has no header"),
        (HEAD, {}, "holds no table"),
        ("", {}, "empty"),
        ("PAR1", {}, "neither pyarrow nor duckdb"),
        ("\0\1", {}, "binary"),
    ],
)
def test_bad_tables(tmp_path, monkeypatch, text, options, words):
    monkeypatch.setattr("symchiral.reading.tables.find_spec", lambda name: None)
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((InputError, ReadError)) as caught:
        read_measurement(path, **options)
    assert words in str(caught.value)


def test_no_file_and_a_folder(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(ReadError):
            read_measurement(path)


GOOD = "pump: {frequency: 2.0, frequency_unit: THz, polarization: σ+}\n"
ROW = "components: [{frequency: 4.05, frequency_unit: THz, helicity: -0.8, error: 0.1}]\n"


def test_yaml(tmp_path):
    path = tmp_path / "rows.yaml"
    path.write_text(GOOD + ROW, encoding="utf-8")
    found = validate_measurement(read_observed(path), *THREE_FOLD, sees="raman")
    assert found.lines[0].verdict == "consistent"
    assert found.fit is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD, "no components"),
        ("- 1", "not a mapping"),
        (GOOD + "components: []", "no components"),
        (GOOD + "parts: 3\n" + ROW, "'parts'"),
        (GOOD.replace("σ+", "right") + ROW, "not one polarisation"),
        (GOOD.replace("THz", "Hz") + ROW, "unknown unit"),
        (GOOD + ROW.replace("-0.8", "-1.8"), "not possible"),
        (GOOD + ROW.replace("-0.8", "high"), "finite number"),
        (GOOD + ROW.replace("-0.8", ".nan"), "finite number"),
        (GOOD + ROW.replace("helicity: -0.8, ", ""), "has no helicity"),
        (GOOD + ROW.replace(": 0.1", ": 0"), "not possible"),
        ("pump: {polarization", "not a complete YAML"),
        ("!!python/object/apply:os.getcwd []", "not a complete YAML"),
    ],
)
def test_bad_yaml(tmp_path, text, words):
    path = tmp_path / "rows.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_observed(path)
    assert words in str(caught.value)


def test_bad_candidates():
    mode = CandidateMode("E#1", 4.0, False, True, True)
    still = CandidateMode("A#1", 4.0, False, True, False)
    channel = CandidateChannel("x", (), "E#1", 1, "allowed", ALLOWED)
    lines = lines_of(
        {"components": [{"frequency": 4, "frequency_unit": "THz", "helicity": 0, "error": 0.1}]}
    )
    bad = [
        lambda: validate_measurement(lines, [], []),
        lambda: validate_measurement(lines, [mode, mode], []),
        lambda: validate_measurement(lines, [mode], [channel, channel]),
        lambda: validate_measurement(lines, [still], [channel]),
        lambda: validate_measurement(lines, [mode], [channel], sigma=0),
        lambda: validate_measurement(
            lines, [mode, still], [CandidateChannel("x", (), "A#1", 1, "allowed", ALLOWED)]
        ),
        lambda: CandidateChannel("x", (), "E#1", 2, "allowed", ALLOWED),
        lambda: CandidateChannel("x", (), "E#1", 1, "maybe", ALLOWED),
        lambda: CandidateMode("x", float("nan"), False, True, True),
        lambda: CandidateMode("x", 1.0, False, True, True, tolerance=0),
    ]
    for act in bad:
        with pytest.raises((InputError, LabelError)) as caught:
            act()
        assert isinstance(caught.value, SymchiralError)


# ---------------------------------------------------------------- every kind has its sentence


def test_every_kind_of_reason_note_and_advice_has_a_sentence_of_its_own():
    fields = {"mode": "Eg#2", "sigmas": 5.0, "modes": ("Eu#2",), "frequency": 2.0, "sense": 1}
    whys = [Why(kind, rule=THREE, channel="a -> b", **fields) for kind in get_args(WhyKind)]
    notes = [
        Note(
            kind,
            3,
            300,
            "Qx",
            "highest",
            0.1,
            0.2,
            4.0,
            (5.0,),
            0.1,
            ("Eg#2",),
            (3.0, 5.0),
            "assumed",
            ("sample",),
            "x.csv",
            "damping",
        )
        for kind in get_args(NoteKind)
    ]
    advice = [
        Advice(kind, 4.0, "Eg#2", ("Eu#2",), "+", 2.0, 3, ("light",))
        for kind in get_args(AdviceKind)
    ]
    for found, least in ((whys, 31), (notes, 30), (advice, 8)):
        texts = {one.text for one in found}
        assert len(texts) == len(found) >= least
        assert not any("None" in text for text in texts)


def test_values_say_what_was_said_before():
    """Sentences of kinds that no measurement of these tests has."""
    told = {
        Why("turns", "A1", 4.2): "A1 rotates, which this channel does not predict "
        "(4.2 standard deviations)",
        Why("pump-elsewhere", "Eu#1", frequency=2.0): "the pump does not reach Eu#1 at 2 THz",
        Why(
            "turns-otherwise", "E", 4.0, same=True
        ): "E rotates in the opposite sense (4.0 standard "
        "deviations, the same for both helicities of the pump)",
        Why("rule-undecided", "E", rule=Reason("tolerance", residual=1e-3)): "the rule is "
        "undecided: the average over the group is 1.0e-03, too large for zero with "
        "rounding errors and too small for an allowed product",
    }
    for why, text in told.items():
        assert why.text == text


def test_the_likelihood_ratio_is_that_of_two_constrained_fits() -> None:
    """Against χ² of the best motion along a line, by minimising over size and phases."""
    rng = np.random.default_rng(31)
    times = np.arange(1.0, 9.0, 0.05)
    wave = np.exp(-(0.3 + 2j * np.pi * 4.0) * times)
    cases = 0
    for value in (-0.9, -0.3, 0.2, 0.7):
        theta = np.arcsin(value) / 2 + np.pi / 4
        for noise in (0.1, 0.3):
            plus, minus = np.sin(theta), np.cos(theta) * np.exp(1j * rng.uniform(0, 6))
            vector = np.array([plus + minus, 1j * (plus - minus)]) / 2**0.5
            data = (wave[:, None] * vector).real + noise * rng.standard_normal((len(times), 2))
            made = Measurement.of(times, data, time_unit="ps", pump=PumpPulse("+", 1.0, 0.2))
            found = fit(made, count=1, background="none", intervals="normal")
            (line,) = observed(found, imperfection=(0.0, 0.0))
            (o,) = found.oscillations
            own = np.exp(-(o.damping + 2j * np.pi * o.frequency) * times)

            level = np.array(found.noise)  # of each channel

            def square(x, own=own, data=data, level=level) -> float:
                a = x[0] * np.exp(1j * x[1]) * np.array([np.cos(x[2]), np.sin(x[2])])
                return float(np.sum((((own[:, None] * a).real - data) / level) ** 2))

            least = min(
                minimize(square, [1.0, phase, angle]).fun
                for phase in (0.0, 1.6, 3.1)
                for angle in (0.0, 0.8, 1.6, 2.4)
            )
            free = float(np.sum((found.residuals(0) / level) ** 2))
            ratio = np.sign(line.turnings[0].helicity.value) * (least - free) / 2
            assert likelihood(line) == pytest.approx(ratio, rel=0.1, abs=0.1)
            cases += 1
    assert cases == 8


def test_noise_alone_moves_no_mode_that_should_be_still() -> None:
    """However many runs there are: as often as the criterion says, of pure noise."""
    rng = np.random.default_rng(5)
    mode = CandidateMode("A#1", 4.0, infrared=False, raman=True, turns=True)
    channel = CandidateChannel("F(+) F(-) -> A#1(+)", (), "A#1", 0, "allowed", ALLOWED)
    for count in (1, 4, 16):
        said = 0
        for _ in range(200):
            runs = [
                {
                    "pump": "σ+" if k % 2 else "σ-",
                    "helicity": float(np.clip(h, -1, 1)),
                    "error": 0.1,
                }
                for k, h in enumerate(0.1 * rng.standard_normal(count))
            ]
            row = {"frequency": 4.0, "frequency_unit": "THz", "runs": runs}
            found = validate_measurement(lines_of({"components": [row]}), [mode], [channel])
            said += found.channels[0].verdict == "inconsistent"
        assert said <= 5, count  # 0.5 expected: more than five once in 10⁵ series
    run = {"pump": "σ+", "helicity": 0.6, "error": 0.1}
    row = {"frequency": 4.0, "frequency_unit": "THz", "runs": [run] * 2}
    moving = validate_measurement(lines_of({"components": [row]}), [mode], [channel])
    assert moving.channels[0].verdict == "inconsistent"


def test_one_bad_row_is_no_onset() -> None:
    rng = np.random.default_rng(6)
    times = np.arange(0.0, 10.0, 0.05)
    wave = np.exp(-(0.3 + 8.1j * np.pi) * times)
    data = np.column_stack([wave.real, wave.imag]) + 0.03 * rng.standard_normal((len(times), 2))
    data[120] = 10.0
    made = Measurement.of(times, data, time_unit="ps", pump=PumpPulse("+", 2.0))
    assert "onset" not in {note.kind for note in made.notes}
    assert len(made.runs[0].times) == len(times)


def test_a_run_that_disagrees_is_the_reason() -> None:
    """Not that no channel gives the sense, which one does."""
    runs = [
        {"pump": "σ+", "helicity": -0.9, "error": 0.05},
        {"pump": "σ-", "helicity": -0.3, "error": 0.08},
    ]
    row = {"frequency": 4.05, "frequency_unit": "THz", "runs": runs}
    found = validate_measurement(lines_of({"components": [row]}), *THREE_FOLD, sees="raman")
    (line,) = found.lines
    assert (line.verdict, line.reason.kind) == ("inconsistent", "turns-otherwise")
