"""Which of many cases are tested every day, and which in the sweep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(n: int, cases: Iterable[Any]) -> list[Any]:
    """Return all cases as parameters, all but every n-th of them marked for the sweep.

    Together the everyday tests and the sweep take every case once.
    """
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=marks)
        for i, case in enumerate(cases)
        for marks in [[pytest.mark.sweep] if i % n else []]
    ]
