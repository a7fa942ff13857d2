"""Errors of couplings, against a great many couplings that are wrong by as much."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations_with_replacement
from math import factorial, prod, sqrt

import numpy as np
import numpy.typing as npt
import pytest

import symchiral as sc
from symchiral.anharmonic.couplings import Couplings, averaged_over_group, make_couplings
from symchiral.anharmonic.finite import invariants
from symchiral.anharmonic.polynomial import Polynomial
from symchiral.crystal.crystal import Crystal, Source
from symchiral.modes.coordinates import NormalCoordinates, normal_coordinates
from symchiral.reading.couplings import CouplingTable

Floats = npt.NDArray[np.float64]

DRAWS = 4000
NEAR = 0.08
"""Seven times the relative error that a standard deviation of so many numbers has."""


@cache
def coordinates(name: str = "MgB2") -> NormalCoordinates:
    return normal_coordinates(sc.read(f"{name}/phonopy.yaml").modes())


def table(terms: dict[tuple[int, ...], tuple[complex, float]], *, circular: bool) -> CouplingTable:
    """A file with these terms of real coordinates, or of circular ones by name."""
    c = coordinates()
    primitive = c.modes.crystal.primitive
    cell = primitive.cell
    places = c.modes.crystal.frame.point(primitive.positions, to="cartesian", source="primitive")
    return CouplingTable(
        c.circular_names if circular else tuple(f"q{i}" for i in range(len(c))),
        None if circular else c.vectors.astype(complex),
        None if circular else Crystal.of(cell, places @ np.linalg.inv(cell), primitive.numbers),
        {3: terms},
        None,
        {},
        Source(),
    )


def circular_values(c: NormalCoordinates, tensors: Floats) -> npt.NDArray[np.complex128]:
    """φ (D, n, n, n) on circular coordinates, contracted index by index."""
    back = c.circular.conj().T
    return np.asarray(np.einsum("zabc,ai,bj,ck->zijk", tensors, back, back, back, optimize=True))


def compared(found: Couplings, tensors: Floats) -> int:
    """Number of products whose error is that of the draws, which are wrong by the errors."""
    c = found.coordinates
    values = circular_values(c, tensors)
    drawn = np.sqrt(np.var(values.real, axis=0) + np.var(values.imag, axis=0))
    count = 0
    for term in found.circular(3):
        place = tuple(c.circular_names.index(name) for name in term.modes)
        repeats = prod(factorial(place.count(i)) for i in set(place))
        expected = drawn[place] / repeats
        assert term.error == pytest.approx(expected, rel=NEAR, abs=1e-12 * drawn.max()), term
        count += 1
    return count


@pytest.mark.parametrize("symmetrized", [False, True])
def test_errors_of_products_are_those_of_coefficients_that_scatter(*, symmetrized: bool) -> None:
    c, rng = coordinates(), np.random.default_rng(1)
    monomials = list(combinations_with_replacement(range(len(c)), 3))
    values, errors = rng.normal(size=len(monomials)), rng.uniform(0.1, 1, size=len(monomials))
    terms = {f: (complex(v), e) for f, v, e in zip(monomials, values, errors, strict=True)}
    found = make_couplings(table(terms, circular=False), c)
    units = [Polynomial.of(len(c), 3, {f: 1.0}) for f in monomials]
    if symmetrized:
        found = found.symmetrized()
        units = [averaged_over_group(c)(p) for p in units]
    basis = np.array([p.tensor() for p in units])
    noise = rng.normal(size=(DRAWS, len(monomials))) * errors
    assert compared(found, np.tensordot(noise, basis, 1)) == (2 if symmetrized else 32)


def test_two_errors_of_one_product_add_in_square_and_one_alone_may_leave_it_out() -> None:
    """V = c₁x²A + c₂y²A has Q₊Q₋A with √2, after one error each; xyA does not have it at all."""
    c = coordinates()
    x, y = c.slots("E1u#1")
    a = int(c.slots("A2u#1")[0])

    def error(*terms: tuple[int, int]) -> float:
        given = make_couplings(
            table({tuple(sorted((*t, a))): (1.0, 1.0) for t in terms}, circular=False), c
        )
        wanted = sorted(("E1u#1(+)", "E1u#1(-)", next(n for n in c.circular_names if "A2u" in n)))
        return next((t.error for t in given.circular(3) if sorted(t.modes) == wanted), 0.0)

    assert error((x, x), (y, y)) == pytest.approx(sqrt(2))
    assert error((x, y)) == 0


def test_errors_of_circular_coefficients_come_back() -> None:
    """Of V = Re Σ c P the product P has c/2, and c itself where it is its own conjugate."""
    c = coordinates()
    name = {n: i for i, n in enumerate(c.circular_names)}
    alone = next(n for n in name if n.startswith("A2u"))
    turning = tuple(sorted(name[n] for n in ("E1u#1(+)", "E1u#1(+)", "E2g#1(+)")))
    still = tuple(sorted((name["E1u#1(+)"], name["E1u#1(-)"], name[alone])))
    found = make_couplings(table({turning: (1.0, 0.2), still: (1.0, 0.3)}, circular=True), c)
    errors = {tuple(sorted(name[m] for m in t.modes)): t.error for t in found.circular(3)}
    own = errors.pop(still)
    assert own == pytest.approx(0.3)
    assert list(errors.values()) == [pytest.approx(0.1)]


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "count"), [("MgB2", 2), ("TiO2_anatase", 47)])
def test_coefficients_of_one_invariant_are_wrong_together(name: str, count: int) -> None:
    c, rng = coordinates(name), np.random.default_rng(2)
    unknowns = invariants(c)
    errors = rng.uniform(0.1, 1, size=len(unknowns))
    one = Polynomial.of(len(c), 3, {})
    whole = sum((p.tensor() for p in unknowns), start=one.tensor())
    found = Couplings(
        c,
        (Polynomial.from_tensor(whole),),
        tuple(p.scaled(e) for p, e in zip(unknowns, errors, strict=True)),
    )
    noise = rng.normal(size=(DRAWS, len(unknowns))) * errors
    tensors = np.tensordot(noise, np.array([p.tensor() for p in unknowns]), 1)
    assert compared(found, tensors) == count
    # What is invariant is its own average, and so is its error.
    for a, b in zip(found.circular(3), found.symmetrized().circular(3), strict=True):
        assert a.modes == b.modes
        assert a.error == pytest.approx(b.error)


def test_unknown_errors_stay_unknown() -> None:
    c = coordinates()
    x, y = c.slots("E1u#1")
    a = int(c.slots("A2u#1")[0])
    b = int(c.slots("B1g#1")[0])
    terms = {(x, x, a): (1.0, float("nan")), (a, a, b): (1.0, 0.5), (x, y, b): (1.0, 0.25)}
    given = make_couplings(
        table({tuple(sorted(f)): v for f, v in terms.items()}, circular=False), c
    )
    for found in (given, given.symmetrized()):
        errors = found.standard_errors(3)
        assert len(errors) == len(found.potential(3))
    assert list(given.standard_errors(3).values()) == pytest.approx(
        [float("nan"), 0.25, 0.5], nan_ok=True
    )
    assert {"nan" if np.isnan(t.error) else f"{t.error:.3g}" for t in given.circular(3)} == {
        "nan",
        "0.5",
        "0.125",
    }
    nothing = replace(given, errors=())
    assert all(np.isnan(t.error) for t in nothing.circular(3))
