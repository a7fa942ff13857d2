"""How a noun shows itself: the one hook by which a rule finds its words and a book its table.

Words and tables are made in the room ``text``, which stands above the rooms of the nouns. A noun
that prints itself asks :func:`display`; who answers is said once, in ``symchiral/__init__``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_home = ""


def displayed_by(module: str) -> None:
    """Say which module answers: its function ``display(noun, form)``."""
    global _home
    _home = module


def display(noun: object, form: str, **options: Any) -> Any:
    """Return a noun in a form: ``text``, ``html``, ``records``, …

    Which forms a noun has, and their options, stands in :mod:`symchiral.text.display`.
    """
    return import_module(_home).display(noun, form, **options)


class Worded:
    """Base of the values that are read as a sentence: reasons, advice, controls."""

    @property
    def text(self) -> str:
        """The sentence."""
        return str(display(self, "text"))
