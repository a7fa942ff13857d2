"""The study that a command asks for: read with its options, and how to read it so again."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from symchiral.cli.printing import warn
from symchiral.crystal.tolerance import SYMPREC

if TYPE_CHECKING:
    from symchiral.study import Study


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


def same_input(options: argparse.Namespace) -> str:
    """Return the words that make another command read the same structure in the same way."""
    words = [shlex.quote(options.file)]
    if options.symprec != options.parser.get_default("symprec") or options.symprec != SYMPREC:
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
