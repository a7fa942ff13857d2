r"""How strongly a channel of the lattice drives its mode, where coupling coefficients are known.

A product :math:`c\,Q_1 \cdots Q_k\, Q_o^*` of the potential pushes the outgoing coordinate by
:math:`\ddot Q_o + \omega_o^2 Q_o = -n\,c\,Q_1 \cdots Q_k`, with n the number of factors
:math:`Q_o^*` in the product. With :math:`Q_l = a_l e^{-i\omega t}/2` for each rotating amplitude a
(docs/conventions.md) its amplitude is

.. math::
    |a_o| = G\,|a_1 \cdots a_k| , \qquad
    G = \frac{2^{1-k}\, n\,|c|}{|\omega_o^2 - \Omega^2|} ,

Ω the frequency of the force. Frequencies are uncertain and lines have a width, so that
:math:`|\omega_o^2 - \Omega^2|` is replaced by
:math:`(2\pi)^2 (f_o + F)\sqrt{(f_o - F)^2 + \sigma^2}`, with σ the standard deviations of all
frequencies together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, pi

from symchiral.anharmonic.couplings import Couplings
from symchiral.modes.names import ModeName
from symchiral.units import ACCELERATION


@dataclass(frozen=True)
class Coefficients:
    r"""Sizes of the products of circular coordinates, every product once.

    Attributes
    ----------
    sizes : mapping of tuple of str to float
        \|c\|, eV/(√amu Å)^m, by the sorted names of the factors; a product and its conjugate.
    source : str
        Where they are from.
    opposite : mapping of str to str
        Name of the conjugate of every circular coordinate.
    """

    sizes: Mapping[tuple[str, ...], float]
    source: str
    opposite: Mapping[str, str]

    @staticmethod
    def of(couplings: Couplings) -> Coefficients:
        """Those of couplings, averaged over the group."""
        kept = couplings.symmetrized()
        opposite = _opposite(kept)
        sizes: dict[tuple[str, ...], float] = {}
        for potential in kept.potentials:
            for term in kept.circular(potential.order):
                for names in {
                    tuple(sorted(term.modes)),
                    tuple(sorted(opposite[name] for name in term.modes)),
                }:
                    # Partners of one component share its name: their squares add up.
                    sizes[names] = hypot(sizes.get(names, 0.0), abs(term.value))
        source = couplings.provenance.get("file", "") or "the force constants"
        return Coefficients(sizes, source, opposite)

    def size(self, incoming: Sequence[str], outgoing: Sequence[str]) -> float | None:
        r"""Return \|c\| of a transfer between modes, eV/(√amu Å)^m; None where it is not known.

        It is that of the product of the incoming coordinates and the conjugates of the outgoing
        ones.
        """
        try:
            product = [*incoming, *(self.opposite[name] for name in outgoing)]
        except KeyError:
            return None
        return self.sizes.get(tuple(sorted(product)))

    def factor(self, incoming: Sequence[str], outgoing: str) -> int:
        """Return n, how often the conjugate of the outgoing coordinate is in the product."""
        return 1 + list(incoming).count(self.opposite[outgoing])

    def gain(
        self,
        incoming: Sequence[str],
        conjugate: str,
        *,
        drive: float,
        own: float,
        spread: float,
    ) -> float | None:
        r"""Return G in (√amu Å)^(1−k), None where the product is not known.

        Parameters
        ----------
        incoming : sequence of str
            Names of the incoming modes, ``Eu#1(+)``.
        conjugate : str
            Name of the conjugate of the outgoing one: for Eg#2(−) it is ``Eg#2(+)``.
        drive, own, spread : float
            Frequencies of the force and of the outgoing mode, and σ, THz.
        """
        product = tuple(sorted([*incoming, conjugate]))
        size = self.sizes.get(product)
        width = hypot(drive - own, spread) * (drive + own)
        if size is None or width <= 0:
            return None
        factor = product.count(conjugate) * 2.0 ** (1 - len(incoming))
        return ACCELERATION * factor * size / ((2 * pi) ** 2 * width)


def _opposite(couplings: Couplings) -> dict[str, str]:
    """Name of the conjugate of every circular coordinate."""
    found = {}
    for multiplet in couplings.coordinates.multiplets:
        components = multiplet.species.components
        by_name = {c.name: c for c in components}
        for mode in multiplet.modes:
            other = components[by_name[mode.component].conjugate].name
            found[mode.name] = str(ModeName(mode.label, mode.number, other))
    return found
