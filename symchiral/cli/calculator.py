"""What the commands share that ask a calculator for forces: options and progress."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from typing import TYPE_CHECKING

from symchiral.cli.printing import write

if TYPE_CHECKING:
    from symchiral.forces.calculator import Calculator
    from symchiral.forces.compute import Step
    from symchiral.study import Study

PAUSE = 10.0
"""Seconds between two lines of progress where stderr is no terminal."""


def add_calculator(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Declare the options of every command that can compute forces."""
    group = parser.add_argument_group("forces from a calculator")
    group.add_argument(
        "--calculator",
        metavar="NAME",
        required=required,
        help="sevenn (extra [ml]), or MODULE:FACTORY for an ASE calculator of your own, as in "
        "ase.calculators.emt:EMT",
    )
    group.add_argument(
        "--relax",
        choices=("atoms", "cell", "none"),
        default="atoms",
        help="what is relaxed first, symmetry kept (default: atoms, the cell stays)",
    )
    group.add_argument(
        "--supercell-length",
        metavar="ANGSTROM",
        type=float,
        help="distance of an atom from its images in the supercell (default: 10)",
    )
    group.add_argument(
        "--gamma",
        action="store_true",
        help="displace atoms in the primitive cell: fast, for the zone centre alone",
    )
    group.add_argument(
        "--displacement", metavar="ANGSTROM", type=float, help="displacement (default: 0.02)"
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted run: no stored answer of the calculator is asked again",
    )
    group.add_argument(
        "--cache",
        metavar="FOLDER",
        help="where the answers of the calculator are stored (default: the user's cache folder)",
    )


def with_calculator(study: Study, options: argparse.Namespace, *, gamma: bool = False) -> Study:
    """Return the study with the forces of the calculator that is asked for.

    Parameters
    ----------
    study : Study
        A structure.
    options : argparse.Namespace
        The options.
    gamma : bool
        Only the zone centre is needed: unless a supercell is asked for, atoms are displaced in the
        primitive cell.
    """
    from symchiral.defaults import DISPLACEMENT, LENGTH
    from symchiral.disk import user_path
    from symchiral.forces.compute import default_cache
    from symchiral.forces.forcecache import ForceCache
    from symchiral.reading.phonopy_settings import supercell_matrix

    supercell = None
    if options.supercell is not None:
        given = supercell_matrix(options.supercell)
        supercell = [list(given[3 * i : 3 * i + 3]) for i in range(3)]
    chosen = supercell is not None or options.supercell_length is not None
    _exclusive(options, chosen=chosen)
    folder = default_cache() if options.cache is None else user_path(options.cache)
    if not options.quiet and not ForceCache(folder).writable:
        write(
            "warning: no cache folder can be written: an interrupted run starts over; pass --cache",
            sys.stderr,
        )
    report = _Report(quiet=options.quiet)
    try:
        # What a calculator prints is no result of ours.
        with contextlib.redirect_stdout(sys.stderr):
            return study.with_calculator(
                named_calculator(options.calculator, quiet=options.quiet),
                relax=options.relax,
                supercell=supercell,
                length=LENGTH if options.supercell_length is None else options.supercell_length,
                zone_centre=options.gamma or (gamma and not chosen),
                displacement=DISPLACEMENT if options.displacement is None else options.displacement,
                cache=folder,
                resume=options.resume,
                symmetrize=options.symmetrize,
                rotational_sum_rule=getattr(options, "rotational_sum_rule", False),
                progress=report,
            )
    except KeyboardInterrupt:
        report.end()
        write("interrupted; every finished force call is kept: go on with --resume", sys.stderr)
        raise
    finally:
        report.end()


def named_calculator(name: str, *, quiet: bool) -> Calculator:
    """Return the calculator of a name, and say which file it comes from where one is imported."""
    from symchiral.forces.calculator import load_calculator

    found = load_calculator(name)
    if found.file is not None and not quiet:
        write(f"calculator {name}: {found.file}", sys.stderr)
    return found


def _exclusive(options: argparse.Namespace, *, chosen: bool) -> None:
    from symchiral.errors import InputError

    if options.gamma and chosen:
        raise InputError(
            "--gamma and a supercell contradict each other",
            why="--gamma displaces atoms in the primitive cell",
            fix="pass one of them",
        )
    if options.supercell is not None and options.supercell_length is not None:
        raise InputError(
            "--supercell and --supercell-length contradict each other",
            why="the second chooses the first",
            fix="pass one of them",
        )


class _Report:
    """Progress on stderr: one line that changes in a terminal, a line now and then elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._last = float("-inf")
        self._stage = ""
        self._open = False

    def __call__(self, step: Step) -> None:
        if self._quiet:
            return
        from symchiral.cli.progress import duration

        text = f"{step.stage}: "
        text += f"step {step.done}" if step.total is None else f"{step.done} of {step.total}"
        if step.stage == "checks":
            text = "checks"
        text += f", {step.detail}"
        if step.left is not None and step.done != step.total:
            text += f", {duration(step.left)} left"
        now = time.monotonic()
        if self._terminal:
            if step.stage != self._stage:
                self.end()
            from symchiral.cli.streams import printable

            sys.stderr.write(f"\r\x1b[K{printable(text, sys.stderr)}")
            sys.stderr.flush()
            self._open = True
        elif step.stage != self._stage or now - self._last > PAUSE or step.done == step.total:
            write(text, sys.stderr)
            self._last = now
        self._stage = step.stage

    def end(self) -> None:
        """End the line that changes."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False
