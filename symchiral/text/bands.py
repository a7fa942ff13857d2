"""The table of ``bands``: a line per piece of the path."""

from __future__ import annotations

from symchiral.answers.bands import Bands, Segment
from symchiral.modes.mode import NO_ROTATION
from symchiral.rules.wording import minus
from symchiral.table import Table
from symchiral.text.crystal import crystal_lines
from symchiral.units import SIGNS


def bands_table(answer: Bands) -> Table:
    """Return a line per piece of the path."""
    unit = answer.units.frequency
    of = f", of {', '.join(answer.sites)} alone" if answer.sites else ""
    foot = [f"u = q·c/2π along the axis; |J|: the largest on the piece{of}."]
    if any(branch.am is None for piece in answer.segments for branch in piece.branches):
        foot.append("— for J: partners of equal frequency that no axis tells apart.")
    return Table(
        ("path", "line", "axis", "l", "species", f"f ({SIGNS[unit]})", "|J| (ħ)"),
        tuple(_row(piece, digits=2 if unit == "THz" else 1) for piece in answer.segments),
        head=crystal_lines(answer.structure, answer.axis, "bands"),
        foot=tuple(foot),
        optional=("species", "line"),
        folded=("l",),
    )


def _row(piece: Segment, *, digits: int) -> tuple[str, ...]:
    frequencies = [f for branch in piece.branches for f in branch.frequency]
    sizes = [abs(j) for branch in piece.branches for j in branch.am or ()]
    largest = max(sizes, default=None)
    low, high = min(frequencies), max(frequencies)
    texts = dict.fromkeys(branch.pam for branch in piece.branches)
    return (
        f"{piece.start.label} – {piece.end.label}",
        piece.line,
        piece.axis.symbol if piece.axis else "—",
        ", ".join(minus(x) for x in texts if x is not None) or "—",
        str(len({branch.species for branch in piece.branches})),
        minus(f"{round(low, digits) + 0.0:.{digits}f} to {high:.{digits}f}"),
        "—" if largest is None else "0" if largest < NO_ROTATION else f"{largest:.3f}",
    )
