"""The report of uploaded files, made in a child process within limits of time and memory."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from symchiral import children
from symchiral.crystal.tolerance import SYMPREC, distance_tolerance
from symchiral.disk import recording
from symchiral.errors import InputError, SymchiralError, nearest
from symchiral.units import PER_THZ, counted
from symchiral.web.uploads import ROLES

if TYPE_CHECKING:
    from symchiral.answers.record import FrequencyUnit

CHILD = "from symchiral.web.jobs import work; work()"
"""What the process that makes reports runs."""

FILES = "files"
REPORT = "report.html"
"""Names in the folder of a job: of the folder of uploads, and of the page."""


@dataclass(frozen=True)
class Job:
    """One report to be made.

    Attributes
    ----------
    folder : str
        Of this job alone: its uploads are in :data:`FILES`, its page is :data:`REPORT`.
    names, roles : tuple of str
        Of the uploads, and what each of them is.
    options : dict of str to str
        As the command line has them.
    """

    folder: str
    names: tuple[str, ...]
    roles: tuple[str, ...]
    options: dict[str, str]


@dataclass(frozen=True)
class Made:
    """What came of it.

    Attributes
    ----------
    error : str
        Why there is no page; empty where there is one.
    formula, group : str
        Of the crystal.
    """

    error: str = ""
    formula: str = ""
    group: str = ""


def work() -> None:
    """Make the reports that the process at the other end of the standard streams asks for."""
    children.serve(lambda job, terms: make(job))


def make(job: Job) -> Made:
    """Read the uploads of a job and write its page.

    They are read from the folder they lie in, so that messages and the page name them as the user
    does; temporary files are made in the folder of the job, which is removed with it.
    """
    before, temporary = os.getcwd(), tempfile.tempdir
    os.chdir(Path(job.folder) / FILES)
    tempfile.tempdir = job.folder
    try:
        with recording():
            return _make(job)
    except SymchiralError as error:
        return Made(error=str(error))
    finally:
        tempfile.tempdir = temporary
        os.chdir(before)


def _make(job: Job) -> Made:
    from symchiral.study import read

    options = job.options
    pairs = list(zip(job.names, job.roles, strict=True))
    crystal, couplings, measurement = (
        tuple(name for name, role in pairs if role == which) for which in ROLES
    )
    if len(couplings) > 1:
        raise InputError(
            f"{counted(len(couplings), 'file')} of couplings, {', '.join(couplings)}",
            why="a crystal has one set",
            fix="mark one of them as couplings",
        )
    words = (("sees", "sees"), ("pump", "measured_pump"))
    said: dict[str, Any] = {key: options[word] for key, word in words if word in options}
    if said and not measurement:
        raise InputError(
            "the pump or the probe of a measurement is given",
            why="no file is marked as a measurement",
            fix="mark the files of the measurement, or leave them empty",
        )
    spin_axis = None if "spin_axis" not in options else _direction(options["spin_axis"])
    study = read(
        _source(crystal),
        symprec=distance_tolerance(options.get("symprec", SYMPREC)),
        axis=options.get("axis"),
        spin_axis=spin_axis,
    )
    given = couplings[0] if couplings else None
    measured = study.validate(measurement, couplings=given, **said) if measurement else None
    study.report(
        Path(job.folder) / REPORT,
        unit=_unit(options.get("unit", "THz")),
        couplings=given,
        pump=options.get("pump"),
        measurement=measured,
    )
    return Made(formula=study.formula, group=f"{study.symbol} ({study.space_group})")


def _source(names: tuple[str, ...]) -> str:
    """What to read: the one file, or force data with what lies beside them.

    Raises
    ------
    InputError
        Several files are no set of force data.
    """
    from symchiral.reading.folder import (
        Folder,
        is_phonon_source,
        is_third_order_source,
        phonopy_yaml,
    )

    if not names:
        raise InputError(
            "there is no crystal",
            why="every file is marked as couplings or as a measurement",
            fix="send its structure or its force data as well, and mark that as the crystal",
        )
    if len(names) == 1:
        return names[0]
    if is_third_order_source("."):
        return "."
    if is_phonon_source("."):
        return phonopy_yaml(Folder(Path())) or "."
    raise InputError(
        f"{counted(len(names), 'file')}, {', '.join(names)}",
        why="they are not the force data of one crystal: there is no phonopy.yaml, FORCE_SETS or "
        "the like among them",
        fix="drop one structure at a time, or phonopy.yaml with BORN and FORCE_SETS beside it",
    )


def _unit(text: str) -> FrequencyUnit:
    if text not in PER_THZ:
        raise InputError(
            f"the unit of frequencies {text!r}", why="it is not known", fix=nearest(text, PER_THZ)
        )
    return cast("FrequencyUnit", text)


def _direction(text: str) -> tuple[float, ...]:
    from symchiral.irreps.axis import three_numbers

    values = three_numbers(text)
    if values is None:
        raise InputError(
            f"the direction of moments {text!r}",
            why="it is not three numbers",
            fix="write for instance 0,0,1",
        )
    return tuple(values.tolist())
