"""The tables of the atlas of all groups: what a row of each says.

The records come first, then the functions that fill them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta
from msgspec.structs import asdict

from symchiral.answers.atlas import waves
from symchiral.answers.channel import FlatRule, TransferName, flat
from symchiral.answers.record import Count, Pam, Record
from symchiral.answers.species import SpeciesOfGroup
from symchiral.crystal.directions import axis_name
from symchiral.crystal.symmetric import Symmetry
from symchiral.display import display
from symchiral.engine.coupling import COPIES
from symchiral.engine.judge import VerdictWord
from symchiral.engine.reason import ReasonKind
from symchiral.irreps.axis import Axis
from symchiral.irreps.stars import place_name
from symchiral.rules.activity import ROUTES, Process, Route
from symchiral.rules.budget import PamSense, RotationSense
from symchiral.rules.channel import Channel
from symchiral.rules.listing import Group, Listing
from symchiral.rules.rulebook import RuleBook
from symchiral.rules.waves import Waves
from symchiral.value import grouped


class Place(Record, frozen=True, kw_only=True):
    """The group and the axis that a row is about."""

    schoenflies: str
    """Class, Schoenflies."""
    point_group: str
    """Class, Hermann-Mauguin."""
    space_group: Annotated[int, Meta(ge=1, le=230)] | None = None
    """Space-group number; null where the row holds at the zone centre of every group of the
    class."""
    symbol: str | None = None
    """Short Hermann-Mauguin symbol of the space group."""
    axis: str | None = None
    """The axis of rotation: 3, 3_1, -4; null without one."""
    along: str | None = None
    """Its direction in the standard cell: c, [1 1 1]."""
    highest: bool = True
    """Whether it is the axis that is taken by default, of highest order."""


class ChannelRow(Place, frozen=True, kw_only=True):
    """A channel of third order at the zone centre."""

    transfer: TransferName
    """The channel, Eu(+) Eu(+) -> Eg(-)."""
    verdict: VerdictWord
    """What symmetry says."""
    group: Group
    """flipped, kept or neutral as its PAM; without rotation: nothing rotates; undefined: no
    axis."""
    incoming: tuple[Pam | None, ...]
    """PAM of the quanta that go in."""
    outgoing: tuple[Pam | None, ...]
    """PAM of the quantum that comes out."""
    n: int | None
    """The order of the axis, that senses and U refer to."""
    umklapp: int | None
    """U = (sum of l in - sum of l out)/n; null where PAM is not conserved."""
    pam_sense: PamSense
    """Sense of pseudo-angular momentum, out against in."""
    rotation_sense: RotationSense
    """none where one side cannot rotate in any crystal of the class, else open."""
    coefficients: Count | None
    """Real coefficients of the coupling of the whole species."""
    pump: tuple[Route | None, ...]
    """How light drives each incoming quantum."""
    probe: tuple[Route, ...]
    """How light sees the outgoing quantum."""
    listed: bool
    """Whether it stands for its transfer in the tables of the command atlas: one channel does for
    those that differ by the signs of all quanta or by same and different modes of a species."""
    ir_pump: bool
    """Whether infrared light drives every incoming quantum."""
    raman_pump: bool
    """Whether Raman scattering drives every incoming quantum, and nothing of lower order does."""
    ir_probe: bool
    """Whether the outgoing quantum is infrared-active."""
    raman_probe: bool
    """Whether Raman scattering sees the outgoing quantum."""
    reason_kind: ReasonKind
    """What decides: invariant of an allowed channel, else what forbids it."""
    reason: str
    """Why, as a sentence."""
    invariant: str | None
    """The coupling as polynomials in the amplitudes Q, one real coefficient c1, c2, ... each; null
    unless allowed."""


class PatternRow(Place, frozen=True, kw_only=True):
    """The channels between given species, the same modes of a species being the same in each: all
    choices of components together.
    """

    order: Annotated[int, Meta(ge=3)]
    """Quanta in and out together."""
    q: tuple[str, ...]
    """Wavevectors of the vertex, all incoming."""
    pattern: str
    """Species of the quanta, Eu Eu:b -> Eg; :b, :c are other modes of a species."""
    coefficients: Count
    """Real coefficients of the coupling; 0 where it is forbidden."""
    judged: Count
    """Channels."""
    allowed: Count
    """Allowed channels."""
    flipped: Count
    """Allowed channels that flip the sense of pseudo-angular momentum."""
    kept: Count
    """Allowed channels that keep it."""
    neutral: Count
    """Allowed channels with no sense on one side."""
    flipped_ir_pump: Count
    """Flipping channels of which infrared light drives every incoming quantum."""
    flipped_raman_probe: Count
    """Flipping channels of which Raman scattering sees the outgoing quantum."""
    flipped_ir_pump_raman_probe: Count
    """Flipping channels that infrared light drives and Raman scattering sees."""
    example: str | None
    """One of its allowed channels, one that flips if there is any; null if none is allowed."""


class SpeciesRow(Place, frozen=True, kw_only=True):
    """A species of vibrations."""

    q: str
    """Label of the wavevector."""
    label: str
    """Mulliken name at the zone centre, CDML name elsewhere."""
    cdml: str
    """CDML name."""
    dimension: Annotated[int, Meta(ge=1)]
    """Modes per multiplet."""
    l: tuple[str, ...]
    """Pseudo-angular momenta of its components; empty without an axis."""
    infrared: bool
    """Whether light drives it by absorption."""
    raman: bool
    """Whether the symmetric Raman tensor contains it."""
    hyper_raman: bool
    """Whether the hyper-Raman tensor contains it."""
    may_rotate: bool
    """Whether the angular momentum of the atoms, summed, can differ from zero in some crystal of
    the group."""


class WavesRow(Place, frozen=True, kw_only=True):
    """What a class allows of angular momentum at any wavevector, without magnetic order."""

    helicity_wave: str | None
    """Wave of the helicity h = J.q/|q|: s, p, d, ... for degree 0, 1, 2, ...; null where it
    vanishes everywhere."""
    helicity_forms: tuple[str, ...]
    """The polynomials of that degree."""
    am_wave: str | None
    """Wave of the angular momentum J."""
    am_forms: tuple[tuple[str, ...], ...]
    """Components of the vectors of polynomials of that degree."""
    thermal: tuple[tuple[str, ...], ...]
    """The tensor alpha of J_i = alpha_ij dT/dx_j by its independent coefficients."""


FROM_FLAT = tuple(
    name for name in ChannelRow.__struct_fields__ if name in FlatRule.__struct_fields__
)
"""What a channel says of itself in every table of channels."""


def place_of(
    symmetry: Symmetry, axis: Axis | None, *, whole_class: bool, highest: bool = True
) -> Place:
    """Describe what rows are about."""
    group = symmetry.group
    return Place(
        schoenflies=group.schoenflies,
        point_group=group.point_group,
        space_group=None if whole_class else group.number,
        symbol=None if whole_class else group.symbol,
        axis=None if axis is None else axis.symbol,
        along=None if axis is None else axis_name(symmetry, axis.direction),
        highest=highest,
    )


def channel_rows(place: Place, found: Listing) -> Iterator[ChannelRow]:
    """Describe every channel of a book, forbidden ones too."""
    listed = {row.rule.id for row in found.rows}
    for rule in found.book.everything:
        told, pumps, probes = flat(rule), processes(rule.pump), processes(rule.probe)
        yield ChannelRow(
            **asdict(place),
            **{name: getattr(told, name) for name in FROM_FLAT},
            listed=rule.id in listed,
            ir_pump=pumps == {"infrared"},
            raman_pump=pumps == {"raman"},
            ir_probe="infrared" in probes,
            raman_probe="raman" in probes,
            reason_kind=rule.reason.kind,
            reason=display(rule, "reason"),
            invariant=None if rule.invariant is None else rule.invariant.text,
        )


def processes(routes: Sequence[Route | None]) -> set[Process | None]:
    """Return the processes of routes; None stands for a quantum that light does not reach."""
    return {None if route is None else ROUTES[route][0] for route in routes}


Pattern = tuple[tuple[str, tuple[tuple[int, int], ...]], ...]
"""Of every species: how many quanta of each of its modes go in and come out."""


def pattern_of(channel: Channel) -> Pattern:
    """Return species and identity of the modes of a channel, whatever the modes are called."""
    modes: dict[tuple[str, int], list[int]] = {}
    for leg in channel.coupling:
        modes.setdefault((leg.species, leg.copy), [0, 0])[leg.outgoing] += 1
    species = grouped((name, (into, out)) for (name, _), (into, out) in modes.items())
    return tuple(sorted((name, tuple(sorted(x, reverse=True))) for name, x in species.items()))


def pattern_text(pattern: Pattern) -> str:
    """Return a pattern as transfers are written, without components.

    Examples
    --------
    >>> pattern_text((("Eg", ((0, 1),)), ("Eu", ((1, 0), (1, 0)))))
    'Eu Eu:b -> Eg'
    """
    into, out = [], []
    for species, modes in pattern:
        name, _, q = species.partition("@")
        for letter, (n, m) in zip(COPIES, modes, strict=False):
            leg = name + (f":{letter}" if letter != COPIES[0] else "") + (f"@{q}" if q else "")
            into += [leg] * n
            out += [leg] * m
    return f"{' '.join(into)} -> {' '.join(out)}"


def pattern_rows(place: Place, book: RuleBook) -> Iterator[PatternRow]:
    """Describe the channels of a book, those of one pattern in one row."""
    patterns = grouped((pattern_of(rule.channel), rule) for rule in book.everything)
    group = book.symmetry.group
    labels = tuple(place_name(group, q) or "GM" for q in book.points)
    for pattern, rules in patterns.items():
        allowed = [rule for rule in rules if rule.allowed]
        senses = Counter(rule.pam_sense for rule in allowed)
        flips = [rule for rule in allowed if rule.pam_sense == "flipped"]
        driven = [processes(rule.pump) == {"infrared"} for rule in flips]
        seen = ["raman" in processes(rule.probe) for rule in flips]
        both = [a and b for a, b in zip(driven, seen, strict=True)]
        best = max(zip(both, driven, seen, range(0, -len(flips), -1), strict=True), default=None)
        example = allowed[0].id if allowed else None
        yield PatternRow(
            **asdict(place),
            order=book.order,
            q=labels,
            pattern=pattern_text(pattern),
            coefficients=max((rule.coefficients or 0 for rule in allowed), default=0),
            judged=len(rules),
            allowed=len(allowed),
            flipped=len(flips),
            kept=senses["kept"],
            neutral=senses["neutral"],
            flipped_ir_pump=sum(driven),
            flipped_raman_probe=sum(seen),
            flipped_ir_pump_raman_probe=sum(both),
            example=example if best is None else flips[-best[3]].id,
        )


def species_rows(place: Place, species: Sequence[SpeciesOfGroup]) -> Iterator[SpeciesRow]:
    """Describe species."""
    for one in species:
        yield SpeciesRow(
            **asdict(place),
            q=one.q,
            label=one.label,
            cdml=one.cdml,
            dimension=one.dimension,
            l=tuple(l for l in one.pam if l is not None),
            infrared=one.infrared,
            raman=one.raman,
            hyper_raman=one.hyper_raman,
            may_rotate=any(part.may == "may" for part in one.turning),
        )


def waves_row(place: Place, found: Waves) -> WavesRow:
    """Describe the waves of a class."""
    told = waves(found)
    return WavesRow(
        **asdict(place),
        helicity_wave=told.helicity.letter,
        helicity_forms=tuple(form for (form,) in told.helicity.forms),
        am_wave=told.angular_momentum.letter,
        am_forms=told.angular_momentum.forms,
        thermal=told.thermal,
    )
