"""Modes with their frequencies: the table and the document of ``modes``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from symchiral.answers.crystal import little_cogroup
from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import Notice, SymmetricCrystal
from symchiral.irreps.axis import Axis
from symchiral.irreps.stars import place_name
from symchiral.modes.mode import Mode, Modes, Multiplet
from symchiral.report.document import (
    Document,
    axis_record,
    header,
    structure_record,
    tidy,
    wavevector_record,
)
from symchiral.report.summary import axis_line, headline, light_words
from symchiral.rules.activity import activity
from symchiral.rules.wording import minus, signed
from symchiral.table import Table
from symchiral.units import PER_THZ, SIGNS

STILL = 1e-3
"""A mode with less angular momentum, in ħ, does not turn."""

LINEAR = 0.02
"""Part of the largest ω² of acoustic modes above which their splitting linear in q is said."""

NOTED = 1e-3
"""Forces that change a frequency by more when made symmetric, in THz, are worth a warning."""


def relation(modes: Modes, mode: Mode) -> str:
    """How the atoms turn beside l: ``same``, ``opposite``, ``unrelated``, or ``none``.

    The sense of l is that of l₀. ``unrelated`` where one of them has no sense (l₀ = 0 or n/2, or
    J = 0) and the other has; ``none`` where neither has, where they do not exist, and where l₀ is
    a matter of choice: at the zone boundary of a screw, where ±u are one point.
    """
    am, axis = modes.am(mode), modes.axis
    if am is None or axis is None:
        return "none"
    if axis.turn.ambiguous(modes.q):
        return "none"
    l0 = mode.residue
    turns = 0 if l0 is None or 2 * l0 == axis.order else (l0 > 0) - (l0 < 0)
    sense = 0 if abs(am) < STILL else (1 if am > 0 else -1)
    if not turns and not sense:
        return "none"
    return "unrelated" if not turns or not sense else "same" if turns == sense else "opposite"


def rotational_notice(
    place: str, splitting: float, squares: npt.NDArray[np.float64]
) -> Notice | None:
    """The warning that acoustic branches split at first order in q, if that is much.

    Parameters
    ----------
    place : str
        Where.
    splitting : float
        By how much ω² differs, THz².
    squares : (n,) float
        ω² of all modes there, THz².
    """
    highest = float(np.sort(np.abs(squares))[2])
    if splitting <= LINEAR * highest:
        return None
    optical = float(np.sqrt(np.sort(np.abs(squares))[3:4].max(initial=0.0)))
    example = (
        "" if not optical else f", which is {splitting / 2 / optical:.1g} THz at {optical:.3g} THz"
    )
    return Notice(
        "rotational-sum-rule",
        f"the forces break the rotational sum rule: at {place} it makes ω² of two acoustic "
        f"branches differ by {splitting:.2g} THz², linear in q, where turning the crystal must "
        f"cost nothing; a splitting linear in q of modes at f is uncertain by {splitting / 2:.2g} "
        f"THz²/f{example}; --rotational-sum-rule imposes the rule",
    )


def modes_notices(modes: Modes) -> tuple[Notice, ...]:
    """What the user should know about these modes."""
    place = place_name(modes.crystal.group, modes.q) or "GM"
    found = []
    if modes.asymmetry > NOTED:
        found.append(
            Notice(
                "asymmetric-forces",
                f"the forces at {place} break the symmetry: averaging them over "
                f"{modes.crystal.group.symbol} changed a frequency by {modes.asymmetry:.2g} THz",
            )
        )
    if modes.direction is not None and modes.born is None:
        found.append(
            Notice(
                "no-born-charges",
                "--direction changes nothing: the force data have no Born charges, and without "
                "them no longitudinal mode has a field; put a BORN file beside them",
            )
        )
    unstable = [m for m in modes.multiplets if m.number is not None and m.frequency < -NOTED]
    if unstable:
        names = ", ".join(m.name for m in unstable)
        found.append(
            Notice(
                "unstable",
                f"imaginary frequencies at {place}, printed negative: {names}; the crystal is "
                "unstable in this structure, or the forces are not converged",
            )
        )
    frequencies = modes.frequencies
    linear = rotational_notice(place, modes.acoustic_splitting, frequencies**2)
    return (*found, linear) if linear is not None else tuple(found)


def modes_document(
    crystal: SymmetricCrystal,
    axis: Axis | None,
    everything: Sequence[Modes],
    *,
    unit: str = "THz",
    eigenvectors: bool = False,
) -> Document:
    """Return the document of ``modes``: one entry per mode, 3N of them at every wavevector.

    Parameters
    ----------
    axis : Axis or None
        The axis of the crystal; at every wavevector the part of it that keeps it is used.
    everything : sequence of Modes
        The modes, one collection per wavevector.
    unit : str
        THz, cm-1 or meV.
    eigenvectors : bool
        Add the eigenvectors, [re, im] of three components per atom.
    """
    document = header("modes", crystal)
    notices = [*crystal.warnings, *(n for modes in everything for n in modes_notices(modes))]
    document["warnings"] = [{"kind": n.kind, "text": n.text} for n in notices]
    document["units"] |= {
        "mass": "amu",
        "effective_charge": "e/sqrt(amu)",
        "magnetic_moment": "nuclear_magneton",
        "acoustic_splitting": "THz^2",
    }
    return {
        **document,
        "gauge": "position",
        "structure": {
            **structure_record(crystal),
            "masses": tidy(everything[0].masses) if everything else [],
        },
        "axis": axis_record(crystal, axis),
        "q": [
            {
                **wavevector_record(crystal, modes.q),
                "little_cogroup": little_cogroup(crystal, modes.q),
                "axis": modes.axis.symbol if modes.axis else None,
                "acoustic_splitting": round(modes.acoustic_splitting, 9) + 0.0,
                "direction": None if modes.direction is None else tidy(modes.direction),
            }
            for modes in everything
        ],
        "modes": [
            _record(modes, multiplet, mode, unit=unit, eigenvectors=eigenvectors)
            for modes in everything
            for multiplet in modes.multiplets
            for mode in multiplet.modes
        ],
    }


def _record(
    modes: Modes, multiplet: Multiplet, mode: Mode, *, unit: str, eigenvectors: bool
) -> Document:
    vector = mode.am_vector
    charge = modes.effective_charge(mode)
    moment = modes.magnetic_moment(mode)
    light = activity(multiplet.species.participant)
    found: Document = {
        "q": place_name(modes.crystal.group, modes.q) or "GM",
        "label": mode.label,
        "number": mode.number,
        "component": mode.component,
        "pam": mode.pam,
        "frequency": round(mode.frequency * PER_THZ[unit], 9) + 0.0,
        "frequency_unit": unit,
        "am": None if vector is None else _rounded(vector),
        "am_axis": None if modes.am(mode) is None else round(modes.am(mode) or 0.0, 9) + 0.0,
        "relation": relation(modes, mode),
        "acoustic": mode.number is None,
        "longitudinal": mode.longitudinal,
        "infrared": light.infrared,
        "raman": light.raman,
        "hyper_raman": light.hyper_raman,
        "sites": [
            {
                "name": site.name,
                "weight": round(float(mode.weights[list(site.atoms)].sum()), 9),
                "am": _rounded(mode.atomic_am[list(site.atoms)].sum(axis=0))
                if mode.fixed
                else None,
                "ellipses": [
                    [_rounded(axis) for axis in mode.ellipses[atom]] for atom in site.atoms
                ]
                if mode.fixed
                else None,
            }
            for site in modes.crystal.sites
        ],
        "effective_charge": None if charge is None else _complex(charge),
        "oscillator_strength": None
        if charge is None
        else round(float(np.vdot(charge, charge).real), 9),
        "magnetic_moment": None if moment is None else _rounded(moment),
    }
    found["eigenvector"] = [_complex(row) for row in mode.eigenvector] if eigenvectors else None
    return found


def _rounded(array: npt.NDArray[np.float64]) -> list[float]:
    return [float(x) for x in np.round(array, 9) + 0.0]


def _complex(vector: npt.NDArray[np.complex128]) -> list[list[float]]:
    return [[float(x.real) + 0.0, float(x.imag) + 0.0] for x in np.round(vector, 12)]


def modes_table(
    crystal: SymmetricCrystal, axis: Axis | None, modes: Modes, *, unit: str = "THz"
) -> Table:
    """Return the modes of one wavevector, a line per multiplet."""
    rows = [_row(modes, multiplet, axis, unit) for multiplet in modes.multiplets]
    place = place_name(crystal.group, modes.q) or "the zone centre"
    along = ""
    if modes.direction is not None:
        along = f" approached along ({', '.join(minus(f'{x:.3g}') for x in modes.direction)})"
    part = modes.axis
    names = (f"f ({SIGNS[unit]})", "mode", "l", "J (ħ)", "turning", "light", "atoms")
    table = Table(
        names,
        tuple(rows),
        head=(
            f"{headline(crystal)}   modes at {place}{along}",
            f"axis     {axis_line(crystal, part)}",
        ),
        foot=tuple(_legend(modes)),
        optional=("atoms", "light"),
    )
    if modes.q != GAMMA:
        table = table.without("light")
    return table if part is not None else table.without("l", "J (ħ)", "turning")


def _row(modes: Modes, multiplet: Multiplet, axis: Axis | None, unit: str) -> tuple[str, ...]:
    digits = 3 if unit == "THz" else 2
    first = multiplet.modes[0]
    senses = list(dict.fromkeys(relation(modes, mode) for mode in multiplet.modes))
    sites = [f"{name} {share:.0%}" for name, share in modes.site_weights(first) if share > 0.005]
    return (
        minus(f"{round(multiplet.frequency * PER_THZ[unit], digits) + 0.0:.{digits}f}"),
        multiplet.name,
        ", ".join(signed(mode.pam) for mode in multiplet.modes),
        ", ".join(_am(modes.am(mode)) for mode in multiplet.modes),
        "/".join(s for s in senses if s != "none") or "—",
        light_words(multiplet.species, modes.axis) if multiplet.number is not None else "—",
        "  ".join(sites[:3]),
    )


def _am(value: float | None) -> str:
    if value is None:
        return "—"
    return "0" if abs(value) < STILL else minus(f"{value:+.3f}")


def _legend(modes: Modes) -> list[str]:
    lines = []
    words = {relation(modes, mode) for mode in modes}
    if words & {"same", "opposite"}:
        lines.append(
            "J: mechanical angular momentum about the axis, per quantum; turning: its sense beside "
            "that of l."
        )
    if "unrelated" in words:
        lines.append("unrelated: only one of the two has a sense.")
    if modes.born is None and modes.q == GAMMA:
        lines.append("No Born charges: longitudinal and transverse modes are not split.")
    elif modes.direction is None and modes.q == GAMMA:
        lines.append(
            "Transverse frequencies; --direction X,Y,Z adds the field of longitudinal modes."
        )
    return lines
