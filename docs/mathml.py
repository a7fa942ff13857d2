"""Mathematics as MathML, which browsers draw by themselves: no script, no font from elsewhere.

Formulas are written in TeX, translated by docutils, and part of the page. A formula that docutils
cannot translate is a warning, and so ends the build.
"""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml, tex2unichar
from sphinx.util import logging

logger = logging.getLogger(__name__)

NAMES = {
    ord(sign): rf"\{name} "
    for table in (tex2unichar.mathord, tex2unichar.mathbin, tex2unichar.mathrel)
    for name, sign in table.items()
    if len(sign) == 1 and not sign.isascii()
} | {ord("·"): r"\cdot "}
"""The command of a sign: sources write × where docutils reads ``\\times`` alone."""

XMLNS = "http://www.w3.org/1998/Math/MathML"

ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")
"""Names of characters that HTML has and XML has not."""

OPENING = re.compile(r"[=≡≠≈<>≤≥→∈,(\[]")
SIGNS = frozenset("+−±∓")


def mended(text: str) -> str:
    r"""Return MathML in which three things are as TeX has them.

    A sign behind a relation belongs to the number that follows, ``l = +1``; an index of a letter
    with an accent, ``\dot Q_a``, stands beside it and not below; and an accent stands above its
    letter also where no font for mathematics says how high letters are.
    """
    root = ElementTree.fromstring(ENTITY.sub(lambda found: html.unescape(found[0]), text))
    for element in root.iter():
        children = list(element)
        for before, after in pairwise(children):
            if (
                (after.text or "") in SIGNS
                and before.tag.endswith("}mo")
                and OPENING.fullmatch(before.text or "")
            ):
                after.set("form", "prefix")
        if element.tag == f"{{{XMLNS}}}munderover":
            base, index, accent = children
            if accent.tag.endswith("}mo") and not base.tag.endswith("}mo"):
                for child in children:
                    element.remove(child)
                element.tag = f"{{{XMLNS}}}msub"
                letter = ElementTree.SubElement(element, f"{{{XMLNS}}}mover")
                letter.extend((base, accent))
                element.append(index)
    for over in root.iter(f"{{{XMLNS}}}mover"):
        over.attrib.pop("accent", None)
    ElementTree.register_namespace("", XMLNS)
    return ElementTree.tostring(root, encoding="unicode")


def translated(node: nodes.Element, *, block: bool) -> str:
    """Return the MathML of a formula."""
    tex = node.astext()
    try:
        return mended(latex2mathml.tex2mathml(tex.translate(NAMES), as_block=block))
    except MathError as error:
        logger.warning("formula %r: %s", tex, error, location=node)
        return f"<code>{html.escape(tex)}</code>"


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    writer.body.append(translated(node, block=False))
    raise nodes.SkipNode


def display(writer: Any, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, which scrolls where the window is narrow."""
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    writer.body.append(translated(node, block=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Make ``html_math_renderer = "mathml"`` known to Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
