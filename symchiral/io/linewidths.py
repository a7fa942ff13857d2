"""Linewidths of modes, as one number or as a file."""

from __future__ import annotations

import json
from pathlib import Path

from symchiral.errors import GrammarError, InputError, ReadError
from symchiral.fields.pump import frequency
from symchiral.units import in_thz


def read_linewidths(text: str) -> float | dict[str, float]:
    """Read a total linewidth, ``0.1THz``, or a JSON file with a linewidth per mode; returns THz.

    The file is ``{"frequency_unit": "THz", "linewidths": {"Eu(1)": 0.05, "Eg(2)": 0.08}}``.

    Examples
    --------
    >>> read_linewidths("0.1THz")
    0.1

    Raises
    ------
    GrammarError
        It is neither a frequency nor a file.
    ReadError
        The file is not as above.
    """
    path = Path(text).expanduser()
    if not path.is_file():
        width = frequency(text)
        if width <= 0:
            raise GrammarError(
                f"no linewidth {text!r}", why="it is not positive", fix="give one as in 0.1THz"
            )
        return width
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        factor = in_thz(data["frequency_unit"])
        found = {str(name): float(width) * factor for name, width in data["linewidths"].items()}
        if any(not 0 < width < float("inf") for width in found.values()):
            raise ValueError("a linewidth is not positive")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise ReadError(
            f"cannot read the linewidths in {text}",
            why=str(error),
            fix='write {"frequency_unit": "THz", "linewidths": {"Eu(1)": 0.05}}',
        ) from error
    return found
