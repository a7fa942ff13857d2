"""What commands print as a name is read by what takes one, over the packaged crystals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symchiral as sc
from symchiral.answers.crystal import axis_of
from symchiral.errors import AxisError, LabelError
from symchiral.fields.background import Background
from symchiral.irreps.axis import symmetry_axes, three_numbers
from symchiral.irreps.cdml import cdml_name
from symchiral.irreps.kpoints import find_point, named_points, split_points
from symchiral.irreps.stars import place_name, star_arms
from symchiral.modes.coordinates import normal_coordinates
from symchiral.modes.names import ModeName, find_name
from symchiral.text.crystal import axis_line

STRUCTURES = Path(__file__).resolve().parent.parent / "structures"
CRYSTALS = sorted(path.stem for path in STRUCTURES.glob("*.cif"))


def spread(some: int, all_: int) -> tuple[str, list[object]]:
    """Every crystal, by default every 24th, with the least number of names that are read."""
    every = pytest.param(1, all_, marks=pytest.mark.sweep, id="all")
    return "step, least", [pytest.param(24, some, id="some"), every]


SETS = sorted(path.parent.name for path in STRUCTURES.glob("*/phonopy.yaml*"))


@pytest.mark.parametrize("share", range(4))
def test_axes_species_and_components(share: int) -> None:
    """Every axis printed is taken by --axis, every component by explain, under both names."""
    axes = components = 0
    for name in CRYSTALS[share::24]:
        study = sc.read(name)
        for shown in symmetry_axes(study.crystal):
            again = sc.read(name, axis=shown.along).axis
            assert again is not None
            asked = three_numbers(shown.along)
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


@pytest.mark.parametrize(*spread(270, 10000))
def test_places_of_every_arm(step: int, least: int) -> None:
    """The place that legs print after @ is read as that arm, in brackets and in a list too."""
    read = named = 0
    for name in CRYSTALS[::step]:
        group = sc.read(name).crystal.group
        for point in named_points(group):
            for arm in star_arms(group, point.q):
                place = place_name(group, arm) or "GM"
                inside = ",".join(arm.texts)
                spaced = inside.replace(",", " ")
                for text in (place, inside, f"({inside})", f"[{spaced}]"):
                    assert find_point(group, text).reduced == arm.reduced, (name, text)
                assert split_points(f"{place} [{spaced}] ({inside})") == (
                    place,
                    inside,
                    f"({inside})",
                )
                named += place != inside
                read += 1
    assert read > least
    assert named > least // 5


@pytest.mark.parametrize(*spread(95, 2000))
def test_legs_off_the_zone_centre(step: int, least: int) -> None:
    """Every component of every species at the named points is the leg of that name."""
    read = 0
    for name in CRYSTALS[::step]:
        study = sc.read(name)
        group = study.crystal.group
        points = [place_name(group, p.q) for p in named_points(group) if p.kdim < 2][1:]
        for species in (s for point in points for s in study.species(point)):
            inside = next((f"({c.name})" for c in species.components if c.name), "")
            leg = f"{species.label}{inside}@{species.place}"
            rule = study.explain(f"{leg} -> {leg}")
            assert rule.id == f"{leg} -> {leg}"
            assert study.explain(rule.id.replace("-", "−").replace("−>", "→")).id == rule.id
            read += 1
    assert read > least


@pytest.mark.parametrize(
    ("names", "least"),
    [
        pytest.param(["BN_hexagonal", "ZnO"], 39, id="two"),
        pytest.param(SETS, 600, marks=pytest.mark.sweep, id="all"),
    ],
)
def test_names_of_modes_off_the_zone_centre(names: list[str], least: int) -> None:
    """A mode with its place is found without being told the wavevector again."""
    read = 0
    for name in names:
        study = sc.read(f"{name}/phonopy.yaml", symmetrize=True)
        if study.phonons is None or study.phonons.centred:
            continue
        for point in [p for p in named_points(study.crystal.group) if p.kdim == 0][1:3]:
            modes = study.modes(point.label)
            for multiplet in modes.multiplets:
                place = multiplet.species.place
                assert multiplet.species.key == f"{multiplet.species.label}@{place}"
                for mode in multiplet.modes:
                    full = f"{mode.name}@{place}"
                    assert str(ModeName.parse(full)) == full
                    if sum(other.name == mode.name for other in modes) > 1:
                        continue  # partners of equal l
                    coordinates = f"{mode.name}@({', '.join(modes.q.texts)})"
                    for text in (full, full.replace("-", "−"), mode.name, coordinates):
                        assert modes.find(text) is mode, text
                    read += 1
            with pytest.raises(LabelError, match=f"these are the modes at GM.*{place}"):
                study.modes("GM").find(f"{modes.multiplets[0].name}@{place}")
    assert read > least


def test_the_negative_of_a_line_through_k() -> None:
    """P(-u) lies on the line P through K, and −P(u) on that through −K."""
    study = sc.read("BN_hexagonal")
    places = {s.place for q in ("P(u)", "P(-u)", "P'(u)", "-P(-u)") for s in study.species(q)}
    assert places == {"P(u)", "1/3,1/3,-u", "P'(u)", "-1/3,-1/3,u"}
    leg = study.species("P'(u)")[0].key
    explained = study.explain(f"{leg} -> {leg}").channel.coupling
    arms = {x.participant.arms[x.arm].reduced for x in explained}
    assert arms == {study.point("P'(u)").reduced}


def test_animated_by_its_name_alone() -> None:
    study = sc.read("ZnO/phonopy.yaml")
    for text, q in (("K3#2(+)@K", "K"), ("K3(2,−)@K′", "-K"), ("E1#1(+)", "GM")):
        found = study.animate(text)
        assert found.modes.q.reduced == study.point(q).reduced
        assert found.mode.name == study.modes(q).find(text).name
    with pytest.raises(LabelError, match=r"Write K3#2\(\+\)@K or K3#2\(-\)@K"):
        study.animate("K3#2@K")
    with pytest.raises(LabelError, match="off the zone centre say where, K3@K"):
        study.explain("K3(+) -> K3(+)")
    with pytest.raises(LabelError, match="Write K1#2@K"):
        study.animate("K1#2(+)@K")
    with pytest.raises(LabelError, match="these are the modes at M"):
        study.animate("K3#2(+)@K", q="M")


@pytest.mark.parametrize(*spread(5, 240))
def test_the_line_of_an_axis(step: int, least: int) -> None:
    """What a table says of its axis, ``c through (0,0,0)``, is an axis that --axis takes."""
    read = 0
    for name in CRYSTALS[::step]:
        study = sc.read(name)
        for shown in symmetry_axes(study.crystal):
            axis = sc.read(name, axis=shown.along).axis
            assert axis is not None
            line = axis_line(axis_of(study.crystal, axis))
            again = sc.read(name, axis=line.partition(" along ")[2].partition(":")[0]).axis
            assert again is not None
            assert axis_line(axis_of(study.crystal, again)) == line
            assert np.allclose(again.direction, axis.direction, atol=1e-6)
            read += 1
    assert read > least


@pytest.mark.parametrize(*spread(20, 1000))
def test_operations(step: int, least: int) -> None:
    """The Seitz symbol of an operation names it, and --axis takes it for the axis it rotates about.

    The axis is that of the operation if the operation moves its points along it only.
    """
    read = witnesses = 0
    for name in CRYSTALS[::step]:
        study = sc.read(name)
        frame, operations = study.crystal.frame, study.crystal.group.standard_operations
        assert len({g.seitz for g in operations}) == len(operations)
        for g in operations:
            if g.direction is None or g.type == -2:
                with pytest.raises(AxisError, match="no axis of"):
                    sc.read(name, axis=g.seitz)
                continue
            axis = sc.read(name, axis=g.seitz.replace("-", "−")).axis
            assert axis is not None
            line = frame.direction(g.direction, to="cartesian", source="standard")
            assert np.linalg.norm(np.cross(line, axis.direction)) < 1e-6 * np.linalg.norm(line)
            x = frame.point([float(c) for c in axis.point], to="standard", source="primitive")
            moved = g.rotation @ x + np.array([float(w) for w in g.translation]) - x
            along = frame.direction(moved, to="cartesian", source="standard")
            if g.determinant > 0:
                assert np.linalg.norm(np.cross(line, along)) < 1e-2 * np.linalg.norm(line)
            read += 1
        for species in study.species("GM"):
            if len(species.components) > 1:
                first, *_, last = (f"{species.label}({c.name})" for c in species.components)
                named = {w.seitz for w in study.explain(f"{first} -> {last}").reason.witnesses}
                assert named <= {g.seitz for g in operations}
                witnesses += len(named)
    assert witnesses > least // 30
    assert read > least


def test_fields_as_they_print() -> None:
    fields = Background.of(B=(0, 0.6, -0.8), E=(1, 0, 0), strain=(1, -1, 0, 0, 0, 0.5))
    texts = repr(fields).removeprefix("Background(").removesuffix(")")
    parts = [part.removesuffix(", ") for part in texts.replace("), ", ")\n").split("\n")]
    assert len(parts) == 3
    again = Background.parse(parts)
    for text in ("B=0,0.6,−0.8", "B=[0 0.6 -0.8]", "b = (0, 0.6, -0.8)", "B=0 0.6 -0.8"):
        assert np.allclose(Background.parse([text]).magnetic, again.magnetic, atol=1e-4)
    assert np.allclose(again.magnetic, fields.magnetic, atol=1e-4)
    assert np.allclose(again.electric, fields.electric, atol=1e-4)
    assert np.allclose(again.strain, fields.strain, atol=1e-3)
