"""The files of laboratories: one record in every form is read as one measurement."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
import pytest
from scipy.io import savemat

import symchiral as sc
from symchiral.errors import InputError, LimitError, SymchiralError
from symchiral.traces.line import read_observed
from symchiral.traces.measurement import Measurement, PumpPulse
from symchiral.traces.reading import read_measurement
from symchiral.traces.validation import read_data
from symchiral.units import SPEED_OF_LIGHT

TIMES = np.round(0.02 * np.arange(80), 6)
QX, QY = (
    np.round(f(0.6 * np.arange(80)) * np.exp(-np.arange(80) / 60), 6) for f in (np.cos, np.sin)
)
TABLE = np.column_stack([TIMES, QX, QY])
NAMES = "time_ps,Qx,Qy"


def csv(folder: Path) -> Path:
    path = folder / "plain.csv"
    path.write_text(f"{NAMES}\n" + rows(TABLE, ","), encoding="utf-8")
    return path


def rows(table: Any, delimiter: str) -> str:
    return "".join(delimiter.join(f"{x:.6f}" for x in row) + "\n" for row in table)


def savetxt(path: Path) -> dict[str, Any]:
    np.savetxt(path, TABLE, header=NAMES.replace(",", " "), fmt="%.6f")
    return {}


def bare(path: Path) -> dict[str, Any]:
    np.savetxt(path, TABLE, fmt="%.6f")
    return {"columns": NAMES}


def other_names(path: Path) -> dict[str, Any]:
    path.write_text("a\tb\tc\td\n" + rows(np.column_stack([QY, TABLE]), "\t"), encoding="utf-8")
    return {"columns": ["-", "time_ps", "Qx", "Qy"]}


def npy(path: Path) -> dict[str, Any]:
    np.save(path, TABLE)
    return {"columns": NAMES}


def npy_lying(path: Path) -> dict[str, Any]:
    np.save(path, np.asfortranarray(TABLE.T))
    return {"columns": NAMES}


def npy_with_fields(path: Path) -> dict[str, Any]:
    np.save(path, np.rec.fromarrays(TABLE.T, names=NAMES))
    return {}


def npz(path: Path) -> dict[str, Any]:
    np.savez_compressed(path, delay_fs=1e3 * TIMES, Qx=QX[:, None], Qy=QY, power=3.0, note="x")
    return {}


def mat(path: Path) -> dict[str, Any]:
    savemat(path, {"time": TIMES, "Qx": QX, "Qy": QY, "sample": "Bi2Se3"})
    return {"time_unit": "ps"}


def hdf5(path: Path) -> dict[str, Any]:
    with h5py.File(path, "w") as file:
        file["raw/Qx"], file["raw/Qy"], file["stage/time_ps"] = QX, QY, TIMES
        file["raw/name"] = "scan 12"
        file["kinds/real"] = np.dtype("<f8")
    return {}


def mat_7_3(path: Path) -> dict[str, Any]:
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, column in zip(NAMES.split(","), TABLE.T, strict=True):
            file[name] = column[None]
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(126) + b"\0\2IM")
    return {}


def labview(path: Path) -> dict[str, Any]:
    head = (
        "LabVIEW Measurement\t\nSeparator\tTab\nOperator\tx\n***End_of_Header***\t\n\t\n"
        "Channels\t2\nDelta_X\t0.02\n***End_of_Header***\t\t\t\nX_Value\tQx\tQy\tComment\n"
    )
    path.write_text(head + rows(TABLE, "\t"), encoding="utf-8")
    return {"time_unit": "ps"}


def igor(path: Path) -> dict[str, Any]:
    text = "IGOR\nWAVES/D\ttime_ps\t'Qx'\nBEGIN\n" + rows(TABLE[:, :2], "\t") + "END\n"
    text += (
        'X SetScale/P x 0,1,"", time_ps\nWAVES/D Qy\nBEGIN\n' + rows(TABLE[:, 2:], "\t") + "END\n"
    )
    path.write_text(text, encoding="utf-8")
    return {}


def pymeasure(path: Path) -> dict[str, Any]:
    head = "#Procedure: <lab.Scan>\n#Parameters:\n#\tOperator: x\n#\tSample mass: 3 g\n#Data:\n"
    path.write_text(f"{head}{NAMES}\n" + rows(TABLE, ","), encoding="utf-8")
    return {}


def seconds(path: Path) -> dict[str, Any]:
    lines = [f"{t:.8e},{x:.6f},{y:.6f}\n" for t, x, y in TABLE * [1e-12, 1, 1]]
    path.write_text("delay (s),Qx,Qy\n" + "".join(lines), encoding="utf-8")
    return {}


def stage(path: Path) -> dict[str, Any]:
    places = 12.5 + TIMES * SPEED_OF_LIGHT / 2e3
    lines = [f"{p:.10f},{x:.6f},{y:.6f}\n" for p, x, y in zip(places, QX, QY, strict=True)]
    path.write_text("# time_zero: 12.5\nstage_mm,Qx,Qy\n" + "".join(lines), encoding="utf-8")
    return {}


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.txt", savetxt), ("b.dat", bare), ("c.tsv", other_names), ("d.npy", npy),
        ("e.npy", npy_lying), ("f.npy", npy_with_fields), ("g.npz", npz), ("h.mat", mat),
        ("i.h5", hdf5), ("j.mat", mat_7_3), ("k.lvm", labview), ("l.itx", igor),
        ("m.csv", pymeasure), ("n.csv", seconds), ("o.csv", stage),
    ],
)  # fmt: skip
def test_one_record_in_every_form(tmp_path: Path, name: str, write: Any) -> None:
    options = write(tmp_path / name)
    found, right = read_measurement(tmp_path / name, **options), read_measurement(csv(tmp_path))
    (run,), (expected,) = found.runs, right.runs
    assert run.times == pytest.approx(expected.times, abs=1e-6)
    assert np.array_equal(run.signals, expected.signals)
    assert len(run.times) == 80


def notes(measured: Measurement) -> dict[str, tuple[str, ...]]:
    return {note.kind: note.keys for note in measured.notes}


def test_lines_of_a_laboratory_are_notes_and_slips_are_not(tmp_path: Path) -> None:
    path = csv(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(f"# sample: 4\n# operator: x\n# pump: s+\n{text}", encoding="utf-8")
    assert notes(read_measurement(path)) == {
        "lines-not-used": ("sample", "operator"),
        "inside-pump": (),
    }
    path.write_text(f"# pump_frequncy: 2 THz\n{text}", encoding="utf-8")
    with pytest.raises(InputError, match="Did you mean pump_frequency"):
        read_measurement(path)
    for slip, meant in (("pump_freq: 2 THz", "pump_frequency"), ("pump_duration: 1", "duration")):
        path.write_text(f"# {slip}\n{text}", encoding="utf-8")
        with pytest.raises(InputError, match=f"Did you mean {meant}"):
            read_measurement(path)


def test_what_is_asked_replaces_what_the_file_says(tmp_path: Path) -> None:
    path = csv(tmp_path)
    head = "# pump: σ-\n# pump_frequency: 2 THz\n# time_zero: 0.3\n# response: 0.1\n"
    path.write_text(head + path.read_text(encoding="utf-8"), encoding="utf-8")
    own = read_measurement(path)
    assert own.runs[0].pump == PumpPulse("-", 2.0)
    assert "overruled" not in notes(own)
    asked = read_measurement(path, pump=PumpPulse("+", 2.5), time_zero=0.1, response=0.1)
    assert asked.runs[0].pump == PumpPulse("+", 2.5)
    assert asked.runs[0].times[0] == pytest.approx(0.0, abs=1e-9)
    assert notes(asked)["overruled"] == ("pump_frequency", "pump", "time_zero")


def test_a_window_without_rows_is_said(tmp_path: Path) -> None:
    assert "empty-window" in notes(read_measurement(csv(tmp_path), exclude=(-3, -1)))
    assert "empty-window" not in notes(read_measurement(csv(tmp_path), exclude=(-3, 0.1)))


def test_the_window_counts_from_time_zero_on_every_clock(tmp_path: Path) -> None:
    """Of times, and of places of a stage: 1 mm is 6.671 ps."""
    own = read_measurement(csv(tmp_path), time_zero=0.5, exclude=(-0.1, 0.3))
    rows = read_measurement(csv(tmp_path), time_zero=0.5).runs[0].times
    assert own.runs[0].times.tolist() == rows[rows > 0.3].tolist()
    assert "empty-window" not in notes(own)
    late = read_measurement(csv(tmp_path), time_zero=0.5, exclude=(-0.4, -0.1))
    assert "empty-window" in notes(late)
    places = np.arange(200) * 0.01 + 12.0
    run = Measurement.of(
        places,
        np.column_stack([np.cos(places), np.sin(places)]),
        time_unit="mm",
        time_zero=12.2,
        exclude=(-0.1, 0.25),
    ).runs[0]
    assert run.times[0] == pytest.approx(0.26 * 6.6713, rel=1e-3)


def test_rows_may_be_json(tmp_path: Path) -> None:
    row = '{"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.8, "error": 0.1}'
    head = '"pump": {"frequency": 2.0, "frequency_unit": "THz", "polarization": "s+"}'
    path = tmp_path / "rows.json"
    path.write_text(f'{{{head}, "components": [{row}]}}', encoding="utf-8")
    assert read_data(path) == read_observed(path)


def pickled(path: Path) -> None:
    np.save(path, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)


def promising(path: Path) -> None:
    stream = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(stream, header)  # type: ignore[arg-type]
    path.write_bytes(stream.getvalue())


def swollen(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("time_ps.npy", bytes(200_000_000))


def elsewhere(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["time_ps"] = h5py.ExternalLink("other.h5", "/x")


def half(path: Path) -> None:
    mat(path)
    path.write_bytes(path.read_bytes()[:700])


def cube(path: Path) -> None:
    np.save(path, np.zeros((3, 4, 5)))


def unnamed(path: Path) -> None:
    np.save(path, TABLE)


@pytest.mark.parametrize(
    ("name", "write", "options", "words"),
    [
        ("a.npy", pickled, {}, "no complete file of arrays"),
        ("b.npy", promising, {}, "no complete file of arrays"),
        ("c.npz", swollen, {}, "holds too much"),
        ("d.h5", elsewhere, {}, "lies in another file"),
        ("e.mat", half, {}, "no complete file of arrays"),
        ("f.npy", cube, {"columns": NAMES}, "3 dimensions"),
        ("g.npy", unnamed, {}, "--columns"),
        ("h.npy", unnamed, {"columns": "time_ps,Qx"}, "names are given"),
        ("i.npy", unnamed, {"columns": "time,Qx,Qy"}, "is not declared"),
        ("j.npy", unnamed, {"columns": "stage_mm,Qx,Qy"}, "time zero is not stated"),
        ("k.npy", unnamed, {"columns": "stage_MM,Qx,Qy"}, "time zero is not stated"),
        ("l.npy", unnamed, {"columns": "stage_μm,Qx,Qy"}, "time zero is not stated"),
    ],
)
def test_what_cannot_be_used_is_said(
    tmp_path: Path, name: str, write: Any, options: dict[str, Any], words: str
) -> None:
    write(tmp_path / name)
    with pytest.raises(SymchiralError) as caught:
        read_measurement(tmp_path / name, **options)
    assert words in str(caught.value)
    assert not isinstance(caught.value, LimitError) or name == "c.npz"


def test_a_stage_needs_its_time_zero_in_memory_too() -> None:
    signals = np.column_stack([QX, QY])
    for unit in ("mm", "UM", "μm"):
        with pytest.raises(InputError, match="time zero is not stated"):
            Measurement.of(TIMES, signals, time_unit=unit)
        assert len(Measurement.of(TIMES, signals, time_unit=unit, time_zero=0.0).runs[0].times)


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", time_ps=TIMES, Qx=QX, Qy=QY[:-1])
    with pytest.raises(InputError, match="79 rows"):
        read_measurement(tmp_path / "a.npz")


def test_every_file_may_have_a_pump_of_its_own(tmp_path: Path) -> None:
    """Files of arrays state none; runs with one label that rotate oppositely decide nothing."""
    rng = np.random.default_rng(9)
    times = np.arange(1.0, 9.0, 0.04)
    files = []
    for spin in (1, -1):
        wave = np.exp(-(0.3 - 8.1j * np.pi * spin) * times)
        data = np.column_stack([times, wave.real, wave.imag])
        data[:, 1:] += 0.05 * rng.standard_normal((len(times), 2))
        files.append(tmp_path / f"{len(files)}.npy")
        np.save(files[-1], data)
    study = sc.read("Bi2Se3")
    options = {"columns": "time_ps,Qx,Qy", "sees": "raman"}
    pumps = [PumpPulse("+", 2.0, 0.5), PumpPulse("-", 2.0, 0.5)]
    for pump, verdict, kind in (
        (pumps, "inconsistent", "as-forbidden"),
        (pumps[::-1], "consistent", "as-predicted"),
        (pumps[0], "undecided", "runs-differ"),
    ):
        (line,) = study.validate(files, pump=pump, **options).lines
        assert (line.verdict, line.reason.kind) == (verdict, kind)
    with pytest.raises(InputError, match="2 pumps for 1 file"):
        study.validate(files[:1], pump=pumps, **options)
