"""``symchiral light``: what light makes, sees and drives."""

from __future__ import annotations

import argparse

from symchiral.cli.common import (
    add_field,
    add_forces,
    add_structure,
    open_study,
    warn,
    write,
    write_json,
    write_table,
)

SUMMARY = "show what circular and linear light absorb, scatter and drive"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_field(parser)
    add_forces(parser)
    parser.add_argument(
        "--beam",
        metavar="U,V,W",
        help="lattice direction of the input cell in which the light travels (default: along the "
        "axis of rotation, else along c)",
    )
    parser.add_argument(
        "--horizontal",
        metavar="U,V,W",
        help="lattice direction that lies horizontally, polarisation angle 0 (default: the first "
        "of a, b, c that is not along the beam)",
    )
    parser.add_argument(
        "--orient",
        metavar='"c along z, a along x"',
        help="how the sample stands in the laboratory: two directions of the crystal (a, b, c, a*, "
        '[u,v,w], or (h,k,l) for the normal of a plane) along lab axes, or "z=[0,0,1] '
        'x=(1,0,0)"; --beam (default: lab z), --horizontal and all angles then are those of the '
        "lab",
    )
    parser.add_argument(
        "--geometry",
        default="backscattering",
        metavar="GEOMETRY",
        help="backscattering (default), forward, or right-angle: scattered towards the horizontal",
    )
    parser.add_argument(
        "--domains",
        action="store_true",
        help="say what survives the average over the twins of the crystal",
    )
    parser.add_argument(
        "--raman-tensors",
        metavar="FILE",
        help="a JSON file of Raman tensors of the modes, or, with forces, of the atoms (written as "
        "the page on light of the documentation says): adds intensities",
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables, or the document."""
    from symchiral.answers.crystal import static_field
    from symchiral.report.light import light_tables
    from symchiral.report.light_document import light_document
    from symchiral.report.light_numbers import (
        intensity_notices,
        intensity_tables,
        strengths_table,
    )
    from symchiral.text.crystal import field_text

    study = open_study(options)
    light = study.beam(
        direction=options.beam,
        horizontal=options.horizontal,
        geometry=options.geometry,
        orient=options.orient,
    )
    domains = study.domains() if options.domains else None
    modes = study.modes_in(light)
    raman = None if options.raman_tensors is None else study.raman_lines(options.raman_tensors)
    if raman is not None and not options.quiet:
        warn(intensity_notices(raman))
    if options.json:
        document = light_document(
            light,
            domains,
            background=study.background,
            modes=modes,
            raman=raman,
            unit=options.unit,
        )
        write_json(document)
        return
    tables = list(light_tables(light, domains))
    if modes is not None:
        tables.append(strengths_table(light, modes, unit=options.unit))
    if raman is not None:
        tables += intensity_tables(light, raman, domains, unit=options.unit)
    if field := static_field(study.crystal, study.background):
        write(f"field      {field_text(field)}")
    for i, table in enumerate(tables):
        if i:
            write("")
        write_table(table)
