"""validate and plan from a crystal: what the rules expect, end to end, and what a user sees."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from fresh import fresh_seed
from jsonschema import Draft202012Validator
from synthetic_experiment import random_line, traces

import symchiral as sc
from symchiral.answers.plan import plan as plan_answer
from symchiral.answers.schema import schema
from symchiral.answers.validate import validate as validation_answer
from symchiral.cli import main
from symchiral.dynamics.pulse import Pulse
from symchiral.dynamics.surface import enter
from symchiral.errors import SymchiralError
from symchiral.figures.validation import save_validation
from symchiral.text.plan import plan_tables
from symchiral.text.validate import validation_tables
from symchiral.traces.expected import expect, find_places
from symchiral.traces.line import lines_of
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.probe import Probe

TRACES = "Bi2Se3/traces.csv"
ROWS = "Bi2Se3/example_rows.yaml"
FREQUENCIES = "Bi2Se3/frequencies_melnikov.json"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch, pytestconfig):
    monkeypatch.chdir(pytestconfig.rootpath)


def synthetic(rng, frequency, sense, sees, *, pump=None, runs=("+", "-"), smallest=0.5):
    """Noisy traces of one line that rotates with ``sense`` under σ+; 0 does not rotate."""
    times = np.arange(300) * (10 / frequency) / 300
    parts = []
    for which in runs:
        h = sense * {"+": 1, "-": -1, "linear": 0}[which] * rng.uniform(smallest, 1.0)
        line = random_line(rng, frequency, 0.3 * frequency, helicity=h)
        found = traces([line], times, noise=0.2, rng=rng)
        probe = Probe.coordinates(sees=sees)
        parts.append(
            Measurement.of(
                times, found, time_unit="ps", pump=PumpPulse(which, *(pump or ())), probe=probe
            )
        )
    return Measurement.together(parts)


def strongest(judged):
    """The verdict on the strongest line: noise may show another in one of a hundred fits."""
    return max(judged.lines, key=lambda v: v.assignment.line.amplitude or 0.0)


# ------------------------------------------------------------------------- what is expected

CRYSTALS = {
    "Bi2Se3": 3,
    "Te_P3121": 3,
    "BaTiO3_P4mm": 4,
    "BPO4": 4,
    "SrTiO3": 4,
    "MgB2": 6,
    "ZnO": 6,
    "TlBO2_P43": 4,
    "WC": 3,
}


@pytest.mark.parametrize("order", [3, 4])
def test_expected_channels_are_those_of_the_rules_and_conserve_pam(order):
    """Every channel judged again from its text alone, and the sum of l by hand."""
    allowed = forbidden = 0
    for name, n in CRYSTALS.items():
        study = sc.read(name)
        assert study.axis.order == n
        species = study.species("GM")
        places = find_places(species, study.axis, None, {})
        found = expect(study.crystal, study.axis, species, places, order=order)
        assert len({e.id for e in found.channels}) == len(found.channels)
        for e in found.channels:
            rule = study.explain(e.id)
            assert rule.verdict == e.rule.verdict, (name, e.id)
            l_in = sum(int(leg.component.residue) for leg in e.coupling.incoming)
            l_out = sum(int(leg.component.residue) for leg in e.coupling.outgoing)
            # Every quantum that enters was made by σ+.
            assert l_in == len(e.coupling.incoming), (name, e.id)
            if e.rule.allowed:
                allowed += 1
                assert (l_in - l_out) % n == 0, (name, e.id)
            else:
                forbidden += 1
                assert e.rule.reason.kind != "invariant"
    assert allowed >= 40
    assert forbidden >= 20


def test_calculated_channels_are_the_transfers_of_the_same_modes():
    study = sc.read("Bi2Se3/phonopy.yaml")
    species = study.species("GM")
    places = find_places(species, study.axis, study.modes(), {})
    found = expect(study.crystal, study.axis, species, places)
    lattice = {e.id: e for e in found.channels if e.mechanism == "lattice" and e.rule.allowed}
    transfers = {t.id: t for t in study.transfers(pump="σ+", probe="raman")}
    turning = {i: t for i, t in transfers.items() if "Eg" in i.split("->")[1]}
    assert set(lattice) == set(turning)
    assert len(lattice) == 6
    for i, e in lattice.items():
        assert e.detuning == pytest.approx(turning[i].detuning)
    assert {p.mode.am_sign for p in places if p.mode.turns} == {1}


def test_unknown_frequencies_are_said_to_be_unknown():
    study = sc.read("Bi2Se3")
    places = find_places(study.species("GM"), study.axis, None, {"Eg#2": 4.05})
    found = {p.mode.name: (p.mode.frequency, p.mode.count) for p in places}
    assert found["Eg#2"] == (4.05, 1)
    assert found["Eg"] == (None, 1)
    assert found["Eu"] == (None, 2)


# --------------------------------------------------------------------------- end to end

CASES = {
    # crystal, mode, probe, sense under σ+ that the rule allows
    "three-fold": ("Bi2Se3/phonopy.yaml", ("Eg", 2), "raman", -1),
    "three-fold, absorbed": ("Bi2Se3/phonopy.yaml", ("Eu", 1), "infrared", 1),
    "four-fold, absorbed": ("TiO2_anatase/phonopy.yaml", ("Eu", 1), "infrared", 1),
}


@pytest.mark.parametrize("case", CASES)
def test_allowed_helicity_is_consistent_and_the_forbidden_one_is_not(case):
    name, key, sees, sense = CASES[case]
    study = sc.read(name)
    own = study.modes()[key].frequency
    rng = np.random.default_rng(2026)
    for _ in range(2):
        # The film is not what was calculated.
        frequency = own * rng.uniform(0.97, 1.03)
        # Of unknown width: these traces begin with the motion, and have no pulse.
        pump = (frequency if sees == "infrared" else frequency / 2,)
        good = study.validate(synthetic(rng, frequency, sense, sees, pump=pump))
        line = strongest(good)
        assert line.assignment.mode.name == f"{key[0]}#{key[1]}"
        assert line.verdict == "consistent", line.reason.text
        assert all(v.channel.sense == sense for v in good.channels if v.verdict == "consistent")
        bad = study.validate(synthetic(rng, frequency, -sense, sees, pump=pump))
        line = strongest(bad)
        assert line.verdict == "inconsistent", line.reason.text
        assert (
            f"{study.axis.order}+001" in line.reason.text
            or f"{study.axis.order}-001" in line.reason.text
        )


@pytest.mark.sweep
def test_share_of_right_verdicts():
    """Fresh seeds: allowed called inconsistent in at most 1 %, forbidden in at least 99 %."""
    study = sc.read("Bi2Se3/phonopy.yaml")
    seed = fresh_seed()
    rng = np.random.default_rng(seed)
    own = study.modes()["Eg", 2].frequency
    count, wrong = 300, {-1: 0, 1: 0}
    for sense in wrong:
        for _ in range(count):
            data = synthetic(rng, own * rng.uniform(0.9, 1.1), sense, "raman", pump=(own / 2,))
            wrong[sense] += strongest(study.validate(data)).verdict == "inconsistent"
    assert wrong[-1] <= 0.01 * count, (seed, wrong)
    assert wrong[1] >= 0.99 * count, (seed, wrong)


def test_a_mode_that_nothing_may_turn_does_not_turn():
    """On a four-fold axis two quanta of +1 reach B1g, which has no sense, and never Eg."""
    study = sc.read("TiO2_anatase/phonopy.yaml")
    rng = np.random.default_rng(2026)
    names = ("B1g#1", "B1g#2", "A1g#1", "Eg#3")
    known = {n: study.modes()[n.split("#")[0], int(n[-1])].frequency for n in names}
    b1g, eg = known["B1g#1"], known["Eg#3"]
    # Calculated frequencies are uncertain by a tenth: the line could be others too, which would not
    # turn either. What all agree on is said.
    open_ = study.validate(synthetic(rng, b1g, 0, "raman"), frequencies={"B1g#1": b1g})
    assert open_.lines[0].assignment.alternatives == ("B1g#2", "A1g#1")
    assert open_.lines[0].verdict == "consistent"
    assert any(advice.kind == "tell-modes" for advice in open_.decide)
    still = study.validate(synthetic(rng, b1g, 0, "raman"), frequencies=known)
    line = strongest(still)
    assert (line.assignment.mode.name, line.verdict) == ("B1g#1", "consistent")
    turning = study.validate(synthetic(rng, eg, 1, "raman"), frequencies=known)
    line = strongest(turning)
    assert (line.assignment.mode.name, line.verdict) == ("Eg#3", "inconsistent")
    assert line.reason.kind == "as-forbidden"
    assert "forbidden" in line.reason.text


def test_what_three_quanta_could_do_is_not_called_inconsistent():
    """On a four-fold axis σ+ makes (+) by absorption, and (−) at three times its frequency."""
    study = sc.read("TiO2_anatase/phonopy.yaml")
    own = study.modes()["Eu", 1].frequency
    known = {"Eu#1": own}
    found = {}
    for frequency in (own, own / 3):
        pump = {"frequency": frequency, "frequency_unit": "THz", "polarization": "σ+"}
        row = {"frequency": own, "frequency_unit": "THz", "helicity": -0.9, "error": 0.1}
        lines = lines_of({"pump": pump, "components": [row]})
        (line,) = study.validate(lines, sees="infrared", frequencies=known).lines
        found[frequency] = (line.verdict, line.reason.channel == "E[σ+] E[σ+] E[σ+] -> Eu#1(-)")
    assert list(found.values()) == [("inconsistent", False), ("undecided", True)]
    (line,) = study.validate(lines, sees="infrared", frequencies=known, order=4).lines
    assert line.verdict == "consistent"


@pytest.mark.parametrize(("sense", "verdict"), [(-1, "consistent"), (1, "inconsistent")])
def test_structure_alone(sense, verdict):
    judged = sc.read("Bi2Se3").validate(
        synthetic(np.random.default_rng(2026), 3.3, sense, "raman"), sees="raman"
    )
    line = strongest(judged)
    assert (line.assignment.mode.name, line.verdict) == ("Eg", verdict)
    assert any("frequencies of" in note.text for note in judged.notes)


def test_two_lines_of_one_species_without_frequencies():
    rows = [
        {"frequency": f, "frequency_unit": "THz", "helicity": h, "error": 0.1}
        for f, h in ((1.1, -0.9), (4.0, -0.8), (5.0, 0.9))
    ]
    lines = lines_of({"pump": {"polarization": "σ+"}, "components": rows})
    judged = sc.read("Bi2Se3").validate(lines, sees="raman")
    words = {
        (v.assignment.mode.name if v.assignment.mode else None, v.verdict) for v in judged.lines
    }
    # There are two Eg modes, no third; and a line of Eg that turns otherwise is none the less one.
    assert len([v for v in judged.lines if v.assignment.mode is None]) == 1
    assert words <= {("Eg", "consistent"), ("Eg", "inconsistent"), (None, "undecided")}
    assert judged.lines[2].verdict != "consistent"


def test_a_line_that_direct_absorption_would_explain_is_not_called_consistent_out_of_band():
    """Eg#2 lies on Eu#2; a probe of unknown activity must not take the one for the other."""
    row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": 0.9, "error": 0.1}
    pump = {"frequency": 2.0, "frequency_unit": "THz", "polarization": "σ+", "bandwidth": 0.3}
    lines = lines_of({"pump": pump, "components": [row]})
    (line,) = sc.read("Bi2Se3/phonopy.yaml").validate(lines).lines
    assert line.verdict != "consistent"


def test_the_documented_measurement():
    study = sc.read("Bi2Se3/phonopy.yaml")
    judged = study.validate(TRACES, frequencies=FREQUENCIES)
    (line,) = judged.lines
    assert line.verdict == "consistent"
    assert line.assignment.mode.name == "Eg#2"
    verdicts = {v.channel.id: v for v in judged.channels}
    assert verdicts["Eu#1(+) Eu#1(+) -> Eg#2(-)"].verdict == "consistent"
    assert verdicts["E[σ+] E[σ+] -> Eg#2(-)"].verdict == "consistent"
    wrong = verdicts["Eu#1(+) Eu#1(+) -> Eg#2(+)"]
    assert wrong.verdict == "inconsistent"
    assert "{3+001|0}" in wrong.reason.text
    assert any("symmetry cannot distinguish them" in advice.text for advice in judged.decide)
    words = validation_answer(study.crystal, study.axis, judged).words
    assert "is rejected: the rotation {3+001|0}" in words
    assert "symmetry-equivalent alternatives" in words
    assert "E[σ+] E[σ+] → Eg#2(−) (light)" in words
    flip = verdicts["Eu#1(+) Eu#1(+) -> Eg#2(-)"]
    assert (flip.reason.kind, flip.reason.turn) == ("as-predicted", -2)
    assert "lines by −2φ" in flip.reason.text
    assert flip.channel.gain > 0
    assert judged.ranking == "coefficients"
    assert line.channels[0] == "Eu#1(+) Eu#1(+) -> Eg#2(-)"
    (off,) = study.validate(ROWS, sees="raman").lines
    assert off.verdict == "inconsistent"
    assert "{3+001|0}" in off.reason.text


# ------------------------------------------------------------------------------------ plan


def test_the_order_of_the_axis_of_a_balanced_probe_is_that_of_the_crystal(tmp_path, capsys):
    text = (Path("structures") / TRACES).read_text(encoding="utf-8")
    probe = "balanced, fold 3, S0 = 0, S45 = 45"
    assert probe in text
    plain, bare = tmp_path / "plain.csv", tmp_path / "bare.csv"
    plain.write_text(text.replace("fold 3, ", ""), encoding="utf-8")
    bare.write_text(text.replace(f"# probe: {probe}\n", ""), encoding="utf-8")
    found = []
    for words in ([TRACES], [str(plain)], [str(bare), "--probe", "balanced, S0=0, S45=45"]):
        assert main(["validate", "Bi2Se3", *words, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out)["components"])
    assert found[0] == found[1] == found[2]
    for name, said in (("CuO", "2-fold axis sees no helicity"), ("P2I4", "for no known axis")):
        assert main(["validate", name, str(plain)]) == 1
        assert said in capsys.readouterr().err


def test_a_band_of_a_plan_is_a_band(capsys):
    for bad in ("xx", "1-3THz s+", "s+", "2THz"):
        assert main(["plan", "nowhere.cif", "--pump-range", bad]) == 1  # before anything is read
        err = capsys.readouterr().err
        assert "band" in err
        assert "nowhere" not in err
        assert "σ" not in err
    assert main(["plan", "Bi2Se3", "--pump-range", "1-3THz"]) == 0
    assert "leaves nothing out" in capsys.readouterr().err
    words = ["plan", "Bi2Se3/phonopy.yaml", "--pump-range", "50-60THz", "--unit", "cm-1"]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert "between 1667.82 and 2001.38 cm⁻¹" in " ".join(out.split())
    assert err == ""


def test_plans():
    def plan(name, **options):
        return sc.read(name).plan(**options)

    flagship = plan("Bi2Se3/phonopy.yaml", pump="1-3THz")
    assert [m.name for m in flagship.pumped] == ["Eu#1"]
    best = flagship.channels[0]
    assert (best.id, best.sense) == ("Eu#1(+) Eu#1(+) -> Eg#2(-)", -1)
    assert best.drive == pytest.approx(2 * flagship.pumped[0].frequency)
    assert [g.declaration for g in flagship.geometry if g.kind == "balanced"] == [
        "balanced, fold 3, S0 = 0, S45 = 45"
    ]
    cubic = plan("SrTiO3")
    assert cubic.order == 4
    assert "inversion" in cubic.reason.text
    assert {e.outgoing.species.label for e in cubic.channels} == {"T1u", "T2u"}
    four = plan("BaTiO3_P4mm")
    assert four.order == 4
    assert four.reason.kind == "not-flipped"
    assert "neutral" in four.reason.text
    assert {e.sense for e in four.channels} == {-1}
    chiral = plan("Te_P3121")
    assert chiral.order == 3
    assert {e.sense for e in chiral.channels} == {-1}
    six = plan("MgB2")
    assert six.order == 3
    assert [(e.id, e.sense) for e in six.channels[:1]] == [("E1u(+) E1u(+) -> E2g(+)", 1)]
    assert "kept" in six.reason.text
    none = plan("CuO")
    assert not none.channels
    assert "no axis of order three" in none.reason.text
    kinds = ["helicity", "linear", "sample", "delay", "frequency", "twin", "depth", "echoes"]
    for p in (flagship, cubic, four, chiral, six):
        assert [c.kind for c in p.controls] == kinds
    outside = plan("Bi2Se3/phonopy.yaml", pump="20-30THz")
    assert not outside.channels
    assert "no infrared mode" in outside.reason.text


def test_what_is_planned_follows_from_the_order_of_the_axis(capsys):
    """Every shipped crystal: 1 + 1 = −1 mod 3, 1 + 1 + 1 = −1 mod 4, and 1 + 1 = 2 mod 6, kept.

    Two and three quanta of +1 make 2 and 3: what is left is −1 at the least order 2 for three-fold
    axes and 3 for four-fold ones, and on a six-fold axis 2 turns as +1 does and 3 not at all.
    """
    found = Counter()
    for path in sorted(Path("structures").glob("*.cif")):
        p = sc.read(str(path)).plan()
        fold = 0 if p.axis is None else p.axis.order
        what = {(e.rule.pam_sense, e.sense, len(e.incoming) + e.photons) for e in p.channels}
        found[fold, p.order if what else 0, *sorted(what)] += 1
    assert found == {
        (3, 3, ("flipped", -1, 2)): 45,
        (4, 4, ("flipped", -1, 3)): 32,
        (6, 3, ("kept", 1, 2)): 18,
        (2, 0): 12,
        (0, 0): 3,
        (4, 0): 2,  # diamond, silicon: light drives nothing
    }
    assert main(["plan", "LiIO3/phonopy.yaml"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "fourth order flips none either: these channels keep the sense of PAM" in out
    assert "flipping channel" not in out


def test_what_linear_light_does_follows_from_what_reverses_the_axis():
    """Every shipped crystal: helicity 0 is promised where an operation exchanges σ+ and σ−.

    By matrices: a mirror that contains the axis n, n·Rn = 1 with det R = −1, or a half-turn across
    it, n·Rn = −1 with det R = 1, reverses the sense of rotation about n.
    """
    found = Counter()
    for path in sorted(Path("structures").glob("*.cif")):
        p = sc.read(str(path)).plan()
        if not p.channels:
            continue
        n = np.array(p.axis.direction) / np.linalg.norm(p.axis.direction)
        along = np.einsum("i,gij,j->g", n, p.crystal.rotations, n)
        exchanged = np.any(along * np.linalg.det(p.crystal.rotations) < -1 + 1e-6)
        law = next(c.law for c in p.controls if c.kind == "linear")
        quanta = len(p.channels[0].incoming) + p.channels[0].photons
        found[quanta, law] += 1
        assert (law in ("line", "mirrors")) == exchanged, (path.name, law)
    assert found == {
        (2, "line"): 43,
        (2, "losses"): 20,
        (3, "mirrors"): 25,
        (3, "mixed-losses"): 7,
    }


def judged_rows(tmp_path, structure, order, *runs):
    """The document of rows of one line at three times the pump, with its runs as written."""
    rows = tmp_path / "rows.yaml"
    rows.write_text(
        "pump: {frequency: 2.0, frequency_unit: THz, bandwidth: 0.5}\nprobe: analyser\n"
        "components:\n  - frequency: 6.0\n    frequency_unit: THz\n    runs:\n"
        + "".join(f"      - {{{run}}}\n" for run in runs)
    )
    assert main(["validate", structure, str(rows), "--order", str(order), "--json"]) == 0


LINEAR = (
    "pump: 0 deg, helicity: 0.0, error: 0.1, direction: 10, direction_error: 6",
    "pump: 30 deg, helicity: 0.0, error: 0.1, direction: 100, direction_error: 6",
)


def test_three_quanta_have_no_law_of_the_angle(tmp_path, capsys):
    """Absorption, which has one, is far from a line at three times the pump."""
    judged_rows(tmp_path, "BaTiO3_P4mm", 4, *LINEAR)
    found = json.loads(capsys.readouterr().out)
    (line,) = found["components"]
    assert (line["verdict"], line["why"]["kind"]) == ("undecided", "no-law")
    assert any("no law of its angle" in note for note in found["notes"])
    assert not any("linear pumps at two" in text for text in found["decide"])
    judged_rows(tmp_path, "BaTiO3_P4mm", 4, *LINEAR, "pump: s+, helicity: -0.9, error: 0.1")
    found = json.loads(capsys.readouterr().out)
    assert found["components"][0]["verdict"] == "consistent"
    assert not any("linear pumps at two" in text for text in found["decide"])
    assert main(["validate", "BaTiO3_P4mm", str(tmp_path / "rows.yaml"), "--order", "4"]) == 0
    out = capsys.readouterr().out
    assert "the rule rotates" not in out


def test_a_line_of_three_quanta_is_sent_to_the_fourth_order(tmp_path, capsys):
    """In either sense: third order reaches nothing at three times the pump."""
    for helicity, word in ((-0.9, "consistent"), (0.9, "inconsistent")):
        runs = (
            f"pump: s+, helicity: {helicity}, error: 0.1",
            f"pump: s-, helicity: {-helicity}, error: 0.1",
        )
        judged_rows(tmp_path, "SrTiO3", 3, *runs)
        (line,) = json.loads(capsys.readouterr().out)["components"]
        assert (line["verdict"], line["why"]["kind"]) == ("undecided", "fourth-order")
        assert "--order 4" in line["reason"]
        judged_rows(tmp_path, "SrTiO3", 4, *runs)
        (line,) = json.loads(capsys.readouterr().out)["components"]
        assert line["verdict"] == word


def test_a_pump_without_polarisation_is_not_passed_over(tmp_path, capsys):
    table = tmp_path / "x.csv"
    lines = Path("structures/Bi2Se3/traces.csv").read_text(encoding="utf-8").splitlines()
    rows = [x.split(",") for x in lines if not x.startswith("#")]
    at = rows[0].index("pump")
    first = [r for r in rows[1:] if r[at] == rows[1][at]]
    body = "\n".join(",".join(c for i, c in enumerate(r) if i != at) for r in (rows[0], *first))
    head = "\n".join(x for x in lines if x.startswith("#"))
    table.write_text(f"{head}\n{body}\n")
    assert "pump_frequency" in head
    assert main(["validate", "Bi2Se3/phonopy.yaml", str(table)]) == 1
    err = capsys.readouterr().err
    assert "no polarisation" in err
    assert main(["validate", "Bi2Se3/phonopy.yaml", str(table), "--pump", "s+"]) == 0


def test_a_plan_for_a_material_from_elsewhere(tmp_path):
    """β-PdBi2 is not shipped: I4/mmm, where two quanta of +1 make what does not turn."""
    path = tmp_path / "x.cif"
    cell = np.diag([3.362, 3.362, 12.983])
    z = 0.363
    atoms = Atoms(
        ["Pd", "Pd", "Bi", "Bi", "Bi", "Bi"],
        cell=cell,
        scaled_positions=[
            (0, 0, 0), (0.5, 0.5, 0.5), (0, 0, z), (0, 0, -z), (0.5, 0.5, 0.5 + z),
            (0.5, 0.5, 0.5 - z),
        ],
        pbc=True,
    )  # fmt: skip
    write(path, atoms)
    plan = sc.read(str(path)).plan()
    assert plan.crystal.group.symbol == "I4/mmm"
    assert [m.name for m in plan.pumped] == ["Eu"]
    assert plan.order == 4
    assert plan.reason.kind in ("not-flipped", "forbidden")
    for e in plan.channels:
        assert e.rule.pam_sense == "flipped"
        assert e.sense == -1
    assert main(["plan", str(path)]) == 0


def test_fourth_order_is_named_where_third_forbids():
    """SrTiO3: inversion forbids every cubic product of light; three quanta reach T2u."""
    study = sc.read("SrTiO3")
    plan = study.plan()
    assert "inversion" in plan.reason.text
    row = {"frequency": 8.0, "frequency_unit": "THz", "helicity": -0.9, "error": 0.1}
    lines = lines_of({"pump": {"polarization": "σ+"}, "components": [row]})
    # Frequencies made up for the test.
    known = {"T1u#1": 3.0, "T1u#2": 5.0, "T1u#3": 16.0, "T2u#1": 8.0}
    judged = study.validate(lines, sees="any", frequencies=known)
    (line,) = judged.lines
    assert line.verdict == "undecided"
    assert "of fourth order" in line.reason.text
    named = [v for v in judged.channels if "in fourth order" in v.reason.text]
    assert named
    assert {v.channel.verdict for v in named} == {"forbidden"}
    assert {v.channel.sense for v in named} == {-1}


def test_controls_by_tensors():
    """The laws of the controls from Raman tensors as numbers, without any channel.

    Two photons push the partners through the Raman tensor and a probe sees them through it; turning
    the sample is turning the light back.
    """
    checked = 0
    for name in ("Bi2Se3", "Te_P3121"):
        study = sc.read(name)
        plan, light = study.plan(), study.beam()
        label = plan.channels[0].outgoing.species.label
        plus, minus = (
            next(t.vectors[:, 0] for t in light.targets if t.label == f"{label}({s})") for s in "+-"
        )
        form = light.polarizability(next(s for s in light.optical if s.label == label))
        rng = np.random.default_rng(7)
        push, see = rng.standard_normal((2, len(form)))
        x, y, _ = light.beam.frame

        def across(angle, x=x, y=y):
            return (np.cos(angle) * x + np.sin(angle) * y).astype(complex)

        def response(jones, chi, *, x=across, form=form, push=push):
            e = jones[0] * x(-chi) + jones[1] * x(np.pi / 2 - chi)
            return push @ form.contract(e, e, None)

        def signal(q, theta, chi, *, x=across, form=form, see=see):
            return see @ form.contract(x(theta - chi), x(theta + np.pi / 2 - chi), None) @ q

        sigma = {s: np.array([1, s * 1j]) / np.sqrt(2) for s in (1, -1)}
        circular = response(sigma[1], 0.0)
        size = np.linalg.norm(circular)
        for s in (1, -1):
            q = response(sigma[s], 0.0)
            h = (abs(plus.conj() @ q) ** 2 - abs(minus.conj() @ q) ** 2) / np.linalg.norm(q) ** 2
            assert h == pytest.approx(s * plan.channels[0].sense)
        assert "nor does the phase" in next(c.text for c in plan.controls if c.kind == "sample")
        for chi in rng.uniform(0, 2 * np.pi, 5):
            for theta in (0.0, np.pi / 4):
                turned = signal(response(sigma[1], chi), theta, chi)
                assert turned == pytest.approx(signal(circular, theta, 0.0), abs=1e-9)
        start = response(np.array([1.0, 0.0]), 0.0)
        for phi in rng.uniform(0, np.pi, 5):
            q = response(np.array([np.cos(phi), np.sin(phi)]), 0.0)
            assert np.linalg.norm(q) == pytest.approx(size / np.sqrt(2))
            turn = 2 * np.angle((plus.conj() @ q) / (plus.conj() @ start))
            back = 2 * np.angle((minus.conj() @ q) / (minus.conj() @ start))
            # a± of a line at α is exp(∓iα): α has turned by 2sφ.
            assert np.exp(1j * (back - turn) / 2) == pytest.approx(
                np.exp(2j * plan.channels[0].sense * 2 * phi)
            )
            checked += 1
    assert checked == 10


# ------------------------------------------------------------------------- what a user sees


@pytest.mark.sweep
def test_documents_are_what_their_schema_says():
    study = sc.read("Bi2Se3/phonopy.yaml")
    validator = Draft202012Validator(json.loads(schema("validate")))
    for data, unit in ((TRACES, "cm-1"), (ROWS, "meV")):
        judged = study.validate(data, sees="raman")
        answer = validation_answer(study.crystal, study.axis, judged, unit=unit)
        assert type(answer).from_json(answer.to_json()) == answer
        document = answer.to_dict()
        assert not list(validator.iter_errors(document))
        (component,) = document["components"]
        assert component["assigned"] == "Eg#2"
        assert component["frequency_unit"] == unit
        assert {"frequency", "helicity", "verdict"} <= set(component)
    validator = Draft202012Validator(json.loads(schema("plan")))
    for name in ("Bi2Se3/phonopy.yaml", "SrTiO3", "CuO", "MgB2"):
        answer = plan_answer(sc.read(name).plan(), unit="cm-1")
        assert type(answer).from_json(answer.to_json()) == answer
        assert not list(validator.iter_errors(answer.to_dict()))


def test_tables_fit_a_terminal():
    study = sc.read("Bi2Se3/phonopy.yaml")
    judged = study.validate(TRACES)
    tables = [
        *validation_tables(validation_answer(study.crystal, study.axis, judged, unit="cm-1")),
        *plan_tables(plan_answer(study.plan()), path="x"),
    ]
    for table in tables:
        assert max(map(len, table.text(110).splitlines())) <= 110
        table.ascii().text().encode("ascii")


def test_figures(tmp_path):
    pytest.importorskip("matplotlib")
    study = sc.read("Bi2Se3/phonopy.yaml")
    for data, ending in ((TRACES, "png"), (ROWS, "svg")):
        path = tmp_path / f"figure.{ending}"
        judged = study.validate(data, sees="raman")
        answer = validation_answer(study.crystal, study.axis, judged)
        save_validation(answer, judged.fit, path)
        assert path.stat().st_size > 5000


def test_the_figure_without_matplotlib(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    study = sc.read("Bi2Se3")
    answer = validation_answer(study.crystal, study.axis, study.validate(ROWS))
    with pytest.raises(SymchiralError, match="matplotlib is not installed"):
        save_validation(answer, None, tmp_path / "x.png")


BAD = {
    "probe of another axis": (["BaTiO3_P4mm", TRACES], "for a 3-fold axis"),
    "fs read as ps": (
        ["Bi2Se3/phonopy.yaml", "{tmp}/fs.csv", "--time-unit", "ps"],
        "Check the unit of the times",
    ),
    "no file": (["Bi2Se3", "nowhere.csv"], "no such file"),
    "no unit": (["Bi2Se3", "{tmp}/nounit.csv"], "not declared"),
    "missing channel": (["Bi2Se3", TRACES, "--probe", "coordinates, A, B"], "has no column 'A'"),
    "short": (["Bi2Se3", "{tmp}/short.csv"], "too short"),
    "rows and traces": (["Bi2Se3", TRACES, ROWS], "cannot be joined"),
    "options for rows": (["Bi2Se3", ROWS, "--time-zero", "1"], "fitted rows"),
    "unknown mode": (["Bi2Se3", ROWS, "--frequencies", "{tmp}/unknown.json"], "no such mode"),
    "wrong order": (["Bi2Se3", ROWS, "--frequencies", "{tmp}/order.json"], "out of order"),
    "no JSON": (["Bi2Se3", ROWS, "--frequencies", ROWS], "it is not a complete JSON"),
    "no frequencies": (["Bi2Se3", ROWS, "--frequencies", "x.json"], "cannot read the frequencies"),
    "tolerance": (["Bi2Se3", ROWS, "--tolerance", "-1"], "tolerance of -1"),
    "order": (["Bi2Se3", ROWS, "--order", "7"], "order 7 is not enumerated"),
    "sigma": (["Bi2Se3", ROWS, "--sigma", "0"], "not a criterion"),
    "ending": (["Bi2Se3", ROWS, "-o", "x.doc"], "not a format for this"),
    "folder": (["Bi2Se3", ROWS, "-o", "{tmp}/none/x.png"], "cannot write"),
    "pump": (["Bi2Se3", TRACES, "--pump-frequency", "2THz"], "no polarisation"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case, tmp_path, capsys):
    times = np.arange(0, 8, 0.03)
    shape = np.exp(-0.3 * times)[:, None] * np.column_stack(
        [np.cos(2 * np.pi * 4.06 * times), -np.sin(2 * np.pi * 4.06 * times)]
    )
    shape = shape + 0.05 * np.random.default_rng(0).standard_normal(shape.shape)

    def table(name, head, times, rows=None):
        body = [f"{t:.5f},{a:.5f},{b:.5f}" for t, (a, b) in zip(times, shape, strict=True)]
        (tmp_path / name).write_text("\n".join([head, *body[:rows]]) + "\n")

    table("fs.csv", "time,Qx,Qy", 1000 * times)
    table("nounit.csv", "time,Qx,Qy", times)
    table("short.csv", "time_ps,Qx,Qy", times, rows=6)
    for name, given in (("unknown", {"Eg#7": 1.0}), ("order", {"Eg#1": 4.0, "Eg#2": 1.0})):
        text = json.dumps({"frequency_unit": "THz", "frequencies": given})
        (tmp_path / f"{name}.json").write_text(text)
    words, message = BAD[case]
    assert main(["validate", *(w.format(tmp=tmp_path) for w in words)]) == 1
    shown = capsys.readouterr()
    assert message in shown.err
    assert not shown.out


def test_commands(capsys, tmp_path):
    assert main(["validate", "Bi2Se3/phonopy.yaml", TRACES, "--frequencies", FREQUENCIES]) == 0
    assert "agrees with the rules" in capsys.readouterr().out
    assert main(["validate", "Bi2Se3", ROWS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "symchiral/validate/1"
    assert main(["plan", "Bi2Se3/phonopy.yaml", "--pump-range", "1-3THz"]) == 0
    assert "Eu#1(+) Eu#1(+) → Eg#2(−)" in capsys.readouterr().out
    assert main(["plan", "SrTiO3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["order"] == 4
    assert main(["plan", "Bi2Se3", "--pump-range", "1-3THz s+"]) == 1
    assert "polarisations are part of the plan" in capsys.readouterr().err


def _driven(study: sc.Study) -> dict[str, float]:
    """Frequencies of the modes that circular light along the axis drives by itself."""
    light = study.beam()
    labels = {t.species.label for t in light.targets if light.absorbed(t)}
    modes = [m for m in study.modes().multiplets if m.species.label in labels]
    return {m.name: m.frequency for m in modes if not m.name.endswith("#ac")}


def test_light_by_itself_is_among_the_channels_however_many_there_are() -> None:
    """Of quartz more than 400 are known, of which some are left out, none of these."""
    for name, cut in (("Bi2Se3/phonopy.yaml", False), ("SiO2_quartz_P3121/phonopy.yaml.xz", True)):
        study = sc.read(f"structures/{name}")
        places = study._places(None, None)
        found = expect(study.crystal, study.axis, study._centre, places, linear=True)
        assert any(note.kind == "channels-left-out" for note in found.notes) == cut
        alone = [e for e in found.channels if len(e.coupling.legs) == 2 and e.rule.allowed]
        assert {e.outgoing.mode.name for e in alone} == set(_driven(study))
        assert {m.name for m in study.plan().pumped} == set(_driven(study))


@pytest.mark.parametrize(
    ("name", "count"),
    [("SiO2_quartz_P3121", 8), pytest.param("LiAl5O8", 21, marks=pytest.mark.sweep)],
)
def test_a_directly_driven_line_keeps_the_sense_of_the_light(name: str, count: int) -> None:
    study = sc.read(f"structures/{name}/phonopy.yaml.xz")
    driven = _driven(study)
    for frequency in driven.values():
        pump = {"polarization": "σ+", "frequency": frequency, "frequency_unit": "THz"}
        row = {"frequency": frequency, "frequency_unit": "THz", "helicity": 0.9, "error": 0.1}
        document = {"pump": pump, "components": [row]}
        (line,) = study.validate(lines_of(document), sees="infrared").lines
        assert line.verdict == "consistent", frequency
    assert len(driven) == count


def test_the_light_that_enters_is_that_of_a_long_pulse() -> None:
    """Of a pulse of many cycles, by its transform, the same share of the field enters."""
    study = sc.read("structures/Bi2Se3/phonopy.yaml")
    plan = study.plan()
    model = study.model()
    assert set(plan.optics) == {m.name for m in plan.pumped} == {"Eu#1", "Eu#2"}
    for face in plan.optics.values():
        pulse = Pulse(face.frequency, "σ+", fwhm_ps=80.0, field_mv_cm=1.0, incident=True)
        assert enter(model, pulse, until=300.0).peak == pytest.approx(face.share, rel=0.01)
        epsilon = model.permittivity(np.array([-2j * np.pi * face.frequency]))[0, 0, 0]
        assert face.index**2 == pytest.approx(epsilon, rel=1e-9)
        # exp(2πi f N d/c) of the field: e^-1 of the intensity at the depth; c = 299.79 µm/ps.
        field = np.exp(2j * np.pi * face.frequency * face.index * face.depth / 299.792458)
        assert abs(field) ** 2 == pytest.approx(np.exp(-1), rel=1e-6)


def test_an_activity_that_is_none_is_refused() -> None:
    with pytest.raises(sc.SymchiralError, match="Write one of raman, infrared, any"):
        sc.read("Bi2Se3").validate("Bi2Se3/example_rows.yaml", sees="Raman")  # type: ignore[arg-type]
