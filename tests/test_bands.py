"""Bands: frequencies of phonopy, branches by representation, PAM and AM along a path."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from force_models import springs
from jsonschema import Draft202012Validator

import symchiral as sc
from symchiral.answers.bands import Bands as BandsAnswer
from symchiral.answers.bands import bands as answer
from symchiral.answers.schema import schema
from symchiral.cli import main
from symchiral.crystal.qpoint import little_group
from symchiral.errors import GrammarError, InputError, LabelError, LimitError, WavevectorError
from symchiral.figures.bands import bands_figure
from symchiral.figures.bands_labels import _pams, _spread
from symchiral.forces.bands import Bands, BandSegment
from symchiral.irreps.segments import find_segments
from symchiral.study import Study
from symchiral.text.bands import bands_table
from symchiral.write.band_files import band_columns, write_band_yaml
from symchiral.write.bands import save_bands

ROOT = Path(__file__).resolve().parent.parent
SWEEP = pytest.mark.sweep
CRYSTALS = (
    "ZnO",
    "Te_P3121",
    "BPO4",
    "BaTiO3_P4mm",
    *(
        pytest.param(name, marks=SWEEP)
        for name in (
            "TeO2_alpha",
            "FeSi",
            "MgB2",
            "NaCl",
            "CdTiO3",
            "SnS",
            "TiO2_anatase",
            "SiO2_quartz_P3221",
            "AuTe2_calaverite",
            "PdS",
            "KNbO3_Amm2",
            "BiB3O6",
            "Cu2O",
        )
    ),
)
"""Of all lattice systems, with and without screws, chiral and not."""


@lru_cache(maxsize=32)
def study(name: str) -> Study:
    return sc.read(springs(name))


@lru_cache(maxsize=32)
def bands(name: str) -> Bands:
    return study(name).bands(points=60, eigenvectors=True)


def phonopy_frequencies(name: str, piece: BandSegment, i: int) -> np.ndarray[Any, Any]:
    """By phonopy alone, at the same wavevector in its primitive cell."""
    phonon = springs(name)
    found = bands(name)
    cartesian = piece.coordinates[i] @ np.linalg.inv(found.crystal.primitive.cell).T
    phonon.run_qpoints([cartesian @ phonon.primitive.cell.T])
    return np.asarray(phonon.get_qpoints_dict()["frequencies"][0])


# ---------------------------------------------------------------- laws


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", CRYSTALS)
def test_frequencies_are_those_of_phonopy(name: str) -> None:
    compared = 0
    for piece in bands(name).segments:
        for i in (0, len(piece.u) // 3, len(piece.u) - 1):
            theirs = phonopy_frequencies(name, piece, i)
            ours = np.sort(piece.frequencies[i])
            squares = np.abs(ours * np.abs(ours) - theirs * np.abs(theirs))
            # Roots of rounding at the zone centre: there only squares can be compared.
            assert np.all((np.abs(ours - theirs) < 1e-6) | (squares < 1e-9))
            compared += len(ours)
    assert compared == 3 * len(bands(name).segments) * 3 * len(bands(name).crystal.primitive)


@pytest.mark.parametrize("name", CRYSTALS)
def test_columns_are_eigenvectors_of_the_dynamical_matrix(name: str) -> None:
    found = bands(name)
    for piece in found.segments:
        assert piece.eigenvectors is not None
        for i in (1, len(piece.u) // 2):
            e, f = piece.eigenvectors[i], piece.frequencies[i]
            matrix = found.phonons.matrix_at(piece.coordinates[i])
            assert np.abs(matrix @ e - e * (f * np.abs(f))).max() < 1e-8
            assert np.abs(e.conj().T @ e - np.eye(len(f))).max() < 1e-9
            # Angular momentum from its definition, and its sum rule.
            k = e.reshape(-1, 3, len(f))
            direct = np.cross(k.conj(), k, axis=1).imag.sum(axis=0).T
            fixed = [b.fixed for b in piece.branches]
            assert np.abs(direct - piece.am_vectors[i])[fixed].max(initial=0.0) < 1e-9
            assert np.abs(direct.sum(axis=0)).max() < 1e-9


@pytest.mark.parametrize("name", CRYSTALS)
def test_pam_is_the_eigenvalue_of_the_rotation_at_every_wavevector(name: str) -> None:
    """T(C_n) of the exact wavevector, built without adapted bases, on the columns of the bands."""
    found = bands(name)
    crystal = found.crystal
    seen = 0
    for piece in found.segments:
        if piece.axis is None:
            continue
        turn = piece.axis.turn
        positions = crystal.primitive.positions
        for i in (1, len(piece.u) - 2):
            q = piece.coordinates[i]
            moved = (
                positions[crystal.permutations[turn.index]]
                + crystal.lattice_shifts[turn.index]
                + np.array(turn.lattice)
                - positions
            )
            e = piece.eigenvectors[i].reshape(len(positions), 3, -1)  # type: ignore[union-attr]
            turned = np.empty_like(e)
            phases = np.exp(-2j * np.pi * (moved @ q))
            turned[crystal.permutations[turn.index]] = phases[:, None, None] * np.einsum(
                "ab,kbn->kan", crystal.rotations[turn.index], e
            )
            for b in range(e.shape[2]):
                l = piece.pam(b)
                assert l is not None
                expected = np.exp(-2j * np.pi * l[i] / turn.order)
                assert np.abs(turned[:, :, b] - expected * e[:, :, b]).max() < 1e-7
                seen += 1
    assert seen or found.axis is None or name in ("FeSi", "NaCl", "AuTe2_calaverite", "SnS")


@pytest.mark.parametrize("name", CRYSTALS)
def test_labels_inside_a_piece_are_those_of_modes_there(name: str) -> None:
    """The species found at one exact wavevector inside, without any line."""
    compared = 0
    for piece in bands(name).segments:
        i = len(piece.u) // 2
        fractions = [Fraction(float(x)).limit_denominator(10**6) for x in piece.coordinates[i]]
        if (
            max(abs(float(f) - x) for f, x in zip(fractions, piece.coordinates[i], strict=True))
            > 1e-12
        ):
            continue
        modes = study(name).modes(",".join(map(str, fractions)))
        there = sorted((round(m.frequency, 5), m.modes[0].label) for m in modes.multiplets)
        groups = {(b.label, b.order): k for k, b in enumerate(piece.branches)}
        here = sorted((round(float(piece.frequencies[i, k]), 5), l) for (l, _), k in groups.items())
        close = all(abs(a[0] - b[0]) < 2e-5 for a, b in zip(there, here, strict=True))
        assert close
        assert sorted(l for _, l in there) == sorted(l for _, l in here)
        compared += 1
    assert compared >= 2


@pytest.mark.sweep
def test_branches_cross_where_eigenvectors_say_so() -> None:
    """Dense eigenvectors of bare matrices, followed by overlap alone, give the same branches."""
    crossings = compared = 0
    for name in ("ZnO", "Te_P3121", "NaCl"):
        found = study(name).bands(points=1000, eigenvectors=False)
        for piece in found.segments:
            before: np.ndarray[Any, Any] | None = None
            inner = range(2, len(piece.u) - 2)
            values = piece.frequencies
            track = np.argsort(values[2], kind="stable")
            for i in inner:
                w, e = np.linalg.eigh(found.phonons.matrix_at(piece.coordinates[i]))
                if before is not None:
                    overlaps = np.abs(before.conj().T @ e) ** 2
                    equal = np.abs(w[:, None] - w) < 1e-7
                    spaces = overlaps @ equal
                    best = overlaps.argmax(axis=1)
                    # Only steps that overlap settles beyond doubt.
                    sure = spaces[np.arange(len(w)), best] > 0.95
                    f = np.sign(w) * np.sqrt(np.abs(w))
                    for place in np.flatnonzero(sure):
                        branch = track[place]
                        assert abs(values[i, branch] - f[best[place]]) < 1e-5
                        crossings += int(best[place] != place)
                        compared += 1
                track = np.argsort(values[i], kind="stable")
                before = e
    assert compared > 10_000
    assert crossings > 50


def split(name: str, line: str, u: float) -> dict[str, list[float]]:
    """Frequencies of the partners of +l and −l, by what becomes of them at the zone centre."""
    modes = study(name).modes(line.format(Fraction(u).limit_denominator(1000)))
    found: dict[str, list[float]] = {}
    for mode in modes:
        if mode.residue in (1, -1):
            found.setdefault("+" if mode.residue == 1 else "-", []).append(mode.frequency)
    return found


@pytest.mark.parametrize(
    ("name", "chiral"),
    [("SiO2_quartz_P3221", True), ("TeO2_alpha", True), ("ZnO", False)],
)
def test_partners_split_on_the_axis_of_a_chiral_crystal_only(name: str, *, chiral: bool) -> None:
    """Transverse acoustic velocities are equal, f₊ − f₋ ∝ u²; optical pairs split ∝ u."""
    near = {u: split(name, "0,0,{}", u) for u in (1 / 50, 1 / 25)}
    gaps = {u: np.subtract(s["+"], s["-"]) for u, s in near.items()}
    acoustic = [gap[0] / s["+"][0] for gap, s in zip(gaps.values(), near.values(), strict=True)]
    optical = [gap[1] for gap in gaps.values()]
    if not chiral:
        for gap in gaps.values():
            assert np.abs(gap).max() < 1e-7
        return
    # f ∝ u and f₊ − f₋ ∝ u²: relative to f the difference is ∝ u.
    assert abs(acoustic[0]) > 1e-8
    assert acoustic[1] / acoustic[0] == pytest.approx(2, rel=0.05)
    assert abs(optical[0]) > 1e-5
    assert optical[1] / optical[0] == pytest.approx(2, rel=0.05)


def test_partners_split_with_first_principles_forces() -> None:
    """LiIO3, P6₃: f₊ − f₋ of the transverse acoustic pair ∝ u², of optical pairs ∝ u."""
    material = sc.read(str(ROOT / "structures" / "LiIO3"))
    steps = (1 / 50, 1 / 25, 2 / 25)
    gaps: dict[tuple[int, int], list[float]] = {}
    for u in steps:
        levels: dict[int, list[float]] = {}
        for mode in material.modes(f"0,0,{Fraction(u).limit_denominator(1000)}"):
            levels.setdefault(mode.residue, []).append(mode.frequency)
        for l in (1, 2):
            for k, (up, down) in enumerate(zip(levels[l], levels[-l], strict=True)):
                gaps.setdefault((l, k), []).append(up - down)
    acoustic = np.array(gaps.pop((1, 0))) / np.square(steps)
    # 1 part in 10⁴ of the velocity is what these forces miss of rotational invariance.
    assert np.allclose(acoustic / acoustic[-1], 1, atol=0.15)
    optical = np.array(list(gaps.values())) / np.array(steps)
    clear = np.abs(optical[:, -1]) > 0.05
    assert clear.sum() >= 8
    assert np.allclose(optical[clear] / optical[clear, -1:], 1, atol=0.1)


def test_mirror_image_reverses_pam_and_angular_momentum() -> None:
    """P3₁21 and P3₂21 with the same springs."""
    right, left = (study(n).bands("GM A", points=12) for n in ("Te_P3121", "Te_P3221"))
    a, b = right.segments[0], left.segments[0]
    assert np.abs(np.sort(a.frequencies) - np.sort(b.frequencies)).max() < 1e-5
    assert (right.axis.screw, left.axis.screw) == (1, -1)  # type: ignore[union-attr]
    for i in range(len(a.branches)):
        l, residue = a.pam(i), a.residues[i]
        assert l is not None
        assert residue is not None
        j = next(
            k
            for k in range(len(b.branches))
            if np.abs(b.frequencies[1:, k] - a.frequencies[1:, i]).max() < 1e-5
        )
        other = b.pam(j)
        assert other is not None
        assert np.abs(np.exp(2j * np.pi * (l + other) / 3) - 1)[1:].max() < 1e-9
        assert np.abs(a.am[1:, i] + b.am[1:, j]).max() < 1e-5


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize("name", sc.structure_names()[::6])
def test_pieces_are_on_their_line(name: str) -> None:
    crystal = sc.read(name).crystal
    pieces = find_segments(crystal)
    assert pieces
    for piece in pieces:
        t = np.linspace(0.01, 0.99, 7)
        x = piece.start.coordinates + t[:, None] * piece.vector
        values = piece.parameters(x)
        slopes = np.array([[float(s) for s in slope] for slope in piece.q.slopes])
        constant = np.array([float(c) for c in piece.q.coordinates])
        assert np.abs(constant + values @ slopes + np.array(piece.shift) - x).max() < 1e-9
        # The little group of an inner wavevector is that of the line, no larger.
        for q in x:
            images = np.einsum(
                "i,gij->gj", q, crystal.group.rotations[list(crystal.group.inverses)]
            )
            whole = np.abs(images - q - np.rint(images - q)).max(axis=1) < 1e-7
            assert tuple(np.flatnonzero(whole)) == little_group(crystal.group, piece.q)


def test_a_path_is_cut_where_it_passes_a_special_point() -> None:
    crystal = sc.read("MgB2").crystal
    assert [s.place for s in find_segments(crystal, "GM 0,0,1")] == ["DT", "DT"]
    found = find_segments(crystal, "GM K M GM")
    lengths = [np.linalg.norm(s.vector @ np.linalg.inv(crystal.primitive.cell).T) for s in found]
    # The edge of the hexagon is half as long as Γ–K, not the way to some other arm.
    assert lengths[1] == pytest.approx(lengths[0] / 2)
    assert [s.start.label for s in find_segments(crystal, "GM K | H A")] == ["GM", "H"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("GM", GrammarError),
        ("", GrammarError),
        ("GM | K M", GrammarError),
        ("GM DT", WavevectorError),
        ("GM GM", WavevectorError),
        ("GM 1/3,1/3", GrammarError),
    ],
)
def test_bad_paths_are_refused(path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        find_segments(sc.read("MgB2").crystal, path)


def test_bad_requests_are_refused() -> None:
    with pytest.raises(LimitError, match="points"):
        study("MgB2").bands(points=1)
    with pytest.raises(GrammarError, match="about"):
        study("MgB2").bands(about="z")
    with pytest.raises(InputError, match="no frequencies"):
        sc.read("MgB2").bands()
    with pytest.raises(InputError, match="eigenvectors"):
        write_band_yaml(study("MgB2").bands("GM A", points=5), io.StringIO())


def test_along_the_path_every_cubic_direction_has_its_axis() -> None:
    found = study("FeSi").bands("X GM R", points=12, about="path")
    assert [p.axis.symbol for p in found.segments if p.axis] == ["2_1", "3"]
    r = found.segments[1]
    assert np.abs(r.am).max() > 0.1
    assert np.allclose(np.abs(r.direction), 3**-0.5)


def test_branches_of_one_species_do_not_cross() -> None:
    found = study("AuTe2_calaverite").bands(points=40)
    alone = [p for p in found.segments if len({b.label for b in p.branches}) == 1]
    assert len(alone) == 2
    for piece in alone:
        assert [b.order for b in piece.branches] == list(range(1, len(piece.branches) + 1))
        assert np.all(np.diff(piece.frequencies, axis=1) >= 0)


# ---------------------------------------------------------------- files


def test_document_is_what_its_schema_says() -> None:
    for name, about in (("Te_P3121", "axis"), ("ZnO", "path")):
        found = answer(study(name).bands(points=40, about=about))  # type: ignore[arg-type]
        again = BandsAnswer.from_json(found.to_json())
        assert again == found
        assert bands_table(again).text() == bands_table(found).text()
        document = found.to_dict()
        Draft202012Validator(json.loads(schema("bands"))).validate(document)
        piece = document["segments"][0]
        assert len(piece["branches"]) == 3 * document["structure"]["primitive"]["natoms"]
        assert len(piece["branches"][0]["frequency"]) == len(piece["distance"])


def test_csv_has_a_row_for_every_branch_and_wavevector(tmp_path: Path) -> None:
    found = bands("Te_P3121")
    save_bands(found, tmp_path / "b.csv", unit="cm-1")
    text = (tmp_path / "b.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 9 * len(found)
    piece = found.segments[3]
    row = next(r for r in rows if r["segment"] == "4" and r["branch"] == "2")
    assert float(row["frequency"]) == pytest.approx(piece.frequencies[0, 1] * 33.35641, abs=1e-3)
    assert float(row["l"]) == pytest.approx(piece.pam(1)[0])  # type: ignore[index]
    assert list(rows[0]) == list(band_columns(found))


@pytest.mark.parametrize("name", ["Te_P3121", "MgB2"])
def test_rows_of_the_answer_are_those_of_the_file(name: str) -> None:
    found = study(name).bands("GM A L", points=12)
    rows, columns = answer(found, unit="cm-1").to_records(), band_columns(found, unit="cm-1")
    assert len(rows) == len(columns["l"]) == len(found) * len(found.segments[0].branches)
    assert list(rows[0]) == list(columns)
    without = 0
    for key, column in columns.items():
        for row, value in zip(rows, column.tolist(), strict=True):
            if isinstance(value, float):
                without += row[key] is None
                mine = np.nan if row[key] is None else row[key]
                assert np.isclose(mine, value, rtol=0, atol=1e-9, equal_nan=True), key
            else:
                assert (row[key] or "") == value
    assert without  # helicity at the zone centre, l where no axis is


@pytest.mark.parametrize("name", ["Te_P3121", "FeSi"])
def test_helicity_is_angular_momentum_along_the_wavevector(name: str) -> None:
    """From the zone centre the direction of the path is that of q; elsewhere modes say it."""
    found = study(name).bands(points=30, about="path")
    counted = 0
    for piece in found.segments:
        helicity = found.helicity(piece)
        if piece.start.point.label == "GM":
            assert np.isnan(helicity[0]).all()
            assert np.allclose(helicity[1:], piece.am[1:], equal_nan=True)
        i = len(piece.u) // 2
        q = found.crystal.frame.wavevector(piece.coordinates[i], to="cartesian", source="primitive")
        for b, branch in enumerate(piece.branches):
            if branch.fixed:
                counted += 1
                size = helicity[i, b] * np.linalg.norm(q)
                assert np.isclose(size, piece.am_vectors[i, b] @ q, atol=1e-12)
        if name == "Te_P3121":
            assert np.nanmax(np.abs(helicity[1:])) < 1 + 1e-9
    assert counted > 50


def test_parquet_round_trip(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    found = bands("MgB2")
    save_bands(found, tmp_path / "b.parquet")
    table = parquet.read_table(tmp_path / "b.parquet")
    assert table.num_rows == 9 * len(found)
    assert np.allclose(table["frequency"].to_numpy(), band_columns(found)["frequency"])


def test_without_parquet_the_message_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match='pip install "pyarrow>=15"'):
        save_bands(bands("MgB2"), tmp_path / "b.parquet")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match='pip install "matplotlib'):
        save_bands(bands("MgB2"), tmp_path / "b.pdf")


@pytest.mark.parametrize("name", ["ZnO", "BaTiO3_P4mm"])
def test_band_yaml_is_read_back_with_the_same_modes(name: str, tmp_path: Path) -> None:
    """By phonopy's own structure of the file, and by our reader of tabulated eigenvectors."""
    import yaml

    found = bands(name)
    save_bands(found, tmp_path / "band.yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load((tmp_path / "band.yaml").read_text(), Loader=loader)
    assert data["nqpoint"] == len(found) == len(data["phonon"])
    phonon = springs(name)
    assert np.allclose(data["lattice"], phonon.primitive.cell, atol=1e-9)
    entry = data["phonon"][len(found) // 2]
    raw = np.array([b["eigenvector"] for b in entry["band"]])
    e = (raw[..., 0] + 1j * raw[..., 1]).reshape(len(raw), -1).T
    f = np.array([b["frequency"] for b in entry["band"]])
    phonon.dynamical_matrix.run(np.array(entry["q-position"]))
    matrix = phonon.dynamical_matrix.dynamical_matrix * phonon.unit_conversion_factor**2
    # Eigenvectors of phonopy's own matrix, in its order of atoms and gauge.
    assert np.abs(matrix @ e - e * (f * np.abs(f))).max() < 1e-6
    piece = found.segments[1]
    q = ",".join(str(Fraction(float(x)).limit_denominator(10**6)) for x in piece.coordinates[0])
    again = sc.read(str(tmp_path / "band.yaml")).modes(q)
    assert np.allclose(np.sort(again.frequencies), np.sort(piece.frequencies[0]), atol=1e-5)


@pytest.mark.sweep
def test_figure_is_drawn_without_overlapping_texts(tmp_path: Path) -> None:
    found = bands("Te_P3121")
    figure = bands_figure(answer(found, unit="meV"))
    figure.canvas.draw()
    axes = figure.axes[0]
    assert "meV" in axes.get_ylabel()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) > 20
    overlaps = sum(
        a.overlaps(b)
        and min(a.x1, b.x1) - max(a.x0, b.x0) > 2
        and min(a.y1, b.y1) - max(a.y0, b.y0) > 3
        for i, a in enumerate(boxes)
        for b in boxes[:i]
    )
    assert overlaps == 0
    low, high = figure.axes[1].get_ylim()
    assert low == -high
    for ending in ("png", "pdf", "svg"):
        save_bands(found, tmp_path / f"b.{ending}")
        assert (tmp_path / f"b.{ending}").stat().st_size > 5000


def test_angular_momentum_of_sites_adds_up_to_the_whole() -> None:
    """On every branch and at every level; that of one site is Σ Im(e* × e) over its atoms."""
    whole, s = bands("ZnO"), study("ZnO")
    parts = [s.bands(points=60, sites=[name]) for name in ("Zn", "O")]
    for piece, *each in zip(whole.segments, *(part.segments for part in parts), strict=True):
        assert np.allclose(
            sum(x.am_vectors for x in each), piece.am_vectors, atol=1e-9, equal_nan=True
        )
        for end in ("start", "end"):
            levels = [getattr(x, end).levels for x in (piece, *each)]
            for level, *shares in zip(*levels, strict=True):
                for all_, *some in zip(level.ams, *(x.ams for x in shares), strict=True):
                    assert (all_ is None) == (None in some)
                    assert all_ is None or sum(some) == pytest.approx(all_, abs=1e-9)
    piece, (zn, _) = whole.segments[3], (part.segments[3] for part in parts)
    assert piece.eigenvectors is not None
    e = piece.eigenvectors.reshape(len(piece.u), -1, 3, 12)
    atoms = [i for i, symbol in enumerate(whole.crystal.primitive.symbols) if symbol == "Zn"]
    z = np.imag(np.conj(e[:, atoms, 0]) * e[:, atoms, 1] - np.conj(e[:, atoms, 1]) * e[:, atoms, 0])
    assert np.allclose(z.sum(axis=1), zn.am_vectors[..., 2], atol=1e-9)
    assert np.abs(zn.am).max() > 0.1
    document = answer(parts[0])
    assert document.sites == ("Zn",)
    assert {row["sites"] for row in document.to_records()} == {"Zn"}
    assert set(band_columns(parts[0])["sites"]) == {"Zn"}
    assert "of Zn alone" in bands_table(document).text()
    assert "J of Zn about" in bands_figure(document).axes[1].get_ylabel()
    with pytest.raises(LabelError, match="no site Zz"):
        s.bands(sites=["Zz"])


def test_points_of_every_piece() -> None:
    s = study("ZnO")
    found = s.bands("GM A L | M K", points=(7, 2, 12))
    assert [len(piece.u) for piece in found.segments] == [7, 2, 12]
    bands_figure(answer(found))
    for wrong in ((7, 2), (7, 2, 1), (1,) * 3):
        with pytest.raises(LimitError):
            s.bands("GM A L | M K", points=wrong)


def test_short_names_of_pam() -> None:
    assert _pams(["1", "-1"]) == "±1"
    assert _pams(["0", "1", "-1"]) == "0,±1"
    assert _pams(["1+u", "-1+u", "u"]) == "±1+u,u"
    assert _pams(["u", "-u"]) == "u,−u"
    spread = _spread(np.array([0.0, 0.1, 0.2, 50.0]), 5.0, 0.0, 60.0)
    assert np.all(np.diff(spread) >= 5 - 1e-9)
    assert spread[-1] == 50
    assert spread[0] == 0


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_bands(bands("ZnO"), tmp_path / "band.yaml")
    assert main(["bands", "ZnO"]) == 1
    assert "without forces" in capsys.readouterr().err
    assert main(["bands", "ZnO", "-o", "x.foo"]) == 1
    assert ".foo" in capsys.readouterr().err
    text = bands_table(answer(bands("ZnO"), unit="cm-1")).text()
    assert "6_3" in text
    assert "cm⁻¹" in text
