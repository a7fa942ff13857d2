# PYTHON_ARGCOMPLETE_OK: the shell may ask this program for completions (cli/completion.py)
"""The command line: one file per command; the only place that prints.

A command's module declares its arguments with nothing but argparse and imports the library when it
runs, so that ``--help`` loads neither numpy nor anything heavier. The module of a command is named
like it, which is all that makes it one: ``SUMMARY``, ``EXAMPLES``, ``configure(parser)`` and
``run(options)`` are asked of it. It is imported when the command is asked for, or the list of all.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NoReturn

from symchiral.cli import streams
from symchiral.cli.printing import write_failure
from symchiral.disk import SETTINGS, recording, settings_path
from symchiral.errors import SymchiralError, nearest, told
from symchiral.version import __version__

if TYPE_CHECKING:
    from symchiral.cli.usersettings import UserSettings

SHARED = frozenset(
    {
        "calculator",
        "completion",
        "drawing",
        "fields",
        "files",
        "forces",
        "limits",
        "printing",
        "progress",
        "streams",
        "structures",
        "studies",
        "usersettings",
    }
)
"""Modules of this room that several commands share: every other one is the command of its name."""

FIRST = (
    "predict",
    "atlas",
    "explain",
    "show",
    "modes",
    "light",
    "bands",
    "animate",
    "phonons",
    "couple",
    "audit",
    "simulate",
    "plan",
    "validate",
    "report",
    "screen",
    "query",
    "merge",
    "cite",
    "schema",
    "settings",
    "serve",
)
"""The order of the help; what is not named follows."""


def _commands() -> tuple[str, ...]:
    """Names of the commands, which are those of their modules."""
    found = {module.name for module in iter_modules(__path__)} - SHARED
    return (*(name for name in FIRST if name in found), *sorted(found.difference(FIRST)))


COMMANDS = _commands()
"""Every command, in the order of the help."""


class Parser(argparse.ArgumentParser):
    """A parser whose messages hold no control characters, and of long words both ends."""

    json = False
    """Print what is wrong as a document, too."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # What begins like a negative number is a value: a direction -1,0,0, a class -3m.
        self._negative_number_matcher = re.compile(r"-\.?\d")

    def error(self, message: str) -> NoReturn:
        """Say on stderr what is wrong and where all options are listed; end with status 2."""
        if Parser.json:
            write_failure("UsageError", told(message), "", f"{self.prog} --help", status=2)
        streams.say(f"{self.usage_in_short()}\n{self.prog}: error: {told(message)}")
        streams.finish()
        self.exit(2)

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Python 3.11 and 3.12 drop this value and hand on an empty list.
        if action.option_strings and arg_strings == ["--"]:
            raise argparse.ArgumentError(action, "expected a value, not --")
        return super()._get_values(action, arg_strings)

    def usage_in_short(self) -> str:
        """Return one line: what must be given."""
        words = [self.prog]
        for action in self._get_positional_actions():
            words.append(f"{action.metavar or action.dest}{' ...' if action.nargs else ''}")
        return f"usage: {' '.join(words)} [options]   (all of them: {self.prog} --help)"


def parser(
    names: Iterable[str] = COMMANDS, settings: UserSettings | None = None
) -> argparse.ArgumentParser:
    """Build the command line, of some commands or of all, with the user's defaults."""
    root = Parser(
        prog="symchiral",
        description="Selection rules of chiral phonons: which vibrations of a crystal can\n"
        "transfer angular momentum to which others, and why.",
        epilog="examples:\n  symchiral predict Bi2Se3\n  symchiral show FILE.cif",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"symchiral {__version__}")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in names:
        module: Any = import_module(f"symchiral.cli.{name}")
        sub = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY,
            epilog="examples:\n" + "\n".join(f"  symchiral {line}" for line in module.EXAMPLES),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.configure(sub)
        sub.set_defaults(run=module.run, parser=sub)
        if settings is not None:
            settings.give(sub)
    return root


def parse(words: Sequence[str], settings: UserSettings | None = None) -> argparse.Namespace:
    """Read the command line; what is misspelt ends the process with the nearest that is known."""
    known = (words[0],) if words[0] in COMMANDS else COMMANDS
    root = parser(known, settings)
    if words[0].startswith("-") and words[0] not in ("-h", "--help", "--version"):
        root.error(f"{words[0]} stands before the command: write symchiral COMMAND {words[0]}")
    if known is COMMANDS and not words[0].startswith("-"):
        root.error(f"no command {words[0]!r}: {nearest(words[0], COMMANDS)}")
    options, unknown = root.parse_known_args(words)
    if unknown:
        options.parser.error(_unknown(options.parser, words, unknown))
    return options


def _unknown(sub: argparse.ArgumentParser, words: Sequence[str], unknown: Sequence[str]) -> str:
    """Say of words that no option took what may be meant by them."""
    first = unknown[0]
    text = f"unrecognized arguments: {' '.join(unknown)}"
    if first.startswith("-"):
        import difflib

        known = [name for action in sub._actions for name in action.option_strings]
        close = difflib.get_close_matches(first.partition("=")[0], known, n=1)
        return text + (f"; did you mean {close[0]}?" if close else "")
    for i, option in enumerate(words):
        if option.startswith("--") and list(words[i + 2 : i + 2 + len(unknown)]) == list(unknown):
            value = " ".join(words[i + 1 : i + 2 + len(unknown)])
            return f'{text}; a value with blanks is one argument: {option} "{value}"'
    return text


def _settings(command: str) -> UserSettings | None:
    """The user's settings, if there are any; the help is kept from nobody whose file is wrong."""
    path = settings_path()
    if path is None or not (path.exists() or os.environ.get(SETTINGS)):
        return None
    if command not in COMMANDS or command == "settings":
        return None
    from symchiral.cli.usersettings import load

    return load()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 done, 1 input or physics, 2 usage.

    3: a limit that the user set was exceeded.
    """
    if arguments is None and "_ARGCOMPLETE" in os.environ:
        from symchiral.cli.completion import complete

        complete(parser, COMMANDS)
    streams.prepare()
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        Parser.json = "--json" in words
        if not words:
            parser().print_help()
            return streams.finish()
        settings = _settings(words[0])
        options = parse(words, settings)
        with recording(), contextlib.ExitStack() as stack:
            if settings is not None:
                stack.enter_context(settings.in_effect(settings.used(options.parser, words)))
            status: int = options.run(options) or 0
    except SystemExit as stop:
        # The help and the version are output, too.
        raise SystemExit(stop.code or streams.finish()) from None
    except SymchiralError as error:
        if Parser.json:
            write_failure(type(error).__name__, error.what, error.why, error.fix, status=1)
        streams.finish()
        streams.say(f"symchiral: {error}")
        return 1
    except (MemoryError, ImportError) as error:
        # A library that finds no memory for its code cannot be imported.
        if isinstance(error, ImportError) and "failed to map segment" not in str(error):
            raise
        what, why = "not enough memory", "the answer takes more than the process has"
        fix = "ask for fewer wavevectors or a smaller supercell, or give the process more"
        if Parser.json:
            write_failure("MemoryError", what, why, fix, status=1)
        streams.finish()
        streams.say(f"symchiral: {what}. {fix[0].upper()}{fix[1:]}.")
        return 1
    except OSError as error:
        if Parser.json and error.filename is not None:
            what, why = f"cannot use {error.filename}", f"{error.strerror}"
            write_failure("OSError", what, why, "check the path", status=1)
        return streams.failed(error)
    except KeyboardInterrupt:
        return 130
    return status or streams.finish()
