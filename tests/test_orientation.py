"""How a sample stands in the laboratory, and that nothing depends on how its file lies."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import ase.io
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import GrammarError
from symchiral.fields.beam import light_component
from symchiral.fields.orientation import find_orientation
from symchiral.fields.polar import electric_field
from symchiral.fields.polarization import Polarization
from symchiral.reading.shipped import find_structure

Capture = pytest.CaptureFixture[str]

SHARED = ("photons", "created", "driven", "harmonics", "allows", "domains")
"""What of the document speaks of no Cartesian axes of the file."""


def shown(document: dict[str, Any]) -> dict[str, Any]:
    """The light table as the laboratory sees it: all that is not in the axes of the file."""
    found = {key: document[key] for key in SHARED}
    o = document["beam"]["orientation"]
    axes = np.array(o["axes"])
    # Which of several equivalent operations is named is a matter of the setting.
    found["exchanging"] = document["exchanging"] is not None
    found["tilt"] = round(o["tilt"], 4)
    for key in ("direction", "scattered", "frame", "scattered_frame"):
        found[key] = (np.round(np.array(document["beam"][key]) @ axes.T, 6) + 0.0).tolist()
    found["raman"] = []
    for r in document["raman"]:
        # A tensor form is a space of tensors: compared as the projector on it, in lab axes.
        basis = np.einsum("xi,yj,kaij->kaxy", axes, axes, np.array(r["basis"]))
        flat = basis.reshape(len(basis), -1)
        projector = np.einsum(
            "kax,lbx,kl->ab",
            basis.reshape(*basis.shape[:2], 9),
            basis.reshape(*basis.shape[:2], 9),
            np.linalg.inv(flat @ flat.T),
        )
        gram = np.einsum(
            "kax,kl,lay->xy",
            basis.reshape(*basis.shape[:2], 9),
            np.linalg.inv(flat @ flat.T),
            basis.reshape(*basis.shape[:2], 9),
        )
        found["raman"].append(
            {
                "species": r["species"],
                "coefficients": r["coefficients"],
                "reversal": r["reversal"],
                "seen": (r["probe"]["seen"], abs(r["probe"]["turns"])),
                "trace": round(float(np.trace(projector)), 6),
                "space": (np.round(gram, 6) + 0.0).tolist(),
            }
        )
    return found


@cache
def here(name: str, orient: str, beam: str | None) -> dict[str, Any]:
    atoms = ase.io.read(find_structure(name))
    return shown(sc.read(atoms).light(orient=orient, beam=beam, domains=True).to_dict())


CASES = (
    ("Bi2Se3", "c along z, a along x", None),
    ("NiTiO3", "c along -z, a along y", None),
    ("GaAs", "z=[1,1,1] x=[1,-1,0]", None),
    ("CuO", "c along z, a along x", "1,2,3"),
    ("Te_P3121", "x=c y=a", "x"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6))
@example(seed=4077)  # a small pivot among the tensors of CuO
def test_turning_the_file_changes_nothing_in_the_laboratory(
    case: tuple[str, str, str | None], seed: int
) -> None:
    """Covariance: any rotation of the Cartesian axes, the orientation stated in the crystal."""
    name, orient, beam = case
    atoms = ase.io.read(find_structure(name))
    r = Rotation.random(random_state=seed).as_matrix()
    atoms.set_cell(atoms.cell @ r.T, scale_atoms=True)
    assert shown(sc.read(atoms).light(orient=orient, beam=beam, domains=True).to_dict()) == here(
        *case
    )


@pytest.mark.parametrize(
    ("name", "count", "beam"),
    [
        ("GaAs", 12, (1, 1, 1)),
        ("GaAs", 12, (1, 2, 3)),
        ("CaF2", 24, (1, 1, 0)),
        ("NaClO3", 12, (1, 1, 2)),
    ],
)
def test_equivalent_directions_of_cubic_crystals_give_one_table(
    name: str, count: int, beam: tuple[int, int, int]
) -> None:
    """Off-axis beams: every proper rotation of the class turns the table into itself."""
    study = sc.read(name)
    across = np.cross(beam, (0, 0, 1))
    rotations = study.crystal.frame.rotation(
        study.crystal.rotations, to="input", source="cartesian"
    )
    found = []
    for r in rotations:
        if np.linalg.det(r) > 0:
            z, x = (",".join(f"{v:g}" for v in np.rint(r @ v) + 0.0) for v in (beam, across))
            document = study.light(orient=f"z=[{z}] x=[{x}]").to_dict()
            found.append({**shown(document), "tilt": 0})
            assert document["beam"]["orientation"]["tilt"] == 0
    assert len(found) == count
    assert all(other == found[0] for other in found)


def test_lattice_directions_and_normals_of_planes() -> None:
    """CuO, β = 99.54°: c is not the normal of (0 0 1); the second direction is projected."""
    crystal = sc.read("CuO").crystal
    cell = crystal.input.cell
    a, b, c = cell / np.linalg.norm(cell, axis=1)[:, None]
    direct = find_orientation(crystal, "c along z, a along x")
    assert np.allclose(direct.axes[2], c)
    assert np.isclose(direct.tilt, np.rad2deg(np.arcsin(abs(a @ c))), atol=1e-5)
    assert 9 < direct.tilt < 10
    assert direct.axes[0] @ a > 0.98
    normal = find_orientation(crystal, "z=(0,0,1) x=[1,0,0]")
    assert np.allclose(normal.axes[2], np.cross(a, b) / np.linalg.norm(np.cross(a, b)))
    assert np.allclose(normal.axes[0], a)
    assert normal.tilt == 0
    for found in (direct, normal):
        assert np.allclose(found.axes @ found.axes.T, np.eye(3))
        assert np.isclose(np.linalg.det(found.axes), 1)
        assert np.allclose(found.from_lab(found.to_lab([1, 2, 3])), [1, 2, 3])


@pytest.mark.parametrize(
    "words",
    [
        "c* along z, a along x", "z=c* x=a", "z=(0,0,1), x=[1,0,0]", "x=1,0,0 z=(0 0 1)",
        "a along x; c* along z", "−c* along −z, a along x", "C* ALONG Z, A ALONG X",
        "b along y, a along x", "z=(0,0,1),x=[1,0,0]", "x=1,0,0,z=c*", "z=(0,0,2) x=[3,0,0]",
    ],
)  # fmt: skip
def test_ways_to_write_one_orientation(words: str) -> None:
    crystal = sc.read("CuO").crystal
    expected = find_orientation(crystal, "z=(0,0,1) x=[1,0,0]").axes
    assert np.allclose(find_orientation(crystal, words).axes, expected)


def test_angles_and_spins_are_those_of_the_lab() -> None:
    """Upside down, Bi2Se3 shows the same: a half-turn across the axis is in its class."""
    study = sc.read("Bi2Se3")
    upright = study.beam(direction="0,0,1", orient="c* along z, a along x")
    flipped = study.beam(direction="0,0,1", orient="c along -z, a along x")
    assert np.allclose(upright.beam.frame, np.eye(3))
    assert np.allclose(flipped.beam.frame, np.diag([1, -1, -1]))
    assert flipped.axis is not None
    assert np.allclose(flipped.axis.direction, [0, 0, -1])  # (+) is counted about lab z
    # Of Eg the first partner is seen at 0° and the signal of (+) runs as ωt + 2θ either way up.
    for light in (upright, flipped):
        eg = next(s for s in light.raman if s.label == "Eg")
        assert light.probe(eg).turns == -1
    answer = study.light(orient="c along z, [2,1,0] along x")  # 30° from a
    assert np.allclose(answer.beam.frame[0], [np.sqrt(3) / 2, 0.5, 0])


BAD = {
    "": "states 0 directions",
    "c along z": "states 1 directions",
    "c along z, a along x, b along y": "states 3 directions",
    "c along z, a along z": "both directions are to lie along lab z",
    "c along z, a along -z": "both directions are to lie along lab z",
    "c along z, c along x": "lie on one line",
    "z=[1,1,0] x=[-2,-2,0]": "lie on one line",
    "z=0,0,0 x=a": "zero length",
    "z=[0,0] x=a": "neither a cell vector nor three numbers",
    "z=[1,1,u] x=a": "neither a cell vector nor three numbers",
    "z=[1/0,1,0] x=a": "neither a cell vector nor three numbers",
    "c along w, a along x": "not a direction along x, y or z",
    "upside down": "not a direction along x, y or z",
    "z=c x=a please": "not a direction along x, y or z",
    "z=[1e400,0,0] x=a": "neither a cell vector nor three numbers",
}


@pytest.mark.parametrize("words", BAD)
def test_contradictions_and_nonsense_are_refused(words: str, capsys: Capture) -> None:
    with pytest.raises(GrammarError) as error:
        find_orientation(sc.read("Bi2Se3").crystal, words)
    assert BAD[words] in str(error.value)
    assert main(["light", "Bi2Se3", "--orient", words]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("symchiral: ")


def test_directions_of_the_beam_are_those_of_the_lab(capsys: Capture) -> None:
    words = ("light", "CuO", "--orient", "c along z, a along x")
    assert main([*words, "--beam", "x", "--horizontal=-z"]) == 0
    out = capsys.readouterr().out
    assert "lab      z along c, x along the projection of a, which is 9.54° off, y along b" in out
    assert "travels along lab x" in out
    assert "angles from lab −z, counter-clockwise about lab x" in " ".join(out.split())
    assert main([*words, "--beam", "q"]) == 1
    assert "direction of the laboratory" in capsys.readouterr().err
    assert main([*words, "--json"]) == 0
    beam = json.loads(capsys.readouterr().out)["beam"]
    assert beam["orientation"]["stated"] == [
        {"lab": "z", "crystal": "c"}, {"lab": "x", "crystal": "a"},
    ]  # fmt: skip


def test_light_in_a_turned_frame_is_the_sum_of_its_axes() -> None:
    """E = x cos θ + y sin θ, and (x ± i y)/√2 of σ±, for rows x, y, n of any rotation."""
    rng = np.random.default_rng(4)
    field = electric_field(sc.read("Bi2Se3").crystal.group)
    for _ in range(20):
        frame = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        x, y, _ = frame
        for degrees in (0, 30, 90, 135):
            theta = np.radians(degrees)
            found = light_component(field, frame, None, Polarization.linear(degrees)).basis[:, 0]
            assert abs(np.vdot(found, x * np.cos(theta) + y * np.sin(theta))) > 1 - 1e-12
        for spin in (1, -1):
            found = light_component(field, frame, None, Polarization.circular(spin)).basis[:, 0]
            assert abs(np.vdot(found, x + spin * 1j * y)) / np.sqrt(2) > 1 - 1e-12
