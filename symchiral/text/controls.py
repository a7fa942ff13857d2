"""How to see the sense of a mode, and what would refute a channel, in sentences."""

from __future__ import annotations

from math import isfinite

from symchiral.rules.wording import minus, pretty
from symchiral.traces.controls import Control, Geometry
from symchiral.units import SPEED_OF_LIGHT

FAINT = 1e-3
"""Part of a field below which an echo is not seen."""

_SIGNALS = {"balanced": "balanced signal", "analyser": "emitted field"}


def geometry_text(geometry: Geometry) -> str:
    """Return how to see the sense of a species as a sentence.

    Examples
    --------
    >>> geometry_text(Geometry("Eg", "circular", process="raman", spins=(("-", "+"),)))[:57]
    'circular Raman scattering creates Eg(+) by σ− → σ+, and ('
    """
    species = geometry.species
    if geometry.kind == "balanced":
        phase = "ωt − 2θ" if geometry.turns > 0 else "ωt + 2θ"
        text = (
            "balanced detection at two probe polarisations 45° apart, normal incidence along the "
            f"axis: for (+) the signal runs as {phase} with the probe angle θ."
        )
        if geometry.dark:
            one, other = geometry.dark
            text += (
                f" At θ = {one:g}° and {other:g}° the signal contains one of the two coordinates "
                "only."
            )
        return text
    if geometry.kind == "analyser":
        return f"{species} radiates: detect two polarisations of the emitted field, 90° apart"
    if geometry.kind == "none":
        return f"no light along the axis tells (+) from (−) of {species}"
    arrows = [f"σ{minus(a)} → σ{minus(b)}" for a, b in geometry.spins]
    if geometry.process == "raman":
        return (
            f"circular Raman scattering creates {species}(+) by {', '.join(arrows)}, and (−) by "
            "the reverse: Stokes and anti-Stokes sidebands of a circular probe tell the sense"
        )
    words = ", ".join(f"2{arrow}" for arrow in arrows)
    return (
        f"circular hyper-Raman scattering creates {species}(+) by {words}, and (−) by the reverse"
    )


def control_text(control: Control) -> str:
    """Return what to do and what must be seen.

    Examples
    --------
    >>> control_text(Control("sample", phases=(("balanced", 0), ("analyser", 3))))[69:]
    'change; nor does the phase of the balanced signal; the phase of the emitted field shifts by 3χ'
    """
    match control.kind:
        case "helicity":
            return (
                "σ− instead of σ+: every sense reverses at equal amplitude. What does not reverse "
                "is not driven by the spin of the light"
            )
        case "linear":
            return _linear(control)
        case "sample":
            text = "sample rotated by χ about the axis: helicities and amplitudes do not change"
            for kind, times in control.phases:
                phase = f"the phase of the {_SIGNALS[kind]}"
                text += f"; {phase} shifts by {times}χ" if times else f"; nor does {phase}"
            return text
        case "delay":
            return (
                "a window that begins later: the helicity is unchanged while amplitudes decay. "
                "What appears only during the pump is the field itself, not a mode"
            )
        case "frequency":
            return (
                "pump tuned across the infrared mode: if two quanta of it drive the process, the "
                "line follows the square of its resonance; two photons need no resonance. Symmetry "
                "cannot distinguish these"
            )
        case "twin":
            return _twin(control)
        case "depth":
            return _depth(control)
        case "echoes":
            return _echoes(control)


def _linear(control: Control) -> str:
    if control.law == "losses":
        return (
            "linear light: no mirror contains the axis and no two-fold axis is perpendicular to "
            f"it, so that with losses {control.mode} may rotate even under linear light; its "
            "amplitude is the same at every angle"
        )
    if control.law == "mixed-losses":
        return (
            "linear light: no mirror contains the axis and no two-fold axis is perpendicular to "
            f"it, so that with losses {control.mode} may rotate even under linear light; products "
            "with quanta of both spins drive it too, so symmetry fixes no dependence on the angle"
        )
    if control.law == "mirrors":
        return (
            f"linear light: {control.mode} has helicity 0 where φ lies in a mirror plane or "
            "perpendicular to a two-fold axis; products with quanta of both spins drive it too, so "
            "symmetry fixes no further dependence on the angle"
        )
    text = (
        f"linear light at φ: {control.mode} has helicity 0 and moves along a line that rotates by "
        f"{'+' if control.sense == 1 else '−'}2φ in the plane of its coordinates; its amplitude is "
        "the same at every φ, 1/√2 of the circular case at equal pump energy"
    )
    driven = []
    if control.sums:
        more = f" and {len(control.sums) - 1} more" if len(control.sums) > 1 else ""
        driven.append(f"drives the sum channel {pretty(control.sums[0])}{more}")
    if control.shifted:
        driven.append(f"shifts {control.mode} along the same line for as long as the drive lasts")
    return f"{text}. Linear light alone {', and '.join(driven)}" if driven else text


def _twin(control: Control) -> str:
    if control.twin == "none":
        return "the crystal has the symmetry of its lattice: it has no such twins"
    twin = f"a twin ({', '.join(control.operations)})"
    if control.twin == "same":
        return (
            f"{twin}: the same senses; only signs of coupling coefficients, and with them phases, "
            "differ"
        )
    return f"{twin}: this axis has another direction in some; pump and probe within one domain"


def _depth(control: Control) -> str:
    text = (
        "thickness, and probe from either side: the spin of the light about the axis, and with it "
        "every sense, is the same at every depth. Layers add with different phases"
    )
    p = control.passage
    if p is None:
        return f"{text}; how fast is not known without the permittivity"
    depths = [
        (p.together, f"a probe that travels with it (index {p.probe:.2g}, √ε∞) is out of step")
    ]
    if isfinite(p.depth):
        depths.append((p.depth, "the intensity of the pump is 1/e"))
    depth, what = min(depths)
    return (
        f"{text}: the pump has the index {p.pump:.2g}, and the "
        f"amplitude of {control.mode} grows up to {_length(depth)}, where {what}; in reflection up "
        f"to {_length(min(p.against, p.depth))}"
    )


def _echoes(control: Control) -> str:
    same = (
        "a face gives back the spin about the axis as it came: an echo starts the same sense again "
        "with another phase, and moves with the thickness"
    )
    p, d = control.passage, control.thickness
    if d is None:
        return f"{same}. It comes after 2nd/c, 6.7 ps per mm and index: --thickness says when"
    if p is None or p.pump_echo is None or p.probe_echo is None:
        return f"{same}. In {_length(d)} it comes after n × {2 * d / SPEED_OF_LIGHT:.2g} ps"
    share = p.pump_share or 0.0
    back = f"with {_percent(share)} of its field" if share > FAINT else "too faint to be seen"
    return (
        f"{same}. In {_length(d)} the pump comes back after {p.pump_echo:.2g} ps, {back}, the "
        f"probe after {p.probe_echo:.2g} ps, with {_percent(p.probe_share or 0.0)}: end the record "
        "before, or compare two thicknesses"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def _length(um: float) -> str:
    """A length in µm, nm or mm: ``0.64 µm``."""
    for unit, scale in (("nm", 1e-3), ("µm", 1.0)):
        if um < 1000 * scale * (0.1 if unit == "nm" else 1.0):
            return f"{um / scale:.2g} {unit}" if um < 100 * scale else f"{um / scale:.0f} {unit}"
    return f"{um / 1e3:.3g} mm"
