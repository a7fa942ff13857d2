"""The dictionary of ``light --json``."""

from __future__ import annotations

from typing import Any

import numpy as np

from symchiral.fields.background import Background
from symchiral.fields.orientation import Orientation
from symchiral.modes.mode import Modes
from symchiral.modes.species import Species
from symchiral.report.document import light_header, tidy
from symchiral.report.light import PAIRS, RIVALS, by_order_records, pair_names
from symchiral.report.light_numbers import (
    intensities_record,
    intensity_notices,
    strengths_record,
)
from symchiral.report.magnetic_light import magnetic_raman_records
from symchiral.rules.allowance import allowances
from symchiral.rules.domains import Domains, survivals
from symchiral.rules.intensity import AngularLaw, intensity_text
from symchiral.rules.light import Light, Target, exchanging
from symchiral.rules.raman import RamanLines

Document = dict[str, Any]


def light_document(
    light: Light,
    domains: Domains | None,
    *,
    background: Background | None = None,
    modes: Modes | None = None,
    raman: RamanLines | None = None,
    unit: str = "THz",
) -> Document:
    """Return the document of ``light``.

    Parameters
    ----------
    background : Background or None
        The static fields the crystal stands in.
    modes : Modes or None
        The zone-centre modes, where there are forces.
    raman : RamanLines or None
        Raman tensors as numbers, where there are any.
    unit : str
        Of frequencies.
    """
    beam = light.beam
    g = exchanging(light.crystal, light.beam)
    header = light_header(light.crystal, beam.axis)
    notices = intensity_notices(raman) if raman else ()
    header["warnings"] = [*header["warnings"], *({"kind": n.kind, "text": n.text} for n in notices)]
    return {
        **header,
        "beam": {
            "direction": tidy(beam.direction),
            "scattered": tidy(beam.scattered),
            "geometry": beam.geometry,
            "frame": tidy(beam.frame),
            "scattered_frame": tidy(beam.scattered_frame),
            "order": light.axis.order if light.axis else None,
            "orientation": None if beam.orientation is None else _orientation(beam.orientation),
        },
        "photons": [_photon_record(light, s, t) for s, t in PAIRS],
        "created": [_target_record(light, t) for t in light.targets],
        "raman": [_raman_record(light, s) for s in light.raman],
        "antisymmetric_raman": [
            {"species": s.label, "coefficients": n}
            for s in light.optical
            if (n := light.antisymmetric_coefficients(s))
        ],
        "field": field_record(background),
        "magnetic_raman": magnetic_raman_records(light),
        **({} if light.crystal.magnetic is None else {"by_order": by_order_records(light)}),
        "exchanging": None if g is None else light.crystal.group.standard_operations[g].seitz,
        "driven": [
            record
            for difference in (False, True)
            for target in light.targets
            if (record := _drive_record(light, target, difference=difference)) is not None
        ],
        "indistinguishable": RIVALS,
        "harmonics": [
            {"order": m, "emitted": list(spins)} for m, spins in light.harmonics().items()
        ],
        "allows": [
            {
                "kind": a.kind,
                "text": a.text,
                "product": a.product,
                "coefficients": a.coefficients,
                "allowed": a.allowed,
                "species": list(a.species),
                "note": a.note,
            }
            for a in allowances(light)
        ],
        "domains": None if domains is None else _domains_record(light, domains),
        "modes": None if modes is None else strengths_record(light, modes, unit=unit),
        "intensities": None
        if raman is None
        else intensities_record(light, raman, domains, unit=unit),
    }


def _orientation(orientation: Orientation) -> Document:
    return {
        "axes": tidy(orientation.axes),
        "stated": [{"lab": lab, "crystal": word} for lab, word in orientation.stated],
        "tilt": orientation.tilt,
    }


def _photon_record(light: Light, s: str, t: str) -> Document:
    optics, ieee = pair_names(light, s, t)
    return {
        "incident": s,
        "scattered": t,
        "helicities": [
            light.beam.helicity(int(s + "1"), scattered=False),
            light.beam.helicity(int(t + "1"), scattered=True),
        ],
        "receiver": optics,
        "source": ieee,
    }


def _target_record(light: Light, target: Target) -> Document:
    return {
        "species": target.species.label,
        "component": target.component.name if target.component else None,
        "pam": target.pam,
        "absorbed": list(light.absorbed(target)),
        "raman": ["".join(p) for p in light.scattered(target)],
        "hyper_raman": [s + s + t for s, t in light.hyper_scattered(target)],
    }


def _law(law: AngularLaw) -> Document:
    return {
        "text": law.text,
        "isotropic": law.isotropic,
        "terms": tidy(law.terms),
    }


def _raman_record(light: Light, species: Species) -> Document:
    form = light.polarizability(species)
    linear = light.beam.geometry != "right-angle"
    found = light.probe(species)
    return {
        "species": species.label,
        "coefficients": len(form),
        "letters": list(form.letters),
        "tensors": [
            {"matrix": form.entries(a), "latex": form.latex(a)} for a in range(species.dimension)
        ],
        "basis": tidy(np.moveaxis(form.basis, 3, 1)),
        "circular": {
            pair: {
                "text": intensity_text(g, form.letters),
                "form": [[[x.real, x.imag] for x in row] for row in np.round(g, 12) + 0.0],
            }
            for pair, g in light.circular(species).items()
        },
        "reversal": light.reversal(species),
        "parallel": _law(light.parallel(species)) if linear else None,
        "crossed": _law(light.crossed(species)) if linear else None,
        "probe": {
            "seen": found.seen,
            "dark_angles": list(found.dark_angles),
            "turns": found.turns,
        },
    }


def _drive_record(light: Light, target: Target, *, difference: bool) -> Document | None:
    drive = light.drive(target, difference=difference)
    if not drive.any:
        return None
    return {
        "species": target.species.label,
        "component": target.component.name if target.component else None,
        "frequency": "difference" if difference else "sum",
        "two_photon": drive.light,
        "infrared_raman": list(drive.mixed),
        "ionic_raman": [
            {"species": list(pair), "same_mode": pair[0] == pair[1] and pair[0] in drive.same}
            for pair in drive.ionic
        ],
    }


def _domains_record(light: Light, domains: Domains) -> Document:
    return {
        "lattice": domains.symbol,
        "operations": [g.seitz for g in domains.operations],
        "effects": [
            {"kind": f.kind, "text": f.text, "survives": f.survives, "note": f.note}
            for f in survivals(light, domains)
        ],
    }


def field_record(background: Background | None) -> Document | None:
    """Return the directions of the fields."""
    if background is None:
        return None
    values = {"B": background.magnetic, "E": background.electric, "strain": background.strain}
    return {name: None if value is None else tidy(value) for name, value in values.items()}
