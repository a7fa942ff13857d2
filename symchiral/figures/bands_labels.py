"""Pseudo-angular momenta written into the figure of bands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from symchiral.answers.bands import Bands, Branch, End, Segment
from symchiral.figures.colours import INK
from symchiral.figures.style import small
from symchiral.rules.wording import minus
from symchiral.value import Floats, grouped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox


MOVED = 4
"""Heights of a text by which it may be moved from its level, with a line to it."""

SHARE = 0.6
"""Share of the length of a piece that its texts may cover: more would hide its curves."""

LONGEST = 8
"""Characters of l that levels at one place share; what is longer is stacked."""

_SLOPE = re.compile(r"-?\d*u")


Words = tuple[float, list[str]]
"""A frequency and the l of what lies there."""


def write_pam(axes: Axes, bands: Bands, places: list[Floats]) -> tuple[list[Bbox], bool]:
    """PAM at special points beside the multiplets, and in the middle of invariant lines.

    No text touches another or leaves its piece: where pieces are short, or levels many, some are
    left out. What they cover, in pixels, and whether all of them found room.
    """
    columns: list[tuple[int, float, int, list[Words], Floats]] = []
    segments = bands.segments
    for i, (segment, x) in enumerate(zip(segments, places, strict=True)):
        # Of two pieces that meet with the same levels the one without PAM of its own, or the
        # later one, has the texts.
        before = segments[i - 1] if i else None
        after = segments[i + 1] if i + 1 < len(segments) else None
        mine = segment.axis is None
        if not (before and before.end.levels == segment.start.levels and before.axis is None) or (
            mine
        ):
            columns.append((i, float(x[0]), 1, _of_levels(segment.start), x))
        if not (after and after.start.levels == segment.end.levels) or (
            mine and after.axis is not None
        ):
            columns.append((i, float(x[-1]), -1, _of_levels(segment.end), x))
        if segment.axis is not None:
            middle = len(x) // 2
            lines = [
                (partners[0].frequency[middle], [branch.pam or "" for branch in partners])
                for partners in multiplets(segment)
            ]
            columns.append((i, float(x[middle]), 0, lines, x))
    # Where there is not room for all, invariant lines come first.
    columns.sort(key=lambda column: (segments[column[0]].axis is None, column[2] != 0))
    used = np.zeros(len(segments))
    complete = True
    taken: list[Bbox] = []
    for i, at, side, words, piece in columns:
        texts, whole = _column(axes, at, side, words)
        low, high = axes.transData.transform([(piece[0], 0), (piece[-1], 0)])[:, 0]
        boxes = [_box(text) for text in texts]
        wide = max((box.width for box in boxes), default=0) / (high - low)
        short = used[i] + wide > SHARE
        used[i] += 0 if short else wide
        for text, box in zip(texts, boxes, strict=True):
            inside = low <= box.x0 and box.x1 <= high
            if short or not inside or any(box.overlaps(other) for other in taken):
                text.remove()
                whole = False
            else:
                taken.append(box)
        complete = complete and whole
    return taken, complete


def _box(text: Annotation) -> Bbox:
    """What the letters cover, with a point around them."""
    from matplotlib.text import Text

    # That of the text with the line to its level is found first: it puts the text where it belongs.
    text.get_window_extent()
    return Text.get_window_extent(text).padded(text.figure.dpi / 72)


def _of_levels(end: End) -> list[Words]:
    return [(level.frequency, list(level.pam)) for level in end.levels if level.pam]


def _pams(words: Sequence[str]) -> str:
    """L of partners in short: ``±1``, ``0``, ``±1+u``."""
    left, found = list(dict.fromkeys(words)), []
    while left:
        word = left.pop(0)
        opposite = word[1:] if word.startswith("-") else f"-{word}"
        if opposite in left and not _SLOPE.fullmatch(word):
            left.remove(opposite)
            found.append("±" + word.removeprefix("-"))
        else:
            found.append(word)
    return minus(",".join(found))


def _column(axes: Axes, x: float, side: int, texts: list[Words]) -> tuple[list[Annotation], bool]:
    """Texts above each other without overlap, each with a line to its level where it is moved.

    Also whether all are written.
    """
    if not texts:
        return [], True
    scale = axes.bbox.height / axes.figure.dpi * 72 / np.ptp(axes.get_ylim())  # points per unit
    low, high = axes.get_ylim()
    wanted = _merged(sorted(((y - low) * scale, words) for y, words in texts))
    size = small()
    gap = size * 1.3
    room = (high - low) * scale - gap
    complete = True
    places = _spread(np.array([y for y, _ in wanted]), gap, gap / 2, room + gap / 2)
    farthest = max(abs(place - y) for (y, _), place in zip(wanted, places, strict=True))
    if farthest > (MOVED if side else 1) * gap:
        # Too many levels: those texts are left out that would stand beside another level.
        kept = _apart(wanted, gap)
        complete = len(kept) == len(wanted)
        wanted, places = kept, np.array([y for y, _ in kept])
    away = 3 if side else 0
    written = []
    for (y, text), place in zip(wanted, places, strict=True):
        moved = abs(place - y) > gap * 0.4
        shift = side * (away + (5 if moved else 0))
        written.append(
            axes.annotate(
                text,
                xy=(x, low + y / scale),
                xytext=(shift, place - y),
                textcoords="offset points",
                ha={1: "left", -1: "right", 0: "center"}[side],
                va="center",
                fontsize=size,
                color=INK,
                zorder=6,
                arrowprops={"arrowstyle": "-", "lw": 0.35, "color": INK, "shrinkA": 0, "shrinkB": 0}
                if moved and side
                else None,
                bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none"},
            )
        )
    return written, complete


def _merged(texts: list[Words]) -> list[tuple[float, str]]:
    """Levels that cannot be told apart in the figure share one text."""
    found: list[Words] = []
    for y, words in texts:
        together = [*found[-1][1], *words] if found else []
        if found and y - found[-1][0] < 0.8 and len(_pams(together)) <= LONGEST:
            found[-1] = (found[-1][0], together)
        else:
            found.append((y, list(words)))
    return [(y, _pams(words)) for y, words in found]


def _apart(texts: list[tuple[float, str]], gap: float) -> list[tuple[float, str]]:
    """Texts at least ``gap`` apart, from the lowest."""
    found = texts[:1]
    for text in texts[1:]:
        if text[0] - found[-1][0] >= gap:
            found.append(text)
    return found


def _spread(wanted: Floats, gap: float, low: float, high: float) -> Floats:
    """Places at least ``gap`` apart and inside the limits, near the wanted ones.

    Blocks of touching texts stand around the mean of what they want (isotonic regression).
    """
    blocks: list[tuple[float, int]] = []
    for i, y in enumerate(wanted):
        blocks.append((float(y) - i * gap, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, n), (b, m) = blocks[-2:]
            blocks[-2:] = [((a * n + b * m) / (n + m), n + m)]
    flat = np.concatenate([np.full(n, a) for a, n in blocks])
    flat = np.clip(flat, low, max(low, high - (len(wanted) - 1) * gap))
    return np.asarray(flat + gap * np.arange(len(wanted)))


def multiplets(segment: Segment) -> list[list[Branch]]:
    """Branches of equal frequency by symmetry."""
    found = grouped(((branch.species, branch.order), branch) for branch in segment.branches)
    return list(found.values())
