"""JSON Schemas of the answers, generated from their types: none is kept by hand.

What a field means stands below it in the source of its record, and is read from there.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import msgspec

from symchiral.answers.record import Answer
from symchiral.errors import LabelError, nearest


def answer_type(command: str) -> type[Answer]:
    """Return the type of the answer of a command.

    That of ``show`` is the class ``Show`` of :mod:`symchiral.answers.show`, and so of every other;
    ``vertices`` is the answer of ``predict --q star``, ``catalog`` that of ``screen``, with the
    columns of a catalog, ``site`` that of ``report`` of a catalog.

    Raises
    ------
    LabelError
        No command answers by that name.
    """
    found = _named(command) if command in _modules() else None
    if found is None:
        raise LabelError(
            f"no schema for {command!r}",
            why="it is not a command with --json",
            fix=nearest(command, answers()),
        )
    return found


def answers() -> list[str]:
    """Return the names of all answers."""
    return [name for name in _modules() if _named(name) is not None]


def _modules() -> list[str]:
    return sorted(module.name for module in iter_modules([str(Path(__file__).parent)]))


def _named(name: str) -> type[Answer] | None:
    found = getattr(import_module(f"symchiral.answers.{name}"), name.capitalize(), None)
    return found if isinstance(found, type) and issubclass(found, Answer) else None


def schema(command: str) -> str:
    """Return the JSON Schema of the document of a command, as text.

    Raises
    ------
    LabelError
        The command has no schema.
    """
    kind = answer_type(command)
    (reference,), definitions = msgspec.json.schema_components([kind])
    for record in _records(kind):
        definition = definitions[record.__name__]
        definition["additionalProperties"] = True  # readers must expect new keys
        definition["description"] = " ".join(definition.get("description", "").split())
        for name, text in meanings(record).items():
            definition["properties"][name] = {
                "description": text,
                **definition["properties"][name],
            }
    top = definitions.pop(reference["$ref"].rpartition("/")[2])
    tag = kind.__struct_config__.tag
    top["properties"]["schema"] = {"description": "Name and version of this schema.", "const": tag}
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": tag,
        **top,
        "$defs": definitions,
    }
    return json.dumps(document, indent=1)


def _records(kind: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """A record and all that its fields are made of."""
    found: dict[type[msgspec.Struct], None] = {}

    def visit(about: Any) -> None:
        if isinstance(about, msgspec.inspect.StructType):
            if about.cls in found:
                return
            found[about.cls] = None
        for name in getattr(about, "__struct_fields__", ()):
            value = getattr(about, name)
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, msgspec.inspect.Field):
                    visit(part.type)
                elif isinstance(part, msgspec.inspect.Type):
                    visit(part)

    visit(msgspec.inspect.type_info(kind))
    return list(found)


@lru_cache(maxsize=256)
def meanings(record: type[msgspec.Struct]) -> dict[str, str]:
    """Return what the source says below the fields of a record and of its bases, by key."""
    found: dict[str, str] = {}
    for kind in reversed(record.__mro__):
        if not issubclass(kind, msgspec.Struct) or not kind.__module__.startswith("symchiral."):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body  # type: ignore[attr-defined]
        keys = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
        for field, below in pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
                assert isinstance(field.target, ast.Name)
                if field.target.id not in keys:  # of the class, not of the document
                    continue
                found[keys[field.target.id]] = " ".join(ast.literal_eval(below.value).split())
    return found
