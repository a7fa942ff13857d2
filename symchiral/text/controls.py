"""How to see the sense of a mode, and what would refute a channel, in sentences."""

from __future__ import annotations

from symchiral.experiment.controls import Control, Geometry
from symchiral.rules.wording import minus, pretty

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


def _linear(control: Control) -> str:
    if control.law == "losses":
        return (
            "linear light: no mirror contains the axis and no two-fold axis is perpendicular to "
            f"it, so that with losses {control.mode} may rotate even under linear light; its "
            "amplitude is the same at every angle"
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
