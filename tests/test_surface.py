"""What enters a crystal of light in vacuum, against Maxwell's equations in space and time."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest

import symchiral as sc
from symchiral.dynamics.integrate import simulate
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import Pulse
from symchiral.dynamics.surface import EnteringPulse, Film, enter
from symchiral.errors import GrammarError, InputError
from symchiral.units import ACCELERATION, SPEED_OF_LIGHT, VACUUM_PERMITTIVITY
from symchiral.value import Floats

CELL = 0.1
"""µm: of the grid."""


@pytest.fixture(scope="module")
def study() -> sc.Study:
    return sc.read("Bi2Se3/phonopy.yaml")


@pytest.fixture(scope="module")
def broad(study: sc.Study) -> NormalModeModel:
    """Bi2Se3 with wide lines, in which light does not go far."""
    return study.model(damping=0.5)


def maxwell(
    model: NormalModeModel, pulse: Pulse, thickness: float, substrate: float, until: float
) -> tuple[Floats, Floats, Floats]:
    """Times, the field just below the face, and its mean over a film: Yee's grid with oscillators.

    One polarisation, along x; H is in units of E. Both ends take out what comes to them.
    """
    size = round(thickness / CELL)
    first, cells = 40, 40 + size + 40
    electronic = float((model.lab @ model.dielectric @ model.lab.T)[0, 0])
    inside = slice(first, first + size)
    eps = np.ones(cells)
    eps[inside] = electronic
    eps[first + size :] = substrate**2
    step = 0.5 * CELL / SPEED_OF_LIGHT
    z, w2, g = model.charges[:, 0], model.stiffness, model.rates
    volume = model.coordinates.modes.crystal.primitive.volume
    e, h = np.zeros(cells), np.zeros(cells - 1)
    q, v = np.zeros((len(z), size)), np.zeros((len(z), size))
    count = round((until - pulse.start) / step)
    times = pulse.start + step * np.arange(count)
    incoming = pulse.field(times)[:, 0]
    before = pulse.field(times - CELL / SPEED_OF_LIGHT)[:, 0]
    near, mean = np.zeros(count), np.zeros(count)
    courant = SPEED_OF_LIGHT * step / CELL
    left = (courant - 1) / (courant + 1)
    right = (courant / substrate - 1) / (courant / substrate + 1)
    for i in range(count):
        h += courant * np.diff(e)
        force = ACCELERATION * 0.01 * z[:, None] * e[inside]
        v = (v * (1 - g[:, None] * step / 2) + step * (force - w2[:, None] * q)) / (
            1 + g[:, None] * step / 2
        )
        q += step * v
        current = (z @ v) / volume / VACUUM_PERMITTIVITY / 0.01
        old = e.copy()
        e[1:-1] += courant * np.diff(h) / eps[1:-1]
        e[inside] -= step * current / electronic
        new = i + 1 if i + 1 < count else i
        # What goes out at the left is what is there beside the light that comes in.
        out = old[1] - before[i] + left * ((e[1] - before[new]) - (old[0] - incoming[i]))
        e[0] = incoming[new] + out
        e[-1] = old[-2] + right * (e[-2] - old[-1])
        near[new], mean[new] = e[first], e[inside].mean()
    return times - first * CELL / SPEED_OF_LIGHT, near, mean


PULSE = Pulse(thz=2.0, polarization="x", fwhm_ps=0.6, field_mv_cm=1.0, incident=True)


def test_the_field_below_a_face_is_that_of_maxwell(broad: NormalModeModel) -> None:
    """Light that has gone through a hundred micrometres and back comes later."""
    times, near, _ = maxwell(broad, PULSE, 100.0, 1.0, 2.0)
    found = enter(broad, PULSE, until=4.0).field(times)[:, 0]
    size = np.abs(found).max()
    assert 0.05 < size < 0.5
    assert np.abs(near - found).max() < 0.03 * size


@pytest.mark.parametrize(("thickness", "substrate"), [(3.0, 1.0), (3.0, 3.1), (12.0, 1.7)])
def test_the_mean_over_a_film_is_that_of_maxwell(
    broad: NormalModeModel, thickness: float, substrate: float
) -> None:
    times, _, mean = maxwell(broad, PULSE, thickness, substrate, 4.0)
    film = Film(thickness * 1e3, substrate)
    found = enter(broad, PULSE, until=6.0, film=film).field(times)[:, 0]
    size = np.abs(found).max()
    assert 0.01 < size < 0.8
    assert np.abs(mean - found).max() < 0.03 * size


def test_a_crystal_without_axis_mixes_polarisations(study: sc.Study) -> None:
    """Roots of matrices by scipy, at every frequency, for a dielectric constant in a general place.

    Where no displacement enters along the normal, the matrix is the inverse of a part of the
    inverse.
    """
    from scipy.linalg import inv, sqrtm

    rng = np.random.default_rng(3)
    given = rng.normal(size=(3, 3))
    base = study.model(damping=0.3)
    model = NormalModeModel(
        base.coordinates, base.couplings, base.damping, base.lab, given @ given.T + 4 * np.eye(3)
    )
    pulse = Pulse(thz=2.0, polarization=(0.6, 0.8j), fwhm_ps=0.6, incident=True)
    found = enter(model, pulse, until=12.0)
    times = np.linspace(pulse.start, 12.0, 4096)
    step = times[1] - times[0]
    spectrum = np.fft.fft(pulse.field(times), n=8192, axis=0)
    frequencies = np.fft.fftfreq(8192, step)
    entered = np.zeros_like(spectrum)
    kept = np.flatnonzero(np.abs(spectrum).max(axis=1) > 1e-7 * np.abs(spectrum).max())
    for k in kept:
        e = model.permittivity(np.array([2j * pi * frequencies[k]]))[0]
        plane = 2 * inv(np.eye(2) + sqrtm(inv(inv(e)[:2, :2])))
        entered[k, :2] = plane @ spectrum[k, :2]
        entered[k, 2] = -(e[2, :2] @ entered[k, :2]) / e[2, 2]
    assert len(kept) > 50
    expected = np.fft.ifft(entered, axis=0).real[:4096]
    size = np.abs(expected).max(axis=0)
    assert (size > 0.01 * size.max()).all()
    assert np.abs(found.field(times) - expected).max() < 1e-3 * size.max()


def test_a_thin_film_sees_the_field_of_its_substrate(study: sc.Study) -> None:
    """2/(1 + n) of the field in vacuum, with nothing of the crystal."""
    model = study.model(damping=0.1)
    found = enter(model, PULSE, until=5.0, film=Film(1e-4, 3.1))
    times = np.linspace(-1, 1, 200)
    assert np.allclose(found.field(times), 2 / 4.1 * PULSE.field(times), atol=1e-4)
    assert found.peak == pytest.approx(2 / 4.1, rel=1e-2)


def test_the_pulse_says_where_its_field_is(study: sc.Study) -> None:
    assert not Pulse.parse("2THz x 1ps 1MV/cm").incident
    assert Pulse.parse("2THz x 1ps 1MV/cm incident").incident
    shown = Pulse.parse("2THz x 1ps 0.1mJ/cm2")
    assert shown.incident
    assert shown.fluence == pytest.approx(0.1)
    for text in ("100uJ/cm2", "100µJ/cm²", "100μJ/cm2"):
        assert Pulse.parse(f"2THz x 1ps {text}").fluence == pytest.approx(0.1)
    model = study.model()
    bare = simulate(model, Pulse.parse("2THz s+ 1ps 0.1MV/cm"), duration=4)
    thick = simulate(model, Pulse.parse("2THz s+ 1ps 0.1MV/cm incident"), duration=4)
    film = study.simulate("2THz s+ 1ps 0.1MV/cm incident", duration=4, film="25nm on 3.1")
    sizes = [r.motion("Eu#1").amplitude for r in (bare, film, thick)]
    assert sizes[0] > 1.5 * sizes[1] > 3 * sizes[2], sizes
    drive: Any = film.drive
    assert isinstance(drive, EnteringPulse)
    assert film.after.any()
    # Momentum that light gives is that of the field in the crystal.
    budget = film.angular_momentum_budget()
    total = sum(budget[k] for k in ("light", "damping", "coupling", "harmonic"))
    assert np.allclose(total, budget["motion"], atol=1e-3 * np.abs(budget["light"]).max())


def test_what_is_refused(study: sc.Study) -> None:
    zno = sc.read("ZnO/phonopy.yaml")
    along = zno.simulate("10THz z 0.3ps 0.1MV/cm incident", duration=2)
    assert isinstance(along.drive, EnteringPulse)
    assert np.abs(along.drive.values[:, :2]).max() == 0
    for text, options, words in (
        ("2THz 30/10 1ps 1MV/cm", {"film": "25nm"}, "a film changes nothing"),
        ("2THz x 1ps 1MV/cm incident", {"film": "0nm"}, "no film"),
        ("2THz x 1ps 1MV/cm incident", {"film": "25nm on 0.5"}, "no film"),
    ):
        with pytest.raises(InputError, match=words):
            study.simulate(text, duration=4, **options)  # type: ignore[arg-type]
    for film in ("25", "thin", "25nm on", "25nm on x", "-1nm", "25 THz"):
        with pytest.raises(GrammarError, match="cannot read the film"):
            Film.parse(film)
    mixed = Pulse(thz=2, polarization=(1, 0, 1), incident=True)
    with pytest.raises(InputError, match="one across it"):
        simulate(study.model(), mixed, duration=4)
    metal = sc.read("MgB2/phonopy.yaml")
    with pytest.raises(InputError, match="Put BORN beside"):
        metal.simulate("2THz x 1ps 0.1mJ/cm2", duration=4)
