"""The answer of ``report`` of a catalog: what was written.

The record comes first, then the function that fills it.
"""

from __future__ import annotations

from collections.abc import Mapping

from symchiral.answers.record import Answer, Count, Input, opening


class Site(Answer, frozen=True, kw_only=True, tag="symchiral/site/1"):
    """What ``symchiral report CATALOG --json`` prints: the site that was written."""

    output: str
    """The folder; its index.html is where to start."""
    crystals: Count
    """Crystals in the index."""
    pages: Count
    """Those with a page."""
    kept: Count
    """Pages that were there already."""
    refused: Count
    """Inputs that screen had refused; the index says why."""
    failed: dict[str, str]
    """Crystals without a page, and why."""


def site(
    catalog: str,
    *,
    symprec: float,
    output: str,
    crystals: int,
    pages: int,
    kept: int,
    refused: int,
    failed: Mapping[str, str],
) -> Site:
    """Answer what was written.

    Parameters
    ----------
    catalog : str
        The catalog.
    symprec : float
        Distance tolerance of its latest part, Å.
    output : str
        The folder of the site.
    crystals, pages, kept, refused : int
        Crystals in the index, those with a page, pages that were there already, and inputs without
        a crystal.
    failed : mapping of str to str
        Crystals without a page, and why.
    """
    return Site(
        **opening(Input(path=catalog, sha256=None, files=()), (), symprec=symprec),
        output=output,
        crystals=crystals,
        pages=pages,
        kept=kept,
        refused=refused,
        failed=dict(failed),
    )
