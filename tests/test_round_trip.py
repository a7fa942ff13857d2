"""What commands print as a name is read by what takes one, over the packaged crystals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symchiral as sc
from symchiral.errors import LabelError
from symchiral.irreps.axis import axis_names, three_numbers
from symchiral.irreps.cdml import cdml_name
from symchiral.modes.coordinates import normal_coordinates
from symchiral.modes.names import ModeName, find_name

STRUCTURES = Path(__file__).resolve().parent.parent / "structures"
CRYSTALS = sorted(path.stem for path in STRUCTURES.glob("*.cif"))
SETS = sorted(path.parent.name for path in STRUCTURES.glob("*/phonopy.yaml*"))


@pytest.mark.parametrize("share", range(4))
def test_axes_species_and_components(share: int) -> None:
    """Every axis printed is taken by --axis, every component by explain, under both names."""
    axes = components = 0
    for name in CRYSTALS[share::24]:
        study = sc.read(name)
        for words in axis_names(study.crystal):
            direction = words.partition(" along ")[2]
            again = sc.read(name, axis=direction).axis
            assert again is not None
            asked = three_numbers(direction)
            assert asked is not None
            line = study.crystal.frame.direction(asked, to="cartesian", source="input")
            assert np.linalg.norm(np.cross(line, again.direction)) < 1e-6 * np.linalg.norm(line)
            axes += 1
        for species in study.species("GM"):
            if not species.optical:
                continue
            for component in species.components:
                inside = f"({component.name})" if component.name else ""
                for label in (species.label, cdml_name(species.participant)):
                    rule = study.explain(f"{label}{inside} -> {label}{inside}")
                    assert rule.id == f"{species.label}{inside} -> {species.label}{inside}"
                    components += 1
            if len(species.components) == 1:
                with pytest.raises(LabelError, match=f"{species.label}#2"):
                    study.explain(f"{species.label}(2) -> {species.label}")
    assert axes > 3
    assert components > 30


@pytest.mark.parametrize("name", SETS)
def test_names_of_modes(name: str) -> None:
    """Every mode at Γ, under its name, those of earlier versions and with the CDML label."""
    study = sc.read(f"{name}/phonopy.yaml", symmetrize=True)
    modes = study.modes()
    coordinates = normal_coordinates(modes)
    read = 0
    for multiplet in modes.multiplets:
        label, number = multiplet.species.label, multiplet.number
        alias = cdml_name(multiplet.species.participant)
        for mode in multiplet.modes:
            if sum(other.name == mode.name for other in modes) > 1:
                continue  # partners of equal l
            count = "ac" if number is None else number
            inside = f"({mode.component})" if mode.component else ""
            spelt = [
                mode.name,
                mode.name.replace("-", "−"),
                f"{label}({count},{mode.component or '*'})",
                f"{alias}#{count}{inside}",
                f"{alias}({count},{mode.component or '*'})",
            ]
            for text in spelt:
                assert modes.find(text) is mode, text
                if number is not None:
                    assert find_name(text, coordinates.circular_names, study.species("GM")) == (
                        mode.name
                    )
                read += 1
        if number is None:
            assert str(ModeName.parse(f"{label}(acoustic)")) == multiplet.name
        else:
            for text in (multiplet.name, f"{label}({number})", f"{alias}#{number}"):
                assert coordinates.find(text) == multiplet.name
    assert read >= 5 * 3


def test_names_of_transfers() -> None:
    """Every leg of the transfers that predict lists is read back as it is."""
    read = 0
    for name in ("Bi2Se3", "ZnO", "TiO2_anatase", "LiAl5O8", "SiO2_quartz_P3121"):
        study = sc.read(f"{name}/phonopy.yaml")
        for transfer in study.transfers(max_detuning=0.3)[:30]:
            again = study.transfer(transfer.id)
            assert again.id == transfer.id
            assert again.detuning == pytest.approx(transfer.detuning, abs=1e-9)
            read += 1
    assert read > 40
