"""What a pump and a probe reach, judged of species without forces."""

from __future__ import annotations

import json

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from test_light import WALKED

import symchiral as sc
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.errors import AxisError, InputError
from symchiral.rules.activity import absorbs

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", [*WALKED, "GaAs", "PdS", "BaTiO3_P4mm"])
def test_what_light_drives_agrees_with_dipoles_as_tensors(name: str) -> None:
    """Each component against the form of its dipole contracted with light about the axis."""
    study = sc.read(name)
    if study.axis is None:
        return
    light = study.beam()
    x, y, n = light.beam.frame
    vectors = {"+": (x + 1j * y) / 2**0.5, "-": (x - 1j * y) / 2**0.5, "z": n.astype(complex)}
    compared = 0
    for s in light.optical:
        form = light.dipole(s)
        for index, component in enumerate(s.components):
            from symchiral.irreps.partners import partners

            motions = partners(s.participant).conj().T @ component.basis
            for word, vector in vectors.items():
                size = np.abs(form.contract(vector, motions.conj())).max(initial=0)
                found = absorbs(s.participant, index, study.axis.turn, word)
                assert found == (size > 1e-9), (s.label, component.name, word)
                compared += 1
    assert compared == 3 * sum(len(s.components) for s in light.optical) > 3


@pytest.mark.parametrize("pump", ["σ+", "σ-", "z"])
@pytest.mark.parametrize("probe", ["raman", "infrared", None])
def test_species_reach_what_their_modes_reach(pump: str, probe: str | None) -> None:
    """Bi2Se3: the channels of the transfers between modes are those judged without forces."""
    forces, bare = sc.read("Bi2Se3/phonopy.yaml"), sc.read("Bi2Se3")
    modes = forces.transfers(pump=pump, probe=probe)
    species = bare.reached(bare.rules(), pump=pump, probe=probe)
    assert {t.rule.id for t in modes} == {rule.id for rule in species}
    assert (
        len(species)
        == {"z": {None: 2, "raman": 2, "infrared": 0}}.get(
            pump, {None: 2, "raman": 2, "infrared": 0}
        )[probe]
    )


def test_forbidden_rules_of_the_selection_are_kept() -> None:
    """≠ needs them: of one Eu of D4h some products are allowed of two different modes only."""
    study = sc.read("SrTiO3_I4mcm")
    reached = study.reached(study.rules(), pump="σ+")
    assert any(rule.verdict == "forbidden" for rule in reached.everything)
    assert {rule.id for rule in reached} == {
        f"Eu(+) Eu{copy}(+) -> {b}(2)".replace("(2)", "")
        for copy, b in ((c, b) for c in ("", ":b") for b in ("B1g", "B2g"))
    }


def test_the_table(capsys: Capture) -> None:
    for sign, other in (("+", "−"), ("−", "+")):
        words = ("predict", "Bi2Se3", "--pump", f"s{sign.replace('−', '-')}", "--probe", "raman")
        assert main(words) == 0
        out, err = capsys.readouterr()
        assert err == ""
        chosen = (
            f"light    σ{sign} drives every incoming quantum, Raman scattering detects the "
            "outgoing one"
        )
        assert chosen in out
        rows = [line for line in out.splitlines() if "→" in line]
        assert len(rows) == 1
        assert rows[0].startswith(f"Eu({sign}) Eu({sign}) → Eg({other})")
        assert "flipped  flipped  IR IR  Raman" in rows[0]
        assert "1 transfer selected: 1 flip." in out
        assert "signs reversed" not in out  # the reversed one is of the other pump
        assert "THz" not in out
    assert main(("predict", "Bi2Se3", "--probe", "raman")) == 0
    assert "with all signs reversed" in capsys.readouterr().out
    assert main(("predict", "Bi2Se3", "--pump", "z", "--probe", "infrared")) == 0
    assert "No allowed transfer of these" in capsys.readouterr().out


def test_a_two_fold_axis(capsys: Capture) -> None:
    """CuO: light along b drives Bu, whose dipoles are across, not Au along it."""
    assert main(("predict", "CuO", "--pump", "s+")) == 0
    rows = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines() if "→" in line]
    assert rows == ["Bu Bu → Ag"]
    assert main(("predict", "CuO", "--pump", "z")) == 0
    rows = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines() if "→" in line]
    assert rows == ["Au Au → Ag"]


def test_the_document(capsys: Capture) -> None:
    validator = Draft202012Validator(json.loads(schema("predict")))
    for name in ("Bi2Se3", "Bi2Se3/phonopy.yaml"):
        assert main(("predict", name, "--pump", "s+", "--probe", "raman", "--json")) == 0
        found = json.loads(capsys.readouterr().out)
        validator.validate(found)
        channels = {t["channel"] for t in found["transfers"]}
        assert channels == {"Eu(+) Eu(+) -> Eg(-)", "Eu(+) Eu:b(+) -> Eg(-)"}
        known = [t["frequencies"] is not None for t in found["transfers"]]
        assert all(known) is (name != "Bi2Se3")
    bare = sc.read("Bi2Se3").predict(pump="σ+", probe="raman").to_dict()
    assert [t["pam_sense"] for t in bare["transfers"]] == ["flipped", "flipped"]
    assert bare["transfers"][0]["score"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pump", "1-2THz"), "phonopy.yaml"),
        (("--pump", "1-2THz s+"), "phonopy.yaml"),
        (("--max-detuning", "1THz"), "phonopy.yaml"),
        (("--linewidth", "1THz", "--pump", "s+"), "phonopy.yaml"),
        (("--pump", "green"), "neither a band of frequencies nor a polarisation"),
    ],
)
def test_frequencies_need_forces(words: tuple[str, ...], said: str, capsys: Capture) -> None:
    assert main(("predict", "Bi2Se3", *words)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_polarisations_need_an_axis(capsys: Capture) -> None:
    study = sc.read("KAsSe2")
    with pytest.raises(AxisError, match="without an axis"):
        study.reached(study.rules(), pump="σ+")
    with pytest.raises(InputError):
        study.reached(study.rules(), pump="1-2THz")
    assert len(study.reached(study.rules(), probe="raman")) == len(study.rules())
    assert main(("predict", "KAsSe2", "--pump", "s+")) == 1
    assert "leave the polarisation out" in capsys.readouterr().err.lower()
