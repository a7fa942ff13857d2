"""Which light drives or detects a species: couplings with the electric field.

Every question of this kind, of a command or of another module, is put to :func:`creates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Literal

from symchiral.crystal.qpoint import GAMMA
from symchiral.engine.judge import count_coefficients
from symchiral.engine.tensor import TensorForm, tensor_form
from symchiral.errors import LabelError, nearest
from symchiral.fields.polar import electric_field
from symchiral.irreps.classes import all_of_class, of_class
from symchiral.irreps.pam import SENSE, Component, Turn, components
from symchiral.irreps.participant import Participant
from symchiral.irreps.partners import partners
from symchiral.value import Complex

Process = Literal["infrared", "raman", "hyper-raman"]

Polarization = Literal["+", "-", "z"]
"""Circular light of spin ±1 about the axis, and light polarised along it."""

Route = Literal[
    "infrared", "infrared:+", "infrared:-", "infrared:z",
    "raman", "raman:++", "raman:+-", "raman:+z", "raman:-+", "raman:--", "raman:-z",
    "raman:z+", "raman:z-", "raman:zz",
    "hyper-raman",
]  # fmt: skip
"""How light drives or sees a quantum: the process and, after a colon, polarisations about an axis
of order 3 or more, of Raman scattering the incident one first."""

ROUTES: dict[Route, tuple[Process, tuple[Polarization, ...]]] = {
    "infrared": ("infrared", ()),
    "infrared:+": ("infrared", ("+",)),
    "infrared:-": ("infrared", ("-",)),
    "infrared:z": ("infrared", ("z",)),
    "raman": ("raman", ()),
    "raman:++": ("raman", ("+", "+")),
    "raman:+-": ("raman", ("+", "-")),
    "raman:+z": ("raman", ("+", "z")),
    "raman:-+": ("raman", ("-", "+")),
    "raman:--": ("raman", ("-", "-")),
    "raman:-z": ("raman", ("-", "z")),
    "raman:z+": ("raman", ("z", "+")),
    "raman:z-": ("raman", ("z", "-")),
    "raman:zz": ("raman", ("z", "z")),
    "hyper-raman": ("hyper-raman", ()),
}
"""What the words of a route mean: process and polarisations."""

EQUAL: dict[Process, tuple[tuple[int, ...], ...]] = {
    "infrared": ((0,), (1,)),
    "raman": ((0, 1), (2,)),
    "hyper-raman": ((0, 1), (2,), (3,)),
}
"""Factors of the product of a process, fields first and the quantum last: those in one tuple may be
exchanged. Far from resonance the Raman tensor is symmetric; hyper-Raman scattering takes two equal
photons in and gives one out."""

_WORDS = {meaning: route for route, meaning in ROUTES.items()}

PROCESSES: tuple[Process, ...] = ("infrared", "raman", "hyper-raman")
"""What light can do to one quantum, by the first word of :func:`routes`."""


def process(word: str) -> Process:
    """Read the name of a process: ``infrared`` or ``ir``, ``raman``, ``hyper-raman``, any case.

    Examples
    --------
    >>> process("IR"), process("Raman"), process("hyper-Raman")
    ('infrared', 'raman', 'hyper-raman')

    Raises
    ------
    LabelError
        Light does nothing of that name.
    """
    plain = str(word).strip().lower().replace(" ", "-").replace("_", "-")
    plain = {"ir": "infrared", "hyperraman": "hyper-raman"}.get(plain, plain)
    for known in PROCESSES:
        if plain == known:
            return known
    raise LabelError(
        f"no process {word!r} of light",
        why="light drives and sees vibrations in three ways",
        fix=nearest(plain, PROCESSES),
    )


@dataclass(frozen=True)
class Activity:
    """Optical activity of a species.

    Attributes
    ----------
    infrared, raman, hyper_raman : bool
        Whether the species couples to one field; to two (the symmetric Raman tensor, far from
        resonance); to two equal and one scattered field (the hyper-Raman tensor, symmetric in the
        two incoming fields only).
    """

    infrared: bool
    raman: bool
    hyper_raman: bool

    @property
    def words(self) -> tuple[str, ...]:
        """``infrared``, ``Raman``, both, ``hyper-Raman`` if neither; none of a silent species."""
        found = [w for w, on in (("infrared", self.infrared), ("Raman", self.raman)) if on]
        return ("hyper-Raman",) if not found and self.hyper_raman else tuple(found)


def activity(participant: Participant) -> Activity:
    """Judge infrared, Raman and hyper-Raman activity of an irrep; off the zone centre none.

    Examples
    --------
    >>> from symchiral.crystal.search import space_group
    >>> from symchiral.irreps.mulliken import zone_centre
    >>> {p.name: activity(p).words for p in zone_centre(space_group(458))}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'A1g': ('Raman',), 'A2g': (), 'Eg': ('Raman',), 'A1u': ('hyper-Raman',),
     'A2u': ('infrared',), 'Eu': ('infrared',)}
    """
    if participant.arms != (GAMMA,):
        return Activity(infrared=False, raman=False, hyper_raman=False)
    return _activity(of_class(participant))


@lru_cache(maxsize=1024)
def _activity(participant: Participant) -> Activity:
    field = electric_field(participant.group)

    def couples(process: Process) -> bool:
        factors = _factors(process, field, participant)
        return count_coefficients(factors, [0] * len(factors), EQUAL[process]) > 0

    return Activity(
        infrared=couples("infrared"),
        raman=couples("raman"),
        hyper_raman=couples("hyper-raman"),
    )


def _factors(
    process: Process, field: Participant, participant: Participant
) -> tuple[Participant, ...]:
    return (field,) * (sum(map(len, EQUAL[process])) - 1) + (participant,)


def response(process: Process, field: Participant, participant: Participant) -> TensorForm:
    """Return the form of E·Q, of E E·Q (the Raman tensor) or of E E·E'·Q (hyper-Raman)."""
    return tensor_form(_factors(process, field, participant), EQUAL[process])


def creates(
    process: Process,
    field: Participant,
    participant: Participant,
    made: Complex,
    incoming: tuple[Complex, ...],
    outgoing: tuple[Complex, ...] = (),
) -> bool:
    """Whether light of given polarisations creates a quantum: here every such question ends.

    Parameters
    ----------
    process : str
        What light does.
    field, participant : Participant
        E in its axes, and the irrep of the quantum at the zone centre.
    made : (d,) or (d, w) complex
        The motion, or motions one of which is asked for, in the partner functions of the irrep.
    incoming, outgoing : tuple of arrays
        Polarisations of the photons that go in and come out, in the axes of the field.
    """
    form = response(process, field, participant)
    vectors = (*incoming, *(e.conj() for e in outgoing), made.conj())
    return form.verdict(*vectors).word == "allowed"


def polarizations(participant: Participant, turn: Turn | None) -> dict[Polarization, Component]:
    """Components of the electric field by name: ``+``, ``-`` and ``z`` on an axis of order ≥ 3.

    On a two-fold axis, or without one, circular light is not an eigenstate of any operation: empty.
    """
    if turn is None or turn.order < 3:
        return {}
    found: dict[Polarization, Component] = {}
    circular: dict[Fraction | None, Polarization] = {Fraction(SENSE): "+", Fraction(-SENSE): "-"}
    for component in components(electric_field(participant.group), turn):
        found[circular.get(component.residue, "z")] = component
    order: tuple[Polarization, ...] = ("+", "-", "z")
    return {name: found[name] for name in order}


def absorbs(
    participant: Participant, index: int, turn: Turn | None, light: Polarization | None
) -> bool:
    """Whether light drives a component directly.

    Parameters
    ----------
    participant : Participant
        An irrep; off the zone centre no light drives it.
    index : int
        Which of its components on the axis.
    turn : Turn or None
        The axis; needed where ``light`` is given.
    light : str or None
        ``+`` and ``-`` for circular light of spin ±1 about the axis, ``z`` for light polarised
        along it, None for light of some polarisation.
    """
    if not activity(participant).infrared:
        return False
    if light is None:
        return True
    if turn is None:
        raise ValueError("the polarisation refers to an axis")
    (irrep,), named = all_of_class((participant,), turn)
    assert named is not None
    return _absorbs(irrep, index, named, light)


@lru_cache(maxsize=4096)
def _absorbs(participant: Participant, index: int, turn: Turn, light: Polarization) -> bool:
    states = polarizations(participant, turn)
    if not states:  # a two-fold axis parts E into what is along it (l = 0) and what is across
        for part in components(electric_field(participant.group), turn):
            along: tuple[Polarization, ...] = ("z",)
            across: tuple[Polarization, ...] = ("+", "-")
            states |= dict.fromkeys(along if part.residue == 0 else across, part)
    return _creates("infrared", participant, index, turn, (states[light],))


def _creates(
    process: Process,
    participant: Participant,
    index: int,
    turn: Turn | None,
    incoming: tuple[Component, ...],
    outgoing: tuple[Component, ...] = (),
) -> bool:
    """Whether light of the given components of E creates a component of an irrep."""
    made = partners(participant).conj().T @ components(participant, turn)[index].basis
    into, out = (tuple(c.basis for c in side) for side in (incoming, outgoing))
    field = electric_field(participant.group)
    return creates(process, field, participant, made, into, out)


def routes(participant: Participant, index: int, turn: Turn | None) -> tuple[Route, ...]:
    """Ways in which light creates one quantum of a component, strongest process first.

    ``infrared:σ`` is absorption of light of polarisation σ, ``raman:σσ'`` scattering of σ into
    σ' (spins about the axis; z along it), ``hyper-raman`` two quanta in and one out. Without
    circular eigenstates the polarisations are left out.

    Parameters
    ----------
    participant : Participant
        An irrep at the zone centre.
    index : int
        Which of its components on the axis.
    turn : Turn or None
        The axis.
    """
    if participant.arms != (GAMMA,):
        return ()
    (irrep,), named = all_of_class((participant,), turn)
    return _routes(irrep, index, named)


@lru_cache(maxsize=4096)
def _routes(participant: Participant, index: int, turn: Turn | None) -> tuple[Route, ...]:
    kind, light = activity(participant), polarizations(participant, turn)
    found: list[tuple[Process, tuple[Polarization, ...]]] = []
    if kind.infrared and light:
        found += [
            ("infrared", (s,))
            for s, c in light.items()
            if _creates("infrared", participant, index, turn, (c,))
        ]
    elif kind.infrared:
        found.append(("infrared", ()))
    if kind.raman and light:
        pairs = sorted(product(light, light), key=lambda p: "z" in p)
        found += [
            ("raman", (s, t))
            for s, t in pairs
            if _creates("raman", participant, index, turn, (light[s],), (light[t],))
        ]
    elif kind.raman:
        found.append(("raman", ()))
    if kind.hyper_raman and not found:
        found.append(("hyper-raman", ()))
    return tuple(_WORDS[route] for route in found)


def infrared_light(participant: Participant, turn: Turn | None) -> tuple[Polarization, ...]:
    """Polarisations about an axis of order 3 or more that a species absorbs, of any component.

    Examples
    --------
    >>> from symchiral.irreps.mulliken import zone_centre
    >>> from symchiral.crystal.search import space_group
    >>> infrared_light(zone_centre(space_group(458))[5], None)
    ()
    """
    if not activity(participant).infrared:
        return ()
    found: dict[Polarization, None] = {}
    for i, _ in enumerate(components(participant, turn)):
        for route in routes(participant, i, turn):
            process, light = ROUTES[route]
            if process == "infrared":
                found.update(dict.fromkeys(light))
    return tuple(found)
