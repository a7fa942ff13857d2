"""Measured frequencies of modes, from a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from symchiral.errors import InputError, ReadError
from symchiral.units import in_thz


def read_frequencies(path: str | os.PathLike[str]) -> dict[str, float]:
    """Read a JSON file with measured frequencies; returns THz by the name of the mode.

    The file is ``{"frequency_unit": "THz", "frequencies": {"Eu(1)": 2.05, "Eg(2)": 4.05}}``; modes
    are numbered from the lowest frequency of their species.

    Raises
    ------
    ReadError
        The file is not as above.
    """
    try:
        data = json.loads(Path(os.fspath(path)).expanduser().read_text(encoding="utf-8"))
        factor = in_thz(data["frequency_unit"])
        found = {str(name): float(f) * factor for name, f in data["frequencies"].items()}
        if any(not 0 < f < float("inf") for f in found.values()):
            raise ValueError("a frequency is not positive")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise ReadError(
            f"cannot read the frequencies in {os.fspath(path)}",
            why=f"the key {error} is missing" if isinstance(error, KeyError) else str(error),
            fix='write {"frequency_unit": "THz", "frequencies": {"Eu(1)": 2.05}}',
        ) from error
    return found
