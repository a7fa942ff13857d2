"""The tables of ``light``, one per question."""

from __future__ import annotations

from itertools import product

from msgspec import UNSET

from symchiral.answers.light import (
    BalancedProbe,
    Created,
    Driven,
    InfraredPair,
    LawOfAngle,
    Light,
    Photons,
    RamanOfSpecies,
    Twins,
)
from symchiral.rules.light import SPINS, Reversal
from symchiral.rules.wording import minus, signed
from symchiral.table import Table, labelled, title, unbroken
from symchiral.text.beam import beam_lines
from symchiral.text.crystal import FOLDED, headline, primed_text, reversal_broken, unprimed_only
from symchiral.text.light_numbers import intensity_tables, strengths_table
from symchiral.text.light_words import spin_word, spins_arrow

WIDEST = 30
"""Intensities longer than this are described, not written out."""

_REVERSALS: dict[Reversal, str] = {
    "same": "equal",
    "absorbing": "equal unless absorbing",
    "magnetic": "unequal",
}


def light_tables(answer: Light) -> tuple[Table, ...]:
    """Return the tables of ``light``."""
    tables = [
        _photon_table(answer),
        _circular_table(answer),
        *((_linear_table(answer), _tensor_table(answer)) if answer.raman else ()),
        _magnetic_raman_table(answer),
        _drive_table(answer),
        _allowance_table(answer),
    ]
    if answer.domains is not None:
        tables.append(_domain_table(answer.domains))
    if answer.modes is not None:
        tables.append(strengths_table(answer.modes))
    if answer.intensities is not None:
        twins = 1 if answer.domains is None else len(answer.domains.operations)
        tables += intensity_tables(answer.intensities, twins=twins)
    return tuple(t for t in tables if t.head or t.rows or t.foot)


def _axis_line(answer: Light) -> str:
    axis = answer.axis
    if axis is None:
        return "none along the beam: pseudo-angular momentum is not defined, tensors decide"
    if answer.beam.order is None:
        return (
            f"{axis.symbol} along the beam: circular light is not an eigenstate of it, so that "
            "tensors decide and no l is shown"
        )
    return f"{minus(axis.symbol)} along the beam: l is defined mod {axis.order}{primed_text(axis)}"


# --- circular light ------------------------------------------------------------------------------


def _photon_table(answer: Light) -> Table:
    order = answer.beam.order
    rows = []
    for pair in answer.photons:
        helicities = " → ".join("+" if h > 0 else "−" for h in pair.helicities)
        rows.append(
            (
                spins_arrow(pair.incident, pair.scattered),
                helicities,
                pair.receiver,
                pair.source,
                "" if order is None else _created(pair, order),
            )
        )
    columns = ("spin in → out", "helicity", "name (receiver)", "name (source, IEEE)", "creates l")
    head = (
        headline(answer.structure),
        *beam_lines(answer.beam),
        labelled("axis", _axis_line(answer)),
    )
    table = Table(columns, tuple(rows), head, optional=(columns[3], columns[2]))
    if order is None or answer.beam.geometry == "right-angle":
        return table.without(columns[4])
    return table


def _created(pair: Photons, n: int) -> str:
    l = int(pair.incident + "1") - int(pair.scattered + "1")
    balanced = (l + (n - 1) // 2) % n - (n - 1) // 2
    text = signed(str(l))
    return text if balanced == l else f"{text} ≡ {signed(str(balanced))} (mod {n})"


def _label(made: Created | Driven) -> str:
    """``Eg(−)``, ``A1g``."""
    return minus(made.species + (f"({made.component})" if made.component else ""))


def _circular_table(answer: Light) -> Table:
    names = {pair.incident + pair.scattered: pair.receiver for pair in answer.photons}
    rows = tuple(
        (
            _label(made),
            signed(made.pam),
            " ".join(map(spin_word, made.absorbed)) or "—",
            " ".join(spins_arrow(*pair) for pair in made.raman) or "—",
            " ".join(names[pair] for pair in made.raman) or "—",
            " ".join(spin_word(x[0]) + spins_arrow(x[1], x[2]) for x in made.hyper_raman) or "—",
        )
        for made in answer.created
    )
    columns = ("created", "l", "absorbed", "Raman", "name (receiver)", "hyper-Raman")
    none = (
        *(() if answer.raman else ("No optical mode has a Raman tensor (far from resonance).",)),
        *_by_order(answer),
    )
    table = Table(
        columns,
        rows,
        (title("circular light"),),
        none,
        optional=("hyper-Raman", "name (receiver)"),
        names=("created",),
        folded=("hyper-Raman", "Raman", "name (receiver)"),
    )
    return table.without("l") if answer.beam.order is None else table


def _by_order(answer: Light) -> tuple[str, ...]:
    """What light drives or sees through velocities alone, which the table does not have."""
    if answer.by_order is UNSET:
        return ()
    if unprimed_only(answer.structure):
        return (FOLDED,)
    found = [
        f"{route.species} {' and '.join(words)}"
        for route in answer.by_order
        if (
            words := [
                *(["absorbed"] if route.infrared else []),
                *(["in Raman"] if route.raman else []),
            ]
        )
    ]
    if not found:
        return ("Velocities, which couple by the magnetic order, add no further process.",)
    return (
        "The table is of displacements. Through velocities, at first order in the magnetic order "
        f"or B, also {', '.join(found)}.",
    )


# --- linear light, tensors -----------------------------------------------------------------------


def _linear_table(answer: Light) -> Table:
    right_angle = answer.beam.geometry == "right-angle"
    pairs = tuple(product(SPINS, SPINS))
    rows = tuple(
        (
            s.species,
            *(
                tuple(_short(s, s.circular[a + b].text) for a, b in pairs)
                if right_angle
                else (_law_text(s, s.parallel), _law_text(s, s.crossed), _probe_text(s.probe))
            ),
            _REVERSALS[s.reversal],
        )
        for s in answer.raman
    )
    columns = (
        ("species", *(spins_arrow(a, b) for a, b in pairs), "σ+ against σ−")
        if right_angle
        else ("species", "parallel", "crossed", "balanced probe at θ", "σ+ against σ−")
    )
    return Table(
        columns,
        rows,
        (
            title(
                "Raman intensity of circular light, each spin about its own direction"
                if right_angle
                else "Raman intensity against the angle θ of linear light"
            ),
        ),
        optional=("σ+ against σ−",),
        names=("species",),
        folded=columns[1:-1],
        notes=tuple((columns[-1], line) for line in _reversal_foot(answer)),
    )


def _short(species: RamanOfSpecies, text: str) -> str:
    """An intensity, or of which coefficients it is where it is long."""
    return text if len(text) <= WIDEST // 2 else f"of {', '.join(species.letters)}"


def _law_text(species: RamanOfSpecies, law: LawOfAngle | None) -> str:
    """A law of angle, or how it varies where it is long; the document has it in full."""
    if law is None:
        return ""
    if len(law.text) <= WIDEST:
        return law.text
    if law.isotropic:
        return f"of {', '.join(species.letters)}"
    return f"varies with {' and '.join(f'{n}θ' for n in law.waves)}"


def _reversal_foot(answer: Light) -> tuple[str, ...]:
    """Why reversing all spins changes nothing, or may."""
    found = {s.reversal for s in answer.raman}
    if reversal_broken(answer.structure) and found != {"same"}:
        return (
            "In a magnetic crystal time reversal makes no intensities equal. Unequal: the "
            "antisymmetric tensor below interferes. Equal unless absorbing: complex tensors of the "
            "operations without time reversal may give unequal intensities, and so may tensors "
            "with velocities, at first order in the magnetic order or B.",
        )
    if "absorbing" not in found:
        why = (
            "each species has one tensor for them"
            if answer.exchanging is None
            else f"{answer.exchanging} exchanges them"
        )
        return (f"σ+ and σ− scatter equally, for real and complex tensors: {why}.",)
    return (
        "No operation exchanges σ+ and σ− here. Real tensors nevertheless give equal intensities; "
        "complex ones, where light is absorbed, need not.",
    )


def _probe_text(found: BalancedProbe) -> str:
    if not found.seen:
        return "not seen"
    turns = {1: "rotates as ωt − 2θ", -1: "rotates as ωt + 2θ", 0: ""}[found.turns]
    dark = " ".join(f"{x:g}°" for x in sorted(found.dark_angles))
    if turns:
        apart = f"; one coordinate alone at {dark}" if dark else "; coordinates 45° apart"
        return f"(+) {turns}{apart}"
    if found.dark_angles and found.seen == 1:
        return f"seen, not at {dark}"
    return "seen" if found.seen == 1 else f"{found.seen} motions seen"


PARTNERS = (
    "first partner, second, …: the degenerate modes of one species, in an orthonormal basis; each "
    "has a tensor of its own."
)


def _tensor_table(answer: Light) -> Table:
    rows: list[tuple[str, ...]] = []
    for s in answer.raman:
        matrices = [tensor.matrix for tensor in s.tensors]
        widths = [
            [max(len(matrix[i][j]) for i in range(3)) for j in range(3)] for matrix in matrices
        ]
        for i in range(3):
            cells = [
                "[ " + "  ".join(x.rjust(w) for x, w in zip(m[i], ws, strict=True)) + " ]"
                for m, ws in zip(matrices, widths, strict=True)
            ]
            cells += [""] * (3 - len(cells))
            rows.append((s.species if i == 0 else "", *(minus(c) for c in cells)))
    columns = ("species", "first partner", "second", "third")
    table = Table(
        columns,
        tuple(rows),
        (title("Raman tensors in the Cartesian axes of the input"),),
        ("Letters are real, or complex where light is absorbed. The JSON has them in LaTeX.",),
        optional=("third", "second"),
        notes=(("second", PARTNERS),),
        names=("species",),
    )
    empty = [c for k, c in enumerate(columns) if all(not row[k] for row in rows)]
    return table.without(*empty)


def _magnetic_raman_table(answer: Light) -> Table:
    """Antisymmetric tensors; empty where time reversal is unbroken."""
    if not reversal_broken(answer.structure):
        return Table((), ())
    if not answer.magnetic_raman:
        foot = ("The magnetic order allows no antisymmetric Raman tensor (G·Q).",)
        return Table((), (), (), foot)
    rows = tuple(
        (
            s.species,
            "; ".join(f"({', '.join(map(minus, axial))})" for axial in s.axial),
            " ".join(spins_arrow(*pair) for pair in s.pairs) or "not along this beam",
        )
        for s in answer.magnetic_raman
    )
    added = "Raman tensors added by the magnetic order"
    return Table(
        ("species", "G of every partner", "seen in"),
        rows,
        (title(f"{added} and odd in it: i times antisymmetric, (G×)"),),
        (
            "Letters are real; they change sign with all moments. Where a mode has a symmetric "
            "tensor too the two interfere, and opposite spins scatter unequally.",
        ),
        names=("species",),
        folded=("G of every partner", "seen in"),
    )


# --- drives --------------------------------------------------------------------------------------


def _drive_table(answer: Light) -> Table:
    photons = {"sum": "E[σ+]²", "difference": "|E[σ+]|²"}
    rows = tuple(
        (
            _label(made),
            made.frequency,
            photons[made.frequency] if made.two_photon else "—",
            " ".join(f"E[σ+]·{_mode_of(answer, x)}" for x in made.infrared_raman) or "—",
            " ".join(_product(answer, pair) for pair in made.ionic_raman) or "—",
        )
        for made in answer.driven
    )
    foot = [_harmonics_line(answer)]
    notes = (
        (("Q·Q", "≠: only between different modes of the species."),)
        if any("≠" in row[4] for row in rows)
        else ()
    )
    if any(sum(cell != "—" for cell in row[2:]) > 1 for row in rows):
        foot.append(answer.indistinguishable)
    if reversal_broken(answer.structure):
        foot.append(
            "Only displacements are judged, not processes with a velocity, odd in the order."
        )
    if not rows:
        return Table((), (), (), ("Light of σ+ alone drives nothing to second order.", *foot))
    columns = ("driven", "frequency", "E·E", "E·Q", "Q·Q")
    return Table(
        columns,
        rows,
        (title("driven to second order by light of σ+ alone"),),
        tuple(foot),
        optional=("Q·Q", "E·Q"),
        names=("driven",),
        folded=("E·Q", "Q·Q"),
        notes=notes,
    )


def _mode_of(answer: Light, species: str) -> str:
    """An infrared mode that σ+ drives: its (+) component on an axis."""
    for made in answer.created:
        if made.species == species and made.component and "+" in made.absorbed:
            return _label(made)
    return species


def _product(answer: Light, pair: InfraredPair) -> str:
    first, second = pair.species
    different = first == second and not pair.same_mode
    return f"{_mode_of(answer, first)}·{_mode_of(answer, second)}" + (" ≠" if different else "")


def _harmonics_line(answer: Light) -> str:
    found = answer.harmonics
    shown = ", ".join(
        f"{h.order}: {' '.join(map(spin_word, h.emitted))}" for h in found if h.emitted
    )
    rest = f" (up to {max(h.order for h in found)})"
    if not shown:
        return f"Harmonics of σ+ emitted along the beam: none{rest}."
    sense = "" if all(len(h.emitted) != 1 for h in found) else "; σ− is reversed"
    return unbroken("Harmonics of σ+") + f" emitted along the beam: {shown}{rest}{sense}."


# --- effects -------------------------------------------------------------------------------------


def _allowance_table(answer: Light) -> Table:
    rows = tuple(
        (
            effect.text,
            effect.product,
            "yes" if effect.allowed else "no",
            " ".join(effect.species) or "—",
        )
        for effect in answer.allows
    )
    notes = [
        f"{effect.text}: {effect.note}."
        for effect in answer.allows
        if effect.allowed and effect.note
    ]
    if answer.structure.magnetic is not None:
        notes.append(
            "What is odd both in the order and in the wavevector of light (non-reciprocal effects) "
            "is not judged."
        )
    columns = ("effect", "invariant", "exists", "species")
    return Table(
        columns,
        rows,
        (title("effects that the crystal allows"),),
        tuple(notes),
        folded=("effect", "invariant", "species"),
    )


def _domain_table(twins: Twins) -> Table:
    n, lattice = len(twins.operations), minus(twins.lattice)
    if n == 1:
        foot = (f"The class is that of its lattice ({lattice}): no such twins.",)
        return Table((), (), (title("twins"),), foot)
    operations = ", ".join(twins.operations[1:7]) + (", …" if n > 7 else "")
    return Table(
        ("effect", "average"),
        tuple((f.text, "survives" if f.survives else "lost") for f in twins.effects),
        (title(f"average over {n} twins in equal amounts (lattice {lattice}; {operations})"),),
        tuple(f"{f.text}: {f.note}." for f in twins.effects if f.note),
        folded=("effect",),
    )
