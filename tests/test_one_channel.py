"""One channel of a probe: frequency, pumps and angles are judged, senses are left open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import InputError
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.probe import Probe
from symchiral.traces.reading import read_probe
from symchiral.traces.verdict import Judgement

KNOWN = {"Eu#1": 2.05, "Eg#2": 4.05}
TIMES = np.arange(0.5, 9.0, 0.06)


@pytest.fixture(scope="module")
def study() -> sc.Study:
    return sc.read("Bi2Se3/phonopy.yaml")


def record(
    pumps: list[str], *, law: int = -2, frequency: float = 4.05, noise: float = 0.1, seed: int = 5
) -> Measurement:
    """One channel of a mode that circular light makes rotate, and linear light move by law × φ.

    The motion Q is written down; the probe projects it.
    """
    rng = np.random.default_rng(seed)
    wave = np.exp(-(0.25 + 2j * np.pi * frequency) * TIMES)
    parts = []
    for word in pumps:
        pump = PumpPulse.parse(word, 2.0, 0.45)
        if pump.sense:
            motion = np.array([1.0, -1j * pump.sense]) / np.sqrt(2)
        else:
            along = np.radians(law * (pump.angle or 0.0) + 25.0)
            motion = np.array([np.cos(along), np.sin(along)])
        signal = (wave[:, None] * motion).real @ np.array([np.cos(0.4), np.sin(0.4)])
        signal = signal + noise * rng.standard_normal(len(TIMES))
        parts.append(
            Measurement.of(
                TIMES, signal, time_unit="ps", pump=pump, probe=Probe.balanced({"S": 0.0}, fold=3)
            )
        )
    return Measurement.together(parts)


def judged(study: sc.Study, measured: Measurement, **options: object) -> Judgement:
    return study.validate(measured, frequencies=KNOWN, **options)


def test_one_channel_finds_the_line_and_leaves_its_sense_open(study: sc.Study) -> None:
    found = judged(study, record(["σ+", "σ-"]))
    (line,) = found.lines
    assert line.assignment.mode.name == "Eg#2"
    assert line.assignment.line.frequency == pytest.approx(4.05, abs=0.02)
    assert [t.seen for t in line.assignment.line.turnings] == [True, True]
    assert (line.verdict, line.reason.kind) == ("undecided", "one-channel")
    assert "one channel" in line.reason.text
    kinds = [a.kind for a in found.decide]
    assert "second-channel" in kinds
    assert not {"refute", "check-senses", "average-sense"} & set(kinds)
    assert "one-channel" in {n.kind for n in found.notes}
    # Neither sense is confirmed or refuted, whichever the motion had.
    assert {v.verdict for v in found.channels if v.channel.sense} <= {"undecided", "off-resonance"}


def test_a_line_out_of_reach_is_not_reached(study: sc.Study) -> None:
    found = study.validate(
        record(["σ+"], frequency=1.24), frequencies={**KNOWN, "Eg#1": 1.24}, sees="raman"
    )
    assert found.lines[0].verdict == "not-reached"


def test_noise_alone_is_no_line(study: sc.Study) -> None:
    rng = np.random.default_rng(3)
    probe = Probe.balanced({"S": 0.0}, fold=3)
    flat = Measurement.of(
        TIMES,
        rng.standard_normal(len(TIMES)),
        time_unit="ps",
        pump=PumpPulse("+", 2.0, 0.45),
        probe=probe,
    )
    assert all(v.reason.kind == "noise" for v in judged(study, flat).lines)


def test_the_angle_of_linear_pumps_is_judged(study: sc.Study) -> None:
    """Amplitudes as cos(2φ + c) are lawful; as cos(φ + c) they are not."""
    pumps = [f"{angle}deg" for angle in range(0, 180, 30)]
    (line,) = judged(study, record(pumps)).lines
    assert (line.verdict, line.reason.kind, line.reason.turn) == ("undecided", "one-channel", 2)
    assert "2φ" in line.reason.text
    wrong = judged(study, record(pumps, law=1, noise=0.05), imperfection=(0.05, 2.0))
    assert wrong.lines[0].verdict == "inconsistent"
    assert wrong.lines[0].reason.kind == "breaks-amplitude-law"
    broken = {v.channel.turn for v in wrong.channels if v.reason.kind == "breaks-amplitude-law"}
    assert broken == {-2}
    # Two angles test nothing.
    (few,) = judged(study, record(["0deg", "30deg"], law=1)).lines
    assert (few.verdict, few.reason.turn) == ("undecided", None)


@pytest.mark.sweep
def test_lawful_records_of_one_channel_are_rarely_refuted(study: sc.Study) -> None:
    """Strain parts the mode in two; the law of the one channel holds all the same."""
    rng = np.random.default_rng(20261201)
    wrong = 0
    for _ in range(40):
        split, axis, phase = rng.uniform(0, 0.06), rng.uniform(0, np.pi), rng.uniform(0, 360)
        towards = rng.uniform(0, np.pi)
        parts = []
        for angle in range(0, 180, 30):
            along = np.radians(-2 * (angle + 3 * rng.standard_normal()) + phase) - axis
            force = np.array([np.cos(along), np.sin(along)]) * (1 + 0.05 * rng.standard_normal())
            signal = sum(
                force[i]
                * np.cos(towards - axis - i * np.pi / 2)
                * np.exp(-0.25 * TIMES)
                * np.cos(2 * np.pi * (4.05 + s * split / 2) * TIMES + 0.3)
                for i, s in enumerate((1, -1))
            )
            signal = signal + rng.uniform(0.02, 0.3) * rng.standard_normal(len(TIMES))
            parts.append(
                Measurement.of(
                    TIMES,
                    signal,
                    time_unit="ps",
                    pump=PumpPulse("linear", 2.0, 0.45, float(angle)),
                    probe=Probe.balanced({"S": 0.0}, fold=3),
                )
            )
        found = judged(study, Measurement.together(parts))
        wrong += any(v.verdict == "inconsistent" for v in found.lines)
    assert wrong == 0


def test_tables_of_one_channel_are_read_and_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read_probe("balanced, S0 = 0", fold=3).alone
    assert read_probe("analyser, E = 90").alone
    assert read_probe("coordinates, dR").channels == ("dR",)
    with pytest.raises(InputError, match="does not tell"):
        read_probe("balanced, A = 0, B = 90", fold=3)
    run = record(["σ+"]).runs[0]
    table = np.column_stack([run.times, run.signals])
    path = tmp_path / "one.csv"
    np.savetxt(path, table, delimiter=",", header="time_ps,S0", comments="")
    words = ["validate", "Bi2Se3/phonopy.yaml", str(path), "--probe", "balanced, S0 = 0",
             "--pump", "s+", "--pump-frequency", "2THz"]  # fmt: skip
    assert main(words) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "open, seen" in out
    assert "add the other channel of the probe" in out
    assert main([*words, "--json"]) == 0
