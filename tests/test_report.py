"""The report: what stands on the page is what the answers say, and nothing on it asks or runs."""

from __future__ import annotations

import base64
import html
import json
import math
import re
import shutil
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list
from force_models import springs
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

import symchiral as sc
from symchiral.answers.couple import couple
from symchiral.answers.course import course, measured
from symchiral.answers.moving import Moving, MovingMode, moving
from symchiral.answers.predict import near_resonance
from symchiral.answers.report import Report, resonant_pulse
from symchiral.answers.schema import answer_type
from symchiral.cli import main
from symchiral.errors import InputError, SymchiralError
from symchiral.page.clock import clock_svg
from symchiral.page.mathml import invariant_mathml, root_mathml, species_mathml
from symchiral.page.template import script_json
from symchiral.study import Study

Complex = npt.NDArray[np.complex128]

NAMES = (
    "Bi2Se3",
    "Te_P3121",
    "MoS2_monolayer_slab",
    "SrTiO3",
    "CrI3_FM",
    "P2I4",
    "WC",
    "MnF2_AFM",
)


@lru_cache(maxsize=32)
def study(name: str) -> Study:
    return sc.read(name)


@lru_cache(maxsize=8)
def elastic(name: str) -> Study:
    return sc.read(springs(name))


@lru_cache(maxsize=32)
def page(name: str, folder: Path) -> str:
    file = folder / "page.html"
    study(name).report(file, overwrite=True)
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


def embedded(text: str, name: str) -> object:
    match = re.search(
        rf'<script id="{name}" type="application/json">(.*?)</script>', text, re.DOTALL
    )
    assert match is not None
    return json.loads(match[1])


@lru_cache(maxsize=32)
def moves(name: str) -> Moving:
    s = study(name)
    return moving(s.crystal, s.axis, None, None)


def vector(mode: MovingMode) -> Complex:
    """u of every atom, as one array (N, 3)."""
    u = np.array(mode.displacements)
    return np.asarray(u[..., 0] + 1j * u[..., 1])


# --- the page ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_what_the_answers_say(name: str, folder: Path) -> None:
    text, s = page(name, folder), study(name)
    bare = re.sub(r"(?s)<pre>.*?</pre>", "", text)  # BibTeX has braces of its own
    assert "{{" not in bare
    assert "{%" not in text
    # Nothing is loaded: no address, no import, and a policy that would stop it.
    assert not re.search(r"\s(src|srcset|xlink:href)=|@import|url\(|<link|<iframe|<img", text)
    assert set(re.findall(r'href="([^#"][^"]*)"', text)) == set()
    assert "default-src &#39;none&#39;" in text
    predict = s.predict()
    assert embedded(text, "answer-predict") == predict.to_dict()
    assert embedded(text, "answer-light") == s.light().to_dict()
    assert embedded(text, "answer-show") == s.show(detail="rotation").to_dict()
    assert predict.table is not None
    groups = Counter(re.findall(r'<tbody class="row"[^>]*data-group="([^"]*)"', text))
    assert groups == Counter(row.group for row in predict.table.rows)
    # Every row has its reason, and its invariant in MathML.
    by_id = {c.id: c for c in predict.channels}
    invariants = [by_id[r.transfer].invariant for r in predict.table.rows]
    assert text.count("<math>") == sum(x is not None for x in invariants)
    assert text.count("<b>Why:</b>") == len(predict.table.rows)


def test_documents_are_read_back(folder: Path) -> None:
    """What the page holds is what the commands print, as far as they print it."""
    text = page("Bi2Se3", folder)
    for command in ("show", "predict", "light", "plan"):
        document = json.dumps(embedded(text, f"answer-{command}"))
        assert answer_type(command).from_json(document).structure.formula == "Bi2Se3"  # type: ignore[attr-defined]


def test_a_page_with_forces(tmp_path: Path) -> None:
    s = elastic("ZnO")
    s.report(tmp_path / "zno.html", points=30, unit="meV")
    text = (tmp_path / "zno.html").read_text(encoding="utf-8")
    assert len(text) < 2_000_000
    predict = s.predict(unit="meV")
    assert predict.transfers is not None
    assert embedded(text, "answer-predict") == predict.to_dict()
    scene = embedded(text, "scene")
    assert isinstance(scene, dict)
    # Every optical mode, with its frequency and J.
    modes = s.modes()
    found = {m["name"]: m for m in scene["motions"]}
    optical = [m for m in modes if m.number is not None]
    assert len(found) == len(optical) == 3 * s.natoms - 3
    for mode in optical:
        motion = found[mode.name]
        assert motion["frequency"] == pytest.approx(mode.frequency * 4.135667696, rel=1e-6)
        assert motion["am"] == pytest.approx(modes.am(mode), abs=1e-5)
        u = np.array(motion["u"]) @ [1, 1j]
        e = u * np.sqrt(modes.masses)[:, None]
        overlap = abs(np.vdot(e, mode.eigenvector)) / np.linalg.norm(e)
        assert overlap == pytest.approx(1, abs=1e-4)


def test_bytes_of_branches_are_their_eigenvectors(tmp_path: Path) -> None:
    """A byte for every component: right to a hundredth of the largest one."""
    s = elastic("ZnO")
    bands = s.bands(points=30, eigenvectors=True)
    phonons = s.phonons
    assert phonons is not None
    found = moving(s.crystal, s.axis, s.modes(), bands).segments
    assert len(found) == len(bands.segments)
    n, count = s.natoms, 0
    for piece, kept in zip(bands.segments, found, strict=True):
        raw = np.frombuffer(base64.b64decode(kept.bytes), dtype=np.int8)
        u = (raw.reshape(len(kept.points), 3 * n, 3 * n, 2) @ [1, 1j]) / 127
        assert kept.points[-1] == len(piece.coordinates) - 1
        for place, i in enumerate(kept.points):
            matrix = phonons.matrix_at(piece.coordinates[i])
            for branch in range(3 * n):
                e = u[place, branch] * np.sqrt(np.repeat(phonons.masses, 3))
                f = piece.frequencies[i, branch]
                off = np.linalg.norm(matrix @ e - f * abs(f) * e) / np.linalg.norm(e)
                assert off < 0.03 * np.abs(piece.frequencies).max() ** 2
                count += 1
    assert count > 300


def test_large_cells_keep_fewer_wavevectors(monkeypatch: pytest.MonkeyPatch) -> None:
    s = elastic("ZnO")
    bands = s.bands(points=30, eigenvectors=True)
    monkeypatch.setattr("symchiral.answers.moving.MOST_BYTES", 3000)
    found = moving(s.crystal, s.axis, s.modes(), bands).segments
    assert all(k.points[0] == 0 for k in found)
    assert sum(len(k.points) for k in found) < sum(len(p.coordinates) for p in bands.segments) / 2


def test_of_many_transfers_those_near_resonance_are_kept() -> None:
    s = elastic("ZnO")
    everything = s.predict()
    assert everything.transfers is not None
    total = len(everything.transfers)
    assert near_resonance(everything, total) == (everything, None)
    count = 0
    for most in (1, 7, total // 2, total - 1):
        answer, bound = near_resonance(everything, most)
        assert bound is not None
        assert answer.transfers is not None
        # As if that had been asked for; those that differ by all signs stay together.
        asked = s.predict(max_detuning=bound + 1e-6).transfers
        assert [t.id for t in answer.transfers] == [t.id for t in asked or ()]
        kept = {t.id for t in answer.transfers}
        assert all(t.reverse_of is None or t.reverse_of in kept for t in answer.transfers)
        assert len(kept) <= max(most, 8)
        count += len(kept)
    assert count > 20


# --- couplings, motion, measurement --------------------------------------------------------------


@lru_cache(maxsize=1)
def driven() -> Study:
    return sc.read("Bi2Se3/phonopy.yaml")


def conjugate_of(name: str) -> str:
    return name.translate(str.maketrans("+-", "-+"))


def test_sizes_stand_beside_transfers(folder: Path) -> None:
    """Of every transfer between modes, looked up in the terms of couple."""
    s, file = driven(), folder / "driven.html"
    said = s.report(file, overwrite=True, measurement="Bi2Se3/example_rows.yaml", sees="raman")
    text = file.read_text(encoding="utf-8")
    assert said.size == len(text.encode("utf-8")) < 2_000_000
    assert said.answers == tuple(re.findall(r'<script id="answer-([a-z]+)"', text))
    assert set(said.answers) == {
        *("show", "predict", "light", "plan", "modes", "couple", "simulate", "validate")
    }
    assert Report.from_json(said.to_json()) == said
    terms = {
        tuple(sorted(names)): abs(complex(*t.averaged))
        for t in couple(s.couplings()).terms
        for names in (t.modes, tuple(map(conjugate_of, t.modes)))
    }
    found = re.findall(r'<tbody data-id="([^"]*)".*?<td class="weight"><td>([^<]*)', text)
    assert len(found) > 60
    for name, size in found:
        into, out = (side.split() for side in html.unescape(name).split(" -> "))
        wanted = terms.get(tuple(sorted([*into, *map(conjugate_of, out)])), 0.0)
        assert float(size) == pytest.approx(1e3 * wanted, rel=6e-3, abs=1e-3), name
    assert text.count("Coupling coefficients |c|") > 5
    # The pulse is on the transfer that it drives most strongly.
    assert resonant_pulse(s.predict(), {}) is None
    lone = "Eu#2(-) Eu#2(-) -> Eg#2(+)"
    assert resonant_pulse(s.predict(), {lone: 1.0}) == "3.961THz s- 1ps 1MV/cm"


def test_the_course_is_that_of_the_run() -> None:
    """Amplitudes times shapes add up to where the atoms are."""
    run = driven().simulate("2.46THz s+ 1ps 1MV/cm", duration=4)
    found = course(run)
    times = found.start + found.step * np.arange(found.count)
    places = np.searchsorted(run.times, times - 1e-9)
    assert np.abs(run.times[places] - times).max() < 1e-6
    u = np.zeros((found.count, 5, 3))
    for mode in found.modes:
        raw = np.frombuffer(base64.b64decode(mode.amplitudes.bytes), dtype="<i2")
        a = raw.reshape(found.count, -1, 2) @ [1, 1j] * (mode.amplitudes.scale / 32767)
        shapes = np.array(mode.displacements) @ [1, 1j]
        u += np.einsum("tl,lkx->tkx", a, shapes).real
    atoms = run.atoms()[places]
    assert np.abs(u - atoms).max() < 2e-3 * np.abs(atoms).max()
    assert found.field is not None
    raw = np.frombuffer(base64.b64decode(found.field.bytes), dtype="<i2").reshape(-1, 3)
    assert run.drive is not None
    field = run.drive.field(times)
    assert np.abs(raw * (found.field.scale / 32767) - field).max() < 1e-3 * np.abs(field).max()


def test_of_many_modes_those_that_move_atoms_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    run = driven().simulate("2.46THz s+ 1ps 1MV/cm", duration=4)
    monkeypatch.setattr("symchiral.answers.course.MOST_MODES", 2)
    kept = [mode.name for mode in course(run).modes]
    order = sorted(run.motions, key=lambda motion: motion.displacement)
    assert set(kept) == {motion.name for motion in order[-2:]}


def test_measured_traces_are_those_of_the_fit() -> None:
    fit = driven().validate("Bi2Se3/traces.csv").fit
    assert fit is not None
    found = measured(fit)
    assert len(found.runs) == len(fit.measurement.runs) == 4
    for i, (run, kept) in enumerate(zip(fit.measurement.runs, found.runs, strict=True)):
        every = len(run.times) // len(kept.times)
        assert np.abs(np.array(kept.signals).T - run.signals[::every]).max() < 1e-4
        model = fit.model(i, np.array(kept.fit_times))
        assert np.abs(np.array(kept.fit).T - model).max() < 1e-4


def test_what_is_missing_is_said(folder: Path) -> None:
    text = page("Bi2Se3", folder)
    assert 'id="motion"' not in text  # no forces: said once, in the section on the crystal
    s = elastic("ZnO")
    s.report(folder / "zno.html", points=10, path="GM A", overwrite=True)
    text = (folder / "zno.html").read_text(encoding="utf-8")
    assert "need third-order data" in text
    bands = embedded(text, "answer-bands")
    assert isinstance(bands, dict)
    assert [(x["from"]["label"], x["to"]["label"]) for x in bands["segments"]] == [("GM", "A")]
    with pytest.raises(SymchiralError):
        s.report(folder / "no.html", path="GM nowhere")
    with pytest.raises(InputError, match="no frequencies"):
        study("Bi2Se3").report(folder / "no.html", pump="2THz s+ 1ps 1MV/cm")


# --- names from outside --------------------------------------------------------------------------


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    name = "Bi2Se3 <img src=x onerror=\"alert(1)\">&<'script'>.cif"
    shutil.copy(Path(sc.__file__).parents[1] / "structures" / "Bi2Se3.cif", tmp_path / name)
    s = sc.read(tmp_path / name)
    s.report(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<img" not in text
    assert "&lt;img src=x" in text
    document = embedded(text, "answer-predict")
    assert isinstance(document, dict)
    assert document["input"]["path"].endswith(name)


def test_no_text_ends_a_script() -> None:
    data = {"</script>": ["<!--", "]]>", "&lt;", "\u2028"]}
    text = script_json(data)
    assert "<" not in text
    assert ">" not in text
    assert json.loads(text) == data
    with pytest.raises(ValueError, match="JSON"):
        script_json(math.nan)


# --- motions -------------------------------------------------------------------------------------


def test_adapted_displacements_span_the_optical_motions() -> None:
    """Each lies in its component, none translates the crystal, and together they are 3N − 3."""
    count = 0
    for name in NAMES:
        s, found = study(name), moves(name)
        operators = s.operators()
        masses = np.array(found.drawn.masses)
        vectors = []
        for mode in found.modes:
            e = (vector(mode) * np.sqrt(masses)[:, None]).ravel()
            e = e / np.linalg.norm(e)
            p = operators.components[mode.species, mode.component]
            assert np.linalg.norm(p @ e - e) < 2e-3, (name, mode.name)
            assert np.abs(masses @ vector(mode)).max() < 2e-3 * masses.sum()
            vectors.append(e)
            count += 1
        assert np.linalg.matrix_rank(np.array(vectors), tol=0.05) == 3 * s.natoms - 3
    assert count > 80


def test_j_of_a_displacement_is_that_of_its_orbits() -> None:
    """Σ m r × v over one period, by summing areas between instants."""
    count = 0
    for name in NAMES:
        s, found = study(name), moves(name)
        if s.axis is None:
            continue
        masses = np.array(found.drawn.masses)
        for mode in found.modes:
            u = vector(mode)
            times = np.exp(-2j * np.pi * np.arange(48) / 48)
            x = (times[:, None, None] * u).real
            swept = np.cross(x, np.roll(x, -1, axis=0)).sum(axis=0) @ s.axis.direction
            norm = masses @ np.sum(np.abs(u) ** 2, axis=1)
            j = 2 * float(masses @ swept) / (48 * np.sin(2 * np.pi / 48)) / norm
            assert mode.am == pytest.approx(j, abs=2e-3)
            count += abs(j) > 0.01
    assert count > 30


def test_molecules_and_layers_are_drawn_whole() -> None:
    """Atoms that bonds join anywhere in the crystal are joined in the picture, at any length of
    bond: counted by periodic neighbour lists of ASE and by plain distances of what is drawn."""
    count = 0
    for name in (*NAMES, "Bi2Se3/phonopy.yaml", "ZnO", "HgS_cinnabar", "CdI2", "P_black"):
        drawn = moves(name).drawn
        rest, cell = np.array(drawn.rest), np.array(drawn.cell)
        atoms = Atoms(f"H{len(rest)}", rest, cell=cell, pbc=True)
        apart = np.linalg.norm(rest[:, None] - rest, axis=-1)
        for length in np.arange(1.55, 4.6, 0.3):
            i, j = neighbor_list("ij", atoms, float(length))
            periodic = csr_matrix((np.ones(len(i)), (i, j)), shape=apart.shape)
            parts, _ = connected_components(periodic, directed=False)
            pieces, _ = connected_components(csr_matrix(apart < length), directed=False)
            assert pieces == parts, (name, length)
            count += 1
    assert count == 13 * 11


def test_the_drawn_cell_is_the_input_cell() -> None:
    for name in NAMES:
        s, drawn = study(name), moves(name).drawn
        cell = np.array(drawn.cell)
        primitive = s.crystal.primitive
        ratio = abs(np.linalg.det(cell) / np.linalg.det(primitive.cell))
        assert len(drawn.atoms) == round(ratio) * len(primitive)
        # Every atom of the input cell once, in some cell; their middle lies in the one drawn.
        fractions = np.array(drawn.rest) @ np.linalg.inv(cell)
        within = np.round(fractions - np.floor(fractions + 1e-3), 3)
        assert len({tuple(r) for r in within.tolist()}) == len(drawn.atoms)
        assert np.all(np.abs(fractions.mean(axis=0) - 0.5) < 0.5 + 1e-3)
        moved = (primitive.positions[list(drawn.atoms)] + np.array(drawn.cells)) @ primitive.cell
        assert np.abs(moved - np.array(drawn.rest)).max() < 1e-4


def own_phase(channel: dict[str, object]) -> complex | None:
    """The coefficient of in·in·conj(out) in the invariant, as the page looks for it."""

    def name(leg: dict[str, str], *, flip: bool) -> str:
        c = leg["component"]
        if flip:
            c = {"+": "-", "-": "+"}.get(c, c)
        copy = "" if leg["copy"] == "a" else f":{leg['copy']}"
        return leg["species"] + copy + (f"({c})" if c else "")

    legs = [name(x, flip=False) for x in channel["incoming"]]  # type: ignore[attr-defined]
    legs += [name(x, flip=True) for x in channel["outgoing"]]  # type: ignore[attr-defined]
    for polynomial in channel["invariant"]["terms"]:  # type: ignore[index]
        for term in polynomial:
            if sorted(f for f, power in term["factors"] for _ in range(power)) == sorted(legs):
                return complex(*term["coefficient"])
    return None


def test_what_comes_out_has_the_symmetry_of_what_goes_in() -> None:
    """The phase of the outgoing motion, by a method without invariants.

    A displacement u held still exerts a force on every other one, even in u. An operation that
    takes u to itself, or to minus itself, leaves that force as it is: so it must leave the outgoing
    motion at this instant.
    """
    count = wrong = 0
    for name in ("Bi2Se3", "MoS2_monolayer_slab", "SiO2_quartz_P3121", "WC", "TeO2_alpha"):
        s = study(name)
        by_name = {
            (m.species, m.component, "abcdefghij"[m.copy - 1]): vector(m).ravel()
            for m in moves(name).modes
        }
        operations = s.operators().matrices
        for channel in s.predict().to_dict()["channels"]:
            legs = [*channel["incoming"], *channel["outgoing"]]
            phase = own_phase(channel)
            if channel["coefficients"] != 1 or not channel["identical"] or phase is None:
                continue
            shapes = [by_name.get((x["species"], x["component"], x["copy"])) for x in legs]
            if any(x is None for x in shapes):
                continue
            pattern, out = np.real(shapes[0]), phase * np.asarray(shapes[-1])
            for g, t in product(operations, (1, -1)):
                if np.abs((g @ pattern).real - t * pattern).max() < 1e-3:
                    assert np.abs((g @ out.real).real - out.real).max() < 5e-3, channel["id"]
                    count += 1
                    # Another phase would not do.
                    wrong += np.abs((g @ out.imag).real - out.imag).max() > 0.1
    assert count > 100
    assert wrong > 10


# --- pictures of numbers -------------------------------------------------------------------------


def test_both_hands_of_the_clock_end_at_one_hour() -> None:
    """Of every transfer that conserves PAM; the heads of the last arrows are on one ray."""
    count = 0
    for name in ("Bi2Se3", "Te_P3121", "SrTiO3", "ZnO", "WC", "TeO2_alpha"):
        table = study(name).predict().table
        assert table is not None
        for row in table.rows:
            assert row.n is not None
            svg = clock_svg(
                [l or "" for l in row.incoming], [l or "" for l in row.outgoing], row.n, "<l>"
            )
            assert svg is not None
            root = ElementTree.fromstring(svg)
            assert root.get("aria-label") == "<l>"
            ends = {}
            for element in root:
                kind = (element.get("class") or "").split()[0] if element.get("class") else ""
                if kind in ("in", "out"):
                    if element.tag == "circle":
                        ends[kind] = (float(element.get("cx", 0)), float(element.get("cy", 0)))
                    elif element.tag == "polygon":
                        x, y = element.get("points", "").split()[0].split(",")
                        ends[kind] = (float(x), float(y))
            angles = [math.atan2(75 - y, x - 75) for x, y in (ends["in"], ends["out"])]
            apart = (angles[0] - angles[1] + math.pi) % (2 * math.pi) - math.pi
            assert abs(apart) < 0.05, (name, row.transfer)
            count += 1
    assert count > 50
    assert clock_svg(["1+u"], ["1"], 3, "") is None


def test_mathml_says_what_the_invariant_says() -> None:
    """Read as XML: as many terms, and powers that add up to the order."""
    count = 0
    for name in NAMES:
        for channel in study(name).predict().channels:
            if channel.invariant is None:
                continue
            root = ElementTree.fromstring(invariant_mathml(channel.invariant))
            assert root.find("semantics/annotation").text == channel.invariant.text  # type: ignore[union-attr]
            powers = sum(e[0].text == "Q" for e in root.iter("msub"))
            powers += sum(int(e[2].text or 0) for e in root.iter("msubsup"))
            terms = sum(len(p) for p in channel.invariant.terms)
            assert powers == 3 * terms
            count += terms
    assert count > 300


def test_numbers_and_names_in_mathml() -> None:
    assert root_mathml(Fraction(8, 9)) == (
        "<mfrac><mrow><mn>2</mn><msqrt><mn>2</mn></msqrt></mrow><mn>3</mn></mfrac>"
    )
    assert species_mathml("A1'") == "<msup><msub><mi>A</mi><mtext>1</mtext></msub><mo>′</mo></msup>"
    assert "&lt;" in species_mathml("E<b>")


# --- the command ---------------------------------------------------------------------------------


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "te.html"
    assert main(["report", "Te_P3121", "-o", str(file)]) == 0
    assert "opens in any browser" in capsys.readouterr().out
    first = file.read_bytes()
    assert main(["report", "Te_P3121", "-o", str(file), "--quiet"]) == 0  # its own file
    assert file.read_bytes() == first
    assert capsys.readouterr().out == ""
    assert main(["report", "Te_P3121", "-o", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "symchiral/report/1"
    assert (said["output"], said["size"]) == (str(file), len(first))
    assert main(["report", "Te_P3121", "-o", str(tmp_path / "te.pdf")]) == 1
    assert ".pdf" in capsys.readouterr().err
    (tmp_path / "mine.html").write_text("<p>mine</p>")
    with pytest.raises(InputError, match="overwrite"):
        study("Te_P3121").report(tmp_path / "mine.html")
    assert main(["report", "Bi2Se3", "--field", "B=0,0,1", "-o", str(file)]) == 0
    assert "Warning" not in file.read_text() or "field" in file.read_text()


def test_a_table_that_says_nothing_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each message leads to the option that is missing, and with all of them the page is that of
    the same traces in a table that says everything."""
    rows = ["delay,S0,S45"]
    for k in range(120):
        t = 0.05 * k
        rows.append(f"{t:.2f},{math.cos(8 * math.pi * t):.4f},{math.sin(8 * math.pi * t):.4f}")
    plain, stated = tmp_path / "plain.csv", tmp_path / "stated.csv"
    plain.write_text("\n".join(rows))
    probe = "balanced, S0 = 0, S45 = 45"
    head = ["# time_unit: ps", "# pump: s+", "# pump_frequency: 2 THz", f"# probe: {probe}"]
    stated.write_text("\n".join([*head, *rows]))
    words = ["report", "Bi2Se3", "-o", str(tmp_path / "a.html"), "--measurement", str(plain)]
    given = [("--time-unit", "ps"), ("--probe", probe), ("--measured-pump", "s+")]
    for option, value in given[:2]:
        assert main(words) == 1
        assert f"{option} " in capsys.readouterr().err
        words += [option, value]
    assert main([*words, "--pump", "s+"]) == 1
    assert "--measured-pump s+" in capsys.readouterr().err
    words += [*given[2], "--pump-frequency", "2THz", "--sees", "raman"]
    assert main(words) == 0
    study("Bi2Se3").report(tmp_path / "b.html", measurement=stated, sees="raman")
    judged = study("Bi2Se3").validate(stated, sees="raman")
    study("Bi2Se3").report(tmp_path / "c.html", measurement=judged)
    word = study("Bi2Se3").validate(plain, time_unit="ps", probe=probe, pump="s+", sees="raman")
    assert word.lines[0].verdict == judged.lines[0].verdict == "consistent"
    found = []
    for name in ("a", "b", "c"):
        text = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        match = re.search(r'<script id="answer-validate"[^>]*>(.*?)</script>', text, re.DOTALL)
        assert match is not None
        found.append(json.loads(match[1])["components"])
    assert found[0][0]["frequency"] == pytest.approx(4, abs=0.01)
    assert found[0] == found[1] == found[2]
    assert main(["report", "Bi2Se3", "-o", str(tmp_path / "d.html"), "--sigma", "2"]) == 1
    assert "--measurement DATA" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Te_P3121", "Bi2Se3/phonopy.yaml", "SrTiO3"])
def test_the_page_names_no_options(name: str, tmp_path: Path) -> None:
    """What is elsewhere is said to be in the documents of the page; screws are typeset."""
    sc.read(name).report(tmp_path / "page.html", points=10)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    seen = re.sub(r"(?s)<(script|style)\b.*?</\1>", "", text)
    assert "--json" not in seen
    assert "@article{togo2024," in seen
    assert ("@article{togo2023phonopy," in seen) == ("phonopy" in name)
    assert not re.search(r"\b[2346]_[1-5]\b", re.sub(r"(?s)<pre>.*?</pre>", "", seen))
    assert ("3<sub>1</sub> screw" in seen) == (name == "Te_P3121")
    assert ("P3<sub>1</sub>21" in seen) == (name == "Te_P3121")
