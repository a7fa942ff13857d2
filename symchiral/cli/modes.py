"""``symchiral modes``: frequencies with their labels and angular momenta."""

from __future__ import annotations

import argparse
from pathlib import Path

from symchiral.cli.calculator import add_calculator
from symchiral.cli.files import add_output, check_answer_file, deliver, wrote
from symchiral.cli.forces import add_forces
from symchiral.cli.printing import warn
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

SUMMARY = "list the modes of a crystal with forces: frequency, label, PAM, angular momentum"
EXAMPLES = (
    "modes Bi2Se3/phonopy.yaml --unit cm-1",
    'modes ZnO/phonopy.yaml --q "GM A" -o modes.csv',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    add_calculator(parser)
    parser.add_argument(
        "--q",
        metavar='"Q ..."',
        default="GM",
        help='wavevectors as one argument, names or coordinates: "GM K 0,0,0.1" (default: GM)',
    )
    parser.add_argument(
        "--direction",
        metavar="X,Y,Z",
        help="approach the zone centre along this Cartesian direction (with Born charges: "
        "longitudinal modes)",
    )
    parser.add_argument("--eigenvectors", action="store_true", help="in JSON, add the eigenvectors")
    add_output(
        parser,
        also="; .yaml phonopy's qpoints.yaml: the eigenvectors, circular where modes are, in "
        "phonopy's cell, order of atoms and gauge",
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document."""
    from symchiral.answers.modes import modes
    from symchiral.modes.notices import modes_notices
    from symchiral.text.modes import modes_tables
    from symchiral.write.save import MODES, save_modes

    file = options.output
    check_answer_file(options, MODES, also=(".yaml",))
    ending = "" if file is None else Path(file).suffix.lower()
    study = open_study(options, gamma=options.q == "GM")
    found = study.all_modes(options.q, direction=options.direction)
    if not options.quiet:
        for here in found:
            warn(modes_notices(here))
    if ending == ".yaml":
        save_modes(study.phonons, found, file, overwrite=options.overwrite)
        wrote(options, file)
        return
    answer = modes(
        study.crystal,
        study.axis,
        found,
        unit=options.unit,
        motions=options.json or ending in (".csv", ".json"),
        eigenvectors=options.eigenvectors and (options.json or ending == ".json"),
    )
    deliver(options, MODES, answer, lambda: modes_tables(answer))
