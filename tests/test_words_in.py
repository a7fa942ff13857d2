"""What people type is read as a whole, in linear time, and told back in a line without escapes."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import symchiral as sc
from symchiral.cli import main
from symchiral.dynamics.pulse import Pulse
from symchiral.dynamics.start import Start
from symchiral.dynamics.sweep import Sweep
from symchiral.dynamics.thermal import Damping, read_temperature
from symchiral.errors import LONGEST, GrammarError, SymchiralError, shown, told
from symchiral.fields.background import Background
from symchiral.fields.orientation import find_orientation
from symchiral.fields.polarization import Polarization, read_light
from symchiral.fields.pump import Pump, frequency
from symchiral.forces.calculator import load_calculator
from symchiral.irreps.kpoints import split_points
from symchiral.modes.names import ModeName
from symchiral.reading.spectrum import read_frequencies, read_linewidths
from symchiral.reading.tables import read_table
from symchiral.rules.grammar import parse_transfer
from symchiral.table import Table
from symchiral.traces.measurement import PumpPulse
from symchiral.traces.reading import read_probe

Capture = pytest.CaptureFixture[str]
SOURCES = sorted((Path(__file__).parent.parent / "symchiral").rglob("*.py"))

LIGHT = {
    "σ+": 1.0, "σ−": -1.0, "s+": 1.0, "S-": -1.0, "sigma+": 1.0, "circular -": -1.0, "+": 1.0,
    "-": -1.0, "σ+1": 1.0, "x": 0.0, "y": 0.0, "h": 0.0, "v": 0.0, "30": 0.0, "30°": 0.0,
    "30deg": 0.0, "30 degrees": 0.0, "linear 30 deg": 0.0, "lin_45": 0.0, "20/10": 0.342020143,
    "ell0.5@30deg": 0.8, "ell-1": -1.0, "horizontal": 0.0,
}  # fmt: skip


def test_one_set_of_words_for_light() -> None:
    """Every reader of light reads every word alike, or says why it has no use for it."""
    study = sc.read("Bi2Se3")
    readings = 0
    for word, spin in LIGHT.items():
        light = Polarization.parse(word)
        assert light.spin == pytest.approx(spin, abs=1e-6), word
        assert Polarization.parse(light.name).stokes == pytest.approx(light.stokes, abs=1e-6)
        plain = word.replace(" ", "")
        if plain != "30" and word != "linear 30 deg":
            pulse = Pulse.parse(f"2THz {plain} 1ps 1MV/cm")
            assert abs(abs(pulse.jones.conj() @ light.vector) - 1) < 1e-9, word
            readings += 1
        leg = f"E[{plain}] -> Eu(+)"
        assert study.explain(leg).verdict in ("allowed", "forbidden"), word
        circular = abs(spin) == 1
        if circular:
            assert Pump.parse(word).light == ("+" if spin > 0 else "-")
            assert PumpPulse.parse(word).sense == spin
            readings += 2
        else:
            with pytest.raises(GrammarError, match="no transfers are listed"):
                Pump.parse(word)
            if spin == 0:
                assert PumpPulse.parse(word).sense == 0
                readings += 1
            else:
                with pytest.raises(GrammarError, match="elliptical"):
                    PumpPulse.parse(word)
    assert readings == 21 + 2 * 10 + 11
    assert read_light("z") == read_light("Z")
    assert Pump.parse("z").light == "z"
    assert Pulse.parse("2THz z 1ps 1MV/cm").jones.tolist() == [0, 0, 1]
    assert read_light("linear") is None
    assert PumpPulse.parse("linear").angle is None


@pytest.mark.parametrize(
    "word",
    ["x phase=90deg nanTHz", "xx", "linear foo", "+1", "-1", "right", "LCP", "s", "", "30/50/2",
     "ell2", "1e3", "z+", "σ", "x y", "nan", "inf", "٣"],
)  # fmt: skip
def test_what_is_no_light_is_refused_by_every_reader(word: str) -> None:
    for read in (Polarization.parse, Pump.parse, PumpPulse.parse):
        with pytest.raises(GrammarError):
            read(word)
    with pytest.raises(GrammarError):
        Pulse.parse(f"2THz {word} 1ps 1MV/cm")


READERS = {
    "pump": Pump.parse,
    "frequency": frequency,
    "pulse": Pulse.parse,
    "sweep": Sweep.parse,
    "start": Start.parse,
    "temperature": read_temperature,
    "damping": Damping.parse,
    "light": Polarization.parse,
    "probe": read_probe,
    "points": split_points,
    "mode": ModeName.parse,
    "transfer": parse_transfer,
    "field": lambda text: Background.parse([text]),
    "orientation": lambda text: find_orientation(sc.read("Bi2Se3").crystal, text),
    "axis": lambda text: sc.read("Bi2Se3", axis=text),
    "wavevector": lambda text: sc.read("Bi2Se3").species(text),
}
UNITS = ("1", " ", "a", "1.", "x ", "-", "(", "'", "a=", "1e", "=", "E[", "#", ",", "1/", "a1", "+")


@pytest.mark.parametrize("name", READERS)
def test_long_words_are_read_in_linear_time(name: str) -> None:
    """A pattern whose steps grow with the cube of the length would take hours for these."""
    read = READERS[name]
    tried = 0
    for unit in UNITS:
        for text in (unit * (20_000 // len(unit)), "2THz " + unit * 5000 + " σ+"):
            message = ""
            try:
                read(text)
            except SymchiralError as error:
                message = str(error)
            assert len(message) <= 3 * LONGEST + 20, (name, unit)
            tried += 1
    assert tried == 2 * len(UNITS)


def test_the_comment_of_a_table_may_be_long(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("# a: b" + " " * 200_000 + "x\nt,x\n1,2\n3,4\n")
    columns, said = read_table(path)
    assert list(columns) == ["t", "x"]
    assert said["a"].startswith("b ")


def test_no_pattern_repeats_what_repeats() -> None:
    """No pattern has two runs of blanks that may divide the same blanks among them."""
    found = 0
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "import re\n" in text else ():
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if getattr(node.func.value, "id", None) != "re" or not node.args:
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found += 1
                assert not re.search(r"\\s[*+](?:\([^)]*\)\?)?\\s[*+]", first.value), (
                    path.name,
                    first.value,
                )
    assert found > 60


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "Bi2Se3", "--field", "B=1e-320,0,0"], "cannot use the field"),
        (["show", "Bi2Se3", "--field", "B=1e300,0,0"], "cannot use the field"),
        (["show", "Bi2Se3", "--symprec", "1e-300"], "not a distance"),
        (["predict", "Bi2Se3", "--calculator", "..:x"], "no calculator '..:x'"),
        (["predict", "Bi2Se3", "--calculator", "a..b:x"], "no calculator"),
        (["simulate", "Bi2Se3/phonopy.yaml", "--pump", "2THz s+ 1ps 1e300MV/cm"], "field_mv_cm"),
        (["simulate", "Bi2Se3/phonopy.yaml", "--pump", "1e300THz s+ 1ps 1MV/cm"], "thz"),
        (["simulate", "Bi2Se3/phonopy.yaml", "--pump", "2THz s+ 1e-300ps 1MV/cm"], "fwhm_ps"),
        (["simulate", "Bi2Se3/phonopy.yaml", "--pump", "2THz s+ 1ps 1MV/cm phase=1e300deg"],
         "phase_deg"),
        (["predict", "Bi2Se3", "--pump", "1" * 1000], "cannot read the pump"),
        (["explain", "Bi2Se3", "\x1b[31mEu -> A"], "\\x1b[31mEu"),
        (["explain", "Bi2Se3", "Eu(\x9b31m) Eu(+) -> Eg(-)"], "x9b31m"),
        (["show", "\x1b]0;title\x07.cif"], "\\x1b]0;title\\x07"),
        (["show", "Bi2Se3", "\x1b[2J\u202e"], "\\x1b[2J\\u202e"),
        (["predict", "Bi2Se3", "x" * 9000], "x … x"),
    ],
)  # fmt: skip
def test_bad_words_are_told_in_a_line(words: list[str], said: str, capsys: Capture) -> None:
    try:
        status = main(words)
    except SystemExit as stop:
        status = int(str(stop.code))
    shown_ = capsys.readouterr()
    assert status in (1, 2)
    assert said in shown_.err
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown_.out + shown_.err)
    assert "Traceback" not in shown_.err
    assert len(shown_.err) < 2500


def test_every_control_character_is_spelt() -> None:
    spelt = 0
    for code in (*range(32), 127, *range(128, 160), 0x202E, 0x2066, 0x2028):
        character = chr(code)
        if character in "\t\n":
            assert shown(character) == character
            continue
        assert re.fullmatch(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\r", shown(f"{character}"))
        assert character not in Table(("a",), ((character,),), (character,)).text()
        spelt += 1
    assert spelt == 66
    assert shown("Eu(−) → Å\u00a0σ") == "Eu(−) → Å\u00a0σ"
    assert told("a 'b' c") == "a 'b' c"


def test_names_of_sites_do_not_reach_the_terminal_raw(tmp_path: Path, capsys: Capture) -> None:
    text = Path(sc.__file__).parent.parent / "structures" / "NaCl.cif"
    source = text.read_text(encoding="utf-8")
    path = tmp_path / "\x1b[31m.cif"
    path.write_text(source.replace("Na1", "Na\x1b[31m1"), encoding="utf-8")
    assert main(["show", str(path)]) in (0, 1)
    told_ = capsys.readouterr()
    assert "\x1b" not in told_.out + told_.err
    assert sys.stdout is not None


def test_load_calculator_reads_names_only() -> None:
    for word in ("..:x", ".a:b", "a:b:c", "a b:c", ":x", "a:"):
        with pytest.raises(SymchiralError):
            load_calculator(word)


@pytest.mark.parametrize("number", ["1e60", "1e5", "-1", "1e-308", "true", '"2"'])
def test_frequencies_and_linewidths_that_no_mode_has_are_refused(
    number: str, tmp_path: Path
) -> None:
    for key, read in (("frequencies", read_frequencies), ("linewidths", read_linewidths)):
        path = tmp_path / f"{key}.json"
        path.write_text(f'{{"frequency_unit": "THz", "{key}": {{"Eu#1": {number}}}}}')
        if key == "linewidths" and number == "1e-308":
            assert read_linewidths(str(path)) == {"Eu#1": 1e-308}
            continue
        with pytest.raises(SymchiralError, match=r"Eu#1 is (not positive|True|'2'|1e\+60)"):
            read(str(path))
    with pytest.raises(GrammarError, match="far above any vibration"):
        frequency("1e4THz")
    with pytest.raises(SymchiralError, match="no such damping"):
        sc.read("Bi2Se3/phonopy.yaml").simulate(Pulse(2.0), damping=1e5)
