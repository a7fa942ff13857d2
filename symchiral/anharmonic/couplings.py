"""Couplings of zone-centre modes as numbers, on eigenvectors that are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from symchiral.algebra.lattice import distances
from symchiral.anharmonic.polynomial import Monomials, Polynomial, substituted
from symchiral.crystal.crystal import Crystal, Source
from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import SymmetricCrystal
from symchiral.disk import files_read, mark, write_text
from symchiral.engine.coupling import Coupling, Leg
from symchiral.engine.judge import Verdict, judge
from symchiral.errors import StructureError
from symchiral.modes.coordinates import NormalCoordinates
from symchiral.modes.displacement import displacement_matrices
from symchiral.modes.names import find_name
from symchiral.reading.couplings import CouplingTable, coupling_document
from symchiral.units import counted
from symchiral.value import TINY, Complex, Floats, Value, frozen

KIND = "couplings"
"""Kind of the files of :func:`save_couplings`."""

COMPLETE = 0.98
"""Least part of a coordinate's eigenvector that must lie in those of the modes."""

NEAR = 0.3
"""Å: atoms of the couplings may be as far from those of the modes."""


@dataclass(frozen=True)
class CircularTerm:
    r"""A product of circular coordinates with its coefficient.

    Attributes
    ----------
    modes : tuple of str
        Names of the factors, ``Eu#1(+)``.
    value : complex
        Its coefficient in :math:`V = \sum c \prod Q_l`, every product once, eV/(√amu Å)^m; the
        conjugate product has the conjugate coefficient.
    verdict : Verdict
        What symmetry says about the product.
    error : float
        Standard error of the value; nan if unknown.
    factors : tuple of int
        The factors as places in ``coordinates.circular_names``.
    """

    modes: tuple[str, ...]
    value: complex
    verdict: Verdict
    error: float = float("nan")
    factors: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Couplings(Value):
    r"""The anharmonic potential of the optical modes of the zone centre.

    :math:`V = \sum c_{abc} Q_a Q_b Q_c + \sum c_{abcd} Q_a Q_b Q_c Q_d`, every product once, per
    primitive cell.

    Attributes
    ----------
    coordinates : NormalCoordinates
        The Q.
    potentials : tuple of Polynomial
        One per order, 3 and 4, as far as known.
    errors : tuple of Polynomial
        Independent errors: V may be wrong by :math:`\sum_k ξ_k E_k` with numbers ξ of zero mean and
        unit variance. One E for every number that was determined by itself, be it one coefficient
        or one invariant; nan where an error is unknown, none of an order where all are.
    raman : (n, 3, 3) float or None
        ∂α/∂Q of the primitive cell, α a volume, Å²/√amu.
    provenance : mapping of str
        How they were found.
    overlap : float
        Least part of a coordinate of the source that lies in our modes; 1 for the same modes.
    """

    coordinates: NormalCoordinates
    potentials: tuple[Polynomial, ...]
    errors: tuple[Polynomial, ...] = ()
    raman: Floats | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    overlap: float = 1.0

    def potential(self, order: int) -> Polynomial:
        """Return the polynomial of an order, without terms where nothing is known."""
        for found in self.potentials:
            if found.order == order:
                return found
        return Polynomial.of(len(self.coordinates), order, {})

    def standard_errors(self, order: int) -> dict[tuple[int, ...], float]:
        """Return the standard errors of the coefficients of an order, nan where unknown."""
        variances = _variances(p.terms for p in self.errors if p.order == order)
        absent = 0.0 if variances else float("nan")
        return {f: variances.get(f, absent) ** 0.5 for f in self.potential(order).terms}

    def circular(self, order: int = 3) -> tuple[CircularTerm, ...]:
        r"""Return the coefficients of products of circular coordinates, each with its verdict.

        :math:`Q_a = \sum_l U_{la}^* Q_l`. Of a product and its conjugate only the first is listed.
        """
        coordinates, found = self.coordinates, []
        back = coordinates.circular.conj().T
        terms = substituted(self.potential(order).terms, back)
        # Of one error the contributions to a product add up; those of several add in square.
        variances = _variances(_moved(p.terms, back) for p in self.errors if p.order == order)
        absent = 0.0 if variances else float("nan")
        conjugate = coordinates.conjugates
        for factors, value in terms.items():
            if tuple(sorted(conjugate[i] for i in factors)) < factors:
                continue
            found.append(
                CircularTerm(
                    tuple(coordinates.circular_names[i] for i in factors),
                    value,
                    judge(_coupling(coordinates, factors)),
                    variances.get(factors, absent) ** 0.5,
                    factors,
                )
            )
        return tuple(found)

    def symmetrized(self) -> Couplings:
        r"""Return the couplings averaged over the group: what of them breaks it is left out.

        :math:`φ'_{abc} = |G|^{-1} \sum_g D(g)_{a'a} D(g)_{b'b} D(g)_{c'c}\, φ_{a'b'c'}` with
        :math:`D(g) = e^T T(g)\, e`. Their errors are averaged alike.
        """
        averaged = averaged_over_group(self.coordinates)
        return replace(
            self,
            potentials=tuple(averaged(p) for p in self.potentials),
            errors=tuple(averaged(p) for p in self.errors),
        )

    def broken(self, order: int = 3) -> tuple[float, float]:
        """Return the sizes of the largest forbidden and the largest allowed circular coefficient.

        eV/(√amu Å)^order; the first is a measure of the errors of couplings that were found without
        symmetry, and zero of those averaged over the group.
        """
        return largest_sizes(self.circular(order))

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(p)} of order {p.order}" for p in self.potentials)
        return f"Couplings({counts or 'none'})"


def largest_sizes(terms: Iterable[CircularTerm]) -> tuple[float, float]:
    """Return the sizes of the largest forbidden and the largest allowed coefficient."""
    sizes = {True: 0.0, False: 0.0}
    for term in terms:
        allowed = term.verdict.word != "forbidden"
        sizes[allowed] = max(sizes[allowed], abs(term.value))
    return sizes[False], sizes[True]


def _variances(errors: Iterable[Mapping[tuple[int, ...], complex]]) -> dict[tuple[int, ...], float]:
    """Product of coordinates → mean square of its coefficient, for independent errors."""
    found: dict[tuple[int, ...], float] = {}
    for terms in errors:
        for factors, value in terms.items():
            found[factors] = found.get(factors, 0.0) + abs(value) ** 2
    return found


def _moved(terms: Mapping[tuple[int, ...], float], matrix: Complex) -> Monomials:
    """An error in other coordinates; what an unknown part of it touches is unknown."""
    unknown = [f for f, value in terms.items() if np.isnan(value)]
    known = {f: value for f, value in terms.items() if not np.isnan(value)}
    touched = (key for f in unknown for key in substituted({f: 1.0}, matrix))
    return {**substituted(known, matrix), **dict.fromkeys(touched, complex("nan"))}


def averaged_over_group(coordinates: NormalCoordinates) -> Callable[[Polynomial], Polynomial]:
    """Return what averages polynomials of the coordinates over the group."""
    actions = _actions(coordinates)
    return lambda potential: _averaged(potential, actions, coordinates)


def _actions(coordinates: NormalCoordinates) -> Floats:
    """(G, n, n): D of every operation on the real coordinates."""
    crystal = coordinates.modes.crystal
    everything = range(len(crystal.group))
    matrices = displacement_matrices(crystal, GAMMA, everything, range(len(crystal.primitive)))
    vectors = coordinates.vectors
    return np.asarray(vectors.T @ matrices.real @ vectors)


def _averaged(potential: Polynomial, actions: Floats, coordinates: NormalCoordinates) -> Polynomial:
    """A polynomial averaged over the group, set of multiplets by set of multiplets."""
    owners, order = coordinates.owners, potential.order
    blocks: dict[tuple[int, ...], dict[tuple[int, ...], float]] = {}
    for factors, value in potential.terms.items():
        key = tuple(int(owners[i]) for i in factors)
        blocks.setdefault(key, {})[factors] = value
    found: dict[tuple[int, ...], float] = {}
    for key, terms in blocks.items():
        slots = [np.flatnonzero(owners == k) for k in key]
        tensor = np.zeros([len(s) for s in slots])
        for factors, value in terms.items():
            tensor[tuple(i - s[0] for i, s in zip(factors, slots, strict=True))] = value
        total = np.broadcast_to(tensor, (len(actions), *tensor.shape))
        for axis, s in enumerate(slots):
            turned = np.moveaxis(total, axis + 1, -1)
            matrices = actions[:, s[:, None], s].reshape(
                len(actions), *(1,) * (order - 2), len(s), len(s)
            )
            total = np.moveaxis(turned @ matrices, -1, axis + 1)
        mean = total.mean(axis=0)
        mean[np.abs(mean) < 1e-12 * max(np.abs(tensor).max(), TINY)] = 0
        for place in np.argwhere(mean):
            factors = tuple(sorted(int(s[i]) for s, i in zip(slots, place, strict=True)))
            found[factors] = found.get(factors, 0.0) + float(mean[tuple(place)])
    return Polynomial.of(len(coordinates), order, found)


def _coupling(coordinates: NormalCoordinates, factors: tuple[int, ...]) -> Coupling:
    """The product as a coupling, all legs incoming."""
    legs = []
    owners = [
        (m, c)
        for m in coordinates.multiplets
        for c in m.species.components
        for _ in range(c.basis.shape[1])
    ]
    for i in factors:
        multiplet, component = owners[i]
        legs.append(
            Leg(
                multiplet.species.participant,
                component,
                copy=multiplet.number or 0,
                arm=multiplet.species.arm,
                mode=multiplet.number,
            )
        )
    return Coupling(tuple(legs))


def make_couplings(table: CouplingTable, coordinates: NormalCoordinates) -> Couplings:
    r"""Express coefficients of a file in the coordinates of modes, by overlaps of eigenvectors.

    :math:`Q_i = v_i^† \sqrt m u = \sum_a (v_i^† e_a)\, Q_a`.

    Raises
    ------
    StructureError
        The atoms are others, or turned, or an eigenvector does not lie in those of the modes.
    LabelError
        A mode is unknown.
    """
    matrix = _overlaps(table, coordinates)
    n = len(coordinates)
    potentials, errors = [], []
    for order, terms in sorted(table.terms.items()):
        values = substituted({f: value for f, (value, _) in terms.items()}, matrix)
        found = Polynomial.of(n, order, {f: value.real for f, value in values.items()})
        potentials.append(found)
        for factors, (_, error) in terms.items():
            errors += _independent(n, order, substituted({factors: 1.0}, matrix), error)
    raman = None
    if table.raman is not None:
        raman = frozen(np.einsum("ia,ixy->axy", matrix, table.raman).real)
    provenance = {**table.provenance, "file": table.source.path or ""}
    covered = np.sum(np.abs(matrix) ** 2, axis=1)
    return Couplings(
        coordinates,
        tuple(potentials),
        tuple(errors),
        raman,
        provenance,
        float(covered.min(initial=1.0)),
    )


def _independent(n: int, order: int, weights: Monomials, error: float) -> list[Polynomial]:
    r"""The errors that a coefficient c of :math:`V = \mathrm{Re}\, c P` brings in.

    Where P is complex so is c, and the error is shared by its real and its imaginary part.
    """
    size = max((abs(w) for w in weights.values()), default=0.0)
    parts = [{f: w.real for f, w in weights.items()}, {f: w.imag for f, w in weights.items()}]
    kept = [{f: w for f, w in part.items() if abs(w) > 1e-9 * size} for part in parts]
    kept = [part for part in kept if part]
    share = error / len(kept) ** 0.5 if kept else 0.0
    return [Polynomial.of(n, order, {f: share * w for f, w in part.items()}) for part in kept]


def save_couplings(path: str, couplings: Couplings, *, overwrite: bool = False) -> None:
    """Write couplings, with the eigenvectors they refer to, as a file that can be read again.

    The file has one error per coefficient; which of them go together is lost.

    Raises
    ------
    InputError
        The file cannot be written, or another lies there that symchiral did not write.
    """
    c, crystal = couplings.coordinates, couplings.coordinates.modes.crystal
    places = crystal.frame.point(crystal.primitive.positions, to="cartesian", source="primitive")
    cell = crystal.primitive.cell
    names = []
    for name in c.names:
        slots = c.slots(name)
        names += [name] if len(slots) == 1 else [f"{name}{'xyzuvw'[i]}" for i in range(len(slots))]
    errors = {p.order: couplings.standard_errors(p.order) for p in couplings.potentials}
    table = CouplingTable(
        tuple(names),
        c.vectors.astype(complex),
        Crystal.of(cell, places @ np.linalg.inv(cell), crystal.primitive.numbers),
        {
            p.order: {f: (complex(v), errors[p.order][f]) for f, v in p.terms.items()}
            for p in couplings.potentials
        },
        None if couplings.raman is None else couplings.raman.astype(complex),
        couplings.provenance,
        Source(),
    )
    used = files_read(crystal.input.source.all_files)
    files = [{"path": name, "sha256": digest} for name, digest in used]
    document = {"note": mark(KIND), **coupling_document(table), "files": files}
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    write_text(path, text + "\n", KIND, overwrite=overwrite)


def _overlaps(table: CouplingTable, coordinates: NormalCoordinates) -> Complex:
    """(n_theirs, n_ours): v† e."""
    if table.vectors is None or table.crystal is None:
        names, kinds = coordinates.circular_names, [m.species for m in coordinates.multiplets]
        rows = [names.index(find_name(name, names, kinds)) for name in table.names]
        return coordinates.circular[rows]
    name = table.source.path or "the couplings"
    order = _matched(coordinates.modes.crystal, table, name)
    theirs = table.vectors.reshape(len(order), 3, -1)[order].reshape(-1, len(table.names))
    matrix = np.asarray(theirs.conj().T @ coordinates.vectors)
    covered = np.sum(np.abs(matrix) ** 2, axis=1)
    worst = int(np.argmin(covered))
    if covered[worst] < COMPLETE:
        raise StructureError(
            f"the couplings in {name} belong to other modes",
            why=f"only {covered[worst]:.0%} of the eigenvector of {table.names[worst]} lies in the "
            "optical modes of the zone centre",
            fix="give couplings and force data of the same atoms, in the same orientation",
        )
    return matrix


def _matched(crystal: SymmetricCrystal, table: CouplingTable, name: str) -> list[int]:
    """Their atom for each of ours."""
    ours, theirs = crystal.primitive, table.crystal
    assert theirs is not None
    if len(theirs) == len(ours):
        cartesian = theirs.positions @ theirs.cell
        places = crystal.frame.point(cartesian, to="primitive", source="cartesian")
        away = distances(places - ours.positions[:, None], ours.cell)
        away[ours.numbers[:, None] != theirs.numbers] = np.inf
        order = [int(i) for i in np.argmin(away, axis=1)]
        if len(set(order)) == len(order) and away.min(axis=1).max() < NEAR:
            return order
    raise StructureError(
        f"the couplings in {name} belong to other atoms",
        why=f"they are for {counted(len(theirs), 'atom')} of {theirs.formula}, and the primitive "
        f"cell has {len(ours)} of {ours.formula}, or they lie elsewhere",
        fix="give couplings and force data of the same primitive cell, in the same orientation",
    )
