"""The answer of ``light``: what light absorbs, scatters and drives, what its polarisation shows.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
from msgspec import UNSET, Meta, UnsetType

from symchiral.answers.beam import Beam, beam_of
from symchiral.answers.crystal import (
    AxisOfRotation,
    StaticField,
    Structure,
    axis_of,
    static_field,
    structure,
)
from symchiral.answers.light_numbers import (
    Intensities,
    SpinPair,
    StrengthOfMode,
    intensities_of,
    strengths,
)
from symchiral.answers.record import (
    Answer,
    Count,
    FrequencyUnit,
    Matrix,
    Pam,
    Record,
    ReIm,
    Vector,
    beginning,
    tidy,
    tidy_complex,
)
from symchiral.crystal.crystal import Notice
from symchiral.display import display
from symchiral.engine.tensor import TensorForm, linear_text
from symchiral.fields.background import Background
from symchiral.modes.mode import Modes
from symchiral.modes.species import Species
from symchiral.rules.activity import activity
from symchiral.rules.allowance import AllowanceKind, Factor, allowances
from symchiral.rules.domains import Domains, SurvivalKind, survivals
from symchiral.rules.intensity import AngularLaw, Wave, intensity_text
from symchiral.rules.light import PAIRS, Reversal, Spin, Target, exchanging
from symchiral.rules.light import Light as RuleLight
from symchiral.rules.magnetic_light import seen_pairs
from symchiral.rules.magnetism import odd_activity
from symchiral.rules.raman import RamanLines

RAMAN_ASYMMETRY = "raman-asymmetry"
"""Kind of the warning that a noticeable part of a Raman tensor is outside its form."""

NOTED_ASYMMETRY = 0.01
"""A larger share of the square of a tensor outside its form is worth that warning."""

INDISTINGUISHABLE = (
    "E·E (two photons), E·Q (infrared-resonant Raman) and Q·Q (ionic Raman) obey the same "
    "selection rule: symmetry cannot distinguish them, and all grow as the square of the field. "
    "They differ when the pump is tuned through the infrared mode (E·Q follows its resonance, Q·Q "
    "the square of it, E·E neither), and in time (E·E ends with the pulse; Q·Q lasts as long as "
    "the infrared mode rings)."
)

Letter = Annotated[str, Meta(pattern=r"^[a-w]$")]
Helicity = Annotated[int, Meta(ge=-1, le=1)]
Handedness = Annotated[str, Meta(pattern=r"^[RL]{2}$")]


class Photons(Record, frozen=True, kw_only=True):
    """Names of a pair of circular polarisations."""

    incident: Spin
    """Spin of incident light about its fixed axis."""
    scattered: Spin
    """Spin of scattered light about its fixed axis."""
    helicities: tuple[Helicity, Helicity]
    """Of incident and scattered light."""
    receiver: Handedness
    """R and L seen from the receiver (most of optics): R is clockwise."""
    source: Handedness
    """R and L seen from the source (IEEE)."""


class Created(Record, frozen=True, kw_only=True):
    """What makes one quantum of a component."""

    species: str
    """Label of the species."""
    component: str | None
    """What stands in parentheses; empty for the only component, null where the beam runs along
    no axis of order 3 or more."""
    pam: Pam | None
    """Its pseudo-angular momentum about the beam; null without an axis."""
    absorbed: tuple[Spin, ...]
    """Spins of light that is absorbed."""
    raman: tuple[SpinPair, ...]
    """Pairs of spins of Raman scattering."""
    hyper_raman: tuple[Annotated[str, Meta(pattern=r"^(\+\+|--)[+-]$")], ...]
    """Hyper-Raman scattering: spins of two equal incident photons and of the scattered one."""


class RamanTensor(Record, frozen=True, kw_only=True):
    """The Raman tensor of one partner."""

    matrix: tuple[tuple[str, str, str], tuple[str, str, str], tuple[str, str, str]]
    """Three rows of three entries, sums of letters."""
    latex: str
    """The same in LaTeX."""


class CircularIntensity(Record, frozen=True, kw_only=True):
    """Raman intensity of one pair of spins, summed over the partners."""

    text: str
    """The intensity, as the terminal shows it."""
    form: tuple[tuple[ReIm, ...], ...]
    """Hermitian form in the coefficients: I = sum of G_kl c_k conj(c_l)."""


class LawOfAngle(Record, frozen=True, kw_only=True):
    """Raman intensity against the angle θ of linear light."""

    text: str
    """The intensity, as the terminal shows it."""
    isotropic: bool
    """Whether it is the same at every angle whatever the coefficients."""
    terms: tuple[tuple[Vector, ...], ...]
    """Amplitudes: for every coefficient and partner the factors of 1, cos 2θ, sin 2θ."""
    waves: tuple[Wave, ...] = ()
    """The multiples of θ with which the intensity varies."""


class BalancedProbe(Record, frozen=True, kw_only=True):
    """What a Kerr or birefringence probe along the beam sees."""

    seen: Count
    """How many of the motions, taken independently, it sees."""
    dark_angles: tuple[Annotated[float, Meta(ge=0, lt=90)], ...]
    """Probe angles in degrees modulo 90 at which it does not see the first, second, … motion;
    empty where symmetry does not fix them."""
    turns: Literal[-1, 0, 1]
    """Of a mode rotating in (+) the phase of the signal is ωt − 2θ (1) or ωt + 2θ (-1); 0 where
    the parts are not seen 45 degrees apart."""


class RamanOfSpecies(Record, frozen=True, kw_only=True):
    """Symmetric Raman tensors in the Cartesian axes of the input, and what the beam shows of
    them.
    """

    species: str
    """Label of the species."""
    coefficients: Annotated[int, Meta(ge=1)]
    """Independent coefficients: real, and complex where light is absorbed."""
    letters: tuple[Letter, ...]
    """Their names; no letter is used for two species."""
    tensors: tuple[RamanTensor, ...]
    """One per partner."""
    basis: tuple[tuple[Matrix, ...], ...]
    """Tensors by coefficient and partner: the number that stands before the letter."""
    circular: dict[SpinPair, CircularIntensity]
    """By pair of spins."""
    reversal: Reversal
    """Whether reversing all spins may change an intensity: never (same), only for complex
    tensors (absorbing), or also in a transparent magnetic crystal (magnetic)."""
    parallel: LawOfAngle | None
    """With parallel polarisers; null at a right angle."""
    crossed: LawOfAngle | None
    """With crossed polarisers; null at a right angle."""
    probe: BalancedProbe
    """What a Kerr or birefringence probe along the beam sees."""


class AntisymmetricRaman(Record, frozen=True, kw_only=True):
    """How many antisymmetric Raman tensors a species has."""

    species: str
    """Label of the species."""
    coefficients: Annotated[int, Meta(ge=1)]
    """Number of them."""


class MagneticRaman(Record, frozen=True, kw_only=True):
    """The antisymmetric Raman tensors of a species that magnetic order allows."""

    species: str
    """Its label."""
    coefficients: Annotated[int, Meta(ge=1)]
    """Number of real coefficients."""
    letters: tuple[Letter, ...]
    """Their names."""
    axial: tuple[tuple[str, str, str], ...]
    """G of every partner: three components in letters, Cartesian axes of the input."""
    basis: tuple[tuple[Vector, ...], ...]
    """G by coefficient, partner and component."""
    pairs: tuple[SpinPair, ...]
    """Pairs of spins, incident and scattered, for which it scatters along the beam."""
    reversal: Reversal
    """Whether reversing all spins may change an intensity of the species."""


class RoutesByOrder(Record, frozen=True, kw_only=True):
    """What velocities let light do to one species, and displacements do not."""

    species: str
    """Its label."""
    infrared: bool
    """Absorbed through E dQ/dt alone."""
    raman: bool
    """Scattered through E E dQ/dt or i(E x E*) Q alone."""


class InfraredPair(Record, frozen=True, kw_only=True):
    """Two infrared modes that drive a third mode."""

    species: tuple[str, str]
    """Labels."""
    same_mode: bool
    """Whether one and the same mode suffices."""


class Driven(Record, frozen=True, kw_only=True):
    """Routes of second order in the field of light of σ+ to one quantum."""

    species: str
    """Label of the species."""
    component: str | None
    """What stands in parentheses; empty for the only component, null where the beam runs along
    no axis of order 3 or more."""
    frequency: Literal["sum", "difference"]
    """Sum or difference of the frequencies of the two factors."""
    two_photon: bool
    """E E: two photons through the Raman tensor."""
    infrared_raman: tuple[str, ...]
    """E Q: species of the infrared mode."""
    ionic_raman: tuple[InfraredPair, ...]
    """Q Q: pairs of species."""


class Harmonic(Record, frozen=True, kw_only=True):
    """Light at a multiple of the frequency."""

    order: Annotated[int, Meta(ge=2)]
    """The multiple."""
    emitted: tuple[Spin, ...]
    """Its spins."""


class Effect(Record, frozen=True, kw_only=True):
    """An effect that exists if a product contains an invariant."""

    kind: AllowanceKind
    """Its name for programs."""
    text: str
    """Its name for readers."""
    product: str
    """The product, as text."""
    factors: tuple[Factor, ...] = ()
    """Its factors: the spin S of light (iE x E*), its direction k of travel, a magnetic moment
    M, an axial vector A (even in time) and a pseudoscalar chi of the structure, a mode Q, its
    rotation Q x dQ/dt, the velocity dQ'/dt of another mode."""
    coefficients: Count
    """Real coefficients of the product, for any direction of the beam."""
    allowed: bool
    """Whether it exists (along the beam, if it concerns that)."""
    species: tuple[str, ...]
    """Species concerned."""
    note: str
    """What follows; may be empty."""


class SurvivalOverTwins(Record, frozen=True, kw_only=True):
    """What the average over twins leaves of one effect."""

    kind: SurvivalKind
    """Its name for programs."""
    text: str
    """Its name for readers."""
    survives: bool
    """Whether the average shows it."""
    note: str
    """How; may be empty."""


class Twins(Record, frozen=True, kw_only=True):
    """What the average over equal amounts of all twins keeps."""

    lattice: str
    """Point group of the lattice that relates them."""
    operations: tuple[str, ...]
    """One operation per twin, standard cell, the identity first."""
    effects: tuple[SurvivalOverTwins, ...]
    """Effects that one domain has."""


class Light(Answer, frozen=True, kw_only=True, tag="symchiral/light/1"):
    """What ``symchiral light --json`` prints: what light absorbs, scatters and drives, and what
    its polarisation shows.
    """

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The symmetry axis along the beam; null where there is none."""
    beam: Beam
    """Directions of incident and scattered light."""
    photons: tuple[Photons, Photons, Photons, Photons]
    """The four pairs of spins."""
    created: tuple[Created, ...]
    """What makes each optical component, to lowest order."""
    raman: tuple[RamanOfSpecies, ...]
    """Species with a symmetric Raman tensor."""
    antisymmetric_raman: tuple[AntisymmetricRaman, ...]
    """Species with antisymmetric Raman tensors, which need resonance."""
    magnetic_raman: tuple[MagneticRaman, ...]
    """Antisymmetric Raman tensors i(G x) that only magnetic order allows, odd in it."""
    by_order: tuple[RoutesByOrder, ...] | UnsetType = UNSET
    """Only of a magnetic crystal or in B: which optical species light absorbs or scatters
    through velocities and not otherwise. All else of this document but magnetic_raman and
    reversal is of displacements."""
    exchanging: str | None
    """An operation that exchanges σ+ and σ- in this geometry, as a Seitz symbol; null if there
    is none."""
    driven: tuple[Driven, ...]
    """What light of σ+ drives to second order."""
    indistinguishable: str
    """What symmetry cannot tell apart, and what could."""
    harmonics: tuple[Harmonic, ...]
    """Spins emitted along the beam at multiples of the frequency of light of σ+."""
    allows: tuple[Effect, ...]
    """What the crystal allows, each a judged product."""
    domains: Twins | None
    """Null unless asked for."""
    field: StaticField | None
    """Static fields the crystal stands in, Cartesian, frame of the input; null without."""
    modes: tuple[StrengthOfMode, ...] | None
    """Strengths and moments of the optical modes; null without forces."""
    intensities: Intensities | None
    """Raman intensities from given tensors; null where none were given."""

    row_types: ClassVar[tuple[type[Record], ...]] = (Created,)

    def _rows(self) -> tuple[type[Record], Sequence[Record]]:
        return Created, self.created


def light(
    seen: RuleLight,
    domains: Domains | None = None,
    *,
    background: Background | None = None,
    modes: Modes | None = None,
    raman: RamanLines | None = None,
    unit: FrequencyUnit = "THz",
) -> Light:
    """Answer what light does to a crystal.

    Parameters
    ----------
    seen : Light
        The crystal in its beam.
    domains : Domains, optional
        Twins of which to judge the average.
    background : Background, optional
        The static fields the crystal stands in.
    modes : Modes, optional
        The zone-centre modes, where there are forces.
    raman : RamanLines, optional
        Raman tensors as numbers, where there are any.
    unit : str
        Of frequencies.
    """
    crystal = seen.crystal
    g = exchanging(crystal, seen.beam)
    first, second, third, fourth = (_photons(seen, s, t) for s, t in PAIRS)
    return Light(
        **beginning(crystal, () if raman is None else _notices(raman)),
        structure=structure(crystal),
        axis=axis_of(crystal, seen.beam.axis),
        beam=beam_of(crystal, seen.beam),
        photons=(first, second, third, fourth),
        created=tuple(_created(seen, target) for target in seen.targets),
        raman=tuple(_raman(seen, species) for species in seen.raman),
        antisymmetric_raman=tuple(
            AntisymmetricRaman(species=s.label, coefficients=n)
            for s in seen.optical
            if (n := seen.antisymmetric_coefficients(s))
        ),
        magnetic_raman=tuple(_magnetic_raman(seen)),
        by_order=UNSET if crystal.magnetic is None else tuple(map(_by_order, seen.optical)),
        exchanging=None if g is None else crystal.group.standard_operations[g].seitz,
        driven=tuple(
            found
            for difference in (False, True)
            for target in seen.targets
            if (found := _driven(seen, target, difference=difference)) is not None
        ),
        indistinguishable=INDISTINGUISHABLE,
        harmonics=tuple(Harmonic(order=m, emitted=s) for m, s in seen.harmonics().items()),
        allows=tuple(
            Effect(
                kind=a.kind,
                text=a.text,
                product=a.product,
                factors=a.factors,
                coefficients=a.coefficients,
                allowed=a.allowed,
                species=a.species,
                note=a.note,
            )
            for a in allowances(seen)
        ),
        domains=None if domains is None else _twins(seen, domains),
        field=static_field(crystal, background),
        modes=None if modes is None else strengths(seen, modes, unit=unit),
        intensities=None if raman is None else intensities_of(seen, raman, domains, unit=unit),
    )


def _notices(raman: RamanLines) -> tuple[Notice, ...]:
    """Say which tensors had a noticeable part that symmetry does not allow."""
    if all(line.outside <= NOTED_ASYMMETRY for line in raman.lines):
        return ()
    return (Notice(RAMAN_ASYMMETRY, display(raman, "asymmetry")),)


def _photons(seen: RuleLight, incident: Spin, scattered: Spin) -> Photons:
    helicities = (
        seen.beam.helicity(int(incident + "1"), scattered=False),
        seen.beam.helicity(int(scattered + "1"), scattered=True),
    )
    receiver, source = pair_names(seen, incident, scattered)
    return Photons(
        incident=incident,
        scattered=scattered,
        helicities=helicities,
        receiver=receiver,
        source=source,
    )


def pair_names(seen: RuleLight, incident: Spin, scattered: Spin) -> tuple[str, str]:
    """Name a pair of spins, ``RL`` = R in and L out: seen from the receiver, and from the source.

    Clockwise seen from the receiver (most of optics) is R; after IEEE, seen from the source.
    """
    spins = ((incident, False), (scattered, True))
    positive = [seen.beam.helicity(int(s + "1"), scattered=out) > 0 for s, out in spins]
    optics, ieee = ("".join("R" if h == i else "L" for h in positive) for i in (False, True))
    return optics, ieee


def _created(seen: RuleLight, target: Target) -> Created:
    return Created(
        species=target.species.label,
        component=target.component.name if target.component else None,
        pam=target.pam,
        absorbed=seen.absorbed(target),
        raman=tuple(s + t for s, t in seen.scattered(target)),
        hyper_raman=tuple(s + s + t for s, t in seen.hyper_scattered(target)),
    )


def _law(law: AngularLaw) -> LawOfAngle:
    return LawOfAngle(
        text=law.text, isotropic=law.isotropic, terms=tidy(law.terms), waves=law.waves
    )


def _raman(seen: RuleLight, species: Species) -> RamanOfSpecies:
    form = seen.polarizability(species)
    linear = seen.beam.geometry != "right-angle"
    found = seen.probe(species)
    return RamanOfSpecies(
        species=species.label,
        coefficients=len(form),
        letters=tuple(form.letters),
        tensors=tuple(_tensor(form, a) for a in range(species.dimension)),
        basis=tidy(np.moveaxis(form.basis, 3, 1)),
        circular={
            pair: CircularIntensity(text=intensity_text(g, form.letters), form=tidy_complex(g))
            for pair, g in seen.circular(species).items()
        },
        reversal=seen.reversal(species),
        parallel=_law(seen.parallel(species)) if linear else None,
        crossed=_law(seen.crossed(species)) if linear else None,
        probe=BalancedProbe(seen=found.seen, dark_angles=found.dark_angles, turns=found.turns),
    )


def _tensor(form: TensorForm, partner: int) -> RamanTensor:
    first, second, third = ((x, y, z) for x, y, z in form.entries(partner))
    return RamanTensor(matrix=(first, second, third), latex=form.latex(partner))


def _magnetic_raman(seen: RuleLight) -> list[MagneticRaman]:
    """Optical species with an antisymmetric Raman tensor that the magnetic order allows."""
    found = []
    for s in () if seen.crystal.signs is None else seen.optical:
        form = seen.odd_polarizability(s)
        if not len(form):
            continue
        axial = (
            tuple(linear_text(form.basis[:, i, a], form.letters) for i in range(3))
            for a in range(s.dimension)
        )
        found.append(
            MagneticRaman(
                species=s.label,
                coefficients=len(form),
                letters=tuple(form.letters),
                axial=tuple((x, y, z) for x, y, z in axial),
                basis=tidy(np.moveaxis(form.basis, 2, 1)),
                pairs=tuple(map("".join, seen_pairs(form, seen.beam))),
                reversal=seen.reversal(s),
            )
        )
    return found


def _by_order(species: Species) -> RoutesByOrder:
    even = activity(species.participant)
    odd = odd_activity(species.matrices.crystal, species.participant)
    return RoutesByOrder(
        species=species.label,
        infrared=odd.infrared and not even.infrared,
        raman=odd.raman and not even.raman,
    )


def _driven(seen: RuleLight, target: Target, *, difference: bool) -> Driven | None:
    drive = seen.drive(target, difference=difference)
    if not drive.any:
        return None
    return Driven(
        species=target.species.label,
        component=target.component.name if target.component else None,
        frequency="difference" if difference else "sum",
        two_photon=drive.light,
        infrared_raman=drive.mixed,
        ionic_raman=tuple(
            InfraredPair(species=pair, same_mode=pair[0] == pair[1] and pair[0] in drive.same)
            for pair in drive.ionic
        ),
    )


def _twins(seen: RuleLight, domains: Domains) -> Twins:
    return Twins(
        lattice=domains.symbol,
        operations=tuple(g.seitz for g in domains.operations),
        effects=tuple(
            SurvivalOverTwins(kind=f.kind, text=f.text, survives=f.survives, note=f.note)
            for f in survivals(seen, domains)
        ),
    )
