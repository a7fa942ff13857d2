"""The equations of motion of zone-centre modes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import pi

import numpy as np

from symchiral.anharmonic.couplings import Couplings
from symchiral.anharmonic.polynomial import Polynomial
from symchiral.defaults import DAMPING
from symchiral.dynamics.thermal import HOTTEST, Damping
from symchiral.errors import InputError
from symchiral.fields.beam import find_beam
from symchiral.modes.coordinates import NormalCoordinates
from symchiral.modes.names import by_name
from symchiral.units import ACCELERATION, FASTEST, VACUUM_PERMITTIVITY, VOLT_PER_ANGSTROM
from symchiral.value import Complex, Floats, Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class NormalModeModel(Value):
    r"""Normal modes of the zone centre driven by light, damped, and coupled.

    .. math:: \ddot Q_a + γ_a \dot Q_a + ω_a^2 Q_a = Z_a · E(t) - \frac{∂V_3}{∂Q_a}
       - \frac{∂V_4}{∂Q_a} + \tfrac12\, 4πε_0\, E · \frac{∂α}{∂Q_a} · E

    per primitive cell, with Q in √amu Å, t in ps, Z in e/√amu, V in eV, E (the field inside the
    crystal, the same everywhere) in MV/cm. Frequencies are transverse: the light travels along the
    axis, or the modes have no dipole along its wavevector.

    Attributes
    ----------
    coordinates : NormalCoordinates
        The Q with their frequencies.
    couplings : Couplings
        V and ∂α/∂Q, in the same coordinates.
    damping : (n,) float
        γ/2π, THz: energy decays as exp(−γt); the full width of the line.
    lab : (3, 3) float
        Rows: the Cartesian unit vectors x, y and axis that fields and polarisations refer to, the
        frame of a beam along the axis (:func:`~symchiral.fields.beam.find_beam`): x is the
        projection of the first of a, b, c of the input that is not along the axis.
    dielectric : (3, 3) float or None
        ε∞, the electronic dielectric constant, Cartesian; None if it is not known.
    temperature : float or None
        K; None if it is not given. The motion depends on it by linewidths alone.
    stated : Damping or None
        The linewidths as they were stated, where they depend on temperature.
    """

    coordinates: NormalCoordinates
    couplings: Couplings
    damping: Floats
    lab: Floats
    dielectric: Floats | None = None
    temperature: float | None = None
    stated: Damping | None = None

    @cached_property
    def stiffness(self) -> Floats:
        """(n,): ω², ps⁻², negative for unstable modes."""
        f = self.coordinates.frequencies
        return np.asarray((2 * pi) ** 2 * f * np.abs(f))

    @cached_property
    def rates(self) -> Floats:
        """(n,): γ, ps⁻¹."""
        return np.asarray(2 * pi * self.damping)

    @property
    def linewidths(self) -> dict[str, float]:
        """γ/2π of every multiplet by name, THz."""
        names = self.coordinates.names
        return {name: float(self.damping[self.coordinates.slots(name)[0]]) for name in names}

    @cached_property
    def charges(self) -> Floats:
        """(n, 3): Z along x, y and the axis, e/√amu; zero without Born charges."""
        found = self.coordinates.charges()
        if found is None:
            return np.zeros((len(self.coordinates), 3))
        return np.asarray(found @ self.lab.T)

    @cached_property
    def raman(self) -> Floats | None:
        """(n, 3, 3): 4π ε₀ ∂α/∂Q along x, y and the axis, e Å/(V √amu)."""
        given = self.couplings.raman
        if given is None:
            return None
        scale = 4 * pi * VACUUM_PERMITTIVITY
        return np.asarray(scale * np.einsum("ij,ajk,lk->ail", self.lab, given, self.lab))

    @cached_property
    def potentials(self) -> tuple[Polynomial, ...]:
        """V₃ and V₄, as far as they have terms."""
        return tuple(p for p in self.couplings.potentials if len(p))

    def permittivity(self, s: Complex) -> Complex:
        r"""Return ε along x, y and the axis at complex rates s, ps⁻¹, (F, 3, 3).

        .. math:: ε = ε_∞ + \frac{1}{ε_0 V} \sum_a \frac{Z_a Z_a^T}{ω_a^2 + s^2 + γ_a s}

        for motion as :math:`e^{st}`: s = −iω is light of the frequency ω. V is the volume of the
        primitive cell. ε∞ is that of the forces, and needed.
        """
        assert self.dielectric is not None
        volume = self.coordinates.modes.crystal.primitive.volume
        strength = ACCELERATION / (VACUUM_PERMITTIVITY * volume)
        rates = np.asarray(s)[:, None]
        response = strength / (self.stiffness + rates**2 + self.rates * rates)
        electronic = self.lab @ self.dielectric @ self.lab.T
        return np.asarray(
            electronic + np.einsum("fa,ai,aj->fij", response, self.charges, self.charges) + 0j
        )

    @property
    def electronic_index(self) -> float:
        """Refractive index of light far above every mode, across the axis: the root of ε∞.

        The mean of two directions where they differ. ε∞ is needed.
        """
        assert self.dielectric is not None
        return float(np.sqrt(np.trace((self.lab @ self.dielectric @ self.lab.T)[:2, :2]) / 2))

    def light(self, field: Floats) -> Floats:
        """Return the force of a field (…, 3) in MV/cm on the coordinates, eV/(√amu Å), (…, n)."""
        force = self.dipole_force(field)
        return force if self.raman is None else force + self.raman_force(field)

    def dipole_force(self, field: Floats) -> Floats:
        """Return the part of :meth:`light` that is linear in the field, by charges."""
        return np.asarray(field * VOLT_PER_ANGSTROM @ self.charges.T)

    def raman_force(self, field: Floats) -> Floats:
        """Return the part of :meth:`light` that is quadratic in the field, by Raman tensors."""
        if self.raman is None:
            return np.zeros((*field.shape[:-1], len(self.coordinates)))
        volts = field * VOLT_PER_ANGSTROM
        return np.asarray(np.einsum("...i,aij,...j->...a", volts, self.raman, volts) / 2)

    def coupling(self, q: Floats) -> Floats:
        """Return −∂(V₃+V₄)/∂Q, eV/(√amu Å), (…, n)."""
        return -sum((p.gradient(q) for p in self.potentials), start=np.zeros(q.shape))

    def energy(self, q: Floats, v: Floats) -> Floats:
        """Return kinetic, harmonic and anharmonic energy per primitive cell, eV, (…)."""
        harmonic = np.sum(v * v + self.stiffness * q * q, axis=-1) / (2 * ACCELERATION)
        return np.asarray(harmonic + sum(p.value(q) for p in self.potentials))

    def __repr__(self) -> str:
        return f"NormalModeModel({self.coordinates!r}, {self.couplings!r})"


def make_model(
    coordinates: NormalCoordinates,
    couplings: Couplings | None = None,
    *,
    damping: float | Mapping[str, float] | Damping = DAMPING,
    dielectric: Floats | None = None,
    temperature: float | None = None,
) -> NormalModeModel:
    """Assemble the equations of motion.

    Parameters
    ----------
    coordinates : NormalCoordinates
        Modes with their frequencies.
    couplings : Couplings, optional
        Default: none, the modes are harmonic.
    damping : float, mapping or Damping
        Linewidth γ/2π in THz, one for all or one per mode by name; modes not named take the
        default. Or what also says how they depend on temperature.
    dielectric : (3, 3) float, optional
        ε∞, Cartesian: needed for light that is given by its field in vacuum.
    temperature : float, optional
        K.

    Raises
    ------
    InputError
        There are no optical modes, a linewidth is none, or depends on a temperature that is not
        given, a temperature is negative, or a mode is unstable.
    """
    if not len(coordinates):
        raise InputError(
            "nothing can be simulated",
            why="the crystal has one atom in its primitive cell, and so no optical modes",
            fix="choose a crystal with more atoms",
        )
    if isinstance(damping, Mapping):
        damping = Damping(damping)
    if not isinstance(damping, Damping):
        damping = Damping(others=damping)
    if temperature is not None and not 0 <= temperature <= HOTTEST:
        raise InputError(
            f"no temperature of {temperature:g} K",
            why=f"it is not a number from 0 to {HOTTEST:g}",
            fix="give it in K",
        )
    widths = np.full(len(coordinates), damping.others)
    species = (m.species for m in coordinates.multiplets)
    for name, width in by_name(damping.modes, coordinates.names, species).items():
        widths[coordinates.slots(name)] = width
    if not np.all((widths >= 0) & (widths <= FASTEST)):
        raise InputError(
            "no such damping",
            why=f"a linewidth is not a number from 0 to {FASTEST:g} THz",
            fix="give one in THz",
        )
    unstable = [
        n
        for n, m in zip(coordinates.names, coordinates.multiplets, strict=True)
        if m.frequency <= 0
    ]
    if unstable:
        raise InputError(
            f"the motion of {', '.join(unstable)} cannot be simulated",
            why="its frequency is imaginary: the structure is not a minimum of the energy",
            fix="give the frequencies with --frequencies, or relax the structure",
        )
    widths = widths * [damping.factor(f, temperature) for f in coordinates.frequencies.tolist()]
    modes = coordinates.modes
    lab = find_beam(modes.crystal, modes.axis).frame
    couplings = couplings or Couplings(coordinates, ())
    stated = None if damping.temperature is None else damping
    return NormalModeModel(
        coordinates, couplings, frozen(widths), lab, dielectric, temperature, stated
    )
