"""The command line: one file per command; the only place that prints.

A command's module declares its arguments with nothing but argparse and imports the library when it
runs, so that ``--help`` loads neither numpy nor anything heavier.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence

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
    validate,
)
from symchiral.errors import SymchiralError
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


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    root = argparse.ArgumentParser(
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
    words = joined(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(words)
    try:
        status: int = options.run(options) or 0
        sys.stdout.flush()
    except SymchiralError as error:
        sys.stdout.flush()
        sys.stderr.write(f"symchiral: {printable(str(error), sys.stderr)}\n")
        return 1
    except BrokenPipeError:
        # The reader of our output has closed it: what is left to write goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        # As above: the flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"symchiral: the output could not be written: {error.strerror}.\n")
        return 1
    except KeyboardInterrupt:
        return 130
    else:
        return status
    return 0


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


def ascii_only(stream: object) -> bool:
    """Whether a stream takes no UTF-8, or the user asked for the C locale.

    In the C locale Python itself would write UTF-8, unless told what to do.
    """
    encoding = (getattr(stream, "encoding", None) or "ascii").lower()
    if "utf" not in encoding:
        return True
    if os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8") == "1":
        return False
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    return next((name for name in names if name), "") in ("C", "POSIX")


def printable(text: str, stream: object) -> str:
    """Return the text, in ASCII where the stream has no UTF-8."""
    if ascii_only(stream):
        from symchiral.table import to_ascii

        return to_ascii(text)
    # A path may hold bytes that are no UTF-8.
    return text.encode("utf-8", "replace").decode("utf-8")
