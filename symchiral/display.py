"""How an object finds its sentences and tables: the one hook to the room ``text``.

Words and tables are made in the room ``text``, which stands above the rooms of the nouns. A noun
that prints itself asks :func:`display`; who answers is said once, in ``symchiral/__init__``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal, overload

_home, _gallery = "", ""

Texts = Literal["text", "html", "picture", "csv", "markdown", "latex", "note", "product"]
"""Forms that are one text."""


def displayed_by(module: str, *, pictures: str) -> None:
    """Say which module answers: its function ``display(noun, form)``; another for pictures."""
    global _home, _gallery
    _home, _gallery = module, pictures


@overload
def display(noun: object, form: Texts) -> str: ...
@overload
def display(noun: object, form: Literal["records"]) -> list[dict[str, Any]]: ...
@overload
def display(noun: object, form: str, **options: Any) -> Any: ...
def display(noun: object, form: str, **options: Any) -> Any:
    """Return a noun in a form: ``text``, ``html``, ``records``, …

    Which forms a noun has, and their options, stands in :mod:`symchiral.text.display`; the form
    ``picture`` is made in :mod:`symchiral.figures.display`.
    """
    return _answering(_gallery if form == "picture" else _home)(noun, form, **options)


@lru_cache(maxsize=2)
def _answering(module: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_module(module).display
    return found


class Worded:
    """Base of the values that are read as a sentence: reasons, advice, controls."""

    @property
    def text(self) -> str:
        """The sentence."""
        return display(self, "text")


class Shown:
    """Base of the nouns that a notebook shows: tables or text, as HTML."""

    def _repr_html_(self) -> str:
        return display(self, "html")


class Pictured(Shown):
    """Base of the nouns that a notebook also draws: a picture above the tables."""

    def _repr_html_(self) -> str:
        return display(self, "picture") + display(self, "html")


class Tabular(Shown):
    """Base of the nouns that are tables: they leave as records, CSV, data frames and text."""

    def to_records(self) -> list[dict[str, Any]]:
        """Return the rows as flat dictionaries: numbers, words, and None for what does not exist.

        Units and meanings of the keys are those of the document of the same command.
        """
        return display(self, "records")

    def to_csv(self) -> str:
        """Return :meth:`to_records` as CSV."""
        return display(self, "csv")

    def to_markdown(self) -> str:
        """Return the table that the command line prints, in Markdown."""
        return display(self, "markdown")

    def to_latex(self) -> str:
        """Return that table in LaTeX, with the rules of the package booktabs."""
        return display(self, "latex")

    def to_frame(self, library: Literal["pandas", "polars"] = "pandas") -> Any:
        """Return :meth:`to_records` as a data frame of pandas or polars.

        Raises
        ------
        LabelError
            It is another library.
        InputError
            The library is not installed.
        """
        return display(self, "frame", library=library)
