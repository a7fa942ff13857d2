r"""What magnetic order and B make of vibrations, beyond what the family group says.

Displacements obey the family group. What is odd in the order is a term with an odd number of
velocities, and transforms with the time signs s of the operations: in :math:`Q \dot Q'` two modes
mix, in :math:`E \dot Q` and :math:`E E \dot Q` light drives or sees a mode that the family group
calls inactive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symchiral.crystal.search import SymmetricCrystal
from symchiral.crystal.symmetric import Symmetry
from symchiral.display import display
from symchiral.engine.coupling import Coupling
from symchiral.engine.judge import count_coefficients, group_average, largest
from symchiral.engine.reason import OperationName, by_simplicity, operation_name
from symchiral.engine.tensor import TensorForm, tensor_form
from symchiral.fields.axial import axial_vector
from symchiral.fields.polar import electric_field, odd_field
from symchiral.irreps.participant import Participant
from symchiral.irreps.rotation import rotation
from symchiral.modes.species import Species
from symchiral.rules.activity import Activity
from symchiral.value import FORBIDDEN, Floats

SplittingKind = Literal["allowed", "time-reversal", "translation", "operation", "group"]
"""What decides. ``allowed``: no operation reverses Q×Q̇; the others forbid it: ``translation``, time
reversal with a translation; ``operation``, that of the value; ``group``, operations together."""


@dataclass(frozen=True)
class TimedOperation:
    """An operation of a magnetic group.

    Attributes
    ----------
    index : int
        Its index in the space group.
    name : str
        What kind of operation it is.
    seitz : str
        Its Seitz symbol in the standard setting.
    reversed : bool
        Whether it comes with time reversal.
    """

    index: int
    name: OperationName
    seitz: str
    reversed: bool


@dataclass(frozen=True)
class Splitting:
    """Whether the components of a degenerate species differ in frequency at zero field.

    Attributes
    ----------
    species : str
        Its label.
    kind : str
        What decides.
    operation : TimedOperation or None
        The simplest operation that exchanges the components, where a single one does.
    """

    species: str
    kind: SplittingKind
    operation: TimedOperation | None = None

    @property
    def split(self) -> bool:
        """Whether they differ."""
        return self.kind == "allowed"

    @property
    def reason(self) -> str:
        """Why, or what forbids it, as text."""
        return display(self, "text")


def splittings(crystal: SymmetricCrystal, species: Sequence[Species]) -> tuple[Splitting, ...]:
    r"""Judge for every degenerate optical species whether (+) and (−) split at zero field.

    A term :math:`γ\, (Q_a \dot Q_b - Q_b \dot Q_a)` in the Lagrangian of a mode is odd under time
    reversal. It turns :math:`(ω^2 - ω_0^2)\,Q = 0` into :math:`ω_0^2 - ω^2 \pm γω = 0` for the two
    circular motions. It is allowed iff the antisymmetric square of the species, each operation
    times its time sign, contains the identity.

    Examples
    --------
    >>> import symchiral as sc
    >>> def split(name):
    ...     study = sc.read(name)
    ...     return [(s.species, s.split) for s in splittings(study.crystal, study.species())]
    >>> split("Co3Sn2S2_FM"), split("Cr2O3_AFM")
    ([('Eg', True), ('Eu', True)], [('Eg', False), ('Eu', False)])
    """
    return tuple(_splitting(crystal, s) for s in species if s.optical and s.dimension > 1)


def _splitting(crystal: SymmetricCrystal, species: Species) -> Splitting:
    turning = rotation(species.participant, crystal.signs)
    assert turning is not None
    if crystal.signs is None:
        return Splitting(
            species.label, "time-reversal" if crystal.magnetic is None else "translation"
        )
    if len(tensor_form((turning,), ((0,),))):
        return Splitting(species.label, "allowed")
    values = turning.matrices[:, 0]
    if turning.dimension == 1:
        g = next(g for g in by_simplicity(crystal.group) if values[g, 0, 0].real < 0)
        by = TimedOperation(
            g,
            operation_name(crystal.group, g),
            crystal.group.standard_operations[g].seitz,
            crystal.signs[g] < 0,
        )
        return Splitting(species.label, "operation", by)
    return Splitting(species.label, "group")


def odd_activity(crystal: SymmetricCrystal, participant: Participant) -> Activity:
    r"""Judge which light couples to a species of the zone centre through its velocity.

    :math:`E \dot Q`, :math:`E E \dot Q` and :math:`E E E \dot Q` are odd in magnetic order or B:
    allowed where the product, times the time sign of every operation, has an invariant. The two
    fields of Raman scattering may be antisymmetric here (:math:`iE×E^*` is odd in time, and needs
    no velocity). None of it exists where time reversal, alone or with a translation, is unbroken.

    Examples
    --------
    The A2g of MnF2, which the family group calls silent, is seen in Raman scattering:

    >>> import symchiral as sc
    >>> study = sc.read("MnF2_AFM")
    >>> a2g = study.species()[1]
    >>> a2g.label, odd_activity(study.crystal, a2g.participant).words
    ('A2g', ('Raman',))
    """
    field, order = electric_field(crystal.group), _order(crystal)

    def couples(fields: int, equal: tuple[tuple[int, ...], ...]) -> bool:
        factors = [field] * fields + [participant, order]
        slots = (*equal, (fields,), (fields + 1,))
        return count_coefficients(factors, [0] * len(factors), slots) > 0

    return Activity(
        infrared=couples(1, ((0,),)),
        raman=couples(2, ((0,), (1,))),
        hyper_raman=couples(3, ((0, 1), (2,))),
    )


def _order(crystal: Symmetry) -> Participant:
    """What magnetic order and B are to a product: the time sign of every operation.

    Where time reversal is unbroken it is odd, and no product with one such factor is allowed.
    """
    return odd_field(crystal, "order", np.ones((len(crystal.group), 1, 1)))


def mixing(crystal: SymmetricCrystal, species: Sequence[Species]) -> tuple[tuple[str, str], ...]:
    r"""Return the pairs of different species whose modes magnetic order or B mixes: Q·Q̇'.

    Labels are those of the family group, and so of the potential energy; modes that mix are of one
    (co)representation of the magnetic group.

    Examples
    --------
    >>> import symchiral as sc
    >>> [mixing((s := sc.read(x)).crystal, s.species()) for x in ("Co3Sn2S2_FM", "CrI3_FM")]
    [(('A1u', 'A2u'),), ()]
    """
    order = _order(crystal)
    optical = [s for s in species if s.optical]
    return tuple(
        (a.label, b.label)
        for i, a in enumerate(optical)
        for b in optical[i + 1 :]
        if count_coefficients((a.participant, b.participant, order), (0, 0, 0), ((0,), (1,), (2,)))
    )


def velocities_may(crystal: Symmetry, coupling: Coupling) -> bool:
    """Whether terms with velocities, which magnetic order or B lets in, might make a product.

    They need an average with the time signs that does not vanish, all legs taken as different:
    what is sure is the answer no.
    """
    if crystal.signs is None or not coupling.momentum.is_reciprocal_vector:
        return False
    legs = tuple(coupling)
    average = group_average(
        [*(leg.participant for leg in legs), _order(crystal)],
        [*(leg.incoming_arm for leg in legs), 0],
        [*(leg.vectors for leg in legs), np.ones((1, 1), dtype=complex)],
        tuple((i,) for i in range(len(legs) + 1)),
        coupling.known,
    )
    return largest(average) > FORBIDDEN


def net_moment(crystal: SymmetricCrystal) -> TensorForm:
    """Return the form of M alone: the directions in which a net magnetic moment is allowed.

    Examples
    --------
    >>> import symchiral as sc
    >>> [len(net_moment(sc.read(x).crystal)) for x in ("CrI3_FM", "Cr2O3_AFM", "CrI3")]
    [1, 0, 0]
    """
    return tensor_form((axial_vector(crystal, "M", time_parity=-1),), ((0,),))


def site_moments(crystal: SymmetricCrystal) -> Floats | None:
    """(N, 3): moments of the primitive atoms, μB, Cartesian; None where the crystal has none.

    Where time reversal with a translation is a symmetry they are those of one copy of every atom.
    """
    moments = crystal.primitive.moments
    return None if moments is None or crystal.magnetic is None else moments
