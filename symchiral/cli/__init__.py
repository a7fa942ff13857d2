"""The command line: one file per command; the only place that prints.

A command's module declares its arguments with nothing but argparse and imports the library when it
runs, so that ``--help`` loads neither numpy nor anything heavier.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from symchiral.cli import (
    animate,
    audit,
    bands,
    couple,
    explain,
    light,
    modes,
    phonons,
    plan,
    predict,
    schema,
    show,
    simulate,
    streams,
    validate,
)
from symchiral.disk import recording
from symchiral.errors import SymchiralError, told
from symchiral.version import __version__

COMMANDS = {
    "predict": predict,
    "explain": explain,
    "show": show,
    "modes": modes,
    "light": light,
    "bands": bands,
    "animate": animate,
    "phonons": phonons,
    "couple": couple,
    "audit": audit,
    "simulate": simulate,
    "plan": plan,
    "validate": validate,
    "schema": schema,
}
"""Every command by name, in the order of the help."""


class Parser(argparse.ArgumentParser):
    """A parser whose messages hold no control characters, and of long words both ends."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong on stderr and end with status 2."""
        super().error(told(message))


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    root = Parser(
        prog="symchiral",
        description="Which vibrations of a crystal can hand rotation to which others, and why.",
        epilog="Start with: symchiral predict Bi2Se3",
    )
    root.add_argument("--version", action="version", version=f"symchiral {__version__}")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        sub = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.configure(sub)
        sub.set_defaults(run=module.run)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 done, 1 input or physics, 2 usage.

    3: a limit that the user set was exceeded.
    """
    streams.prepare()
    try:
        options = parser().parse_args(joined(sys.argv[1:] if arguments is None else arguments))
        with recording():
            status: int = options.run(options) or 0
    except SystemExit as stop:
        # The help and the version are output, too.
        raise SystemExit(stop.code or streams.finish()) from None
    except SymchiralError as error:
        streams.finish()
        streams.say(f"symchiral: {error}")
        return 1
    except (MemoryError, ImportError) as error:
        # A library that finds no memory for its code cannot be imported.
        if isinstance(error, ImportError) and "failed to map segment" not in str(error):
            raise
        streams.say(
            "symchiral: not enough memory. Ask for fewer wavevectors or a smaller supercell, or "
            "give the process more."
        )
        return 1
    except OSError as error:
        return streams.failed(error)
    except KeyboardInterrupt:
        return 130
    return status or streams.finish()


def joined(words: Sequence[str]) -> list[str]:
    """Join an option and a value that begins with a minus: ``--axis -1,0,0`` → ``--axis=-1,0,0``.

    argparse would take such a value for an option.

    Examples
    --------
    >>> joined(["show", "x.cif", "--axis", "-1,0,0", "--json"])
    ['show', 'x.cif', '--axis=-1,0,0', '--json']
    """
    found: list[str] = []
    for word in words:
        negative = word[:1] == "-" and (word[1:2].isdigit() or word[1:2] == ".")
        if negative and found and found[-1].startswith("--") and "=" not in found[-1]:
            found[-1] += f"={word}"
        else:
            found.append(word)
    return found
