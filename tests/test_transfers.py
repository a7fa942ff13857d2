"""Transfers in time in a four-fold crystal, MgB2 and a chiral crystal, through the commands.

Modes are first-principles ones, couplings those shipped beside them, computed with a
machine-learned potential (structures/README.md); no number here was chosen but the light.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

import symchiral as sc
from symchiral.anharmonic.couplings import Couplings
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import Pulse
from symchiral.dynamics.start import Start
from symchiral.study import Study

Capture = pytest.CaptureFixture[str]

STRUCTURES = Path(__file__).resolve().parent.parent / "structures"


@cache
def study(name: str) -> Study:
    return sc.read(str(STRUCTURES / name))


@cache
def model(name: str) -> NormalModeModel:
    return study(name).model()


def ran(capsys: Capture, name: str, *words: str) -> dict[str, Any]:
    """The modes of `simulate --json`, by name."""
    assert main(["simulate", str(STRUCTURES / name), *words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(schema("simulate"))).validate(document)
    assert document["couplings"]["provenance"]["file"].endswith("couplings.json")
    assert "SevenNet" in document["couplings"]["provenance"]["calculator"]
    return {m["label"]: m for m in document["modes"]}


def of_order(name: str, order: int) -> NormalModeModel:
    """The model with the couplings of one order alone."""
    found = model(name)
    kept = tuple(p for p in found.couplings.potentials if p.order == order)
    assert kept
    return replace(found, couplings=replace(found.couplings, potentials=kept))


# ------------------------------------------------------------------------ a four-fold axis: anatase


@pytest.mark.sweep
def test_two_quanta_on_a_fourfold_axis_drive_a_line(capsys: Capture) -> None:
    """Eu(+)Eu(+) → B1g: 1 + 1 = 2 ≡ −2 (mod 4) has no sense; the pump keeps its own."""
    modes = ran(capsys, "TiO2_anatase", "--pump", "6.44THz σ+ 1ps 1MV/cm", "--duration", "10")
    assert modes["Eu#1"]["pam_helicity"] > 0.999
    assert modes["B1g#1"]["pam_helicity"] is None
    assert modes["B1g#1"]["moves_at"] == pytest.approx(2 * 6.44, abs=0.1)
    assert modes["B1g#2"]["energy"] > 1e-3 * modes["Eu#1"]["energy"]
    # Symmetry forbids the even E modes at this order, and A1g at twice the frequency.
    assert max(modes[f"Eg#{n}"]["energy"] for n in (1, 2, 3)) < 1e-12 * modes["Eu#1"]["energy"]


@pytest.mark.sweep
def test_three_quanta_on_a_fourfold_axis_turn_back(capsys: Capture) -> None:
    """Eu(+)³ → Eu(−): 1 + 1 + 1 = 3 ≡ −1 (mod 4). Light at a third of Eu#2 drives it."""
    for word, spin in (("σ+", 1), ("σ-", -1)):
        modes = ran(
            capsys, "TiO2_anatase", "--pump", f"4.09THz {word} 1ps 5MV/cm", "--duration", "8"
        )
        assert spin * modes["Eu#2"]["pam_helicity"] < -0.99
        assert modes["Eu#2"]["moves_at"] == pytest.approx(12.26, abs=0.05)
    linear = ran(capsys, "TiO2_anatase", "--pump", "4.09THz x 1ps 5MV/cm", "--duration", "8")
    assert abs(linear["Eu#2"]["pam_helicity"]) < 0.01


@pytest.mark.parametrize("order", [3, 4])
def test_the_quartic_term_alone_does_it_and_so_do_two_cubic_ones(order: int) -> None:
    """Either way; without any coupling light leaves Eu#2 turning with it."""
    pulse = Pulse(4.09, "σ+", 1.0, 5.0)
    driven = simulate(of_order("TiO2_anatase", order), pulse, duration=8).motion("Eu#2")
    assert (driven.pam_helicity or 0) < -0.99
    bare = replace(
        model("TiO2_anatase"), couplings=Couplings(model("TiO2_anatase").coordinates, ())
    )
    free = simulate(bare, pulse, duration=8).motion("Eu#2")
    assert free.amplitude < 1e-2 * driven.amplitude


def test_the_third_harmonic_grows_with_the_cube_of_the_field() -> None:
    """By the quartic term; its coefficient Eu#1(+)³ Eu#2(+) is the one that counts."""
    sizes, found = [], model("TiO2_anatase")
    bare = replace(found, couplings=Couplings(found.coordinates, ()))
    for field in (0.5, 1.0):
        pulse = Pulse(4.09, "σ+", 1.0, field)
        runs = [simulate(m, pulse, duration=5) for m in (of_order("TiO2_anatase", 4), bare)]
        driven = (runs[0].coordinates - runs[1].coordinates)[runs[1].after]
        sizes.append(np.abs(driven[:, found.coordinates.slots("Eu#2")]).max())
    assert sizes[1] / sizes[0] == pytest.approx(8, rel=0.05)
    terms = {t.modes: t for t in model("TiO2_anatase").couplings.circular(4)}
    counted = [m for m in terms if m.count("Eu#1(+)") + m.count("Eu#2(+)") == 4]
    assert len(counted) == 5
    assert all(terms[m].verdict.word == "allowed" for m in counted)
    assert abs(terms["Eu#1(+)", "Eu#1(+)", "Eu#1(+)", "Eu#2(+)"].value) > 1e-3


# -------------------------------------------------------------------------------- a six-fold: MgB2


def test_in_mgb2_pam_is_kept_and_the_atoms_reverse(capsys: Capture) -> None:
    """E1u(+)E1u(+) → E2g(+); a metal has no Born charges, so the mode is set in motion."""
    for sign in (1, -1):
        component = "+" if sign > 0 else "-"
        modes = ran(capsys, "MgB2", "--start", f"E1u(1,{component}) 0.05A", "--duration", "10")
        assert sign * modes["E1u#1"]["pam_helicity"] > 0.999
        assert sign * modes["E1u#1"]["mechanical_helicity"] > 0.999
        assert sign * modes["E2g#1"]["pam_helicity"] > 0.9
        assert sign * modes["E2g#1"]["mechanical_helicity"] < -0.9
        assert modes["E2g#1"]["energy"] > 1e-3 * modes["E1u#1"]["energy"]
    rule = study("MgB2").rules()["E1u(+) E1u(+) -> E2g(+)"]
    assert (rule.pam_sense, rule.rotation_sense) == ("kept", "flipped")


# ------------------------------------------------------------------------------ chiral: cinnabar


@pytest.mark.sweep
def test_in_a_chiral_crystal_two_quanta_turn_back(capsys: Capture) -> None:
    """E(+)E(+) → E(−) on a three-fold screw; 2 × 1.25 THz is near E#2."""
    for word, spin in (("σ+", 1), ("σ-", -1)):
        modes = ran(capsys, "HgS_cinnabar", "--pump", f"1.25THz {word} 2ps 0.5MV/cm")
        assert spin * modes["E#1"]["pam_helicity"] > 0.999
        assert spin * modes["E#2"]["pam_helicity"] < -0.99
        assert modes["E#2"]["moves_at"] == pytest.approx(2.46, abs=0.03)
    senses = {name: np.sign(modes[name]["mechanical_helicity"]) for name in ("E#1", "E#2")}
    rule = study("HgS_cinnabar").rules()["E(+) E(+) -> E(-)"]
    assert rule.pam_sense == "flipped"
    # The two modes rotate their atoms against and with the PAM: here the atoms keep their sense.
    assert senses["E#1"] == senses["E#2"]


# ------------------------------------------------------------------------------------- a start


def test_a_start_moves_as_far_as_it_says() -> None:
    for name, mode, displacement in (
        ("MgB2", "E1u#1(+)", 0.05),
        ("MgB2", "B1g#1", 0.02),
        ("HgS_cinnabar", "E#2(-)", 0.01),
    ):
        bare = replace(model(name), couplings=Couplings(model(name).coordinates, ()))
        bare = replace(bare, damping=np.zeros(len(bare.damping)))
        start = Start(mode, displacement)
        run = simulate(bare, duration=3, start=start.state(bare.coordinates))
        reach = np.linalg.norm(run.atoms(), axis=2).max()
        assert reach == pytest.approx(displacement, rel=5e-3)
        moved = [m for m in run.motions if m.amplitude > 1e-9]
        assert [m.name for m in moved] == [mode.split("(")[0]]
        if "(" in mode:
            assert moved[0].pam_helicity == pytest.approx(1 if "+" in mode else -1, abs=1e-9)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--start", "E1u#1(+) 0.05"], "cannot read the start"),
        (["--start", "E1u#1(+) 3A"], "below 1 Å"),
        (["--start", "E1u#1 0.05A"], "no mode E1u#1"),
        (["--start", "E1u#1(+) 0.05A", "--sweep", "angle 0..90deg 4"], "nothing to sweep"),
    ],
)
def test_bad_starts_are_refused_in_words(words: list[str], said: str, capsys: Capture) -> None:
    assert main(["simulate", str(STRUCTURES / "MgB2"), *words]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_light_and_a_start_exclude_each_other() -> None:
    with pytest.raises(sc.SymchiralError, match="exactly one of pulse and start"):
        study("MgB2").simulate()
    run = study("MgB2").simulate(start="E1u#1(+) 0.05Å", duration=3)
    assert (run.motion("E2g#1").mechanical_helicity or 0) < -0.9
