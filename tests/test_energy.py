"""What the force of a channel reaches in energy: by an equation of motion, and in verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from shares import one_in

import symchiral as sc
from symchiral.errors import InputError
from symchiral.traces.energy import LINEWIDTH, Force, harmonic
from symchiral.traces.expected import (
    CandidateChannel,
    CandidateMode,
    expect,
    find_places,
    shown_along,
)
from symchiral.traces.line import lines_of
from symchiral.traces.measurement import PumpPulse
from symchiral.traces.pulse import GAUSSIAN, REACHED, Spectrum
from symchiral.traces.verdict import validate_measurement

# ------------------------------------------------------- a second method: equations of motion


def swing(field, modes: list[float], photons: int, own: float) -> float:
    """Amplitude that an oscillator at ``own`` THz keeps after a product of photons and modes.

    Every coordinate obeys q'' + 2γq' + ω²q = F with a complex F, as those of circular light; a
    mode that goes in is pushed by the field and damped as a mode of the stated line width, the
    outgoing one is not damped. The modes have decayed at the end.
    """
    omegas = 2 * np.pi * np.array([*modes, own])
    gammas = np.array([*(LINEWIDTH * 2 * np.pi * f for f in modes), 0.0])

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        q, v = y[: len(omegas)], y[len(omegas) :]
        e = field(t)
        force = np.full(len(omegas), e, dtype=complex)
        force[-1] = e**photons * np.prod(q[:-1])
        return np.concatenate([v, force - 2 * gammas * v - omegas**2 * q])

    end = 12.0 + (4 / gammas[:-1].min() if modes else 0.0)
    start = np.zeros(2 * len(omegas), dtype=complex)
    found = solve_ivp(slope, (-12.0, end), start, method="DOP853", rtol=1e-7, atol=1e-13)
    q, v = found.y[len(omegas) - 1, -1], found.y[-1, -1]
    return float(np.hypot(abs(q), abs(v) / omegas[-1]) / np.sqrt(2))


def pulse(centre: float, width: float):
    """A Gaussian field of circular light: ``width`` is the full width of its intensity spectrum."""
    length = GAUSSIAN / width

    def field(t: float) -> complex:
        return np.exp(-2 * np.log(2) * (t / length) ** 2 - 2j * np.pi * centre * t)

    return field


@pytest.mark.sweep
@pytest.mark.parametrize(("centre", "width"), one_in(3, [(2.0, 0.5), (1.5, 0.25), (3.0, 0.4)]))
@pytest.mark.parametrize("photons", [1, 2, 3])
def test_light_swings_an_oscillator_by_the_stated_share(
    photons: int, centre: float, width: float
) -> None:
    """By the equation of motion, as a part of what the same light does at resonance."""
    checked = 0
    pump = Spectrum.of(centre, bandwidth=width)
    reach = 1.47 * width * photons**0.5
    for away in (-1.3, -0.99, -0.5, 0.0, 0.4, 0.98, 1.02, 1.4):
        own = photons * centre + away * reach
        full = swing(pulse(own / photons, width), [], photons, own)
        share = swing(pulse(centre, width), [], photons, own) / full
        stated = Force((), photons).share(pump, own)
        assert stated == pytest.approx(share, abs=2e-3), (centre, width, away)
        assert (stated >= REACHED) == (abs(away) < 1.01)
        checked += 1
    assert checked == 8


IN_REACH = (
    (2.0, 2.0, 2.0, 4.0), (2.1, 2.1, 2.0, 4.15), (2.0, 2.2, 2.1, 4.2), (2.2, 2.2, 2.0, 4.4),
    (2.0, 2.0, 2.0, 4.1), (2.2, 1.9, 2.0, 4.1),
)  # fmt: skip
OUT_OF_REACH = (
    (2.0, 2.0, 2.0, 5.6), (2.0, 2.0, 2.0, 2.2), (3.2, 3.2, 2.0, 4.0), (1.0, 1.0, 2.0, 4.0),
    (2.0, 2.0, 3.4, 4.0), (2.0, 3.3, 2.0, 5.3),
)  # fmt: skip


@pytest.mark.parametrize(
    "cases", one_in(3, [((a, b),) for a, b in zip(IN_REACH, OUT_OF_REACH, strict=True)])
)
def test_modes_swing_an_oscillator_as_far_as_is_stated(
    cases: tuple[tuple[float, float, float, float], ...],
) -> None:
    """Two quanta of modes that a pulse drives: reached where the motion is, within a factor two."""
    seen = {True: 0, False: 0}
    width = 0.5
    for one, two, centre, own in cases:
        # All at resonance: the pump and the modes at half the frequency.
        full = swing(pulse(own / 2, width), [own / 2, own / 2], 0, own)
        share = swing(pulse(centre, width), [one, two], 0, own) / full
        force = Force(((one, 1e-3), (two, 1e-3)))
        stated = force.share(Spectrum.of(centre, bandwidth=width), own)
        assert stated < 2 * share + 0.02, (one, two, centre, own, stated, share)
        assert (stated >= REACHED) == (share >= REACHED), (one, two, centre, own, stated, share)
        seen[stated >= REACHED] += 1
    assert seen == {True: 1, False: 1}


def test_where_the_width_of_a_pump_comes_from() -> None:
    assert Spectrum.of(2.0, bandwidth=0.5, duration=9.0).source == "bandwidth"
    short = Spectrum.of(2.0, duration=0.882)
    assert (short.source, short.width) == ("duration", pytest.approx(0.5))
    assert Spectrum.of(2.0).reach == (1.5, 2.5)
    assert Spectrum.of(4.0).moved(2.0) == Spectrum.of(2.0)
    for pump in (short, Spectrum.of(2.0), Spectrum.of(2.0, bandwidth=0.1)):
        for edge in pump.reach:
            assert Force((), 1).share(pump, edge) == pytest.approx(REACHED, rel=0.05)


def test_forces_say_where_they_reach_and_what_they_need() -> None:
    pump = Spectrum.of(2.0, bandwidth=0.5)
    for force, middle in (
        (Force((), 1), 2.0), (Force((), 2), 4.0), (Force((), 1, 1), 0.0),
        (Force(((2.1, 0.1),), 1), 4.0), (Force(((2.1, 0.1), (1.9, 0.1))), 4.0),
    ):  # fmt: skip
        low, high = force.band(pump)
        assert low - 0.05 <= middle <= high + 0.05
        for f in np.linspace(0.05, 7.0, 60):
            assert force.reaches(pump, f) == (low - 0.03 <= f <= high + 0.03) or (
                min(abs(f - low), abs(f - high)) < 0.03
            )
        needed = force.needed(pump, 5.0)
        if needed is not None:
            assert force.reaches(pump.moved(needed), 5.0)
    assert Force((), 2).needed(pump, 9.7) == pytest.approx(4.85)
    # Two quanta of a mode near 2 THz never make 9.7 THz, whatever drives it.
    assert Force(((2.0, 0.1),) * 2).needed(pump, 9.7) is None
    wide = Force((), 1, 1).bandwidth(3.0)
    assert Force((), 1, 1).share(Spectrum.of(9.0, bandwidth=wide), 3.0) == pytest.approx(REACHED)
    # Of an unknown pump only the modes speak.
    assert Force((), 2).reaches(None, 9.7)
    assert not Force(((2.0, 0.1),) * 2).reaches(None, 9.7)
    assert Force(((2.0, 0.1),) * 2).band(None)[0] > 2.0


# ------------------------------------------------------------------------- what a probe sees


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        # On a six-fold axis one E turns polarisation and the other radiates.
        ("MgB2", {"E1u": ("infrared",), "E2g": ("raman",), "A2u": (), "B1g": ()}),
        ("ZnO", {"E1": ("infrared",), "E2": ("raman",), "A1": (), "B1": ()}),
        ("Bi2Se3", {"Eg": ("raman",), "Eu": ("infrared",), "A1g": (), "A2u": ()}),
        ("Te_P3121", {"E": ("raman", "infrared"), "A1": (), "A2": ()}),
        ("WC", {"E'": ("raman", "infrared")}),
        # l = 2 on a four-fold axis does not turn; Eg has l = 1 and inversion.
        ("TiO2_anatase", {"Eu": ("infrared",), "Eg": (), "B1g": ("raman",), "A1g": ()}),
    ],
)
def test_what_shows_to_a_probe_along_the_axis(name: str, shown: dict[str, tuple[str, ...]]) -> None:
    study = sc.read(name)
    found = {s.label: shown_along(s, study.axis) for s in study.species("GM") if s.optical}
    labels = {label for label in shown if label in found}
    assert len(labels) >= min(len(shown), 2)
    assert {label: found[label] for label in labels} == {label: shown[label] for label in labels}
    # By the tensors that `light` contracts, component by component.
    light = study.beam()
    for target in light.targets:
        pairs, spins = light.scattered(target), light.absorbed(target)
        seen = found[target.species.label]
        assert ("raman" in seen) >= any(one != other for one, other in pairs)
        assert ("infrared" in seen) >= bool(spins)


def test_rows_say_what_their_probe_sees() -> None:
    """A balanced probe shows Eg, an analyser Eu; both are judged in one document."""
    pump = {"polarization": "σ+", "frequency": 2.0, "frequency_unit": "THz", "bandwidth": 0.5}
    row = {"frequency_unit": "THz", "error": 0.1}
    rows = [
        {"frequency": 2.0, "helicity": 0.9, "probe": "analyser", **row},
        {"frequency": 4.0, "helicity": -0.9, "probe": "balanced", **row},
    ]
    study = Crystal.read("Bi2Se3").study
    emitted, kerr = study.validate(lines_of({"pump": pump, "components": rows})).lines
    assert [(v.assignment.mode.name, v.verdict) for v in (emitted, kerr)] == [
        ("Eu", "consistent"), ("Eg", "consistent")
    ]  # fmt: skip
    assert [len(v.readings) for v in (emitted, kerr)] == [1, 1]
    document = {"pump": pump, "probe": "balanced", "components": [dict(rows[1], probe=None)]}
    (line,) = lines_of(document)
    assert (line.sees, line.along_axis) == (None, False)
    del document["components"][0]["probe"]
    (line,) = lines_of(document)
    assert (line.sees, line.along_axis) == ("raman", True)
    # Eg of a four-fold axis does not turn the polarisation of light along it.
    anatase = Crystal.read("TiO2_anatase").study
    (seen,) = anatase.validate([line]).lines
    assert seen.assignment.mode is None
    assert {w.mode: w.kind for w in seen.assignment.why_not}["Eg"] == "geometry"
    for wrong, words in (
        ({"sees": "kerr"}, "not an activity"), ({"probe": "kerr"}, "not a kind of probe"),
        ({"sees": "infrared", "probe": "balanced"}, "contradicts itself"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            lines_of({"components": [{"frequency": 4.0, "helicity": 0.9, **row, **wrong}]})


def test_rows_of_several_runs_are_judged_as_the_traces_they_were_fitted_to() -> None:
    """What a fit of traces found, written as rows, gives the verdicts of the traces."""
    study = Crystal.read("Bi2Se3").study
    traces = study.validate("Bi2Se3/traces.csv")
    rows = []
    for line in (v.assignment.line for v in traces.lines):
        runs: list[dict[str, Any]] = []
        for t in line.turnings:
            error = abs(t.helicity.value / t.helicity.sigmas) if t.helicity.sigmas else 1.0
            runs.append({"pump": str(t.pump), "helicity": t.helicity.value, "error": error})
            if t.direction is not None:
                angle, spread = t.direction.angle, t.direction.error
                runs[-1] |= {"direction": angle, "direction_error": spread}
        f, df = line.frequency, line.frequency_error
        rows.append({"frequency": f, "frequency_unit": "THz", "frequency_error": df, "runs": runs})
    pump = {"frequency": 2.0, "frequency_unit": "THz", "bandwidth": 0.45}
    document = {"pump": pump, "probe": "balanced", "components": rows}
    judged = study.validate(lines_of(document))
    assert [v.verdict for v in judged.lines] == [v.verdict for v in traces.lines] == ["consistent"]
    verdicts = [(v.channel.id, v.verdict) for v in judged.channels]
    assert verdicts == [(v.channel.id, v.verdict) for v in traces.channels]
    assert len(verdicts) == 16
    # The other way under every circular pump, and lines that follow the wrong law.
    for run in rows[0]["runs"]:
        run["helicity"] *= -1
    (wrong,) = study.validate(lines_of(document)).lines
    assert wrong.verdict == "inconsistent"
    # The same sense for both pumps: whatever it is, it is not driven by their spin.
    for run in rows[0]["runs"]:
        run["helicity"] = -abs(run["helicity"])
    (same,) = study.validate(lines_of(document)).lines
    assert same.verdict == "inconsistent"


def test_linear_light_refutes_no_sense_that_reverses() -> None:
    """σ+ and σ− each tell the sense; strain of the driven mode alone turns what linear light does.

    Of the same sense for both the line contradicts the rules.
    """
    pump = {"frequency": 2.0, "frequency_unit": "THz", "bandwidth": 0.45}
    found = []
    for helicities in ({"σ+": -0.8, "σ-": 0.8}, {"σ+": 0.8, "σ-": -0.8}, {"σ+": -0.8, "σ-": -0.8}):
        runs = [
            {"pump": p, "helicity": h, "error": 0.1} for p, h in {**helicities, "x": 0.5}.items()
        ]
        row = {"frequency": 4.05, "frequency_unit": "THz", "runs": runs}
        judged = Crystal.read("Bi2Se3").study.validate(
            lines_of({"pump": pump, "probe": "balanced", "components": [row]})
        )
        found.append(judged.lines[0].verdict)
    assert found == ["consistent", "inconsistent", "inconsistent"]


@pytest.mark.parametrize("weak", [-0.1, 0.1])
def test_strain_makes_linear_light_turn_a_mode_and_refutes_no_circular_pump(weak: float) -> None:
    """One circular run is clear, another says nothing either way: open, and why."""
    pump = {"frequency": 2.0, "frequency_unit": "THz", "bandwidth": 0.45}
    helicities = {"σ+": -0.8, "σ-": weak, "x": 0.5}
    runs = [{"pump": p, "helicity": h, "error": 0.1} for p, h in helicities.items()]
    row = {"frequency": 4.05, "frequency_unit": "THz", "runs": runs}
    judged = Crystal.read("Bi2Se3").study.validate(
        lines_of({"pump": pump, "probe": "balanced", "components": [row]})
    )
    assert judged.lines[0].verdict == "undecided"
    assert {v.reason.kind for v in judged.channels if v.channel.verdict == "allowed"} >= {
        "linear-differs"
    }


def test_a_row_has_a_pump_of_its_own() -> None:
    common = {"frequency": 2.0, "frequency_unit": "THz", "bandwidth": 0.5, "polarization": "σ+"}
    row = {"frequency": 4.0, "frequency_unit": "THz"}
    run = {"helicity": 0.9, "error": 0.1}
    other = {"frequency": 70.0, "frequency_unit": "cm-1", "polarization": "30 deg"}
    long = {"duration": 2.0, "duration_unit": "ps"}
    runs = [run, {**run, "pump": "σ-"}, {**run, "pump": other}, {**run, "pump": long}]
    (line,) = lines_of({"pump": common, "components": [{**row, "runs": runs}]})
    pumps = [t.pump for t in line.turnings]
    assert [p and str(p) for p in pumps] == ["σ+", "σ−", "30°", "σ+"]
    assert [p and p.bandwidth for p in pumps] == [0.5, 0.5, None, None]
    assert [p and p.duration for p in pumps] == [None, None, None, 2.0]
    assert pumps[2] is not None
    assert pumps[2].frequency == pytest.approx(70 * 0.0299792458)
    (alone,) = lines_of({"components": [{**row, **run, "pump": "σ-"}]})
    assert str(alone.turnings[0].pump) == "σ−"
    for wrong, words in (
        ({**run, "runs": [run]}, "runs and also error, helicity"),
        ({"runs": []}, "no runs"),
        ({"runs": [{**run, "frequency": 2.0}]}, "run 1 of component 1 .* has the key"),
        ({"runs": [{**run, "pump": "up"}]}, "up"),
        ({"runs": [{**run, "pump": [1]}]}, "not a mapping"),
        ({"runs": [{**run, "direction": 30}]}, "no direction_error"),
        ({"runs": [{**run, "direction": 30, "direction_error": 0}]}, "not possible"),
        ({"runs": [{**run, "helicity": 1.2}]}, "not possible"),
    ):
        with pytest.raises(InputError, match=words):
            lines_of({"components": [{**row, **wrong}]})


# ------------------------------------------------------------------------------ verdicts


@dataclass(frozen=True)
class Crystal:
    """A shipped crystal with its candidates."""

    name: str
    study: sc.Study

    @staticmethod
    @cache
    def read(name: str) -> Crystal:
        return Crystal(name, sc.read(name))

    def candidates(
        self, pump: PumpPulse, known: dict[str, float]
    ) -> tuple[tuple[CandidateMode, ...], tuple[CandidateChannel, ...]]:
        study = self.study
        species = study.species("GM")
        modes = study.modes() if self.name.endswith("yaml") else None
        places = find_places(species, study.axis, modes, known)
        reach = None if pump.spectrum is None else pump.spectrum.reach
        found = expect(
            study.crystal, study.axis, species, places, pump=reach, photon=pump.frequency,
            beyond=True,
        )  # fmt: skip
        return found.modes, tuple(e.channel() for e in found.channels)


def judge(crystal: Crystal, pump: PumpPulse, rows, known=None, **options):
    """Judge rows (frequency, helicity) one by one."""
    modes, channels = crystal.candidates(pump, known or {})
    document = {
        "pump": {
            "polarization": "σ" + pump.polarization, "frequency": pump.frequency,
            "frequency_unit": "THz", "bandwidth": pump.bandwidth,
        },
        "components": [
            {"frequency": f, "frequency_unit": "THz", "frequency_error": 0.01, "helicity": h,
             "error": 0.1} for f, h in rows
        ],
    }  # fmt: skip
    if pump.bandwidth is None:
        del document["pump"]["bandwidth"]
    for line in lines_of(document):
        yield validate_measurement([line], modes, channels, **options).lines[0]


WITH_FORCES = ("Bi2Se3", "BiTeI", "TiO2_anatase", "HgS_cinnabar", "GaSe", "SiO2_quartz_P3121")
WITHOUT = ("Bi2Se3", "Te_P3121", "MgB2", "ZnO", "SiO2_quartz_P3121", "WC")


def far(f: float, pump: PumpPulse) -> bool:
    """Whether light of a pump, taken up to four widths away, makes nothing of f in second order."""
    width = pump.bandwidth or 0.25 * pump.frequency
    zones = [(0.0, 3 * width), (pump.frequency, 2 * width), (2 * pump.frequency, 3 * width)]
    return all(abs(f - centre) > reach for centre, reach in zones)


@pytest.mark.sweep
def test_no_row_out_of_reach_of_the_pump_is_consistent() -> None:
    """Rows far from whatever two quanta can make, of either sense, on every kind of candidates."""
    rng = np.random.default_rng(20)
    words: dict[str, int] = {}
    for name in (*(f"{n}/phonopy.yaml" for n in WITH_FORCES), *WITHOUT):
        crystal = Crystal.read(name)
        own = (
            [m.frequency for m in crystal.study.modes() if m.frequency > 0.5] if "/" in name else []
        )
        for sign in "+-":
            for width in (None, 0.2, 0.5):
                middle = float(np.median(own)) if own else 3.0
                pump = PumpPulse(sign, middle * float(rng.uniform(0.5, 1.5)), width)
                lines = own if own else list(rng.uniform(0.5, 20.0, 12))
                rows = [(f, h) for f in lines for h in (0.95, -0.95, 0.02) if far(f, pump)]
                chosen = [rows[i] for i in rng.permutation(len(rows))[:6]]
                if not chosen:
                    continue
                sees = [None, "raman", "infrared"][int(rng.integers(3))]
                for judged in judge(crystal, pump, chosen, sees=sees):
                    assert judged.verdict != "consistent", (name, pump, judged)
                    assert judged.verdict != "inconsistent", (name, pump, judged)
                    words[judged.verdict] = words.get(judged.verdict, 0) + 1
    assert sum(words.values()) >= 280, words
    assert words["not-reached"] >= 140, words


def test_lawful_rows_are_consistent_and_those_of_the_wrong_sense_are_not() -> None:
    """Modes of known frequency under a pump at their frequency, and at half of it."""
    counts = {"lawful": 0, "right": 0, "wrong": 0, "caught": 0}
    for name in WITH_FORCES:
        crystal = Crystal.read(f"{name}/phonopy.yaml")
        places = find_places(crystal.study.species("GM"), crystal.study.axis,
                             crystal.study.modes(), {})  # fmt: skip
        known = {p.mode.name: p.mode.frequency for p in places}
        for place in places:
            mode = place.mode
            if not mode.turns:
                continue
            for quanta in (1, 2):
                pump = PumpPulse("+", mode.frequency / quanta, 0.2 * mode.frequency / quanta)
                _, channels = crystal.candidates(pump, known)
                made = {
                    c.sense
                    for c in channels
                    if c.outgoing == mode.name and c.verdict == "allowed" and c.sense
                    and c.photons == quanta and not c.incoming
                }  # fmt: skip
                if len(made) != 1:
                    continue
                (sense,) = made
                sees = "infrared" if mode.infrared and not mode.raman else "raman"
                rows = [(mode.frequency, h * sense) for h in (0.9, -0.9)]
                good, bad = judge(crystal, pump, rows, known, sees=sees)
                counts["lawful"] += 1
                counts["right"] += good.verdict == "consistent"
                counts["wrong"] += bad.verdict == "consistent"
                counts["caught"] += bad.verdict == "inconsistent"
                # Only modes that lie closer than they are known leave a line open.
                assert good.verdict == "consistent" or good.assignment.alternatives, good
                assert good.verdict != "inconsistent", (name, mode.name, quanta, good)
    assert counts["lawful"] >= 40, counts
    assert counts["right"] >= 0.8 * counts["lawful"], counts
    assert counts["wrong"] == 0, counts
    assert counts["caught"] >= 0.8 * counts["lawful"], counts


@pytest.mark.parametrize("name", ["Bi2Se3", "Bi2Se3/phonopy.yaml"])
def test_what_a_pump_at_two_terahertz_makes_of_bismuth_selenide(name: str) -> None:
    """Line by line, with the structure alone and with forces."""
    crystal, pump = Crystal.read(name), PumpPulse("+", 2.0, 0.5)
    told = {
        # By two quanta it is Eg, which must turn the other way; Eu is out of reach.
        (4.0, 0.95, None): ("inconsistent", "Eg"),
        (4.0, -0.95, None): ("consistent", "Eg"),
        (4.0, 0.95, "infrared"): ("not-reached", "Eu"),
        (2.0, 0.95, None): ("consistent", "Eu"),
        (9.7, 0.95, None): ("not-reached", "Eg"),
        (9.7, -0.95, "raman"): ("not-reached", "Eg"),
    }
    for (f, h, sees), (word, label) in told.items():
        (line,) = judge(crystal, pump, [(f, h)], sees=sees)
        found = line.assignment.mode
        if found is None:  # no calculated mode is near 9.7 THz
            assert (f, line.verdict, "/" in name) == (9.7, "undecided", True)
            continue
        assert (line.verdict, found.name.split("#")[0]) == (word, label), (f, h, sees)
    (line,) = judge(crystal, pump, [(4.0, 0.95)])
    refused = {w.mode.split("#")[0]: w.kind for w in line.assignment.why_not}
    assert refused["Eu"] == "energy"
    assert {r.sees: r.verdict for r in line.readings} == {
        "raman": "inconsistent", "infrared": "not-reached"
    }  # fmt: skip


def test_leaks_and_harmonics_are_offered() -> None:
    crystal, pump = Crystal.read("Bi2Se3"), PumpPulse("+", 2.0, 0.3)
    for f, sees, count, words in (
        (2.0, "raman", 1, "it may be the field itself, or an infrared mode that it drives"),
        (4.0, "infrared", 2, "at 2 times the frequency of the pump"),
        (9.7, "raman", None, "it may be an artefact"),
    ):
        (line,) = judge(crystal, pump, [(f, 0.9)], sees=sees)
        assert harmonic(line.assignment.line) == line.reason.harmonic == count
        assert words in line.reason.text
        assert "pump near" in line.reason.text


def test_readings_that_differ_leave_a_line_open_until_the_pump_is_known() -> None:
    row = {"frequency": 4.0, "frequency_unit": "THz", "helicity": -0.9, "error": 0.1}
    study = Crystal.read("Bi2Se3").study
    (line,) = study.validate(lines_of({"pump": {"polarization": "σ+"}, "components": [row]})).lines
    assert (line.verdict, line.reason.kind) == ("undecided", "readings-differ")
    assert [(r.sees, r.verdict) for r in line.readings] == [
        ("raman", "consistent"), ("infrared", "inconsistent")
    ]  # fmt: skip
    for duration, word in ((1.0, "consistent"), (0.15, "undecided")):
        pump = {"polarization": "σ+", "frequency": 2.0, "frequency_unit": "THz",
                "duration": duration, "duration_unit": "ps"}  # fmt: skip
        judged = study.validate(lines_of({"pump": pump, "components": [row]}))
        # Light of 0.15 ps reaches 4 THz by itself, too.
        assert judged.lines[0].verdict == word
        (note,) = [n for n in judged.notes if n.kind == "pump-spectrum"]
        assert note.source == "duration"


def test_pumps_and_lines_that_cannot_be_are_refused() -> None:
    for stated in ({"bandwidth": 1e-200}, {"bandwidth": 1e9}, {"duration": 1e300}, {"duration": 0}):
        with pytest.raises(InputError, match="of the pump is"):
            PumpPulse("+", 2.0, **stated)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the frequency of the pump is"):
        PumpPulse("+", 1e-308)
    row = {"frequency": 1e-308, "frequency_unit": "THz", "helicity": 0.8, "error": 0.1}
    with pytest.raises(InputError, match="is not possible"):
        lines_of({"pump": {"polarization": "σ+"}, "components": [row]})
