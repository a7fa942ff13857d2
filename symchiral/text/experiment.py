"""Sentences on judgements and plans of an experiment, and the reasons in them."""

from __future__ import annotations

from html import escape
from typing import Any

from symchiral.answers.plan import plan
from symchiral.answers.plan import why as no_flip
from symchiral.answers.record import FrequencyUnit
from symchiral.answers.validate import channels_of, lines_of, why
from symchiral.text.advice import advice_text, note_text
from symchiral.text.controls import control_text, geometry_text
from symchiral.text.plan import plan_tables
from symchiral.text.validate import found_text, judged_table
from symchiral.text.why import RANKINGS, no_flip_text, refusal_text, why_text
from symchiral.traces.assignment import Refusal
from symchiral.traces.controls import Control, Geometry
from symchiral.traces.note import Note
from symchiral.traces.plan import NoFlip, Plan
from symchiral.traces.verdict import Advice, Judgement, Why


def display(noun: object, form: str, *, unit: FrequencyUnit = "THz") -> Any:
    """Return a noun in a form, its frequencies in a unit.

    ============================ ======================================
    noun                         forms
    ============================ ======================================
    Judgement                    ``words`` (a paragraph), ``ranking``, ``html``
    Plan                         ``ranking``, ``html``
    Why, Refusal, NoFlip         ``text``
    Advice, Note                 ``text``
    Geometry, Control            ``text``
    ============================ ======================================
    """
    match noun, form:
        case Judgement(), "words":
            return found_text(lines_of(noun, unit=unit), channels_of(noun, unit=unit))
        case Judgement() | Plan(), "ranking":
            return RANKINGS[noun.ranking]
        case Judgement(), "html":
            lines, channels = lines_of(noun, unit=unit), channels_of(noun, unit=unit)
            table = judged_table(lines, channels)
            words = [
                found_text(lines, channels),
                *dict.fromkeys(f"next: {advice_text(a, unit=unit)}" for a in noun.decide),
                *dict.fromkeys(f"note: {note_text(n, unit=unit)}" for n in noun.notes),
            ]
            return table.html() + "".join(f"<p>{escape(text)}</p>" for text in words)
        case Plan(), "html":
            answer = plan(noun, unit=unit)
            tables = plan_tables(answer, path=None, unit=unit)
            return "".join(table.html() for table in tables)
        case Why(), "text":
            return why_text(why(noun), noun.refused, unit=unit)
        case Refusal(), "text":
            return refusal_text(noun)
        case Note(), "text":
            return note_text(noun, unit=unit)
        case Advice(), "text":
            return advice_text(noun, unit=unit)
        case Geometry(), "text":
            return geometry_text(noun)
        case Control(), "text":
            return control_text(noun)
        case NoFlip(), "text":
            return no_flip_text(no_flip(noun), unit=unit)
    raise NotImplementedError(f"{type(noun).__name__} has no form {form!r}")
