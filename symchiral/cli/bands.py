"""``symchiral bands``: the dispersion with angular momenta, as a figure or as data."""

from __future__ import annotations

import argparse
from pathlib import Path

from symchiral.cli.calculator import add_calculator
from symchiral.cli.drawing import add_figure, check_figure
from symchiral.cli.files import add_overwrite, check_output, wrote
from symchiral.cli.forces import add_forces
from symchiral.cli.printing import warn, write_json, write_table
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

SUMMARY = "draw or write the dispersion along a path, with PAM and angular momentum"
EXAMPLES = (
    'bands ZnO/phonopy.yaml --path "GM A" --points 20',
    "bands ZnO/phonopy.yaml --points 20 -o bands.csv",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    add_calculator(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="what to write, by its ending: .pdf .svg .png .eps (figure), .json .csv .parquet "
        "(data), .yaml (phonopy's band.yaml with eigenvectors), .txt .md .tex (the table that is "
        "printed without it)",
    )
    parser.add_argument(
        "--path",
        metavar='"Q ..."',
        help='points of the path as one argument, "GM K M GM"; | interrupts it '
        "(default: that of a band.yaml, else the standard path)",
    )
    parser.add_argument(
        "--points",
        type=number_of_points,
        default=200,
        metavar="N[,N...]",
        help="wavevectors on the path, or on every piece of it, 40,20,40 (default: 200)",
    )
    parser.add_argument(
        "--about",
        choices=("axis", "path"),
        default="axis",
        help="axis of the angular momentum: the axis of the crystal, or the direction of every "
        "piece of the path (default: axis)",
    )
    parser.add_argument(
        "--sites",
        metavar='"SITE ..."',
        help="angular momentum of the atoms of these sites or elements alone (default: of all)",
    )
    add_figure(parser)
    parser.add_argument(
        "--jmax",
        type=float,
        metavar="J",
        help="|J| of the full colour of the figure, hbar (default: the largest on the path)",
    )
    add_overwrite(parser)


def number_of_points(text: str) -> int | tuple[int, ...]:
    """Read one number, or one for every piece."""
    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError:
        message = f"{text!r} is not a number, nor a list such as 40,20,40"
        raise argparse.ArgumentTypeError(message) from None
    return numbers if len(numbers) > 1 else numbers[0]


def run(options: argparse.Namespace) -> None:
    """Write the file, print the document, or print the table."""
    from symchiral.answers.bands import bands
    from symchiral.figures.save import FIGURES
    from symchiral.forces.bands_notices import bands_notices
    from symchiral.text.bands import bands_table
    from symchiral.write.bands import DATA, KIND, known_bands, save_bands

    file = None if options.output is None else Path(options.output)
    if file is not None:
        check_output(options, options.output, KIND, (*FIGURES, *DATA), known=known_bands(file))
        if file.suffix.lower() in FIGURES:
            check_figure(options)
    study = open_study(options)
    found = study.bands(
        options.path,
        points=options.points,
        about=options.about,
        sites=(options.sites or "").split(),
        eigenvectors=file is not None and file.suffix.lower() == ".yaml",
    )
    if not options.quiet:
        warn(bands_notices(found))
    if file is not None:
        save_bands(
            found,
            file,
            unit=options.unit,
            size=options.size,
            style=options.style,
            jmax=options.jmax,
            overwrite=options.overwrite,
        )
        wrote(options, options.output)
    if options.json:
        write_json(bands(found, unit=options.unit))
    elif file is None:
        write_table(bands_table(bands(found, unit=options.unit)))
