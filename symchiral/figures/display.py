"""Pictures of nouns in a notebook: data inside the page, without scripts and without a network.

A browser shows them also in notebooks that are not trusted. Without matplotlib curves are left out
and the tables stand alone; moving atoms need no library.
"""

from __future__ import annotations

import io
from base64 import b64encode
from html import escape
from typing import Any

from symchiral.answers.bands import bands as bands_answer
from symchiral.dynamics.delaymap import DelayMap
from symchiral.dynamics.run import Run
from symchiral.errors import InputError
from symchiral.forces.bands import Bands
from symchiral.modes.animation import Animation

SHARP = 150
"""Dots per inch of pictures in a notebook."""


def display(noun: object, form: str) -> str:
    """Return the ``picture`` of bands, a run, a map or an animation; empty without matplotlib."""
    if form != "picture":
        raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")
    if isinstance(noun, Animation):
        from symchiral.figures.moving import moving_svg

        return _image(moving_svg(noun).encode(), "image/svg+xml", noun.title)
    try:
        if isinstance(noun, Bands):
            from symchiral.figures.bands import bands_figure

            return _drawn(bands_figure(bands_answer(noun, unit="THz")), repr(noun))
        if isinstance(noun, Run):
            from symchiral.figures.motion import motion_figure

            return _drawn(motion_figure(noun), repr(noun)) if noun.after.any() else ""
        if isinstance(noun, DelayMap):
            from symchiral.figures.delaymap import map_figure

            return _drawn(map_figure(noun), repr(noun))
    except InputError:
        # matplotlib is missing, or nothing moves: the tables say what there is to say.
        return ""
    raise NotImplementedError(f"{type(noun).__name__} has no picture")


def _drawn(figure: Any, title: str) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=SHARP)
    return _image(file.getvalue(), "image/png", title)


def _image(content: bytes, kind: str, title: str) -> str:
    data = b64encode(content).decode()
    words = escape(title, quote=True)
    return f'<img src="data:{kind};base64,{data}" alt="{words}" style="max-width:100%"/>'
