"""What `simulate` writes, `validate` reads and judges: a record without noise."""

from pathlib import Path

import numpy as np
import pytest

import symchiral as sc
from symchiral.errors import InputError
from symchiral.reading.spectrum import read_frequencies
from symchiral.traces.pump_columns import drawn_pump
from symchiral.write.columns import write_columns
from symchiral.write.motion import columns

FREQUENCIES = "Bi2Se3/frequencies_melnikov.json"
EG = "coordinates, Eg#2_x, Eg#2_y"


def test_a_pump_is_read_from_its_field() -> None:
    """Sense, angle, frequency, bandwidth and duration of Gaussian pulses, also chirped ones."""
    times = np.linspace(-5, 6, 1500)
    cases = 0
    for chirp, stretch in ((0.0, 1.0), (1.2, 1.0)):
        a, b = 2 * np.log(2), chirp
        wide = np.sqrt(2 * np.log(2) * (a**2 + b**2) / a) / np.pi
        for word, turned in (("σ+", 1j), ("σ−", -1j), ("30°", np.tan(np.radians(30)))):
            wave = np.exp(-a * times**2 - 1j * (4 * np.pi * times + b * times**2))
            field = np.column_stack([wave.real, (turned * wave).real])
            pump, over = drawn_pump(times, field)
            assert str(pump) == word
            assert pump.frequency == pytest.approx(2.0, abs=0.02)
            assert pump.bandwidth == pytest.approx(wide, rel=0.03)
            assert pump.duration == pytest.approx(stretch, rel=0.02)
            assert over == pytest.approx(np.sqrt(np.log(20) / a), abs=0.02)
            cases += 1
    assert cases == 6
    assert drawn_pump(times, np.zeros((len(times), 2))) is None
    wave = np.exp(-(times**2)) * np.exp(-4j * np.pi * times)
    with pytest.raises(InputError, match="elliptical"):
        drawn_pump(times, np.column_stack([wave.real, (0.4j * wave).real]))


@pytest.mark.sweep
def test_a_simulation_is_judged_without_noise(tmp_path: Path) -> None:
    """Of σ+ and σ− its sense is what the rule says; its mirror image contradicts the rule."""
    study = sc.read("Bi2Se3/phonopy.yaml")
    known = read_frequencies(FREQUENCIES)
    run = study.simulate("2.0THz σ+ 1ps 0.2MV/cm", duration=10, frequencies=known)
    table = {name: column[::3] for name, column in columns(run).items()}
    said = []
    for word, changed in (
        ("consistent", ()),
        ("inconsistent", ("Eg#2_y",)),
        ("consistent", ("field_y_MV_cm", "Eg#2_y")),
    ):
        file = tmp_path / f"{len(said)}.csv"
        write_columns(file, {k: -v if k in changed else v for k, v in table.items()})
        answer = study.validate(file, probe=EG, frequencies=known)
        (line,) = [v for v in answer.lines if v.assignment.mode is not None]
        assert line.assignment.mode.name == "Eg#2"
        assert line.assignment.line.frequency == pytest.approx(4.05, abs=0.02)
        assert [n.kind for n in answer.notes].count("pump-of-field") == 1
        said.append((line.verdict, word))
    assert len(said) == 3
    assert all(verdict == word for verdict, word in said), said
    with pytest.raises(InputError, match="coordinates of Eg#1, Eu#1, Eu#2, Eg#2"):
        study.validate(file, frequencies=known)
