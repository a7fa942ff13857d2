"""Light in all 32 classes against explicit tensors averaged over the group.

Nothing here calls the engine to obtain what it is compared with: tensors are numpy arrays turned by
the rotation matrices of a crystal of the class, species are told apart by character projectors, and
components by the matrix of the rotation. The species themselves (characters) are held elsewhere.
"""

from __future__ import annotations

import itertools
from collections import Counter
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from class_crystals import CLASSES, class_axis, class_crystal

from symchiral.crystal.search import space_group
from symchiral.fields.beam import Beam, find_beam
from symchiral.fields.polarization import SIGMA, Polarization
from symchiral.irreps.isoir import iso_hall_number
from symchiral.irreps.mulliken import zone_centre
from symchiral.irreps.partners import partners
from symchiral.modes.species import Species, find_species
from symchiral.rules.activity import activity
from symchiral.rules.allowance import allowances
from symchiral.rules.domains import find_domains, survivals, twin_operations
from symchiral.rules.light import SPINS, Light, exchanging

Array = npt.NDArray[np.complex128]
DIRECTIONS = (None, pytest.param("1,0,0", marks=pytest.mark.sweep), "1,2,3")
"""Along the axis, across it, anywhere."""


@cache
def light_on(schoenflies: str, direction: str | None, geometry: str = "backscattering") -> Light:
    crystal = class_crystal(schoenflies)
    beam = find_beam(crystal, class_axis(schoenflies), direction=direction, geometry=geometry)
    return Light(crystal, beam, find_species(crystal, beam.axis))


def turned(rotations: npt.NDArray[np.float64], tensor: Array) -> Array:
    """(G, 3, …): a Cartesian tensor turned by every operation."""
    found = np.broadcast_to(tensor, (len(rotations), *tensor.shape))
    for axis in range(tensor.ndim):
        found = np.moveaxis(
            np.einsum("gij,gj...->gi...", rotations, np.moveaxis(found, axis + 1, 1)), 1, axis + 1
        )
    return found


def part_of(light: Light, species: Species, tensor: Array) -> Array:
    """The part of a tensor that transforms like a species: the projector Σ χ(g) g T."""
    p = species.participant
    characters = np.trace(p.matrices[:, 0], axis1=1, axis2=2).real
    # A pair joined by time reversal has Σχ² = 2|G|: each of its two irreps is projected upon.
    weight = p.irrep_dimension / len(characters)
    images = turned(light.crystal.rotations, tensor)
    return np.asarray(weight * np.tensordot(characters, images, 1))


def component_of(light: Light, pam: str | None, tensor: Array) -> Array:
    """The part of a tensor with T(C_n) = exp(−2πi l/n)."""
    if light.axis is None or pam is None:
        return tensor
    n, l = light.axis.order, int(pam)
    rotation = light.crystal.rotations[light.axis.turn.index]
    powers = np.array([np.linalg.matrix_power(rotation, k) for k in range(n)])
    phases = np.exp(2j * np.pi * l * np.arange(n) / n) / n
    return np.asarray(np.tensordot(phases, turned(powers, tensor), 1))


def outer(*vectors: Array) -> Array:
    result = np.array(1.0 + 0j)
    for v in vectors:
        result = np.multiply.outer(result, v)
    return result


def circular(beam: Beam, spin: int, *, scattered: bool = False) -> Array:
    x, y = (beam.scattered_frame if scattered else beam.frame)[:2]
    return np.asarray((x + 1j * spin * y) / np.sqrt(2))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_circular_light_makes_what_explicit_tensors_make(direction: str | None) -> None:
    judged = allowed = 0
    for schoenflies in CLASSES:
        light = light_on(schoenflies, direction)
        beam = light.beam
        into = {s: circular(beam, int(s + "1")) for s in SPINS}
        # Out goes the conjugate amplitude.
        out = {s: circular(beam, int(s + "1"), scattered=True).conj() for s in SPINS}
        for target in light.targets:

            def seen(tensor: Array, target=target, light=light) -> bool:  # type: ignore[no-untyped-def]
                part = component_of(light, target.pam, part_of(light, target.species, tensor))
                return bool(np.linalg.norm(part) > 1e-6)

            absorbed = tuple(s for s in SPINS if seen(into[s]))
            pairs = tuple(itertools.product(SPINS, SPINS))
            raman = tuple(
                (s, t)
                for s, t in pairs
                if seen((outer(into[s], out[t]) + outer(out[t], into[s])) / 2)
            )
            hyper = tuple((s, t) for s, t in pairs if seen(outer(into[s], into[s], out[t])))
            assert light.absorbed(target) == absorbed, (schoenflies, target.label)
            assert light.scattered(target) == raman, (schoenflies, target.label)
            assert light.hyper_scattered(target) == hyper, (schoenflies, target.label)
            # two photons of the beam, at the sum and the difference of their frequencies
            drive = light.drive(target)
            assert drive.light == seen(outer(into["+"], into["+"])), (schoenflies, target.label)
            slow = light.drive(target, difference=True)
            beat = outer(into["+"], into["+"].conj())
            assert slow.light == seen((beat + beat.T) / 2), (schoenflies, target.label)
            judged += 12
            allowed += len(absorbed) + len(raman) + len(hyper) + drive.light + slow.light
    assert (judged, allowed) == JUDGED[direction]


JUDGED = {None: (2640, 496), "1,0,0": (2124, 842), "1,2,3": (1884, 1089)}
"""Verdicts, and how many of them allow."""


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_driven_modes_drive_what_explicit_averages_say(direction: str | None) -> None:
    """E·Q and Q·Q: products of explicit irrep matrices averaged over the group, mode by mode."""
    judged = allowed = 0
    for schoenflies in CLASSES:
        light = light_on(schoenflies, direction)
        rotations = light.crystal.rotations
        e = circular(light.beam, 1)
        for target in light.targets:
            goal = target.species
            d_goal = real_matrices(goal)
            for difference in (False, True):
                drive = light.drive(target, difference=difference)
                for mode in light.optical:
                    # What light of σ+ drives of this mode: a random dipole, averaged.
                    d = real_matrices(mode)
                    moved = driven(rotations, d, e)
                    if np.abs(moved).max() < 1e-9:
                        assert mode.label not in drive.mixed
                        continue
                    other = moved.conj() if difference else moved
                    mixed = surviving(
                        (rotations, d, d_goal), (e[:, None], other, target.vectors.conj())
                    )
                    ionic = surviving((d, d, d_goal), (moved, other, target.vectors.conj()))
                    assert (mode.label in drive.mixed) == mixed, (schoenflies, target.label, mode)
                    assert ((mode.label, mode.label) in drive.ionic) == ionic
                    judged += 2
                    allowed += mixed + ionic
    assert (judged, allowed) == ROUTES[direction]


ROUTES = {None: (952, 216), "1,0,0": (1208, 424), "1,2,3": (1192, 504)}


def real_matrices(species: Species) -> Array:
    """(G, d, d): what the operations do to the partners of a species."""
    basis = partners(species.participant)
    return np.asarray(basis.conj().T @ species.participant.matrices[:, 0] @ basis)


def driven(rotations: npt.NDArray[np.float64], matrices: Array, field: Array) -> Array:
    """(d, k): motions that a field drives through all dipoles the group allows."""
    d = matrices.shape[1]
    units = np.eye(3 * d).reshape(3 * d, d, 3)
    dipoles = np.einsum("gab,kbi,gji->kaj", matrices, units, rotations) / len(rotations)
    return np.asarray((dipoles @ field).T)


def surviving(matrices: tuple[Array, ...], vectors: tuple[Array, ...]) -> bool:
    """Whether any product of vectors has an average over the group."""
    moved = [m @ v for m, v in zip(matrices, vectors, strict=True)]
    average = np.einsum("gia,gjb,gkc->ijkabc", *moved) / len(moved[0])
    return bool(np.abs(average).max() > 1e-9)


def test_partners_and_twins_exist_in_every_space_group() -> None:
    """Partners are real and orthonormal; the class divides its holohedry."""
    counted = 0
    for number in range(1, 231):
        group = space_group(iso_hall_number(number))
        for irrep in zone_centre(group):
            w = partners(irrep)
            assert np.allclose(irrep.conjugation[0] @ w.conj(), w), (group, irrep)
            assert np.allclose(w.conj().T @ w, np.eye(irrep.dimension))
            counted += 1
        symbol, operations = twin_operations(group)
        assert len(operations) * len(group) == FULL[symbol]
        assert operations[0].seitz == "{1|0}"
    assert counted == 1313


def test_tensors_span_what_projectors_span() -> None:
    """Raman tensors of a species: all of its part of the symmetric tensors, in every class."""
    symmetric = [
        outer(a, b) + outer(b, a)
        for a, b in itertools.combinations_with_replacement(np.eye(3).astype(complex), 2)
    ]
    found = 0
    for schoenflies in CLASSES:
        light, total = light_on(schoenflies, None), 0
        for species in light.optical:
            parts = np.array([part_of(light, species, t).ravel() for t in symmetric])
            rank = np.linalg.matrix_rank(parts, tol=1e-6)
            form = light.polarizability(species).basis
            ours = np.moveaxis(form, 3, 1).reshape(-1, 9)
            assert np.linalg.matrix_rank(ours, tol=1e-6) == rank if len(ours) else rank == 0
            both = np.concatenate([parts, ours])
            assert np.linalg.matrix_rank(both, tol=1e-6) == rank, (schoenflies, species.label)
            # A pair joined by time reversal has as many tensors again.
            joined = species.dimension // species.participant.irrep_dimension
            assert len(form) * species.dimension == rank * joined
            total += rank
            found += len(form)
        assert total == 6  # every symmetric tensor belongs to some species
    assert found == 161


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("geometry", ["backscattering", "right-angle"])
def test_intensities_are_averages_over_the_group(direction: str | None, geometry: str) -> None:
    """Σ_a |e_s† R_a e_i|² = d ⟨|e_s† (g R_1) e_i|²⟩ over the group, for random coefficients."""
    rng = np.random.default_rng(3)
    compared = 0
    states = [SIGMA["+"], SIGMA["-"], Polarization.linear(20), Polarization.elliptical(70, -15)]
    for schoenflies in CLASSES:
        light = light_on(schoenflies, direction, geometry)
        rotations = light.crystal.rotations
        for species in light.raman:
            form = light.polarizability(species)
            c = rng.normal(size=len(form)) + 1j * rng.normal(size=len(form))
            images = turned(rotations, np.tensordot(c, form.basis[..., 0], 1).astype(complex))
            for i, s in itertools.product(states, states):
                e_i = i.jones @ light.beam.frame[:2]
                e_s = s.jones @ light.beam.scattered_frame[:2]
                amplitudes = np.einsum("i,gij,j->g", e_s.conj(), images, e_i)
                expected = species.dimension * np.mean(np.abs(amplitudes) ** 2)
                intensity = (c @ light.intensity(species, i, s) @ c.conj()).real
                assert np.isclose(intensity, expected), (schoenflies, species.label, i, s)
                compared += 1
    assert compared == 16 * 91


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_laws_of_angle_are_those_of_explicit_tensors(direction: str | None) -> None:
    rng = np.random.default_rng(4)
    compared = isotropic = 0
    for schoenflies in CLASSES:
        light = light_on(schoenflies, direction)
        x, y = light.beam.frame[:2]
        for species in light.raman:
            form = light.polarizability(species)
            c = rng.normal(size=len(form))
            images = turned(
                light.crystal.rotations, np.tensordot(c, form.basis[..., 0], 1).astype(complex)
            )
            angles = np.arange(0, 180, 15)
            seen: dict[str, list[float]] = {"parallel": [], "crossed": []}
            for t in np.deg2rad(angles):
                e, f = np.cos(t) * x + np.sin(t) * y, -np.sin(t) * x + np.cos(t) * y
                for name, analyser in (("parallel", e), ("crossed", f)):
                    amplitudes = np.einsum("i,gij,j->g", analyser, images, e)
                    seen[name].append(species.dimension * np.mean(np.abs(amplitudes) ** 2))
            for name, law in (
                ("parallel", light.parallel(species)),
                ("crossed", light.crossed(species)),
            ):
                ours = [c @ law.intensity(float(a)) @ c for a in angles]
                assert np.allclose(ours, seen[name]), (schoenflies, species.label, name)
                assert law.dark == (max(seen[name]) < 1e-9)
                assert law.isotropic == (np.ptp(seen[name]) < 1e-9)
                compared += 1
                isotropic += law.isotropic
    assert compared == 2 * 91
    assert 0 < isotropic < compared


GYROTROPIC = {"C1", "C2", "D2", "C3", "D3", "C4", "D4", "C6", "D6", "T", "O"} | {
    "Cs", "C2v", "S4", "D2d"
}  # fmt: skip
"""The 11 chiral classes and four more: where the symmetric axial tensor of rank 2 survives."""

FERROAXIAL = {
    "C1", "Ci", "C2", "Cs", "C2h", "C3", "C3i", "C4", "S4", "C4h", "C6", "C3h", "C6h"
}  # fmt: skip
"""The 13 classes that leave an axial vector."""


def test_what_classes_allow_is_what_explicit_tensors_leave() -> None:
    rng = np.random.default_rng(6)
    optical, axial, chiral = set(), set(), set()
    species_judged = 0
    for schoenflies in CLASSES:
        light = light_on(schoenflies, None)
        rotations = light.crystal.rotations
        hands = np.linalg.det(rotations)
        n = light.beam.frame[2]
        found = {a.kind: a for a in allowances(light)}
        t = rng.normal(size=(3, 3))
        gyration = np.einsum("g,gij,jk,glk->il", hands, rotations, t + t.T, rotations)
        gyration /= len(rotations)
        if np.abs(gyration).max() > 1e-9:
            optical.add(schoenflies)
        assert (found["optical-activity"].coefficients > 0) == (schoenflies in optical)
        assert found["optical-activity"].allowed == (abs(n @ gyration @ n) > 1e-9)
        vector = np.einsum("g,gij,j->i", hands, rotations, rng.normal(size=3)) / len(rotations)
        if np.abs(vector).max() > 1e-9:
            axial.add(schoenflies)
        assert found["ferroaxial"].allowed == (schoenflies in axial)
        if np.all(hands > 0):
            chiral.add(schoenflies)
        for s in light.optical:
            d = real_matrices(s).real
            # M·(Q×Q̇) and k·(Q×Q̇) along the beam: an antisymmetric matrix and a vector, averaged.
            a, v = rng.normal(size=(s.dimension, s.dimension)), rng.normal(size=3)
            square = np.einsum("gab,bc,gdc->gad", d, a - a.T, d)
            for kind, sign in (("phonon-moment", hands), ("linear-splitting", np.ones(len(d)))):
                left = np.einsum("g,gab,gij,j->abi", sign, square, rotations, v) @ n
                there = bool(np.abs(left).max() / len(d) > 1e-9)
                assert (s.label in found[kind].species) == there, (schoenflies, s.label, kind)
            u = rng.normal(size=s.dimension)
            scalar = np.einsum("g,gab,b->a", hands, d, u) / len(d)
            assert (s.label in found["chirality"].species) == (np.abs(scalar).max() > 1e-9)
            mixed = np.einsum("g,gij,j,gab,b->ia", hands, rotations, v, d, u) / len(d)
            assert (s.label in found["axial-modes"].species) == (np.abs(mixed).max() > 1e-9)
            species_judged += 4
    assert optical == GYROTROPIC
    assert axial == FERROAXIAL
    assert len(chiral) == 11
    assert species_judged == 4 * 157


def test_activity_is_what_explicit_tensors_leave() -> None:
    """Infrared, Raman (symmetric), hyper-Raman (symmetric in the incoming two) of every irrep."""
    rng = np.random.default_rng(16)
    found: Counter[str] = Counter()
    for schoenflies in CLASSES:
        light = light_on(schoenflies, None)
        r = light.crystal.rotations
        for s in light.species:
            d = real_matrices(s).real
            u = rng.normal(size=s.dimension)
            dipole, alpha, beta = (rng.normal(size=(3,) * k) for k in (1, 2, 3))
            alpha, beta = alpha + alpha.T, beta + beta.transpose(1, 0, 2)
            symmetric = sum(beta.transpose(*p) for p in itertools.permutations(range(3)))
            sizes = {
                name: np.abs(np.einsum("g...,gab,b->...a", turned(r, t), d, u)).max() / len(r)
                for name, t in (
                    ("infrared", dipole),
                    ("raman", alpha),
                    ("hyper-raman", beta),
                    ("wholly symmetric", symmetric),
                )
            }
            kind = activity(s.participant)
            assert kind.infrared == (sizes["infrared"] > 1e-9), (schoenflies, s.label)
            assert kind.raman == (sizes["raman"] > 1e-9), (schoenflies, s.label)
            assert kind.hyper_raman == (sizes["hyper-raman"] > 1e-9), (schoenflies, s.label)
            found["judged"] += 1
            found.update(name for name, size in sizes.items() if size > 1e-9)
    assert found["judged"] == 157
    assert 0 < found["infrared"] < found["wholly symmetric"] < found["hyper-raman"] < 157
    assert 0 < found["raman"] < 157


def test_twins_average_what_explicit_tensors_average() -> None:
    """Unequal σ+ and σ−, and laws of angle, over the twins of every class: random tensors."""
    rng = np.random.default_rng(8)
    kept = lost = 0
    for schoenflies in CLASSES:
        light = light_on(schoenflies, None)
        domains = find_domains(light.crystal)
        assert len(domains) * len(light.crystal.group) == FULL[domains.symbol]
        words = {s.text: s.survives for s in survivals(light, domains)}
        plus, minus = circular(light.beam, 1), circular(light.beam, -1)
        for species in light.raman:
            form = light.polarizability(species)
            c = rng.normal(size=len(form)) + 1j * rng.normal(size=len(form))
            images = turned(light.crystal.rotations, np.tensordot(c, form.basis[..., 0], 1))
            every = np.concatenate([turned(domains.rotations, image) for image in images])
            rl, lr = (
                np.mean(np.abs(np.einsum("i,gij,j->g", out.conj(), every, into)) ** 2)
                for into, out in ((plus, minus), (minus, plus))
            )
            survives = words.get(f"{species.label}: σ+ and σ− unequal")
            if survives is not None:
                pairs = np.mean(
                    np.abs(np.einsum("i,gij,j->g", plus.conj(), every, plus)) ** 2
                ) - np.mean(np.abs(np.einsum("i,gij,j->g", minus.conj(), every, minus)) ** 2)
                assert survives == (abs(rl - lr) + abs(pairs) > 1e-9), (schoenflies, species.label)
                kept, lost = kept + survives, lost + (not survives)
            else:
                assert np.isclose(rl, lr)
    assert (kept, lost) == (4, 10)  # kept: triclinic and monoclinic, whose twins exchange no spins


FULL = {"-1": 2, "2/m": 4, "mmm": 8, "4/mmm": 16, "6/mmm": 24, "m-3m": 48}
"""Orders of the holohedries."""


def test_reversed_spins_scatter_unequally_only_in_absorbing_media_without_mirrors() -> None:
    """I(σ→σ') against I(−σ→−σ') along the axis, by group averages of random tensors.

    Real tensors: equal in every class. Complex ones: unequal where no operation exchanges the
    spins, that is without a mirror containing the axis or a half-turn across it.
    """
    rng = np.random.default_rng(5)
    unequal = set()
    for schoenflies in CLASSES:
        light = light_on(schoenflies, None)
        plus, minus = circular(light.beam, 1), circular(light.beam, -1)
        for species in light.raman:
            for absorbing in (False, True):
                t = rng.normal(size=(3, 3)) + (1j * rng.normal(size=(3, 3)) if absorbing else 0)
                images = turned(
                    light.crystal.rotations, part_of(light, species, (t + t.T).astype(complex))
                )

                def mean(e_i: Array, e_s: Array, images=images) -> float:  # type: ignore[no-untyped-def]
                    return float(
                        np.mean(np.abs(np.einsum("i,gij,j->g", e_s.conj(), images, e_i)) ** 2)
                    )

                same = np.isclose(mean(plus, minus), mean(minus, plus)) and np.isclose(
                    mean(plus, plus), mean(minus, minus)
                )
                if absorbing:
                    assert (light.reversal(species) == "same") == same, (schoenflies, species.label)
                else:
                    assert same
                if not same:
                    unequal.add(schoenflies)
        if exchanging(light.crystal, light.beam) is not None:
            assert schoenflies not in unequal
    expected = {"C1", "Ci", "C2", "C2h", "C3", "C3i", "C4", "S4", "C4h", "C6", "C3h", "C6h"}
    assert unequal == expected | {"T", "Th"}
