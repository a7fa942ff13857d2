"""``symchiral simulate``: what modes do when light drives them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symchiral.cli.calculator import add_calculator
from symchiral.cli.drawing import ENDINGS as DRAWN
from symchiral.cli.drawing import add_figure, check_figure
from symchiral.cli.files import add_output, check_answer_file, check_output, deliver, wrote
from symchiral.cli.forces import add_forces
from symchiral.cli.limits import picoseconds
from symchiral.cli.printing import warn
from symchiral.cli.progress import progress
from symchiral.cli.structures import add_structure
from symchiral.cli.studies import open_study

if TYPE_CHECKING:
    from symchiral.dynamics.delaymap import DelayMap
    from symchiral.dynamics.detector import Detector
    from symchiral.dynamics.pulse import Pulse
    from symchiral.dynamics.sweep import Sweep

SUMMARY = "simulate how light drives modes, and how these drive others"
EXAMPLES = (
    'simulate Bi2Se3/phonopy.yaml --pump "2.46THz s+ 1ps 0.2MV/cm" --duration 8',
    'simulate Bi2Se3/phonopy.yaml --start "Eu#1(+) 0.02A" --duration 4 --json',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_structure(parser)
    add_forces(parser)
    add_calculator(parser)
    cause = parser.add_mutually_exclusive_group(required=True)
    cause.add_argument(
        "--pump",
        action="append",
        metavar='"2.0THz s+ 1ps 1MV/cm"',
        help="frequency, polarisation (s+ and s- circular, x, y, z, an angle from x as in 30deg, "
        "ell0.5@30deg), duration (FWHM of the intensity) and field in the crystal, with units; in "
        "its place a fluence (0.1mJ/cm2) or a field with the word incident, both in vacuum; also "
        "chirp=0.1THz/ps, phase=90deg; again for another pulse, with delay=3ps",
    )
    cause.add_argument(
        "--start",
        metavar='"MODE 0.05A"',
        help="no light: one mode set in motion at time zero, E1u#1(+) on its circle, with the "
        "largest displacement of an atom",
    )
    parser.add_argument(
        "--film",
        metavar='"25nm on 3.07"',
        help="the light in vacuum falls on a film of this thickness, on a substrate of this "
        "refractive index (default: on a thick crystal)",
    )
    parser.add_argument(
        "--couplings",
        metavar="FILE",
        help="coupling coefficients (default: third-order force constants of phono3py, if FILE has "
        "them, else couplings.json beside it)",
    )
    parser.add_argument(
        "--raw",
        action="store_true",
        help="use the couplings as given, with those that symmetry forbids (default: averaged "
        "over the group)",
    )
    parser.add_argument(
        "--frequencies",
        metavar="FILE",
        help="frequencies to use in the place of those of the forces, "
        '{"frequency_unit": "THz", "frequencies": {"Eu#1": 2.05}}',
    )
    parser.add_argument(
        "--damping",
        metavar="0.05THz|FILE",
        help='linewidth of every mode, with those of some, "0.05THz, Eu#1 0.08THz", or a JSON '
        'file with one per mode, {"frequency_unit": "THz", "linewidths": {"Eu#1": 0.05}}; 0THz for '
        'none; "0.05THz at 300K klemens" for those at another --temperature by the law of Klemens, '
        "decay into two quanta of half the frequency (default: 0.05THz)",
    )
    parser.add_argument(
        "--temperature",
        metavar="300K",
        help="compare the motion with the thermal one; the motion itself depends on it by "
        "linewidths alone, where --damping says how",
    )
    parser.add_argument(
        "--duration",
        type=picoseconds,
        default=20.0,
        metavar="PS",
        help="last time, ps (default: 20)",
    )
    parser.add_argument(
        "--sweep",
        metavar='"frequency 1.5..2.5THz 21"',
        help="repeat with this changed: frequency, angle (0..90deg), ellipticity (-1..1), field "
        "(0.1..1MV/cm), fluence (0.1..1mJ/cm2) or delay (0..4ps), and how many values; of several "
        "pulses the last one changes",
    )
    parser.add_argument(
        "--map",
        metavar="MODE",
        help="what two pulses make of this mode together that neither makes alone, for the delays "
        'of --sweep "delay 0..6.3ps 64", and its two-dimensional spectrum; --duration then counts '
        "from the second pulse",
    )
    out = parser.add_argument_group("files")
    out.add_argument(
        "--table",
        metavar="FILE",
        help="times, field and coordinates, .csv or .parquet; with --map the motion by delay and "
        "time, and as .npz its spectrum, too",
    )
    out.add_argument(
        "--traces",
        metavar="FILE",
        help="what a detector shows, .csv, as validate reads it",
    )
    out.add_argument(
        "--probe",
        metavar='"balanced, S0 = 0, S45 = 45"',
        help="its geometry and channels: balanced (rotation of a reflected probe in mrad, by Raman "
        "tensors of the couplings), or analyser (emitted field, by Born charges), with angles from "
        "x (default: balanced, S0 = 0, S45 = 45)",
    )
    out.add_argument("--response", metavar="0.1ps", help="its full width in time (default: none)")
    out.add_argument(
        "--noise",
        type=float,
        metavar="SHARE",
        help="standard deviation of its noise, of the largest signal after the pulse",
    )
    out.add_argument("--seed", type=int, metavar="N", help="of the noise (default: 0)")
    out.add_argument("--figure", metavar="FILE", help="figure, .pdf, .svg, .png or .eps")
    out.add_argument(
        "--show",
        metavar='"MODE MODE"',
        help="the two modes of the figure (default: the strongest, and the strongest it drives)",
    )
    add_figure(out)
    out.add_argument("--animation", metavar="FILE", help="the atoms in motion, .gif")
    out.add_argument(
        "--trajectory", metavar="FILE", help="the atoms in motion, extended XYZ, for viewers"
    )
    add_output(parser)


def run(options: argparse.Namespace) -> None:
    """Print the table, or the document; write the files asked for."""
    from symchiral.answers.simulate import simulate as answer_of
    from symchiral.dynamics.delaymap import map_delays
    from symchiral.dynamics.integrate import simulate
    from symchiral.dynamics.pulse import Pulse, read_light
    from symchiral.dynamics.start import Start
    from symchiral.dynamics.surface import Film
    from symchiral.dynamics.sweep import Sweep, run_sweep
    from symchiral.dynamics.thermal import Damping, read_temperature
    from symchiral.errors import InputError
    from symchiral.figures.motion import KIND
    from symchiral.reading.spectrum import read_frequencies
    from symchiral.text.run import run_notices
    from symchiral.text.simulate import simulate_tables
    from symchiral.write.columns import TRAJECTORY, csv_start
    from symchiral.write.delaymap import COLUMNS as MAP_COLUMNS
    from symchiral.write.delaymap import MAPPED
    from symchiral.write.motion import COLUMNS
    from symchiral.write.traces import KIND as TRACES

    pulses = [Pulse.parse(text) for text in options.pump or ()]
    start = Start.parse(options.start) if options.start else None
    film = Film.parse(options.film) if options.film else None
    sweep = Sweep.parse(options.sweep) if options.sweep else None
    if sweep is not None and not pulses:
        raise InputError(
            "nothing to sweep", why="a sweep changes the light, and there is none", fix="use --pump"
        )
    if options.map is not None:
        check_map(options, pulses, sweep)
    temperature = None if options.temperature is None else read_temperature(options.temperature)
    check_answer_file(options, "simulate")
    for option, endings in ENDINGS.items():
        if getattr(options, option) is not None:
            if sweep is not None and (options.map is None or option not in OF_MAPS):
                raise InputError(
                    f"--{option} and --sweep contradict each other",
                    why="the file holds one run, a sweep is many",
                    fix="leave out one of them; --json has the numbers of a sweep",
                )
            file = getattr(options, option)
            kind = {"trajectory": TRAJECTORY, "traces": TRACES}.get(option, KIND)
            table = option == "table" and Path(file).suffix.lower() == ".csv"
            if option == "table" and options.map is not None:
                endings = MAPPED
            known = csv_start(COLUMNS if options.map is None else MAP_COLUMNS) if table else None
            check_output(options, file, kind, endings, known=known)
    detector = detector_of(options)
    if options.figure:
        check_figure(options)
    study = open_study(options, gamma=True)
    frequencies = read_frequencies(options.frequencies) if options.frequencies else None
    damping = Damping() if options.damping is None else Damping.parse(options.damping)
    given = study.known_couplings(options.couplings, frequencies=frequencies)
    model = study.model(
        couplings=given,
        frequencies=frequencies,
        damping=damping,
        raw=options.raw,
        temperature=temperature,
    )
    given = given or model.couplings
    found = simulate(
        model,
        read_light(pulses) if pulses else None,
        duration=options.duration,
        start=start.state(model.coordinates) if start else None,
        film=film,
        progress=progress(options, "simulating"),
    )
    mapped = (
        map_delays(
            model,
            pulses[0],
            pulses[1],
            sweep.values,
            options.map,
            duration=options.duration,
            film=film,
            progress=progress(options, "integrating all delays"),
        )
        if sweep is not None and options.map is not None
        else None
    )
    swept = (
        run_sweep(
            model,
            pulses,
            sweep,
            duration=options.duration,
            film=film,
            progress=progress(options, "sweeping"),
        )
        if sweep is not None and mapped is None
        else ()
    )
    if not options.quiet:
        warn(run_notices(found))
    if mapped is None:
        write_files(options, found, detector)
    else:
        write_map_files(options, mapped)
    answer = answer_of(
        found,
        given,
        start=start,
        sweep=sweep if mapped is None else None,
        swept=swept,
        mapped=mapped,
        unit=options.unit,
    )
    deliver(options, "simulate", answer, lambda: simulate_tables(answer))


ENDINGS = {
    "table": (".csv", ".parquet"),
    "traces": (".csv",),
    "figure": DRAWN,
    "animation": (".gif",),
    "trajectory": (".xyz", ".extxyz"),
}
"""Files that can be written, by option."""


OF_MAPS = ("table", "figure")
"""Those of them that hold a map."""


def check_map(options: argparse.Namespace, pulses: Sequence[Pulse], sweep: Sweep | None) -> None:
    """Refuse a map without two pulses whose delay is swept."""
    from symchiral.errors import InputError

    example = '--pump "2THz s+ 0.5ps 0.1MV/cm" twice, and --sweep "delay 0..6.3ps 64"'
    if len(pulses) != 2 or sweep is None or sweep.name != "delay":
        raise InputError(
            "no map without two pulses and a sweep of their delay",
            why="a map has one axis for the delay of the second pulse after the first, and one for "
            "the time after the second",
            fix=f"use {example}",
        )
    if any(pulse.delay_ps for pulse in pulses):
        raise InputError(
            "a delay of a pulse and --map contradict each other",
            why="the delays of a map are those of --sweep",
            fix="leave out delay=",
        )
    if options.show is not None:
        raise InputError(
            "--show and --map contradict each other",
            why="the figure of a map shows its mode",
            fix="leave out --show",
        )


def detector_of(options: argparse.Namespace) -> Detector | None:
    """Return the detector of the traces, None without any."""
    from symchiral.dynamics.detector import Detector
    from symchiral.errors import InputError
    from symchiral.fields.pump import duration
    from symchiral.traces.reading import read_detector

    given = (options.probe, options.response, options.noise, options.seed)
    if options.traces is None:
        if given != (None,) * 4:
            raise InputError(
                "a detector without traces",
                why="--probe, --response, --noise and --seed are those of --traces",
                fix="add --traces FILE.csv",
            )
        return None
    kind, channels = read_detector(options.probe or "balanced, S0 = 0, S45 = 45")
    return Detector(
        kind,
        channels,
        0.0 if options.response is None else duration(options.response),
        options.noise or 0.0,
        options.seed or 0,
    )


def write_map_files(options: argparse.Namespace, found: DelayMap) -> None:
    """Write the files of a map that were asked for, and say so on stderr."""
    from symchiral.figures.delaymap import save_map
    from symchiral.write.delaymap import save_map_table

    if options.table:
        save_map_table(options.table, found, overwrite=options.overwrite)
    if options.figure:
        save_map(
            found,
            options.figure,
            unit=options.unit,
            size=options.size,
            style=options.style,
            overwrite=options.overwrite,
        )
    for name in OF_MAPS:
        if getattr(options, name):
            wrote(options, getattr(options, name))


def write_files(options: argparse.Namespace, found: Any, detector: Detector | None) -> None:
    """Write what was asked for, and say so on stderr."""
    from symchiral.figures.motion import KIND, animate_motion, save_motion
    from symchiral.write.columns import write_columns, write_trajectory
    from symchiral.write.motion import columns
    from symchiral.write.traces import write_traces

    if detector is not None:
        write_traces(options.traces, found, detector, overwrite=options.overwrite)
    if options.table:
        write_columns(options.table, columns(found), KIND, overwrite=options.overwrite)
    if options.trajectory:
        crystal = found.model.coordinates.modes.crystal.primitive
        write_trajectory(
            options.trajectory,
            crystal,
            found.times,
            found.atoms(),
            overwrite=options.overwrite,
        )
    if options.figure or options.animation:
        shown = options.show.split() if options.show else None
        if options.figure:
            save_motion(
                found,
                options.figure,
                shown=shown,
                unit=options.unit,
                size=options.size,
                style=options.style,
                overwrite=options.overwrite,
            )
        if options.animation:
            animate_motion(found, options.animation, overwrite=options.overwrite)
    for name in ("traces", "table", "trajectory", "figure", "animation"):
        if getattr(options, name):
            wrote(options, getattr(options, name))
