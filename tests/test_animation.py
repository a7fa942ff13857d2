"""Animations: what the files say, read by others, and in which sense the atoms rotate in them."""

from __future__ import annotations

import json
import re
import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ase.io import read as ase_read
from force_models import springs

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import InputError, LabelError, LimitError, WavevectorError
from symchiral.figures.colours import PLUS
from symchiral.modes.animation import Animation
from symchiral.modes.mode import Mode
from symchiral.study import Study
from symchiral.write.animation_files import phononwebsite_document
from symchiral.write.animation_html import animation_html
from symchiral.write.save import save, save_modes

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]


@lru_cache(maxsize=8)
def study(name: str) -> Study:
    return sc.read(springs(name))


@lru_cache(maxsize=32)
def circular(name: str, q: str, place: int = 0) -> Animation:
    """A mode of q with the largest angular momentum about the axis."""
    modes = study(name).modes(q)
    sizes = [abs(modes.am(mode) or 0.0) for mode in modes]
    return study(name).animate(1 + int(np.argsort(sizes)[::-1][place]), q=q)


CASES = (("ZnO", "GM"), ("ZnO", "K"), ("Te_P3121", "0,0,1/4"), ("Te_P3121", "0,0,-1/4"))


def turning(positions: Floats, masses: Floats, axis: Floats) -> float:
    """Σ m r × v of the frames about an axis: its sign is the sense of rotation."""
    middle = positions.mean(axis=0)
    x = positions - middle
    swept = np.cross(x, np.roll(x, -1, axis=0)).sum(axis=0)
    return float(masses @ (swept @ axis))


def expected(animation: Animation) -> float:
    am = animation.modes.am(animation.mode)
    assert am is not None
    assert abs(am) > 0.1
    return float(np.sign(am))


def axis_of(animation: Animation) -> Floats:
    assert animation.modes.axis is not None
    return animation.modes.axis.direction


@pytest.mark.parametrize(("name", "q"), CASES)
def test_motion_is_an_eigenvector_in_every_cell(name: str, q: str) -> None:
    """Cell by cell the displacements carry e^{iq·R}, and in one they diagonalise D(q)."""
    animation = circular(name, q)
    q_vector = np.array([float(x) for x in animation.modes.q.coordinates])
    found = study(name).phonons
    assert found is not None
    matrix = found.matrix_at(q_vector)
    n = len(found.masses)
    positions = animation.modes.crystal.primitive.positions
    # Strip phases of the first cell by hand: e = √m U e^{-iq·r}.
    u = animation.displacements[:n] * np.exp(-2j * np.pi * (positions @ q_vector))[:, None]
    e = (u * np.sqrt(found.masses)[:, None]).ravel()
    f = animation.mode.frequency
    assert np.abs(matrix @ e - f * abs(f) * e).max() < 1e-7 * max(1.0, f * f)
    # Translation by a cell multiplies by e^{iq·a}: so in every cell of the supercell.
    cells = animation.displacements.reshape(*animation.cells, n, 3)
    for axis in range(3):
        moved = np.roll(cells, -1, axis=axis)
        assert np.allclose(moved, cells * np.exp(2j * np.pi * q_vector[axis]), atol=1e-12)


@pytest.mark.parametrize(("name", "q"), CASES)
@pytest.mark.parametrize("ending", ["extxyz", "traj"])
def test_trajectories_turn_as_the_angular_momentum_says(
    name: str, q: str, ending: str, tmp_path: Path
) -> None:
    animation = circular(name, q)
    save(animation, tmp_path / f"m.{ending}")
    images = ase_read(tmp_path / f"m.{ending}", index=":")
    assert len(images) == 24
    assert np.allclose(images[0].cell[:], animation.supercell.cell)
    positions = np.array([image.positions for image in images])
    assert np.abs(positions - animation.positions).max() < 1e-6
    reach = np.linalg.norm(positions - animation.rest, axis=2).max()
    assert reach == pytest.approx(0.3, rel=0.02)
    sense = turning(positions, images[0].get_masses(), axis_of(animation))
    assert np.sign(sense) == expected(animation)
    # Velocities are the derivative of the positions; L of all frames is constant and has its sign.
    velocities = np.array([image.get_velocities() for image in images])
    from ase import units

    step = animation.times[1] * 1000 * units.fs
    difference = (np.roll(positions, -1, 0) - np.roll(positions, 1, 0)) / (2 * step)
    sharp = np.sinc(2 / 24)
    assert np.allclose(difference, velocities * sharp, atol=1e-6)
    assert images[3].info["mode"] == animation.mode.name


def test_frames_travel_along_q() -> None:
    """exp(i(q·r − ωt)): what an atom does now its neighbour at +a does later."""
    animation = circular("Te_P3121", "0,0,1/4")
    frames = animation.positions - animation.rest
    n = 3
    # A step of one cell along c is a quarter of a period.
    assert np.allclose(frames[0][:n], frames[6][n : 2 * n], atol=1e-9)


@pytest.mark.parametrize(("name", "q"), CASES)
def test_phononwebsite_turns_and_travels_as_the_mode(name: str, q: str) -> None:
    """As its viewer moves atoms: Re[v exp(2πi k·R) exp(+2πi t)]."""
    animation = circular(name, q)
    data = json.loads(json.dumps(phononwebsite_document(animation)))
    v = np.array(data["vectors"][0][0])
    v = v[..., 0] + 1j * v[..., 1]
    k = np.array(data["qpoints"][0])
    cells = np.array(list(np.ndindex(*data["repetitions"])))
    lattice = np.array(data["lattice"])
    places = (cells @ lattice)[:, None] + np.array(data["atom_pos_car"])
    phases = np.exp(2j * np.pi * (cells @ k))
    times = np.exp(2j * np.pi * np.arange(24) / 24)
    moves = (times[:, None, None, None] * phases[:, None, None] * v).real
    positions = (places + moves).reshape(24, -1, 3)
    assert np.abs(positions - animation.positions).max() < 1e-9
    assert data["eigenvalues"][0][0] == pytest.approx(animation.mode.frequency * 33.35641, rel=1e-6)


@pytest.mark.parametrize(("name", "q"), CASES)
def test_vsim_is_read_back(name: str, q: str, tmp_path: Path) -> None:
    """The structure by ASE, the motion by its definition, in the turned frame of the file."""
    animation = circular(name, q)
    save(animation, tmp_path / "m.ascii")
    text = (tmp_path / "m.ascii").read_text()
    atoms = ase_read(tmp_path / "m.ascii", format="v-sim")
    primitive = animation.modes.crystal.primitive
    assert np.allclose(atoms.cell.cellpar(), ase_cellpar(primitive.cell), atol=1e-6)
    assert list(atoms.numbers) == primitive.numbers.tolist()
    block = re.search(r"qpt=\[(.*?)\]", text, re.DOTALL)
    assert block is not None
    numbers = [float(x) for x in re.findall(r"-?\d+\.\d+", block[1])]
    vector, frequency = np.array(numbers[:3]), numbers[3]
    assert frequency == pytest.approx(animation.mode.frequency, abs=1e-6)
    rows = np.array(numbers[4:]).reshape(-1, 6)
    u = rows[:, :3] + 1j * rows[:, 3:]
    phases = np.exp(2j * np.pi * (atoms.get_scaled_positions(wrap=False) @ vector))
    times = np.exp(-2j * np.pi * np.arange(24) / 24)
    positions = atoms.positions + (times[:, None, None] * phases[:, None] * u).real
    # The axis in the turned frame, from the lattice itself.
    rotation = np.linalg.solve(primitive.cell, atoms.cell[:])
    axis = axis_of(animation) @ rotation
    assert np.sign(turning(positions, animation.masses[: len(atoms)], axis)) == expected(animation)


def ase_cellpar(cell: Floats) -> Floats:
    from ase.cell import Cell

    return np.asarray(Cell(cell).cellpar())


def test_vesta_draws_linear_modes_only(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="arrow"):
        save(circular("ZnO", "GM"), tmp_path / "m.vesta")
    modes = study("ZnO").modes()
    mode = next(m for m in modes if m.label == "A1" and m.number is not None)
    animation = study("ZnO").animate(mode.name, cells=(2, 1, 1))
    assert animation.linear
    save(animation, tmp_path / "m.vesta")
    lines = (tmp_path / "m.vesta").read_text().splitlines()
    numbers = [float(x) for x in lines[lines.index("CELLP") + 1].split()]
    assert np.allclose(numbers, ase_cellpar(animation.supercell.cell), atol=1e-5)
    start = lines.index("VECTR") + 1
    arrows = np.array([[float(x) for x in lines[start + 3 * i].split()[1:4]] for i in range(8)])
    unit = animation.supercell.cell / np.array(numbers[:3])[:, None]
    cartesian = arrows @ unit
    assert np.linalg.norm(cartesian, axis=1).max() == pytest.approx(0.3, abs=1e-5)
    assert np.abs(np.cross(cartesian, axis_of(animation))).max() < 1e-5
    sites = [int(lines[start + 3 * i + 1].split()[0]) for i in range(8)]
    assert sites == list(range(1, 9))


@pytest.mark.parametrize(("name", "q"), CASES)
def test_the_page_carries_the_motion(name: str, q: str) -> None:
    animation = circular(name, q)
    page = animation_html(animation)
    assert "{{" not in page
    assert not re.search(r"(src|href)=|https?://", page)
    match = re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL)
    assert match is not None
    data = json.loads(match[1])
    (motion,) = data["motions"]
    assert (motion["turns"], motion["size"]) == (1, 1)
    rest, re_, im = (np.array(x) for x in (data["rest"], motion["re"], motion["im"]))
    angles = 2 * np.pi * np.arange(24) / 24
    # re cos ωt + im sin ωt, the formula of the script.
    positions = rest + np.cos(angles)[:, None, None] * re_ + np.sin(angles)[:, None, None] * im
    assert np.abs(positions - animation.positions).max() < 1e-4
    sense = turning(positions, animation.masses, np.array(data["axis"]))
    assert np.sign(sense) == expected(animation)
    assert "m.re[atom.i][k] * c + m.im[atom.i][k] * s" in page
    assert "default-src 'none'" in page.replace("&#39;", "'")


def test_bad_requests() -> None:
    with pytest.raises(WavevectorError, match="3,3,1"):
        study("ZnO").animate(1, q="K", cells=(2, 2, 1))
    with pytest.raises(LimitError):
        study("ZnO").animate(1, q="1/97,0,1/89")
    with pytest.raises(LabelError, match="E2"):
        study("ZnO").animate("E2#9(+)")
    with pytest.raises(LabelError, match="12"):
        study("ZnO").animate(13)
    for bad in ({"frames": 0}, {"amplitude": 0.0}):
        with pytest.raises(InputError):
            study("ZnO").animate(1, **bad)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="str"):
        save("ZnO", "x.html")  # type: ignore[arg-type]


def test_gauges_and_operators() -> None:
    """T(g) commutes with D; projectors are orthogonal, complete, and hold every mode."""
    for name, q in (("ZnO", "A"), ("Te_P3121", "0,0,1/4"), ("Te_P3121", "A"), ("ZnO", "K")):
        modes = study(name).modes(q)
        phonons = study(name).phonons
        assert phonons is not None
        matrix = phonons.dynamical_matrix(modes.q)
        operators = study(name).operators(q)
        for t in operators.matrices:
            assert np.abs(t @ matrix - matrix @ t).max() < 1e-9 * np.abs(matrix).max()
        total = sum(operators.species.values())
        assert np.allclose(total, np.eye(len(matrix)), atol=1e-9)
        for mode in modes:
            p = operators.components[mode.label, mode.component]
            e = mode.eigenvector.ravel()
            assert np.allclose(p @ p, p, atol=1e-9)
            assert np.allclose(p @ e, e, atol=1e-9)
        # In the cell gauge a lattice translation is all that tells cells apart.
        vector = np.array([float(x) for x in modes.q.coordinates])
        cell = modes.eigenvectors_in("cell")
        back = np.exp(-2j * np.pi * (modes.crystal.primitive.positions @ vector)).repeat(3)
        assert np.allclose(back[:, None] * cell, modes.eigenvectors_in("position"))
    with pytest.raises(LabelError, match="position or cell"):
        modes.eigenvectors_in("other")


def test_qpoints_yaml_is_read_back(tmp_path: Path) -> None:
    modes = study("Te_P3121").modes("0,0,1/4")
    phonons = study("Te_P3121").phonons
    assert phonons is not None
    save_modes(phonons, [modes], tmp_path / "qpoints.yaml")
    again = sc.read(str(tmp_path / "qpoints.yaml")).modes("0,0,1/4")
    assert np.allclose(again.frequencies, modes.frequencies, atol=1e-6)
    for a, b in zip(again, modes, strict=True):
        assert a.name == b.name
        assert (again.am(a) or 0.0) == pytest.approx(modes.am(b) or 0.0, abs=1e-6)


def test_command_refuses_what_it_cannot_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["animate", "ZnO", "--band", "1", "-o", "x.avi"]) == 1
    assert ".gif" in capsys.readouterr().err
    assert main(["animate", "ZnO", "--band", "1", "-o", "x.html"]) == 1
    assert "without forces" in capsys.readouterr().err


def test_wrong_numbers_are_refused_before_any_force_is_computed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The calculator, which does not exist, would be asked first."""
    words = ["animate", "ZnO", "--calculator", "no_such_module:Calculator", "-o", "x.html"]
    mode = ["--mode", "E1#1(+)"]
    for more, said in (
        ([*mode, "--frames", "0"], "at least one frame"),
        ([*mode, "--cells", "0,1,1"], "at least one cell"),
        ([*mode, "--amplitude", "0"], "an amplitude such as 0.3"),
        (["--mode", "E1("], "cannot read the mode"),
        (["--band", "0"], "numbered from 1"),
    ):
        assert main([*words, *more]) == 1
        assert said in " ".join(capsys.readouterr().err.split())
    assert main([*words, *mode]) == 1
    assert "no_such_module" in capsys.readouterr().err


# ------------------------------------------------------------------------------- sums of modes


PAIRS = (
    ("ZnO", "E1#1"),
    ("ZnO", "E2#1"),
    ("ZnO", "E2#2"),
    ("Te_P3121", "E#1"),
    ("Te_P3121", "E#2"),
)


def momentum(animation: Animation) -> float:
    """J about the axis from the frames, ħ-like units: that of the circular mode has modulus |J|.

    Σ m r × v of one instant over that of all quanta, ω Σ m |U|²/2.
    """
    x, v = animation.positions - animation.rest, animation.velocities
    m = animation.masses[:, None]
    about = np.cross(x, v).mean(axis=0)
    size = np.sum(m * np.abs(animation.displacements) ** 2) / 2
    omega = 2 * np.pi * abs(animation.mode.frequency)
    return float((m * about).sum(axis=0) @ axis_of(animation) / (omega * size))


@pytest.mark.parametrize(("name", "pair"), PAIRS)
def test_linear_partners_of_a_circular_pair(name: str, pair: str) -> None:
    """Two motions on lines, at right angles, whose sum with i is the circular one.

    J of the frames is zero for each; of x + i y it is that of the mode (+), of x − i y that of (−).
    """
    s = study(name)
    x, y = (s.animate(f"{pair}({word})") for word in "xy")
    assert x.linear
    assert y.linear
    assert abs(momentum(x)) < 1e-9
    assert abs(momentum(y)) < 1e-9
    overlap = np.vdot(x.mode.eigenvector, y.mode.eigenvector)
    assert abs(overlap) < 1e-9
    for sign, partner in (("+", "+"), ("-", "-")):
        circle = s.animate(f"{pair}(x) {sign} i {pair}(y)")
        mode = s.animate(f"{pair}({partner})")
        assert abs(np.vdot(circle.mode.eigenvector, mode.mode.eigenvector)) == pytest.approx(1)
        assert momentum(circle) == pytest.approx(momentum(mode), abs=1e-9)
        assert momentum(mode) == pytest.approx(expected_size(mode), abs=1e-9)


def expected_size(animation: Animation) -> float:
    """What the eigenvector gives, Σ Im e* × e."""
    found = animation.modes.am(animation.mode)
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "pair"), PAIRS)
@pytest.mark.parametrize(("a", "b", "turn"), [(1, 0.5, 0), (0.3, 1, 40), (1, 1, 75), (2, 1, 200)])
def test_a_sum_rotates_as_its_parts(name: str, pair: str, a: float, b: float, turn: float) -> None:
    """J of the frames is the mean of the J of its modes, weighed with the squares of its factors.

    Partners of opposite l have no J between them, whatever their phase.
    """
    s = study(name)
    plus, minus = (momentum(s.animate(f"{pair}({sign})")) for sign in "+-")
    both = s.animate(f"{a} {pair}(+) + {b} {turn}deg {pair}(-)")
    mean = (a**2 * plus + b**2 * minus) / (a**2 + b**2)
    assert momentum(both) == pytest.approx(mean, abs=1e-9)
    assert expected_size(both) == pytest.approx(mean, abs=1e-9)
    assert both.mode.pam is None


def test_the_partner_x_moves_along_x() -> None:
    """Of E1 of ZnO all atoms do, and along 30 degrees in cos 30 x + sin 30 y; of E2 one does."""
    s = study("ZnO")
    for pair, uniform in (("E1#1", True), ("E2#1", False)):
        x = s.animate(f"{pair}(x)").displacements
        moving = np.argmax(np.linalg.norm(x, axis=1))
        flat = (x / x[moving, 0]).real
        assert abs(flat[moving, 1]) < 1e-9
        if uniform:
            assert np.abs(flat[:, 1:]).max() < 1e-9
            line = s.animate(f"{pair}(x) + {np.tan(np.pi / 6):.12f} {pair}(y)").displacements
            angle = np.degrees(np.arctan2(line[:, 1].real, line[:, 0].real)) % 180
            assert angle == pytest.approx(30)


def test_off_the_zone_centre_partners_are_added_too() -> None:
    """At A of ZnO four branches meet; a sum carries the same wave in every cell."""
    s = study("ZnO")
    modes = s.modes("A")
    multiplet = next(m for m in modes.multiplets if len(m.modes) > 1)
    first, second = (mode.name for mode in multiplet.modes[:2])
    place = "" if "@" in first else "@A"
    both = s.animate(f"{first}{place} + 0.5 i {second}{place}")
    assert both.cells == (1, 1, 2)
    n = len(modes.masses)
    assert np.allclose(both.displacements[:n], -both.displacements[n:], atol=1e-12)


def test_arrows_of_a_linear_partner(tmp_path: Path) -> None:
    s = study("ZnO")
    save(s.animate("E1#1(x)"), tmp_path / "x.vesta")
    assert "E1#1(x)" in (tmp_path / "x.vesta").read_text(encoding="utf-8")
    with pytest.raises(InputError, match=r"Eu#1\(x\)"):
        save(s.animate("E1#1(+)"), tmp_path / "y.vesta")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("E1#1(+) + A1#ac", "it does not oscillate"),
        ("A1#1(x)", "no linear partners of A1#1"),
        ("E9#1(x)", "no mode E9#1"),
        ("E1#7(y)", "no mode E1#7"),
        ("E1#1(+) - E1#1(+)", "no motion is left"),
        ("0 E1#1(+)", "no motion is left"),
        ("E1#1(+) + ", "a sign has no mode"),
        ("+", "a sign has no mode"),
        ("", "a sign has no mode"),
        ("E1#1(+) + twice E1#1(-)", "'twice' is not a number"),
        ("E1#1(+) + E1#1(-)@A", "different wavevectors"),
        ("1e999 E1#1(+)", "no motion is left"),
    ],
)
def test_sums_that_make_no_sense(text: str, said: str) -> None:
    from symchiral.errors import SymchiralError

    with pytest.raises(SymchiralError, match=re.escape(said)):
        study("ZnO").animate(text)


SEVERAL = "E1#1(+) + 0.4 i E2#2(-)"


def coordinate(animation: Animation, mode: Mode, positions: Floats) -> Complex:
    """Q = Σ √m e*·u over the cells, which keeps a mode of q = 0 and no other."""
    e = np.tile(mode.eigenvector.conj(), (len(animation.supercell) // len(mode.eigenvector), 1))
    moved = np.sqrt(animation.masses)[:, None] * (positions - animation.rest)
    return np.asarray(np.sum(e * moved, axis=(1, 2)))


def test_modes_of_several_frequencies_move_together() -> None:
    """Each coordinate turns at its own frequency, with the factor of the sum at time zero.

    Of real displacements Q of a circular mode holds a e^{-iωt} alone where partners are absent.
    """
    s = study("ZnO")
    modes = s.modes("GM")
    a = s.animate(SEVERAL, frames=48, duration=0.7)
    assert a.shown == 0.7
    assert np.allclose(np.linalg.norm(a.positions - a.rest, axis=2).max(), 0.3)
    found = []
    for name in ("E1#1(+)", "E2#2(-)"):
        mode = modes.find(name)
        q = coordinate(a, mode, a.positions)
        turned = np.exp(-2j * np.pi * mode.frequency * a.times)
        assert np.allclose(q / turned, q[0], atol=1e-9 * abs(q[0]))
        found.append(q[0])
    assert found[1] / found[0] == pytest.approx(0.4j)
    rate = (a.positions[1] - a.positions[0]) / a.times[1]
    assert np.allclose(rate, (a.velocities[0] + a.velocities[1]) / 2, atol=0.02 * abs(rate).max())


def test_a_film_of_several_frequencies_ends_near_where_it_began() -> None:
    """Of one to ten periods of the slowest, none brings the other nearer to its place."""
    a = study("ZnO").animate(SEVERAL)
    slow, fast = sorted(mode.frequency for mode, _ in a.parts)
    off = [abs(n * fast / slow - round(n * fast / slow)) for n in range(1, 11)]
    assert a.mismatch == pytest.approx(min(off))
    assert a.periods == pytest.approx(1 + int(np.argmin(off)))
    assert a.frames == round(24 * a.shown * fast)
    assert a.times[-1] < a.shown


def test_files_of_several_frequencies(tmp_path: Path) -> None:
    """A trajectory holds the whole time; the page turns each at its rate; others hold one mode."""
    a = study("ZnO").animate(SEVERAL, duration=0.5)
    save(a, tmp_path / "a.extxyz")
    images = ase_read(tmp_path / "a.extxyz", index=":")
    assert len(images) == a.frames
    assert np.allclose([image.positions for image in images], a.positions, atol=1e-6)
    assert np.allclose(images[0].info["frequency_THz"], [m.frequency for m, _ in a.parts])
    match = re.search(r'type="application/json">(.*?)</script>', animation_html(a), re.DOTALL)
    assert match is not None
    turns = [motion["turns"] for motion in json.loads(match[1])["motions"]]
    rates = [m.frequency for m, _ in a.parts]
    assert turns == pytest.approx([f / min(rates) for f in rates])
    for ending in (".vesta", ".json", ".ascii"):
        with pytest.raises(InputError, match="the format holds one frequency"):
            save(a, tmp_path / f"a{ending}")
    with pytest.raises(InputError, match="repeats after its period"):
        study("ZnO").animate("E1#1(+)", duration=1)
    with pytest.raises(LimitError, match="pictures"):
        study("ZnO").animate(SEVERAL, duration=1e4)


# ------------------------------------------------------------------------------- films


def red(file: Path) -> tuple[int, int]:
    """How many pictures a film has, and pixels of the colour of counter-clockwise orbits."""
    with pytest.importorskip("PIL.Image").open(file) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
        pictures: int = image.n_frames
    near = np.linalg.norm(pixels - np.array(list(bytes.fromhex(PLUS[1:]))), axis=2) < 40
    return pictures, int(near.sum())


def test_a_film_shows_the_sense_of_the_orbits(tmp_path: Path) -> None:
    """Red where J of the frames is positive, and nowhere where it is negative or zero."""
    pytest.importorskip("matplotlib")
    s = study("ZnO")
    seen = set()
    for name in ("E1#1(+)", "E1#1(-)", "E1#1(x)"):
        animation = s.animate(name, frames=4, amplitude=0.8)
        save(animation, tmp_path / "m.gif", overwrite=True)
        pictures, pixels = red(tmp_path / "m.gif")
        turning = momentum(animation)
        assert pictures == 4
        assert (pixels > 100) == (turning > 0.1), (name, pixels, turning)
        assert pixels > 100 or pixels == 0
        seen.add(round(turning, 3))
    assert len(seen) == 3
    save(s.animate("E1#1(+)", frames=2), tmp_path / "m.gif")  # its own film is replaced


def test_a_film_of_many_pictures_needs_ffmpeg(tmp_path: Path) -> None:
    """Where the program is, .mp4 is a film of that kind; where not, it is named."""
    pytest.importorskip("matplotlib")
    animation = study("ZnO").animate("E1#1(+)", frames=3)
    if shutil.which("ffmpeg") is None:
        with pytest.raises(InputError, match="ffmpeg is not installed"):
            save(animation, tmp_path / "m.mp4")
        assert list(tmp_path.iterdir()) == []
        return
    save(animation, tmp_path / "m.mp4")
    assert (tmp_path / "m.mp4").read_bytes()[4:8] == b"ftyp"
    save(animation, tmp_path / "m.mp4")
