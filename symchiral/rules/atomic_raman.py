"""Derivatives of the polarisability by the displacements of single atoms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.modes.mode import Modes
from symchiral.rules.raman import RamanLine, fit_raman
from symchiral.units import counted
from symchiral.value import Complex, Value, frozen


@dataclass(frozen=True, eq=False, repr=False)
class AtomicRaman(Value):
    r"""How the electronic polarisability of the primitive cell changes with every atom.

    :math:`D_{κβij} = \partial α_{ij} / \partial u_{κβ}` for zone-centre displacements, α a volume.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal.
    derivatives : (N, 3, 3, 3) complex
        D in Å², Cartesian in the axes of the input, atoms in the order of the primitive cell.
    provenance : mapping of str
        Where they come from.
    removed : mapping of str to float
        By species the share of the square that symmetry does not allow and that was left out when
        they were found.
    """

    crystal: SymmetricCrystal
    derivatives: Complex
    provenance: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, float] = field(default_factory=dict)

    def symmetrized(self) -> AtomicRaman:
        r"""Return what the space group, translations included, leaves of them.

        :math:`D'_{gκ} = |G|^{-1}\sum_g R R R\, D_κ`, then :math:`D'_κ - N^{-1}\sum_κ D'_κ`: moving
        the whole crystal changes nothing.
        """
        turned = np.zeros_like(self.derivatives)
        for r, images in zip(self.crystal.rotations, self.crystal.permutations, strict=True):
            turned[images] += np.einsum("ab,ij,kl,nbjl->naik", r, r, r, self.derivatives)
        mean = turned / len(self.crystal.rotations)
        return replace(self, derivatives=frozen(mean - mean.mean(axis=0)))

    @property
    def outside(self) -> float:
        r"""Share of :math:`\sum |D|^2` that symmetry does not allow."""
        total = float(np.sum(np.abs(self.derivatives) ** 2))
        lost = float(np.sum(np.abs(self.derivatives - self.symmetrized().derivatives) ** 2))
        return lost / total if total > 0 else 0.0

    def lines(self, modes: Modes) -> tuple[RamanLine, ...]:
        r"""Return the Raman tensors of the optical modes, from the lowest frequency.

        :math:`R_b = \sum_{κβ} D_{κβ}\, m_κ^{-1/2} e_{κβ}^b`, Å²/√amu, with the eigenvectors e of
        zone-centre modes of the same crystal. What symmetry does not allow is left out; species
        without a Raman tensor are not listed.
        """
        exact = self.symmetrized().derivatives
        found = []
        for multiplet in modes.multiplets:
            if multiplet.number is None:
                continue
            e = np.stack([mode.eigenvector for mode in multiplet.modes])
            e = e / np.sqrt(modes.masses)[None, :, None]
            raw, kept = (np.einsum("bnk,nkij->bij", e, x) for x in (self.derivatives, exact))
            line = fit_raman(
                self.crystal,
                multiplet.species,
                kept,
                number=multiplet.number,
                frequency=multiplet.frequency,
            )
            if not len(line.coefficients):
                continue
            size = float(np.sum(np.abs(raw) ** 2))
            lost = float(np.sum(np.abs(raw - line.tensors) ** 2))
            outside = lost / size if size > 0 else 0.0
            outside = max(outside, self.removed.get(multiplet.species.label, 0.0))
            found.append(
                RamanLine(
                    line.species,
                    line.number,
                    line.frequency,
                    line.coefficients,
                    line.tensors,
                    outside,
                )
            )
        return tuple(found)

    def __repr__(self) -> str:
        return (
            f"AtomicRaman({self.crystal.primitive.formula}, "
            f"{counted(len(self.derivatives), 'atom')})"
        )
