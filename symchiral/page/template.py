"""One template, one style and some scripts made into a page that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from symchiral.figures.colours import (
    MINUS,
    MINUS_ON_DARK,
    PLUS,
    PLUS_ON_DARK,
    STILL,
    STILL_ON_DARK,
)
from symchiral.units import counted

PALETTE = (
    f":root {{ --plus: {PLUS}; --minus: {MINUS}; --still: {STILL}; }}\n"
    f"@media screen and (prefers-color-scheme: dark) {{ :root {{ --plus: {PLUS_ON_DARK}; "
    f"--minus: {MINUS_ON_DARK}; --still: {STILL_ON_DARK}; }} }}\n"
)
"""The colours of the senses, for every style."""

SENSE = (
    f'"use strict";\nconst SENSE = {{ 1: "{PLUS}", "-1": "{MINUS}", 0: "{STILL}" }}; '
    "// on white, by the sense"
)
"""The same for every script."""


@lru_cache(maxsize=16)
def asset(name: str) -> str:
    """Return a file of this room as text: a script, a style or a template."""
    return (files("symchiral.page") / name).read_text(encoding="utf-8")


def script_json(data: object) -> str:
    r"""Return data as JSON that may stand in a script element: no text in it can end the element.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'

    Raises
    ------
    ValueError
        A number is not finite: JSON has none such.
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def render(
    template: str,
    *,
    style: str,
    scripts: tuple[str, ...],
    asks_server: bool = False,
    **values: Any,
) -> str:
    """Return a page made from a template of this room.

    The template finds ``style``, ``script`` and ``policy`` beside the values, and ``counted``; the
    content security policy lets the browser apply this style, run this script, and load nothing at
    all, unless it asks the server that it came from. Every value is escaped.

    Parameters
    ----------
    template, style : str
        Names of files.
    scripts : tuple of str
        Names of files, run one after the other.
    asks_server : bool
        Its script may send requests to where the page came from.
    """
    css = PALETTE + asset(style)
    script = "\n".join([SENSE, *map(asset, scripts)])
    connect = "connect-src 'self'; " if asks_server else ""
    policy = (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        f"{connect}base-uri 'none'; form-action 'none'"
    )
    environment = Environment(
        loader=DictLoader({template: asset(template)}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["counted"] = counted
    found: str = environment.get_template(template).render(
        style=Markup(css), script=Markup(script), policy=policy, **values
    )
    return found


def data_of(value: object) -> Markup:
    """Return data for a script element of a template, by :func:`script_json`."""
    return Markup(script_json(value))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
