"""Tables over wavevectors: what lives at each, and which of them can meet."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.crystal.qpoint import QPoint, images
from symchiral.crystal.search import SymmetricCrystal, point_group_symbol
from symchiral.irreps.axis import Axis, axis_at
from symchiral.irreps.stars import place_name
from symchiral.modes.species import find_species
from symchiral.report.summary import axis_line, coordinates_note, headline, primitive_cell
from symchiral.rules.listing import listing
from symchiral.rules.rulebook import RuleBook
from symchiral.rules.wording import signed
from symchiral.table import Table


def points_table(crystal: SymmetricCrystal, axis: Axis | None, points: Sequence[QPoint]) -> Table:
    """Return what lives at every wavevector: little co-group, axis and species with their PAM."""
    rows = []
    for q in points:
        part = axis_at(crystal, axis, [q])
        little = little_symbol(crystal, q)
        start: tuple[str, ...] = (
            place_name(crystal.group, q) or "GM",
            " ".join(q.texts),
            little,
            part.symbol if part else "—",
        )
        for species in find_species(crystal, part, q):
            residues = ", ".join(signed(c.pam) for c in species.components)
            rows.append((*start, f"{species.count} {species.label}", residues))
            start = ("", "", "", "")
    return Table(
        ("point", "q (primitive)", "little", "axis", "species", "l"),
        tuple(rows),
        head=(headline(crystal), f"axis     {axis_line(crystal, axis)}"),
        foot=(
            f"q on the reciprocal basis of {primitive_cell(crystal)}; "
            "l = l0 + s u with u = q·c/2π.",
        ),
        optional=("q (primitive)", "little"),
    )


def little_symbol(crystal: SymmetricCrystal, q: QPoint) -> str:
    """Hermann–Mauguin symbol of the little co-group of q."""
    group = crystal.group
    members = [g for g, image in enumerate(images(group, q)) if image == q.reduced]
    return point_group_symbol(group.rotations[members])


def _axis_text(book: RuleBook) -> str:
    """``6_3``, or ``6_3, n = 3`` where the senses of its rules have another n than the axis."""
    if book.axis is None:
        return "—"
    n = next((rule.channel.order for rule in book.everything), book.axis.order)
    return book.axis.symbol + (f", n = {n}" if n != book.axis.order else "")


def vertices_table(crystal: SymmetricCrystal, books: Sequence[RuleBook], *, path: str) -> Table:
    """Return a line per vertex: how many transfers are allowed, and what they do."""
    rows = []
    for book in books:
        found = listing(book)
        counts = found.counts()
        rows.append(
            (
                " ".join(place_name(crystal.group, q) or "GM" for q in book.points),
                _axis_text(book),
                str(found.judged),
                str(len(found.rows)),
                *(str(counts[group] or "—") for group in ("flipped", "kept", "neutral")),
            )
        )
    return Table(
        ("vertex", "axis", "judged", "allowed", "flip", "keep", "neutral"),
        tuple(rows),
        head=(f"{headline(crystal)}   special points with Σq = G, up to symmetry",),
        foot=(
            *coordinates_note(crystal, [row[0] for row in rows]),
            *_channels(books),
            *([f'One of them: symchiral predict {path} --q "{rows[0][0]}"'] if rows else []),
        ),
        optional=("axis",),
    )


def _channels(books: Sequence[RuleBook]) -> list[str]:
    """The numbers of the documents, in sum."""
    judged = sum(len(book.everything) for book in books)
    allowed = sum(len(book) for book in books)
    return [
        "Counted up to the signs of all legs and the choice of modes; as channels, each by itself "
        f"(--json): {judged:,} judged, {allowed:,} allowed."
    ]
