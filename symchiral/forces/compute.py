"""From a structure and a calculator to phonons."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal, find_symmetry
from symchiral.defaults import DISPLACEMENT, LENGTH
from symchiral.disk import cache_root
from symchiral.errors import CalculatorError, InputError
from symchiral.forces.calculator import Identity, load_calculator
from symchiral.forces.displace import Displaced, displace, unit_cell
from symchiral.forces.forcecache import CachedCalculator, ForceCache
from symchiral.forces.phonons import Phonons, make_phonons
from symchiral.forces.provenance import Provenance
from symchiral.forces.relax import Relaxed, What, relax
from symchiral.forces.trust import Trust, examine, generators
from symchiral.units import counted
from symchiral.version import __version__


@dataclass(frozen=True)
class Step:
    """How far a computation has come.

    Attributes
    ----------
    stage : str
        ``checks``, ``relaxation`` or ``displacements``.
    done : int
        Questions answered in this stage.
    total : int or None
        Questions of this stage; None for a relaxation.
    left : float or None
        Seconds left in this stage, judged by the calls made so far.
    detail : str
        More, in words.
    """

    stage: str
    done: int
    total: int | None
    left: float | None
    detail: str


Progress = Callable[[Step], None]


def default_cache() -> Path | None:
    """Folder of stored forces in the user's cache directory, None where caches are off."""
    above = cache_root()
    return None if above is None else above / "forces"


def compute_phonons(
    crystal: SymmetricCrystal,
    calculator: object,
    *,
    relaxing: What = "atoms",
    supercell: npt.ArrayLike | None = None,
    length: float = LENGTH,
    zone_centre: bool = False,
    displacement: float = DISPLACEMENT,
    cache: Path | None = None,
    resume: bool = False,
    symmetrize: bool = False,
    rotational_sum_rule: bool = False,
    progress: Progress | None = None,
) -> Phonons:
    """Compute the forces of a crystal with an ASE calculator.

    The calculator is tested (:func:`~symchiral.forces.trust.examine`), the crystal relaxed inside
    its symmetry (:func:`~symchiral.forces.relax.relax`), and displaced
    (:func:`~symchiral.forces.displace.displace`).

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    calculator : str or ASE calculator
        As for :func:`~symchiral.forces.calculator.load_calculator`.
    relaxing : {"atoms", "cell", "none"}
        What is relaxed.
    supercell : (3,) or (3, 3) int, optional
        Supercell of the input cell; by default it follows from ``length``.
    length : float
        Distance of an atom from its images in the supercell, Å.
    zone_centre : bool
        Displace in the primitive cell, for the zone centre alone.
    displacement : float
        Å.
    cache : Path, optional
        Folder where answers of the calculator are kept; default in the user's cache directory.
    resume : bool
        Trust all stored answers; otherwise one of them is compared with the calculator.
    symmetrize : bool
        Accept forces that break the symmetry, averaged over the group.
    rotational_sum_rule : bool
        Impose it on the force constants, as :func:`symchiral.read` does.
    progress : callable, optional
        Called with a :class:`Step` now and then.

    Raises
    ------
    CalculatorError
        The calculator is missing, fails, or cannot be trusted; what it answered is kept.
    InputError, LimitError
        An option makes no sense, or the supercell is too large.
    """
    if crystal.magnetic is not None:
        raise InputError(
            f"no forces are computed for {crystal.primitive.formula} with magnetic moments",
            why="calculators are called without moments, and would not keep the magnetic group",
            fix="give the structure without moments, or force constants computed with them",
        )
    if crystal.primitive.mixtures:
        raise InputError(
            f"no forces are computed for {crystal.primitive.formula}",
            why=f"{crystal.primitive.mixtures[0].symbol} is a virtual element, the average of "
            "several, and calculators know real ones",
            fix="order the sites in a supercell",
        )
    made = load_calculator(calculator)
    asked = CachedCalculator(made, ForceCache(default_cache() if cache is None else cache))
    say = _Reporter(asked, progress)
    say("checks", 0, None, made.identity.title)
    trust = examine(crystal, asked, stress=relaxing == "cell", resume=resume, symmetrize=symmetrize)
    relaxed = relax(
        crystal,
        asked,
        what=relaxing,
        progress=lambda force: say("relaxation", None, None, f"largest force {force:.1g} eV/Å"),
    )
    unit, _ = unit_cell(crystal, relaxed.primitive)
    _verify(crystal, find_symmetry(unit, symprec=crystal.symprec))
    displaced = displace(
        crystal,
        relaxed,
        asked,
        supercell=supercell,
        length=length,
        zone_centre=zone_centre,
        displacement=displacement,
        progress=lambda done, total, atoms: say(
            "displacements", done, total, f"{counted(atoms, 'atom')} each"
        ),
    )
    provenance = _provenance(
        crystal,
        trust,
        relaxed,
        displaced,
        calculator=made.identity,
        relaxing=relaxing,
        zone_centre=zone_centre,
        displacement=displacement,
    )
    return make_phonons(
        displaced.forces,
        unit=unit,
        source=crystal.input.source,
        symprec=crystal.symprec,
        symmetrize=symmetrize,
        rotational_sum_rule=rotational_sum_rule,
        provenance=provenance,
    )


class _Reporter:
    """Tells the time left from the calls made in the present stage."""

    def __init__(self, calculator: CachedCalculator, progress: Progress | None) -> None:
        self._calculator = calculator
        self._progress = progress
        self._stage = ""
        self._count = 0
        self._calls = 0
        self._start = 0.0

    def __call__(self, stage: str, done: int | None, total: int | None, detail: str) -> None:
        if stage != self._stage:
            self._stage, self._count = stage, 0
            self._calls, self._start = self._calculator.calls, time.monotonic()
        if done is None:
            self._count += 1
            done = self._count
        made = self._calculator.calls - self._calls
        left = None
        if total is not None and made:
            left = (time.monotonic() - self._start) / made * (total - done)
        if self._progress is not None:
            self._progress(Step(stage, done, total, left, detail))


def _verify(before: SymmetricCrystal, after: SymmetricCrystal) -> None:
    """A relaxation cannot lose symmetry, but it may find more."""
    if after.group != before.group or len(after.primitive) != len(before.primitive):
        raise CalculatorError(
            f"{before.primitive.formula} did not stay in {before.group.symbol}",
            why=f"the calculator relaxed it to {after.group.symbol} with "
            f"{counted(len(after.primitive), 'atom')} in the primitive cell: it has no minimum "
            "of the lower symmetry",
            fix="relax it with another program and pass --relax none, give the structure of the "
            "higher symmetry, or use another calculator",
        )


def _provenance(
    crystal: SymmetricCrystal,
    trust: Trust,
    relaxed: Relaxed,
    displaced: Displaced,
    *,
    calculator: Identity,
    relaxing: str,
    zone_centre: bool,
    displacement: float,
) -> Provenance:
    source = crystal.input.source
    return Provenance(
        symchiral=__version__,
        calculator=calculator,
        path=source.path,
        sha256=source.sha256,
        relaxed=relaxing,
        residual_force=_short(relaxed.residual),
        residual_stress=None if relaxed.stress is None else _short(relaxed.stress),
        moved=_short(relaxed.moved),
        strain=tuple(_short(x) for x in relaxed.strain.ravel()),
        group=crystal.group.number,
        supercell=tuple(int(x) for x in displaced.supercell.ravel()),
        atoms=displaced.atoms,
        symmetric=displaced.symmetric,
        zone_centre=zone_centre,
        displacement=displacement,
        noise=_short(trust.noise),
        asymmetry=_short(trust.asymmetry),
        drift=_short(displaced.drift),
        checks=2 + len(generators(crystal)),
        relaxation=relaxed.steps,
        displacements=displaced.displacements,
        lowest=round(displaced.lowest, 6) + 0.0,
        lowest_at=tuple(round(float(x), 9) + 0.0 for x in displaced.lowest_at),
    )


def _short(x: float) -> float:
    """Four digits are more than is known of a residual."""
    return float(f"{x:.4g}") + 0.0
