"""How figures look: widths of journals, sizes of letters, fonts that stay text, and a style on top.

Widths are those of the Physical Review: a column has 86 mm, a page 178 mm. Letters have at least
7 points there, but for sub- and superscripts.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from symchiral.disk import is_file, user_path
from symchiral.errors import InputError, LabelError, nearest
from symchiral.figures.save import matplotlib_needed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Size = Literal["single", "double"]
"""Width of a figure: one column, or the page of two."""

MILLIMETRES: dict[str, float] = {"single": 86.0, "double": 178.0}
"""Width in millimetres."""

SMALLEST = 7.0
"""Points of the smallest letters."""

STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "figure.titlesize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.borderaxespad": 0.3,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.labelpad": 2.0,
    "axes.titlepad": 4.0,
    "lines.linewidth": 1.0,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    # Text stays text that can be searched and edited.
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "symchiral",
}
"""Settings of matplotlib for every figure and film."""


@contextmanager
def styled(style: str | Path | None = None, *, what: str = "cannot draw") -> Iterator[None]:
    """Draw, and save, with our settings and a style of the user's on top.

    Parameters
    ----------
    style : str or path, optional
        A file of settings of matplotlib, or the name of one of its styles, of which all holds but
        the sizes of letters.
    what : str
        What cannot be done where it is wrong.

    Raises
    ------
    InputError
        matplotlib is missing; there is no such style, it cannot be read, or it asks for TeX.
    """
    with matplotlib_needed(what, "write the numbers: .csv or .json"):
        import matplotlib.figure
    with matplotlib.rc_context(STYLE):
        if style is not None:
            _apply(str(style), what)
            # The width is what was asked for, whatever the style cuts off.
            matplotlib.rcParams["savefig.bbox"] = None
        yield


def _apply(style: str, what: str) -> None:
    import matplotlib
    import matplotlib.style

    file = user_path(style)
    if not is_file(file) and style not in matplotlib.style.available:
        raise InputError(
            f"{what} with the style {style}",
            why="it is neither a file nor a style of matplotlib",
            fix=nearest(style, matplotlib.style.available),
        )
    complaints = _Complaints()
    log = logging.getLogger("matplotlib")
    log.addHandler(complaints)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            matplotlib.style.use(file if is_file(file) else style)
    except (OSError, ValueError, UserWarning) as error:
        complaints.said.append(str(error))
    finally:
        log.removeHandler(complaints)
    if not is_file(file):
        # Those of the library are made for wider figures: their letters would not fit.
        matplotlib.rcParams.update({key: x for key, x in STYLE.items() if key.endswith("size")})
    if matplotlib.rcParams["text.usetex"]:
        complaints.said.append("text.usetex: the texts of these figures are not written in TeX")
    if complaints.said:
        raise InputError(
            f"{what} with the style {style}",
            why=" ".join(complaints.said[0].split()),
            fix="correct or delete that line; mathtext.fontset chooses the font of mathematics",
        )


class _Complaints(logging.Handler):
    """What the library logs of settings that make no sense."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def new_figure(size: Size, height: float) -> Figure:
    """Return an empty figure as wide as ``size`` says, ``height`` millimetres high.

    Raises
    ------
    LabelError
        There is no such size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if size not in MILLIMETRES:
        raise LabelError(
            f"no size {size!r}",
            why="figures are as wide as a column, 86 mm, or a page, 178 mm",
            fix="write single or double",
        )
    figure = Figure(figsize=(MILLIMETRES[size] / 25.4, height / 25.4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def small() -> float:
    """Points of the smallest letters beside the present font."""
    import matplotlib

    return float(matplotlib.rcParams["font.size"] * SMALLEST / STYLE["font.size"])
