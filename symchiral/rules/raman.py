"""Raman tensors as numbers: what of them the symmetry allows, and in which partners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from symchiral.crystal.search import SymmetricCrystal
from symchiral.engine.tensor import TensorForm, tensor_form
from symchiral.fields.polar import electric_field_in
from symchiral.modes.names import ModeName
from symchiral.modes.species import Species
from symchiral.value import NO_COMPONENT, TIED, TINY, Complex, Value, frozen

TensorUnit = Literal["angstrom^2/sqrt(amu)", "arbitrary"]
IntensityUnit = Literal["angstrom^4/amu", "arbitrary"]

REFINED = 4
"""How often coefficients and partners are fitted to each other; exact tensors need one."""

LARGEST_OUTSIDE = 0.25
"""Tensors of which a larger share of the square is outside their form are refused."""

_ZERO = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class RamanLine(Value):
    r"""The Raman tensors of one multiplet of modes.

    :math:`R_b = \partial α / \partial Q_b`, one per partner, in any orthonormal basis of the
    partners: intensities, summed over them, depend on none. Of what was supplied only the part
    :math:`R_b = \sum_{ka} c_k B^k_a W_{ab}` is kept that the form of the species allows (B, see
    :class:`~symchiral.engine.tensor.TensorForm`), with a unitary W from the partners in which the
    form is written to those of the numbers.

    Attributes
    ----------
    species : Species
        What the modes transform as.
    number : int
        Which multiplet of the species.
    frequency : float or None
        THz, where it is known.
    coefficients : (m,) complex
        c in the letters of the form, up to a common phase; where symmetry leaves the choice of the
        partners free, for one choice.
    tensors : (d, 3, 3) complex
        The R that are kept, Cartesian in the axes of the input.
    outside : float
        Share of :math:`\sum_b |R_b|^2` that the form does not allow, and that was left out.
    """

    species: Species
    number: int
    frequency: float | None
    coefficients: Complex
    tensors: Complex
    outside: float

    @property
    def name(self) -> str:
        """``Eg#1``."""
        return str(ModeName(self.species.label, self.number))

    def evaluate(self, form: npt.NDArray[np.complexfloating | np.floating]) -> float:
        r"""Return :math:`\sum_{kl} G_{kl} c_k c_l^*` of a Hermitian form, (m, m)."""
        c = self.coefficients
        return float(np.real(c @ form @ c.conj())) + 0.0

    def __repr__(self) -> str:
        return f"RamanLine({self.name}, {self.outside:.1%} outside the form)"


@dataclass(frozen=True, eq=False, repr=False)
class RamanLines(Value):
    """The Raman tensors of the modes of a crystal.

    Attributes
    ----------
    lines : tuple of RamanLine
        One per multiplet.
    unit : str
        Of the tensors: ``angstrom^2/sqrt(amu)``, or ``arbitrary``.
    source : str or None
        Path of the file, where there is one.
    """

    lines: tuple[RamanLine, ...]
    unit: TensorUnit
    source: str | None

    @property
    def intensity_unit(self) -> IntensityUnit:
        """Unit of squared tensors."""
        return "arbitrary" if self.unit == "arbitrary" else "angstrom^4/amu"

    def __repr__(self) -> str:
        return f"RamanLines({', '.join(line.name for line in self.lines)})"


def raman_form(crystal: SymmetricCrystal, species: Species) -> TensorForm:
    """The symmetric Raman tensors that a species can have, in the Cartesian axes of the input."""
    field = electric_field_in(crystal)
    return tensor_form((field, field, species.participant), ((0, 1), (2,)))


def fit_raman(
    crystal: SymmetricCrystal,
    species: Species,
    tensors: npt.ArrayLike,
    *,
    number: int = 1,
    frequency: float | None = None,
) -> RamanLine:
    r"""Project the tensors of a multiplet on the form that symmetry allows.

    W is found first. In partners that belong to one complex irrep, tensors :math:`T^j_v` that are
    orthonormal in j and alike in v give :math:`X_{j,vb} = d_v \langle T^j_v, R_b\rangle`, which
    for exact tensors is :math:`α_j w_{vb}`: the leading singular vectors are α and w. Where time
    reversal joins two irreps this is done in each. W is the unitary matrix nearest to what the w
    make, c the least-squares solution for it; then each is fitted to the other again.

    Parameters
    ----------
    crystal : SymmetricCrystal
        The crystal.
    species : Species
        What the modes transform as.
    tensors : (d, 3, 3) complex
        One per partner, in any orthonormal basis of the partners.

    Examples
    --------
    Tensors of Eg in partners turned by 20°:

    >>> import symchiral as sc
    >>> study = sc.read("Bi2Se3")
    >>> eg = study.species()[1]
    >>> form = raman_form(study.crystal, eg)
    >>> cos, sin = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    >>> turned = np.einsum("k,kija,ab->bij", [2.0, -0.5], form.basis, [[cos, -sin], [sin, cos]])
    >>> line = fit_raman(study.crystal, eg, turned)
    >>> line.coefficients.round(9).tolist(), round(line.outside, 9)
    ([(2+0j), (-0.5+0j)], 0.0)
    """
    given = np.asarray(tensors, dtype=complex)
    form = raman_form(crystal, species)
    d, m = species.dimension, len(form)
    if given.shape != (d, 3, 3):
        raise ValueError(f"{d} tensors of (3, 3) are needed, not an array of {given.shape}")
    flat = form.basis.reshape(m, 9, d).astype(complex)
    values = given.reshape(d, 9)
    turned = _partners(flat, values, joined=d > species.participant.irrep_dimension)
    c = np.zeros(m, dtype=complex)
    design = flat.transpose(2, 1, 0).reshape(9 * d, m)
    for _ in range(REFINED if m else 0):
        # R W†, the tensors in the partners of the form; then the W that fits these best.
        c = np.linalg.lstsq(design, (turned.conj() @ values).ravel(), rcond=None)[0]
        left, _, right = np.linalg.svd(np.einsum("k,kxa,bx->ab", c.conj(), flat, values))
        turned = left @ right
    if m and np.abs(c).max() > 0:  # a common phase goes to the partners
        leading = c[int(np.argmax(np.abs(c) > (1 - TIED) * np.abs(c).max()))]
        c, turned = c * abs(leading) / leading, turned * leading / abs(leading)
    kept = np.einsum("k,kxa,ab->bx", c, flat, turned)
    total = float(np.sum(np.abs(values) ** 2))
    lost = float(np.sum(np.abs(values - kept) ** 2))
    return RamanLine(
        species,
        number,
        frequency,
        frozen(c),
        frozen(kept.reshape(d, 3, 3)),
        lost / total if total > 0 else 0.0,
    )


def _partners(flat: Complex, values: Complex, *, joined: bool) -> Complex:
    """(d, d) unitary W: the partners of the numbers in those of the form."""
    d = len(values)
    pair = np.array([[1, 1], [1j, -1j]]) / np.sqrt(2)
    blocks = [pair[:, :1], pair[:, 1:]] if joined else [np.eye(d, dtype=complex)]
    found = []
    for block in blocks:
        size = block.shape[1]
        tensors = (flat @ block).reshape(len(flat), 9 * size)
        _, sizes, rows = np.linalg.svd(tensors, full_matrices=False)
        rows = rows[sizes > NO_COMPONENT].reshape(-1, 9, size)
        overlaps = size * np.einsum("jxv,bx->jvb", rows.conj(), values)
        if not len(rows) or np.abs(overlaps).max() < _ZERO * np.abs(values).max(initial=TINY):
            found.append(np.zeros((size, d), dtype=complex))
            continue
        _, _, right = np.linalg.svd(overlaps.reshape(len(rows), size * d), full_matrices=False)
        largest = right[0][int(np.argmax(np.abs(right[0]) > (1 - TIED) * np.abs(right[0]).max()))]
        found.append((right[0] * np.sqrt(size) * np.conj(largest / abs(largest))).reshape(size, d))
    if joined:
        inner = complex(np.vdot(found[1], found[0].conj()))
        if abs(inner) > _ZERO:  # real partners where the numbers are of real ones
            found[1] = found[1] * inner / abs(inner)
    left, _, right = np.linalg.svd(sum(b @ w for b, w in zip(blocks, found, strict=True)))
    return np.asarray(left @ right)
