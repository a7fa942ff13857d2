"""Lines of which something is known: starts, fixed values, bounds and ties, in every stage."""

import json
import re
import sys

import numpy as np
import pytest
from fresh import fresh_seed
from scipy.optimize import least_squares
from synthetic_experiment import Line, random_line, record, traces

import symchiral as sc
from symchiral.answers.validate import validate
from symchiral.errors import InputError
from symchiral.text.validate import validation_tables
from symchiral.traces.fit import fit
from symchiral.traces.line import observed
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.multiplet import _Forward, multiplets
from symchiral.traces.parameters import parameters_of
from symchiral.units import PER_THZ

TIMES = np.arange(400) * 0.03
TRUE = ((1.15, 0.2), (2.05, 0.3), (4.05, 0.25))


def say(*words):
    """Shown by pytest -s, and for a test that fails."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def three(seed, *, noise=0.2, times=TIMES, true=TRUE):
    """A record of three lines, and the lines."""
    rng = np.random.default_rng(seed)
    lines = [random_line(rng, f, g) for f, g in true]
    data = traces(lines, times, noise=noise, rng=rng)
    return lines, Measurement.of(times, data, time_unit="ps")


def stated(*rows, **more):
    """A document of lines in THz."""
    return {"frequency_unit": "THz", "lines": list(rows), **more}


def pairs(found):
    return np.array([(o.frequency, o.damping) for o in found.oscillations])


def errors(found):
    return np.array([(o.frequency_error, o.damping_error) for o in found.oscillations])


def chi(found):
    return sum(float(np.sum(found.residuals(r) ** 2)) for r in range(len(found.coefficients)))


# ------------------------------------------------------------------- an independent method


def closed(measured, theta, whole, bounds=(-np.inf, np.inf)):
    """Every parameter of the model, linear ones too, by scipy: frequencies, errors and χ².

    ``whole`` makes (f, γ) of each line of the free ones, which come first.
    """
    (run,) = measured.runs
    t, count = run.times, len(theta)

    def model(x):
        rows = np.reshape(whole(x[:count]), (-1, 2))
        parts = np.reshape(x[count:-2], (len(rows), 2, 2))
        found = np.tile(x[-2:], (len(t), 1))
        for (f, g), (c, s) in zip(rows, parts, strict=True):
            fade = np.exp(-g * t)[:, None]
            phase = 2 * np.pi * f * t
            found = found + fade * (np.outer(np.cos(phase), c) + np.outer(np.sin(phase), s))
        return found

    def residuals(x):
        return (run.signals - model(x)).ravel()

    lines = len(whole(theta))
    size = count + 4 * lines + 2

    def slopes(x):
        found = np.empty((run.signals.size, size))
        bare = np.concatenate([x[:count], np.zeros(size - count)])
        for i, e in enumerate(np.eye(size)):
            # The model is linear in amplitudes and background.
            h, at = (1e-5, x) if i < count else (0.5, bare)
            found[:, i] = (residuals(at + h * e) - residuals(at - h * e)) / (2 * h)
        return found

    zero = np.concatenate([theta, np.zeros(size - count)])
    columns = -slopes(zero)[:, count:]
    zero[count:] = np.linalg.lstsq(columns, residuals(zero), rcond=None)[0]
    low, high = (np.full(size, end) for end in (-np.inf, np.inf))
    low[:count], high[:count] = bounds
    solved = least_squares(
        residuals, zero, jac=slopes, bounds=(low, high), xtol=1e-12, ftol=1e-13, gtol=1e-13,
        x_scale="jac", max_nfev=60,
    )  # fmt: skip
    square = 2 * solved.cost
    variance = square / (run.signals.size - len(zero))
    spread = np.sqrt(np.diagonal(variance * np.linalg.inv(solved.jac.T @ solved.jac)))
    return np.array(whole(solved.x[:count])), spread[:count], square


def test_a_tie_of_two_dampings_is_that_of_a_closed_fit():
    cases = 0
    for seed in range(8):
        lines, measured = three(seed, true=((1.15, 0.25), (2.05, 0.25), (4.05, 0.3)))
        rows = [{"frequency": line.frequency, "damping": 0.3} for line in lines]
        rows[1]["damping"] = "as line 1"
        found = fit(measured, parameters=stated(*rows, more=False))
        start = np.array([1.15, 2.05, 4.05, 0.25, 0.3])

        def whole(x):
            return [(x[0], x[3]), (x[1], x[3]), (x[2], x[4])]

        other, spread, square = closed(measured, start, whole)
        assert pairs(found) == pytest.approx(other, rel=1e-6)
        assert chi(found) == pytest.approx(square, rel=1e-9)
        ours = errors(found)
        assert ours[0, 1] == ours[1, 1]
        assert [*ours[:, 0], ours[0, 1], ours[2, 1]] == pytest.approx(spread, rel=0.06)
        one, two, _ = found.oscillations
        assert one.damping == two.damping
        assert one.damping_interval == two.damping_interval
        assert not found.notes
        cases += 1
    assert cases == 8


def test_an_overtone_is_that_of_a_closed_fit():
    """A frequency may be a multiple of another: both lines tell it."""
    cases = 0
    for seed in range(6):
        _, measured = three(seed, true=((1.15, 0.2), (2.3, 0.3), (4.05, 0.25)))
        rows = {"frequency": 1.15}, {"frequency": "2 x line 1"}, {"frequency": 4.05}
        found = fit(measured, parameters=stated(*rows, more=False))

        def whole(x):
            return [(x[0], x[1]), (2 * x[0], x[2]), (x[3], x[4])]

        other, spread, square = closed(measured, np.array([1.15, 0.2, 0.3, 4.05, 0.25]), whole)
        assert pairs(found) == pytest.approx(other, rel=1e-6)
        assert chi(found) == pytest.approx(square, rel=1e-9)
        one, two, _ = found.oscillations
        assert two.frequency == 2 * one.frequency
        assert two.frequency_error == pytest.approx(2 * one.frequency_error, rel=1e-12)
        assert two.frequency_interval == pytest.approx(
            [2 * x for x in one.frequency_interval], rel=1e-12
        )
        assert one.frequency_error == pytest.approx(spread[0], rel=0.06)
        cases += 1
    assert cases == 6


def test_bounds_hold_and_give_what_a_closed_fit_with_bounds_gives():
    """Also where the minimum lies beyond: at the bound, with a note that says so."""
    cases = at = 0
    for seed in range(3):
        _, measured = three(seed)
        for low, high in ((0.05, 0.15), (0.4, 0.6), (0.1, 0.6)):
            row = {"frequency": 2.05, "between": {"damping": [low, high], "frequency": [1.9, 2.2]}}
            found = fit(
                measured,
                parameters=stated({"frequency": 1.15}, row, {"frequency": 4.05}, more=False),
            )
            start = np.array([1.15, 0.2, 2.05, (low + high) / 2, 4.05, 0.25])
            ends = np.full((2, 6), [[-np.inf], [np.inf]])
            ends[:, 2], ends[:, 3] = (1.9, 2.2), (low, high)
            other, _, square = closed(measured, start, lambda x: np.reshape(x, (3, 2)), bounds=ends)
            # The other method stays some 1e-9 inside of its bounds.
            assert pairs(found) == pytest.approx(other, rel=2e-5)
            assert chi(found) == pytest.approx(square, rel=1e-7)
            line = found.near(2.05)
            assert low <= line.damping_interval[0] <= line.damping <= line.damping_interval[1]
            assert line.damping_interval[1] <= high
            kinds = [n.kind for n in found.notes]
            if high == 0.6 and low == 0.1:
                assert "at-bound" not in kinds
            else:
                assert line.damping in (low, high)
                assert kinds == ["at-bound"]
                assert "the traces alone would put it beyond" in found.notes[0].text
                at += 1
            cases += 1
    assert (cases, at) == (9, 6)


def test_an_interval_ends_at_a_bound_and_says_so():
    """For each of the three kinds of intervals; the other end does not move."""
    _, measured = three(3)
    for kind in ("profile", "normal", "bootstrap"):
        free = fit(measured, intervals=kind, resamples=60).near(2.05)
        f, g = free.frequency, free.damping
        row = {
            "frequency": f,
            "damping": g,
            "between": {
                "frequency": [f - free.frequency_error, 2.5],
                "damping": [0.0, g + free.damping_error],
            },
        }
        found = fit(measured, intervals=kind, resamples=60, parameters=stated(row))
        line = found.near(2.05)
        assert (line.frequency, line.damping) == pytest.approx((f, g), rel=1e-5)
        assert line.frequency_interval[0] == row["between"]["frequency"][0]
        assert line.damping_interval[1] == row["between"]["damping"][1]
        assert [(n.kind, n.parameter) for n in found.notes] == [
            ("interval-at-bound", "frequency"),
            ("interval-at-bound", "damping"),
        ]
        assert line.frequency_interval[1] == pytest.approx(free.frequency_interval[1], abs=1e-3)
        assert line.damping_interval[0] == pytest.approx(free.damping_interval[0], abs=0.01)


# ------------------------------------------------------------------------------- laws


def test_starts_change_no_answer():
    """Where the search ends in the same minimum anyway, frequencies, dampings and χ² are equal.

    Two files with other starts lead to the same within 1e-6 of a parameter; the search stops within
    a hundredth of a standard deviation of it, frequencies within 1e-6.
    """
    cases = 0
    worst = np.zeros(3)
    for seed in range(24):
        rng = np.random.default_rng(100 + seed)
        lines, measured = three(seed, noise=rng.choice([0.05, 0.2, 0.4]))
        free = fit(measured, intervals="normal")
        both = []
        for _ in range(2):
            rows = [
                {
                    "frequency": line.frequency + rng.normal(0, 0.02),
                    "damping": line.damping * rng.uniform(0.6, 1.6),
                }
                for line in rng.permutation(np.array(lines, dtype=object))[: rng.integers(1, 4)]
            ]
            if seed % 2:
                rows[0].pop("damping")
            both.append(fit(measured, intervals="normal", parameters=stated(*rows)))
        found, other = both
        assert pairs(found) == pytest.approx(pairs(other), rel=1e-6), seed
        assert errors(found) == pytest.approx(errors(other), rel=1e-5)
        assert pairs(found)[:, 0] == pytest.approx(pairs(free)[:, 0], rel=1e-6), seed
        assert (np.abs(pairs(found) - pairs(free)) < 0.01 * errors(free)).all()
        assert chi(found) == pytest.approx(chi(free), rel=1e-9)
        assert [o.evidence for o in found.oscillations] == pytest.approx(
            [o.evidence for o in free.oscillations], rel=1e-4
        )
        assert found.notes == other.notes == free.notes
        apart = np.abs(pairs(found) / pairs(free) - 1).max(axis=0)
        worst = np.maximum(worst, [np.abs(pairs(found) / pairs(other) - 1).max(), *apart])
        cases += 1
    say("two files; file and search: frequencies, dampings", worst)
    assert cases == 24


def test_starts_change_no_judgement():
    """Nor where multiplets are split, the pump is near, and a force is modelled."""
    cases = 0
    study = sc.read("Bi2Se3/phonopy.yaml")
    free = study.validate("Bi2Se3/traces.csv")
    rows = [{"frequency": round(o.frequency, 2)} for o in free.fit.oscillations]
    found = study.validate("Bi2Se3/traces.csv", parameters=stated(*rows))
    for one, other in zip(found.lines, free.lines, strict=True):
        assert one.verdict == other.verdict
        a, b = one.assignment.line, other.assignment.line
        assert a.frequency == pytest.approx(b.frequency, rel=1e-5)
        assert a.lasting == b.lasting
        for s, t in zip(a.turnings, b.turnings, strict=True):
            assert s.helicity.value == pytest.approx(t.helicity.value, abs=1e-3)
        cases += 1
    assert cases == len(free.lines) >= 1


def test_what_is_fixed_where_it_was_fitted_leaves_all_else():
    """The same χ², and errors of the others that are no larger; it has none itself."""
    cases = 0
    for seed in range(8):
        _, measured = three(seed)
        free = fit(measured)
        for k in range(3):
            for names in (["frequency"], ["damping"], ["frequency", "damping"]):
                o = free.oscillations[k]
                row = {"frequency": o.frequency, "damping": o.damping, "fixed": names}
                found = fit(measured, intervals="normal", parameters=stated(row))
                assert chi(found) == pytest.approx(chi(free), rel=1e-9)
                assert (np.abs(pairs(found) - pairs(free)) < 0.01 * errors(free)).all()
                freedom = found.oscillations[0].freedom
                assert freedom == o.freedom + len(names)
                # Errors scale with the noise, which has more degrees of freedom.
                share = errors(found) / errors(free) * np.sqrt(freedom / o.freedom)
                assert share.max() < 1 + 1e-5
                same = found.oscillations[k]
                if "frequency" in names:
                    assert same.frequency == o.frequency
                    assert same.frequency_error == 0
                    assert same.frequency_interval == (o.frequency, o.frequency)
                if "damping" in names:
                    assert same.damping == o.damping
                    assert same.damping_error == 0
                    assert same.damping_interval == (o.damping, o.damping)
                cases += 1
    assert cases == 72


def test_what_is_fixed_has_no_interval_of_any_kind():
    _, measured = three(5)
    row = {"frequency": 2.0513, "damping": 0.29, "fixed": ["frequency", "damping"]}
    for kind in ("profile", "normal", "bootstrap"):
        found = fit(measured, intervals=kind, resamples=30, parameters=stated(row))
        line = found.near(2.05)
        assert line.frequency_interval == (2.0513, 2.0513)
        assert line.damping_interval == (0.29, 0.29)
        assert (line.covariance == 0).all()
        assert line.helicity().low < line.helicity().high


def test_a_stated_line_that_noise_hides_is_looked_for_where_it_is():
    """At one known frequency noise passes 10 % in 10 % of the records, and a weak line is seen."""
    seed = 5
    rng = np.random.default_rng(seed)
    times = np.arange(200) * 0.05
    row = {"frequency": 2.0, "damping": 0.3, "fixed": ["frequency", "damping"]}
    alarms = []
    for _ in range(400):
        measured = Measurement.of(times, rng.standard_normal((200, 2)), time_unit="ps")
        found = fit(measured, intervals="normal", parameters=stated(row, more=False))
        alarms.append(found.oscillations[0].false_alarm)
    assert 24 <= np.sum(np.array(alarms) < 0.1) <= 60, seed  # 40 ± 6
    seen = np.zeros(2)
    for _ in range(20):
        line = random_line(rng, 2.0, 0.3, size=0.75)
        data = traces([line], times, noise=1.0, rng=rng)
        measured = Measurement.of(times, data, time_unit="ps")
        for k, known in enumerate((None, stated(row, more=False))):
            o = fit(measured, intervals="normal", parameters=known).near(2.0)
            seen[k] += o.significant and abs(o.frequency - 2.0) < 0.1
    assert seen[1] > seen[0] + 4, (seed, seen)


def test_a_weak_line_beside_a_strong_one_is_found_where_it_is_known():
    """Where the search takes both for one, a user who knows of both may say so."""
    rng = np.random.default_rng(4)
    alone = both = 0
    for _ in range(24):
        pair = [Line(2.3, 0.3, 1.0, 0.9), Line(2.38, 0.3, 0.3, -0.9, 0.4, rng.uniform(0, 6))]
        data = traces(pair, TIMES, noise=0.2, rng=rng)
        measured = Measurement.of(TIMES, data, time_unit="ps")
        alone += len(fit(measured, intervals="normal").oscillations) == 2
        strong = {"frequency": 2.3, "fixed": "frequency"}
        weak = {"frequency": 2.38, "fixed": "frequency", "damping": "as line 1"}
        found = fit(measured, intervals="normal", parameters=stated(strong, weak, more=False))
        both += found.near(2.38).significant and found.near(2.38).helicity().high < 0
    say(alone, both)
    assert both >= alone + 6


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.sweep)])
@pytest.mark.parametrize("fixed", ["frequency", "damping"])
def test_coverage_with_one_parameter_fixed_at_the_truth(count, fixed):
    """95 % intervals of what is free hold the truth in 93 to 97 % of the records."""
    seed = 1 if count < 100 else fresh_seed()
    rng = np.random.default_rng(seed)
    names = ["helicity", "damping" if fixed == "frequency" else "frequency"]

    def counted(count):
        inside = np.zeros(2)
        for _ in range(count):
            frequency = rng.uniform(0.8, 8.0)
            times, damping = record(frequency)
            line = random_line(rng, frequency, damping)
            data = traces([line], times, noise=0.2, rng=rng)
            row = {"frequency": frequency, "damping": damping, "fixed": fixed}
            measured = Measurement.of(times, data, time_unit="ps")
            found = fit(measured, parameters=stated(row)).near(frequency)
            turned = found.helicity()
            ends = (turned.low, turned.high), getattr(found, f"{names[1]}_interval")
            for i, ((low, high), true) in enumerate(
                zip(ends, (line.helicity, getattr(line, names[1])), strict=True)
            ):
                inside[i] += low <= true <= high
        return inside / count

    found = counted(count)
    say(dict(zip(names, found, strict=True)))
    if count == 40:
        assert found.min() > 0.8, (seed, found)
        return
    if not all(0.93 <= x <= 0.97 for x in found):
        # By chance a few runs in a hundred are outside: more records decide.
        found = (found + 2 * counted(2 * count)) / 3
        say("of three times as many", found)
    assert all(0.93 <= x <= 0.97 for x in found), (seed, found)


# ------------------------------------------------------------------ pump, strain and force


def pumped(rng, *, frequency=4.05, near=2.0, damping=0.25, field=0.6, split=0.0):
    """A line near a multiple of the pump under σ+ and σ−, with the response to its field."""
    times = np.arange(0.5, 8.0, 0.08)
    runs = []
    for sense in (1, -1):
        upper, lower = (
            np.exp(-damping * times - 2j * np.pi * (frequency + s * split / 2) * times)
            for s in (1, -1)
        )
        envelope = field * np.exp(-4 * np.log(2) * (times / 0.9) ** 2)
        pulse = envelope * np.exp(-4j * np.pi * near * times)
        data = np.column_stack([upper.real, -sense * lower.imag])
        data += np.column_stack([pulse.real, -sense * pulse.imag])
        data += 0.05 * rng.standard_normal(data.shape)
        pump = PumpPulse("+" if sense > 0 else "-", near, 0.5, duration=0.9)
        runs.append(Measurement.of(times, data, time_unit="ps", pump=pump))
    return Measurement.together(runs)


STATEMENTS = {
    "fixed": {"frequency": 4.0312, "damping": 0.31, "fixed": ["frequency", "damping"]},
    "frequency": {"frequency": 4.0312, "fixed": "frequency"},
    "bounds": {"frequency": 4.03, "between": {"frequency": [4.0, 4.04], "damping": [0.3, 0.5]}},
    "damping": {"frequency": 4.05, "damping": 0.31, "fixed": "damping"},
}


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize("split", [0.0, 0.1])
@pytest.mark.parametrize("near", [2.0, pytest.param(1.35, marks=pytest.mark.sweep)])
def test_what_is_stated_holds_beside_the_pump_and_under_strain(name, split, near):
    """The line of the judgement, too, has the fixed value exactly and lies within its bounds."""
    row = STATEMENTS[name]
    measured = pumped(np.random.default_rng(7), near=near, split=split)
    found = fit(measured, intervals="normal", parameters=stated(row, more=False))
    (o,) = found.oscillations
    (m,) = multiplets(found)
    (line,) = observed(found)
    assert m.oscillation == line.oscillation == 0
    if "frequency" in row.get("fixed", ()):
        assert o.frequency == m.frequency == line.frequency == row["frequency"]
        assert o.frequency_error == m.frequency_error == line.frequency_error == 0
    if "damping" in row.get("fixed", ()):
        assert o.damping == m.damping == row["damping"]
    if "between" in row:
        for value in (o.frequency, m.frequency):
            assert 4.0 <= value <= 4.04
        assert 0.3 <= m.damping <= 0.5
    assert np.isfinite([s.helicity.value for s in m.senses]).all()


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize(
    ("power", "near"), [(1, 4.0), (2, 2.0), pytest.param(3, 1.35, marks=pytest.mark.sweep)]
)
def test_a_model_of_the_force_holds_what_is_stated(name, power, near):
    """Its line has what is fixed exactly and lies within the bounds, of one to three quanta."""
    measured = pumped(np.random.default_rng(power), near=near)
    row = STATEMENTS[name]
    found = fit(measured, intervals="normal", parameters=stated(row, more=False))
    judged = _Forward.of(found).driven([0], power, [0])
    fixed = row.get("fixed", ())
    if "frequency" in fixed:
        assert judged.frequency == row["frequency"]
    if "damping" in fixed:
        assert judged.damping == row["damping"]
    if "between" in row:
        assert 4.0 <= judged.frequency <= 4.04
        assert 0.3 <= judged.damping <= 0.5


def test_lines_that_are_stated_are_lines_of_their_own():
    """Two within the width of a multiplet: one if only their starts are known, else two."""
    rng = np.random.default_rng(2)
    pair = [Line(2.3, 0.2, 1.0, 0.9), Line(2.4, 0.2, 0.8, -0.9, 0.4, 1.0)]
    data = traces(pair, TIMES, noise=0.05, rng=rng)
    measured = Measurement.of(TIMES, data, time_unit="ps")
    starts = {"frequency": 2.3}, {"frequency": 2.4}
    assert len(observed(fit(measured, parameters=stated(*starts)))) == 1
    tied = starts[0], {"frequency": 2.4, "damping": "as line 1"}
    found = fit(measured, parameters=stated(*tied))
    one, two = observed(found)
    assert one.half_width == two.half_width
    assert one.frequency == pytest.approx(2.3, abs=0.02)
    assert two.frequency == pytest.approx(2.4, abs=0.02)
    assert [t.helicity.value > 0 for line in (one, two) for t in line.turnings] == [True, False]


# ------------------------------------------------------------------ as it goes in, it comes out


@pytest.mark.parametrize("unit", ["THz", "cm-1", "meV"])
def test_a_fixed_value_comes_out_as_it_was_given(unit, tmp_path):
    """In the answer, its JSON, the table and the figure."""
    from symchiral.figures.validation import validation_figure

    study = sc.read("Bi2Se3")
    _, measured = three(1)
    cases = 0
    for number in np.random.default_rng(3).uniform(2.0, 2.1, 40):
        given = float(f"{number * PER_THZ[unit]:.7g}")
        row = {"frequency": given, "frequency_unit": unit, "damping": 0.3125}
        parameters = {"lines": [{**row, "fixed": ["frequency", "damping"]}]}
        if cases == 0:
            judged = study.validate(measured, parameters=parameters)
            answer = validate(study.crystal, study.axis, judged, unit=unit)
            (line,) = [x for x in answer.components if x.fixed]
            assert line.fixed == ("frequency", "damping")
            assert line.frequency_interval == (given, given)
            assert line.damping_interval == (0.3125, 0.3125)
            document = json.loads(answer.to_json())
            (row,) = [x for x in document["components"] if x["fixed"]]
            assert (row["frequency"], row["damping"]) == (given, 0.3125)
            assert (row["frequency_error"], row["damping_error"]) == (0, 0)
            text = "\n".join(str(table) for table in validation_tables(answer))
            assert f"{given:.14g} fixed" in text
            digits = 3 if unit == "THz" else 2
            assert f"{0.3125 / np.pi * PER_THZ[unit]:.{digits}f} fixed" in text
            figure = validation_figure(answer, judged.fit)
            written = [t.get_text() for axes in figure.axes for t in axes.texts]
            assert any(t.startswith(f"{given:.14g} ") for t in written)
        thz = parameters_of(parameters).lines[0].frequency.constraint.low
        assert float(f"{thz * PER_THZ[unit]:.14g}") == given
        cases += 1
    assert cases == 40


def test_an_answer_says_where_to_start(tmp_path, monkeypatch, capsys):
    """``validate --json`` is a file of parameters, and leads to the same answer."""
    from symchiral.cli import main

    monkeypatch.chdir(tmp_path)
    command = ["validate", "Bi2Se3/phonopy.yaml", "Bi2Se3/traces.csv"]
    assert main([*command, "-o", "first.json"]) == 0
    assert main([*command, "--parameters", "first.json", "-o", "second.json"]) == 0
    one, two = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("first", "second"))
    assert len(one["components"]) == len(two["components"]) >= 1
    for a, b in zip(one["components"], two["components"], strict=True):
        assert a["verdict"] == b["verdict"]
        for key in ("frequency", "damping", "frequency_error"):
            assert a[key] == pytest.approx(b[key], rel=1e-5)
    (tmp_path / "p.yaml").write_text(
        "frequency_unit: THz\nlines:\n  - {frequency: 4.05, fixed: frequency}\nmore: false\n"
    )
    capsys.readouterr()
    assert main([*command, "--parameters", "p.yaml"]) == 0
    assert re.search(r"^4\.05 fixed ", capsys.readouterr().out, re.M)
    # What was fixed stays fixed in an answer that is read again.
    assert main([*command, "--parameters", "p.yaml", "-o", "third.json"]) == 0
    assert main([*command, "--parameters", "third.json", "-o", "fourth.json"]) == 0
    fourth = json.loads((tmp_path / "fourth.json").read_text())
    assert [x["fixed"] for x in fourth["components"]] == [["frequency"]]
    assert [x["frequency"] for x in fourth["components"]] == [4.05]


# ------------------------------------------------------------------------------- errors

F = {"frequency_unit": "THz", "frequency": 2.0}
WRONG = {
    "no mapping": ([], "not a mapping"),
    "no lines": ({}, "has no lines"),
    "empty": ({"lines": []}, "has no lines"),
    "top key": ({"lines": [F], "mor": False}, "did you mean more"),
    "key": ({"lines": [{**F, "dampning": 1}]}, "did you mean damping"),
    "more": ({"lines": [F], "more": "no"}, "write more: true or more: false"),
    "no frequency": ({"lines": [{"damping": 1}]}, "has no frequency"),
    "no unit": ({"lines": [{"frequency": 2.0}]}, "has no frequency_unit"),
    "unit": ({"lines": [{**F, "frequency_unit": "GHz"}]}, "GHz"),
    "word": ({"lines": [{**F, "frequency": "two"}]}, "neither a number nor another line"),
    "negative": ({"lines": [{**F, "damping": -0.1}]}, "positive damping"),
    "zero": ({"lines": [{**F, "frequency": 0}]}, "check the number and its unit"),
    "fixed word": ({"lines": [{**F, "fixed": "dampin"}]}, "did you mean damping"),
    "fixed without value": ({"lines": [{**F, "fixed": "damping"}]}, "has no value"),
    "between key": ({"lines": [{**F, "between": {"freq": [1, 2]}}]}, "did you mean frequency"),
    "between": ({"lines": [{**F, "between": {"frequency": 2}}]}, "lowest and the highest"),
    "order": ({"lines": [{**F, "between": {"frequency": [3, 1]}}]}, "exchange them"),
    "start outside": ({"lines": [{**F, "between": {"frequency": [3, 4]}}]}, "outside its bounds"),
    "fixed outside": (
        {"lines": [{**F, "fixed": "frequency", "between": {"frequency": [3, 4]}}]},
        "a fixed value must be allowed",
    ),
    "no such line": ({"lines": [{**F, "damping": "as line 3"}]}, "there are 1 lines"),
    "line 0": ({"lines": [{**F, "damping": "as line 0"}]}, "counted from 1"),
    "itself": ({"lines": [{**F, "damping": "as line 1"}]}, "follows itself"),
    "circle": (
        {"lines": [{**F, "damping": f"as line {n}"} for n in (2, 3, 1)]},
        "the lines 1 → 2 → 3 → 1 follow each other",
    ),
    "tied and fixed": (
        {"lines": [F, {**F, "damping": "as line 1", "fixed": "damping"}]},
        "fix or bound that of line 1",
    ),
    "tied and bounded": (
        {"lines": [F, {**F, "damping": "as line 1", "between": {"damping": [0, 1]}}]},
        "fix or bound that of line 1",
    ),
    "one frequency": ({"lines": [F, {"frequency": "as line 1"}]}, "cannot be told apart"),
    "answer without lines": ({"components": []}, "holds no line"),
    "below": ({"lines": [{**F, "frequency": 0.05}]}, "below one period"),
    "above": ({"lines": [{**F, "frequency": 40.0}]}, "outside the band"),
    "bounds above": (
        {"lines": [{"frequency_unit": "THz", "between": {"frequency": [40, 50]}}]},
        "outside the band",
    ),
    "overtone above": ({"lines": [F, {"frequency": "20 x line 1"}]}, "outside the band"),
    "more than data": (
        {"lines": [{**F, "frequency": 1 + 0.05 * k} for k in range(200)]},
        "parameters for 800 numbers",
    ),
    "fades before it turns": (
        {"lines": [{**F, "damping": 20.0, "fixed": ["frequency", "damping"]}]},
        "does not stay an oscillation",
    ),
    "become one": (
        {"lines": [{**F, "fixed": "frequency"}, {**F, "fixed": "frequency"}]},
        "lines 1 and 2 of the parameters become one",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_say_what_to_do(name):
    document, message = WRONG[name]
    _, measured = three(0)
    with pytest.raises(InputError) as error:
        fit(measured, parameters=document)
    assert message in f"{error.value}; {error.value.fix}"


def test_numbers_of_lines_must_agree():
    _, measured = three(0)
    with pytest.raises(InputError, match="every line that is stated"):
        fit(measured, count=1, parameters=stated({"frequency": 2.0}, {"frequency": 4.0}))
    with pytest.raises(InputError, match="and no more"):
        fit(measured, count=2, parameters=stated({"frequency": 2.0}, more=False))
    found = fit(measured, count=3, parameters=stated({"frequency": 2.05}))
    assert len(found.oscillations) == 3


def test_rows_and_fits_take_no_parameters():
    study = sc.read("Bi2Se3")
    _, measured = three(0)
    document = stated({"frequency": 2.0})
    for data in ("Bi2Se3/example_rows.yaml", fit(measured)):
        with pytest.raises(InputError, match="are fitted already"):
            study.validate(data, parameters=document)


@pytest.mark.parametrize("fading", [0.2, 0.5, 1.0, 2.0])
def test_a_line_stays_where_an_exponential_background_strays(fading):
    """Without noise nothing holds its rate; that is no fault of the line that is stated."""
    times = np.arange(1.5, 4.95, 0.1)
    wave = np.exp(-(fading + 2j * np.pi * 4.05) * times)
    data = np.column_stack([wave.real, wave.imag])
    measured = Measurement.of(times, data, time_unit="ps")
    stated = {
        "frequency_unit": "THz",
        "lines": [{"frequency": 4.05, "damping": 0.3, "fixed": ["damping"]}],
    }
    for background in ("exponential", "auto"):
        found = fit(measured, background=background, parameters=stated)
        assert min(abs(o.frequency - 4.05) for o in found.oscillations) < 0.01
        assert any(o.damping == 0.3 for o in found.oscillations)
