"""The motion of modes in time, with amplitudes, helicities and angular momenta."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import degrees, log, pi
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.display import Pictured, display
from symchiral.dynamics.model import NormalModeModel
from symchiral.dynamics.pulse import DrivingField
from symchiral.modes.mode import Multiplet
from symchiral.units import (
    ACCELERATION,
    HBAR,
    NUCLEAR_MAGNETON_AMU,
    TESLA_PER_MAGNETON,
)
from symchiral.value import TINY, Complex, Floats, Value

NO_ROTATION = 1e-3
"""A component with less angular momentum, in ħ, does not rotate."""


@dataclass(frozen=True, eq=False, repr=False)
class FreeMotion(Value):
    r"""How one multiplet moved after the pulse.

    Of a run that stopped before the pulse was over only the displacement is known: no other number
    there is one of free motion, and all are nan or None.

    Amplitudes are :math:`a_l = ε_l^† (Q + i \dot Q/ω)`; averages weigh every time after the pulse
    by the energy, that is by :math:`\sum_l |a_l|^2`.

    Attributes
    ----------
    multiplet : Multiplet
        The modes.
    amplitude : float
        Largest :math:`\sqrt{\sum_l |a_l|^2}` after the pulse, √amu Å.
    displacement : float
        Largest displacement of an atom by this motion alone, at any time, Å.
    energy : float
        Mean energy after the pulse, meV per primitive cell.
    frequency : float
        Strongest frequency of the motion after the pulse, THz; nan if it does not move.
    pam_helicity : float or None
        :math:`h = (\sum_{l>0} |a_l|^2 - \sum_{l<0} |a_l|^2) / \sum_l |a_l|^2` over components with
        0 < \|l\| < n/2 above; None without such components, nan if it does not move.
    mechanical_helicity : float or None
        The same with the sign of the angular momentum of each component in the place of that of l;
        None where no component turns.
    direction : float or None
        Angle from x towards y of the line, or of the long axis of the ellipse, along which the
        atom that moves most moves across the axis, degrees, from 0 to 180; None for motion along
        the axis, and where atoms that move as much have other directions.
    ratio : float or None
        Short over long axis of that ellipse: 0 for a line, 1 for a circle.
    """

    multiplet: Multiplet
    amplitude: float
    displacement: float
    energy: float
    frequency: float
    pam_helicity: float | None
    mechanical_helicity: float | None
    direction: float | None
    ratio: float | None

    @property
    def name(self) -> str:
        """``Eg#2``."""
        return self.multiplet.name

    def __repr__(self) -> str:
        return f"FreeMotion({self.name}, {self.amplitude:.3g} √amu Å, helicity {self.pam_helicity})"


StopKind = Literal["far", "diverged", "stiff"]


@dataclass(frozen=True)
class Stop:
    """Why a run ended before it should.

    Attributes
    ----------
    kind : str
        ``far``: an atom is too far from its place for any expansion about it; ``diverged``: the
        integrator could not go on; ``stiff``: it would need more steps than it may take.
    reached, asked : float
        The last time that is kept, and the last one asked for, ps.
    distance : float or None
        Of the atom from its place, Å.
    message : str
        What the integrator said, if anything.
    steps : int
        How many steps it may take.
    """

    kind: StopKind
    reached: float
    asked: float
    distance: float | None = None
    message: str = ""
    steps: int = 0

    def __str__(self) -> str:
        return str(display(self, "text"))


@dataclass(frozen=True, eq=False, repr=False)
class Run(Value, Pictured):
    """A solution of the equations of motion.

    Attributes
    ----------
    model : NormalModeModel
        What moved.
    drive : DrivingField or None
        What drove it.
    times : (T,) float
        ps, evenly spaced.
    coordinates : (T, n) float
        Q, √amu Å.
    velocities : (T, n) float
        Its time derivative, √amu Å/ps.
    stopped : Stop or None
        Why it ended before it should; None if it did not.
    """

    model: NormalModeModel
    drive: DrivingField | None
    times: Floats
    coordinates: Floats
    velocities: Floats
    stopped: Stop | None = None

    @property
    def after(self) -> npt.NDArray[np.bool_]:
        """(T,): which times are after the pulse; none if the run stopped before its end."""
        if self.drive is None:
            return np.ones(len(self.times), dtype=bool)
        return np.asarray(self.times > self.drive.end)

    def amplitudes(self, name: str) -> Complex:
        r"""Return :math:`a_l(t) = ε_l^† (Q + i \dot Q/ω)` of a multiplet, (T, d), √amu Å.

        In the order of its modes. The real motion is :math:`\mathrm{Re} \sum_l a_l ε_l`.

        Raises
        ------
        LabelError
            There is no such multiplet.
        """
        c = self.model.coordinates
        slots = c.slots(name)
        omega = 2 * pi * c.frequencies[slots]
        forward = self.coordinates[:, slots] + 1j * self.velocities[:, slots] / omega
        return np.asarray(forward @ c.circular[np.ix_(slots, slots)].T)

    def helicity(self, name: str) -> Floats:
        r"""Return h(t) of a multiplet, :math:`(|a_+|^2 - |a_-|^2)/(|a_+|^2 + |a_-|^2)`, (T,).

        nan where it does not move, and everywhere if no component has a sense of rotation.
        """
        a = np.abs(self.amplitudes(name)) ** 2
        return _ratio(a @ component_senses(self._multiplet(name), self._order), a.sum(axis=1))

    def motion(self, name: str) -> FreeMotion:
        """Return what one multiplet did after the pulse."""
        c, late = self.model.coordinates, self.after
        multiplet, slots = self._multiplet(name), c.slots(name)
        alone = np.zeros_like(self.coordinates)
        alone[:, slots] = self.coordinates[:, slots]
        atoms = c.displacements(alone)
        farthest = float(np.linalg.norm(atoms, axis=2).max())
        if not late.any():
            nan = float("nan")
            return FreeMotion(multiplet, nan, farthest, nan, nan, None, None, None, None)
        power = np.abs(self.amplitudes(name)) ** 2
        total = power[late].sum(axis=1)
        senses = component_senses(multiplet, self._order)
        turning = self._turning(multiplet)
        share = power[late].sum(axis=0)
        omega = 2 * pi * multiplet.frequency
        direction, ratio = self._ellipse(atoms[late])
        moved = bool(share.sum() > 0)
        return FreeMotion(
            multiplet,
            float(np.sqrt(total.max())),
            farthest,
            float(total.mean()) * omega**2 / (2 * ACCELERATION) * 1e3,
            self._strongest(self.amplitudes(name)[late]) if moved else float("nan"),
            float(_ratio(share @ senses, share.sum())) if senses.any() else None,
            float(_ratio(share @ turning, share.sum())) if turning.any() else None,
            direction if moved else None,
            ratio if moved else None,
        )

    @property
    def motions(self) -> tuple[FreeMotion, ...]:
        """What every multiplet did, from the lowest frequency."""
        return tuple(self.motion(name) for name in self.model.coordinates.names)

    @cached_property
    def energy(self) -> Floats:
        """(T,): kinetic, harmonic and anharmonic energy per primitive cell, eV."""
        return self.model.energy(self.coordinates, self.velocities)

    def atoms(self) -> Floats:
        """Return the displacements of the atoms of the primitive cell, Cartesian, Å, (T, N, 3)."""
        return self.model.coordinates.displacements(self.coordinates)

    def angular_momentum(self, name: str | None = None) -> Floats:
        r"""Return :math:`\hat n · \sum_κ m_κ u_κ × \dot u_κ` about the axis, ħ per cell, (T,).

        Of one multiplet by itself, or of the whole motion.
        """
        form = self._form
        if name is not None:
            slots = self.model.coordinates.slots(name)
            kept = np.zeros(len(form))
            kept[slots] = 1
            form = form * kept[:, None] * kept
        return _torque(form, self.coordinates, self.velocities)

    def site_angular_momentum(self) -> dict[str, Floats]:
        r"""Return :math:`\hat n · \sum_κ m_κ u_κ × \dot u_κ` of the atoms of every site, ħ, (T,).

        By site and in sum over its atoms in the primitive cell, each about its own place. Together
        they are :meth:`angular_momentum`.
        """
        u, v = self.atoms(), self.model.coordinates.displacements(self.velocities)
        modes = self.model.coordinates.modes
        turned = np.cross(u, v) @ self.model.lab[2] * modes.masses / HBAR
        return {s.name: turned[:, list(s.atoms)].sum(axis=1) for s in modes.crystal.sites}

    def magnetic_moment(self) -> Floats | None:
        r"""Return :math:`\frac{e}{2} \hat n · \sum_κ u_κ × Z_κ^* \dot u_κ`, (T,).

        Along the axis, in nuclear magnetons per primitive cell, of the moving ions alone
        (Juraschek and Spaldin, Phys. Rev. Materials 3, 064405). None without Born charges.
        """
        sites = self.site_magnetic_moment()
        return None if sites is None else np.asarray(sum(sites.values()))

    def site_magnetic_moment(self) -> dict[str, Floats] | None:
        r"""Return :meth:`magnetic_moment` of the ions of every site, (T,); None without charges.

        By site and in sum over its atoms in the primitive cell, each about its own place. Charges
        are tensors, so that the moment of an ion need not have the sign of its angular momentum.
        """
        modes = self.model.coordinates.modes
        if modes.born is None:
            return None
        u, v = self.atoms(), self.model.coordinates.displacements(self.velocities)
        currents = np.einsum("kab,tkb->tka", modes.born, v, optimize=True)
        turned = np.cross(u, currents) @ self.model.lab[2] * NUCLEAR_MAGNETON_AMU / HBAR
        return {s.name: turned[:, list(s.atoms)].sum(axis=1) for s in modes.crystal.sites}

    def magnetization(self) -> Floats | None:
        r"""Return :math:`μ_0 M` of :meth:`magnetic_moment`, (T,), tesla; None if that is."""
        moment = self.magnetic_moment()
        if moment is None:
            return None
        return moment * TESLA_PER_MAGNETON / self.model.coordinates.modes.crystal.primitive.volume

    def angular_momentum_budget(self) -> dict[str, Floats]:
        r"""Return where the angular momentum about the axis came from and went, ħ per cell, (T,).

        :math:`\dot J = \hat n · \sum_κ u_κ × F_κ` is split by force: ``light``; ``damping``;
        ``coupling`` (the anharmonic potential); ``harmonic`` (the harmonic potential, which takes
        up angular momentum where partners or sites have unlike frequencies). Each is the integral
        over time (Simpson), and together they are ``motion``, the angular momentum of the atoms.
        What light does not provide is taken from the crystal as a whole.
        """
        from scipy.integrate import cumulative_simpson

        model, q, v = self.model, self.coordinates, self.velocities
        fields = np.zeros((len(q), 3)) if self.drive is None else self.drive.field(self.times)
        forces = {
            "light": ACCELERATION * model.light(fields),
            "damping": -model.rates * v,
            "coupling": ACCELERATION * model.coupling(q),
            "harmonic": -model.stiffness * q,
        }
        found = {
            name: cumulative_simpson(_torque(self._form, q, f), x=self.times, initial=0.0)
            for name, f in forces.items()
        }
        return {**found, "motion": self.angular_momentum()}

    def helicity_map(
        self, name: str, *, width_ps: float = 1.5, columns: int = 200
    ) -> tuple[Floats, Floats, Floats, Floats]:
        r"""Return times (C,), frequencies (F,), and power and helicity (F, C) of a multiplet.

        :math:`A_l(f, t) = \int Q_l(t') w(t' - t) e^{2πift'} dt'` with a Gaussian window w of that
        full width at half maximum and :math:`Q_l = ε_l^† Q`, at positive frequencies:
        :math:`Q = \mathrm{Re} \sum_l a_l ε_l e^{-iωt}` has :math:`A_l ∝ a_l` there.
        """
        c = self.model.coordinates
        slots = c.slots(name)
        waves = self.coordinates[:, slots] @ c.circular[np.ix_(slots, slots)].T
        step = self.times[1] - self.times[0]
        length = max(256, int(2 ** np.ceil(np.log2(6 * width_ps / step))))
        reach = length // 2
        padded = np.pad(waves, ((reach, reach), (0, 0)))
        offsets = (np.arange(length) - reach) * step
        window = np.exp(-4 * log(2) * (offsets / width_ps) ** 2)[:, None]
        centres = np.unique(np.linspace(0, len(waves) - 1, columns).astype(int))
        frequencies = np.fft.fftfreq(length, step)[: length // 2]
        power = np.empty((len(frequencies), len(centres), len(slots)))
        for i, k in enumerate(centres):
            # The inverse transform has the sign of exp(+2πift).
            spectrum = np.fft.ifft(padded[k : k + length] * window, axis=0)
            power[:, i] = np.abs(spectrum[: length // 2]) ** 2
        total = power.sum(axis=2)
        helicity = _ratio(power @ component_senses(self._multiplet(name), self._order), total)
        kept = frequencies <= 1.4 * float(c.frequencies.max())
        return self.times[centres], frequencies[kept], total[kept], helicity[kept]

    def spectrum(self, name: str) -> tuple[Floats, Complex]:
        r"""Return frequencies (F,) in THz and :math:`a_l(f)`, (F, d), of the time after the pulse.

        Hann window; a constant amplitude :math:`a e^{-2πift}` has its peak at a.
        """
        waves = self.amplitudes(name)[self.after]
        window = np.hanning(len(waves))
        size = 4 * len(waves)
        spectrum = np.fft.ifft(waves * window[:, None], n=size, axis=0) * size / window.sum()
        frequencies = np.fft.fftfreq(size, self.times[1] - self.times[0])
        return frequencies[: size // 2], np.asarray(spectrum[: size // 2])

    @cached_property
    def _form(self) -> Floats:
        return self.model.coordinates.angular_momentum_form(self.model.lab[2])

    @property
    def _order(self) -> int:
        axis = self.model.coordinates.modes.axis
        return 1 if axis is None else axis.order

    def _multiplet(self, name: str) -> Multiplet:
        c = self.model.coordinates
        return c.multiplets[int(c.owners[c.slots(name)[0]])]

    def _turning(self, multiplet: Multiplet) -> Floats:
        """Sign of the angular momentum of every component about the axis."""
        modes = self.model.coordinates.modes
        found = [modes.am(mode) or 0.0 for mode in multiplet.modes]
        return np.array([0.0 if abs(j) < NO_ROTATION else np.sign(j) for j in found])

    def _strongest(self, waves: Complex) -> float:
        """Frequency at which the motion is strongest."""
        size = 8 * len(waves)
        window = np.hanning(len(waves))[:, None]
        power = np.abs(np.fft.ifft(waves * window, n=size, axis=0)) ** 2
        best = int(np.argmax(power.sum(axis=1)))
        return float(abs(np.fft.fftfreq(size, self.times[1] - self.times[0])[best]))

    def _ellipse(self, atoms: Floats) -> tuple[float | None, float | None]:
        """Long axis and ratio of axes of the path of the atom that moves most, across the axis."""
        planar = atoms @ self.model.lab[:2].T
        sizes = np.sum(planar**2, axis=(0, 2))
        whole = np.sum(atoms**2, axis=(0, 2))
        most = np.flatnonzero(sizes >= (1 - 1e-4) * sizes.max())
        if sizes.max() <= 1e-6 * whole.max():
            return None, None
        x, y = planar[:, most, 0], planar[:, most, 1]
        xx, yy, xy = (np.sum(a * b, axis=0) for a, b in ((x, x), (y, y), (x, y)))
        spread = np.hypot(xx - yy, 2 * xy)
        long, short = (xx + yy + spread) / 2, np.maximum((xx + yy - spread) / 2, 0)
        axes = (xx - yy + 2j * xy) / np.maximum(spread, TINY)
        # Atoms that move alike in different directions, as those of A1 do, have none in common.
        common = np.abs(axes - axes[0]).max() < 1e-2
        angle = float(degrees(np.angle(axes[0]) / 2) % 180) if common else None
        return angle, float(np.sqrt(short[0] / long[0]))

    def __repr__(self) -> str:
        state = f", stopped: {self.stopped}" if self.stopped else ""
        return f"Run({self.times[0]:g} to {self.times[-1]:.4g} ps{state})"


def component_senses(multiplet: Multiplet, order: int) -> Floats:
    """Return +1 and −1 for components with 0 < l < n/2 and −n/2 < l < 0, else 0, (d,)."""
    found = []
    for mode in multiplet.modes:
        l = mode.residue
        found.append(0.0 if l is None or 2 * l == order else float((l > 0) - (l < 0)))
    return np.array(found)


def _torque(form: Floats, q: Floats, force: Floats) -> Floats:
    """Σ Q_a M_ab F_b in ħ (per ps)."""
    return np.asarray(np.einsum("ta,ab,tb->t", q, form, force, optimize=True) / HBAR)


def _ratio(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    top, bottom = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(bottom > 0, top / bottom, np.nan))
