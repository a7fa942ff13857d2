"""What the commands share: options, reading, and printing."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from symchiral.cli.streams import ascii_only, columns, printable, say
from symchiral.crystal.tolerance import SYMPREC, distance_tolerance
from symchiral.errors import InputError

if TYPE_CHECKING:
    from symchiral.answers.record import Answer, Warned
    from symchiral.crystal.search import Notice
    from symchiral.study import Study
    from symchiral.table import Table

_COLOURS = {"flipped": "\x1b[1;31m", "kept": "\x1b[32m"}
_SENSE = re.compile(r"(?<=  )(?:flipped|kept)(?=  |$)", re.MULTILINE)


def add_structure(parser: argparse.ArgumentParser) -> None:
    """Declare the structure and the options of every command that reads one."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a structure (CIF, POSCAR, extxyz, ... anything ASE reads), force data (phonopy.yaml, "
        "or a folder or zip archive of phonopy), or the name of a shipped one (Bi2Se3)",
    )
    parser.add_argument(
        "--symprec",
        type=_positive,
        default=SYMPREC,
        metavar="ANGSTROM",
        help="distance tolerance of the symmetry search (default: 1e-3)",
    )
    parser.add_argument(
        "--axis",
        metavar="U,V,W[@X,Y,Z]",
        help="axis to count rotation about: a lattice direction and a point of the input cell, "
        "or the Seitz symbol of an operation (default: the axis of highest order)",
    )
    parser.add_argument(
        "--spin-axis",
        type=_cartesian,
        metavar="X,Y,Z",
        help="Cartesian direction of magnetic moments that the structure gives without one",
    )
    parser.add_argument(
        "--index",
        type=int,
        metavar="N",
        help="which structure of a file that holds several, from 0 (negative: from the end)",
    )
    parser.add_argument(
        "--reader",
        choices=("symchiral", "ase"),
        default="symchiral",
        help="who reads a CIF; with ase a warning says where the two readings differ",
    )
    parser.add_argument(
        "--average-sites",
        action="store_true",
        help="take a site of a CIF that several elements fill as one virtual element",
    )
    parser.add_argument(
        "--supercell",
        metavar='"N N N"',
        help="supercell of the unit cell, one argument of three or nine whole numbers: that of "
        "forces in a folder where no file states it, or that to compute forces in",
    )
    parser.add_argument("--json", action="store_true", help="print the JSON document")
    parser.add_argument("--quiet", action="store_true", help="print no warnings")


def add_field(parser: argparse.ArgumentParser) -> None:
    """Declare the static fields of commands that need a structure only."""
    parser.add_argument(
        "--field",
        action="append",
        metavar="B=X,Y,Z",
        help="put the crystal in a static field, Cartesian axes of the input: B=x,y,z, E=x,y,z or "
        "strain=xx,yy,zz,yz,xz,xy; may be repeated",
    )


def add_forces(parser: argparse.ArgumentParser) -> None:
    """Declare the options of every command that uses frequencies."""
    parser.add_argument(
        "--unit",
        choices=("THz", "cm-1", "meV"),
        default="THz",
        help="unit of frequencies (default: THz)",
    )
    add_symmetrize(parser)
    parser.add_argument(
        "--rotational-sum-rule",
        action="store_true",
        help="change force constants by the least that removes what of the acoustic branches is "
        "linear in the wavevector",
    )


def add_symmetrize(parser: argparse.ArgumentParser) -> None:
    """Declare what to do with forces that break the symmetry."""
    parser.add_argument(
        "--symmetrize",
        action="store_true",
        help="go on with forces that break the symmetry, averaged over the group",
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Declare where the answer is written in place of being printed."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the answer to a file in place of printing it: .txt, .md or .tex the tables, "
        "with every row; .csv the rows of the main one with all digits; .json the document",
    )
    add_overwrite(parser)


def check_answer_file(options: argparse.Namespace, kind: str) -> None:
    """Find out before the work whether the answer can be written to ``-o FILE``."""
    if options.output is not None:
        from symchiral.write.tables import ENDINGS, known_by

        known = known_by(options.output, kind)
        check_output(options, options.output, kind, ENDINGS, known=known)


def deliver(
    options: argparse.Namespace, kind: str, answer: Answer, tables: Callable[[], Sequence[Table]]
) -> None:
    """Print an answer as tables or as JSON, or write it to ``-o FILE``; tables as they are needed.

    ``kind`` is the command: a file that it wrote before is replaced.
    """
    if options.output is not None:
        from symchiral.write.tables import save_tables

        save_tables(options.output, answer, tables, kind=kind, overwrite=options.overwrite)
    elif options.json:
        write_json(answer)
    else:
        for i, table in enumerate(tables()):
            if i:
                write("")
            write_table(table)


def add_overwrite(parser: argparse._ActionsContainer) -> None:
    """Declare what all commands that write files have in common."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a file that symchiral did not write for the same purpose",
    )


def check_output(
    options: argparse.Namespace,
    path: str | None,
    kind: str,
    endings: tuple[str, ...],
    *,
    known: str | tuple[str, ...] | None = None,
) -> None:
    """Find out before the work whether its result can be written; None is no file."""
    from symchiral.disk import check_ending, note_read, place

    if path is not None:
        if endings:
            check_ending(path, endings)
        note_read(options.file)
        place(path, kind, known=known, overwrite=options.overwrite)


def _positive(text: str) -> float:
    try:
        return distance_tolerance(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error.why}; {error.fix}") from error


def _cartesian(text: str) -> tuple[float, ...]:
    from symchiral.irreps.axis import three_numbers

    values = three_numbers(text)
    if values is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not three numbers; pass for instance 0,0,1")
    return tuple(values.tolist())


def same_input(options: argparse.Namespace) -> str:
    """Return the words that make another command read the same structure in the same way."""
    words = [shlex.quote(options.file)]
    if options.symprec != SYMPREC:
        words.append(f"--symprec {options.symprec:g}")
    if options.axis is not None:
        words.append(f"--axis {shlex.quote(options.axis)}")
    for text in getattr(options, "field", None) or ():
        words.append(f"--field {shlex.quote(text)}")
    if options.spin_axis is not None:
        words.append(f"--spin-axis {','.join(f'{x:g}' for x in options.spin_axis)}")
    if options.index is not None:
        words.append(f"--index {options.index}")
    if options.reader != "symchiral":
        words.append(f"--reader {options.reader}")
    if options.average_sites:
        words.append("--average-sites")
    if options.supercell is not None:
        words.append(f"--supercell {shlex.quote(options.supercell)}")
    for name in ("symmetrize", "rotational-sum-rule"):
        if getattr(options, name.replace("-", "_"), False):
            words.append(f"--{name}")
    if getattr(options, "calculator", None) is not None:
        words.append(calculator_words(options))
    return " ".join(words)


def calculator_words(options: argparse.Namespace) -> str:
    """Return the options that ask for the same forces again."""
    words = [f"--calculator {shlex.quote(options.calculator)}"]
    if options.relax != "atoms":
        words.append(f"--relax {options.relax}")
    if options.supercell_length is not None:
        words.append(f"--supercell-length {options.supercell_length:g}")
    if options.gamma:
        words.append("--gamma")
    if options.displacement is not None:
        words.append(f"--displacement {options.displacement:g}")
    return " ".join(words)


def open_study(options: argparse.Namespace, *, gamma: bool = False) -> Study:
    """Read the structure, or compute its forces where a calculator is named; warn on stderr.

    ``gamma``: what follows concerns the zone centre alone.
    """
    from symchiral.study import read

    calculated = getattr(options, "calculator", None) is not None
    study = read(
        options.file,
        symprec=options.symprec,
        axis=options.axis,
        symmetrize=getattr(options, "symmetrize", False),
        rotational_sum_rule=getattr(options, "rotational_sum_rule", False),
        spin_axis=options.spin_axis,
        index=options.index,
        reader=options.reader,
        average_sites=options.average_sites,
        supercell=None if calculated else options.supercell,
    )
    fields = getattr(options, "field", None)
    if fields is not None:
        from symchiral.fields.background import Background

        study = study.in_background(Background.parse(fields), axis=options.axis)
    if calculated:
        from symchiral.cli.calculator import with_calculator

        study = with_calculator(study, options, gamma=gamma)
    if not options.quiet:
        warn(study.crystal.warnings)
    return study


def progress(options: argparse.Namespace, word: str) -> Any:
    """Return what shows the share done on a terminal, or nothing."""
    if options.quiet or not sys.stderr.isatty():
        return None

    def show(share: float) -> None:
        sys.stderr.write(f"\r{word} {share:4.0%}" + ("\r\x1b[K" if share >= 1 else ""))
        sys.stderr.flush()

    return show


def write_changes(study: Study) -> None:
    """Print what a static field changes, where there is one."""
    from symchiral.answers.changes import changes
    from symchiral.answers.crystal import static_field, structure
    from symchiral.text.changes import changes_table

    field = static_field(study.crystal, study.background)
    if study.free is not None and field is not None:
        found = changes(study.free.crystal, study.crystal, study.changes())
        write("")
        write_table(changes_table(found, structure(study.crystal), field))


def warn(notices: Iterable[Notice | Warned]) -> None:
    """Print notices on stderr."""
    for notice in notices:
        write(f"warning: {notice.text}", sys.stderr)


def write(text: str, stream: TextIO | None = None) -> None:
    """Print text, in ASCII where the stream has no UTF-8."""
    if stream is sys.stderr:
        say(text)
    else:
        sys.stdout.write(printable(text, sys.stdout) + "\n")


def write_json(document: Answer | dict[str, Any]) -> None:
    """Print a document, keys in the order of the contract."""
    if isinstance(document, dict):
        write(json.dumps(document, allow_nan=False, indent=1))
    else:
        write(document.to_json())


def write_table(table: Table) -> None:
    """Print a table, fitted to the terminal; senses in colour there, unless NO_COLOR is set."""
    text = (table.ascii() if ascii_only(sys.stdout) else table).text(columns(sys.stdout))
    text = printable(text, sys.stdout)
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        text = _SENSE.sub(lambda match: f"{_COLOURS[match[0]]}{match[0]}\x1b[0m", text)
    sys.stdout.write(text + "\n")
