"""Static fields: their option, and what a field changes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from symchiral.cli.printing import write, write_table

if TYPE_CHECKING:
    from symchiral.study import Study


def add_field(parser: argparse.ArgumentParser) -> None:
    """Declare the static fields of commands that need a structure only."""
    parser.add_argument(
        "--field",
        action="append",
        metavar="B=X,Y,Z",
        help="put the crystal in a static field, Cartesian axes of the input: B=x,y,z, E=x,y,z or "
        "strain=xx,yy,zz,yz,xz,xy; may be repeated",
    )


def write_changes(study: Study) -> None:
    """Print what a static field changes, where there is one."""
    if study.free is None:
        return
    from symchiral.answers.changes import changes
    from symchiral.answers.crystal import static_field, structure
    from symchiral.text.changes import changes_table

    field = static_field(study.crystal, study.background)
    if field is not None:
        found = changes(study.free.crystal, study.crystal, study.changes())
        write("")
        write_table(changes_table(found, structure(study.crystal), field))
