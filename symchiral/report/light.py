"""What ``symchiral light`` prints: one table per question."""

from __future__ import annotations

from itertools import product
from typing import Any

from symchiral.modes.species import Species
from symchiral.report.beam import beam_lines
from symchiral.report.magnetic_light import magnetic_raman_table
from symchiral.report.summary import FOLDED, headline, primed_text
from symchiral.rules.activity import activity
from symchiral.rules.allowance import allowances
from symchiral.rules.domains import Domains, survivals
from symchiral.rules.intensity import AngularLaw, intensity_text
from symchiral.rules.light import SPINS, Drive, Light, exchanging
from symchiral.rules.magnetism import odd_activity
from symchiral.rules.wording import minus, signed
from symchiral.table import Table, unbroken

WIDEST = 30
"""Intensities longer than this are described, not written out."""

PAIRS = tuple(product(SPINS, SPINS))

RIVALS = (
    "E·E (two photons), E·Q (infrared-resonant Raman) and Q·Q (ionic Raman) obey one rule: "
    "symmetry cannot tell them apart, and all grow as the square of the field. What could: tuning "
    "the pump through the infrared mode (E·Q follows its resonance once, Q·Q twice, E·E not at "
    "all), and time (E·E ends with the pulse; Q·Q lasts as long as the infrared mode rings)."
)


def handed(helicity: int, *, ieee: bool) -> str:
    """R or L: clockwise seen from the receiver (most of optics) is R; from the source, IEEE."""
    return "R" if (helicity > 0) == ieee else "L"


def pair_names(light: Light, incident: str, scattered: str) -> tuple[str, str]:
    """Names of a pair of spins, ``RL`` = R in and L out, in optics and after IEEE."""
    spins = ((incident, False), (scattered, True))
    helicities = [light.beam.helicity(int(s + "1"), scattered=out) for s, out in spins]
    optics, ieee = ("".join(handed(h, ieee=i) for h in helicities) for i in (False, True))
    return optics, ieee


def light_tables(light: Light, domains: Domains | None) -> tuple[Table, ...]:
    """Return the tables of ``light``, one per question."""
    head = (
        headline(light.crystal),
        *beam_lines(light),
        f"axis     {_axis_line(light)}",
    )
    tables = [
        _photon_table(light, head),
        _circular_table(light),
        *((_linear_table(light), _tensor_table(light)) if light.raman else ()),
        magnetic_raman_table(light),
        _drive_table(light),
        _allowance_table(light),
    ]
    if domains is not None:
        tables.append(_domain_table(light, domains))
    return tuple(t for t in tables if t.head or t.rows or t.foot)


def _axis_line(light: Light) -> str:
    axis = light.beam.axis
    if light.axis:
        text = f"{minus(light.axis.symbol)} along the beam: l counts mod {light.axis.order}"
        return text + primed_text(light.crystal, light.axis)
    if axis:
        return (
            f"{axis.symbol} along the beam: circular light is no eigenstate of it, so that tensors "
            "decide and no l is shown"
        )
    return "none along the beam: light has no pseudo-angular momentum there, tensors decide"


def _photon_table(light: Light, head: tuple[str, ...]) -> Table:
    rows = []
    for s, t in PAIRS:
        hs = [light.beam.helicity(int(s + "1"), scattered=False)]
        hs.append(light.beam.helicity(int(t + "1"), scattered=True))
        optics, ieee = pair_names(light, s, t)
        words = f"{'+' if hs[0] > 0 else '−'} → {'+' if hs[1] > 0 else '−'}"
        created = "" if light.axis is None else _created(light, s, t)
        rows.append((_arrow(s, t), words, optics, ieee, created))
    columns = ("spin in → out", "helicity", "name (receiver)", "name (source, IEEE)", "creates l")
    table = Table(columns, tuple(rows), head, optional=(columns[3],))
    return (
        table if light.axis and light.beam.geometry != "right-angle" else table.without(columns[4])
    )


def _created(light: Light, s: str, t: str) -> str:
    assert light.axis is not None
    n, l = light.axis.order, int(s + "1") - int(t + "1")
    balanced = (l + (n - 1) // 2) % n - (n - 1) // 2
    text = signed(str(l))
    return text if balanced == l else f"{text} ≡ {signed(str(balanced))} (mod {n})"


def _arrow(*spins: str) -> str:
    return minus("→".join(f"σ{s}" for s in spins)).replace("σ-", "σ−")


def _spin(s: str) -> str:
    return "σ−" if s == "-" else "σ+"


def _circular_table(light: Light) -> Table:
    rows = []
    for target in light.targets:
        absorbed = " ".join(_spin(s) for s in light.absorbed(target)) or "—"
        pairs = light.scattered(target)
        raman = " ".join(f"{_spin(s)}→{_spin(t)}" for s, t in pairs) or "—"
        names = " ".join(pair_names(light, s, t)[0] for s, t in pairs) or "—"
        hyper = (
            " ".join(f"{_spin(s)}{_spin(s)}→{_spin(t)}" for s, t in light.hyper_scattered(target))
            or "—"
        )
        rows.append((minus(target.label), signed(target.pam), absorbed, raman, names, hyper))
    columns = ("created", "l", "absorbed", "Raman", "name (receiver)", "hyper-Raman")
    none = (
        *(() if light.raman else ("No optical mode has a Raman tensor (far from resonance).",)),
        *_by_order(light),
    )
    table = Table(columns, tuple(rows), ("circular light",), none, optional=("hyper-Raman",))
    return table if light.axis else table.without("l")


def _by_order(light: Light) -> tuple[str, ...]:
    """What light drives or sees through velocities alone, which the table does not have."""
    if light.crystal.signs is None:
        return () if light.crystal.magnetic is None else (FOLDED,)
    found = [
        f"{record['species']} {' and '.join(words)}"
        for record in by_order_records(light)
        if (words := [w for w, on in zip(_PROCESSES, list(record.values())[1:], strict=True) if on])
    ]
    if not found:
        return ("Velocities, which the magnetic order lets in, open no further route.",)
    return (
        "By displacements. Through velocities, at first order in the magnetic order or B, also "
        f"{', '.join(found)}.",
    )


_PROCESSES = ("absorbed", "in Raman")


def by_order_records(light: Light) -> list[dict[str, Any]]:
    """Which optical species light absorbs or scatters through velocities and not otherwise."""
    found = []
    for s in light.optical:
        even, odd = activity(s.participant), odd_activity(light.crystal, s.participant)
        found.append(
            {
                "species": s.label,
                "infrared": odd.infrared and not even.infrared,
                "raman": odd.raman and not even.raman,
            }
        )
    return found


def _linear_table(light: Light) -> Table:
    right_angle = light.beam.geometry == "right-angle"
    rows = []
    for s in light.raman:
        forms, letters = light.circular(s), light.polarizability(s).letters
        reversal = _reversal_text(light, s)
        if right_angle:
            shown = tuple(_short(intensity_text(forms[a + b], letters), letters) for a, b in PAIRS)
            rows.append((s.label, *shown, reversal))
        else:
            rows.append(
                (
                    s.label,
                    _law_text(light.parallel(s)),
                    _law_text(light.crossed(s)),
                    _probe_text(light, s),
                    reversal,
                )
            )
    columns = (
        ("species", *(_arrow(a, b) for a, b in PAIRS), "σ+ against σ−")
        if right_angle
        else ("species", "parallel", "crossed", "balanced probe at θ", "σ+ against σ−")
    )
    return Table(
        columns,
        tuple(rows),
        ("Raman intensity against the angle θ of linear light",)
        if not right_angle
        else ("Raman intensity of circular light, each spin about its own direction",),
        _reversal_foot(light),
        optional=("σ+ against σ−",),
    )


def _short(text: str, letters: str) -> str:
    """An intensity, or of which coefficients it is where it is long."""
    return text if len(text) <= WIDEST // 2 else f"of {', '.join(letters)}"


def _law_text(law: AngularLaw) -> str:
    """A law of angle, or how it varies where it is long; the document has it in full."""
    if len(law.text) <= WIDEST:
        return law.text
    if law.isotropic:
        return f"of {', '.join(law.letters)}"
    return f"varies with {' and '.join(f'{n}θ' for n in law.waves)}"


def _reversal_text(light: Light, species: Species) -> str:
    words = {"same": "equal", "absorbing": "equal unless absorbing", "magnetic": "unequal"}
    return words[light.reversal(species)]


def _reversal_foot(light: Light) -> tuple[str, ...]:
    """Why reversing all spins changes nothing, or may."""
    found = {light.reversal(s) for s in light.raman}
    if light.crystal.signs is not None and found != {"same"}:
        return (
            "Time reversal equates no intensities of a magnetic crystal. Unequal: the "
            "antisymmetric part, below, interferes. Unless absorbing: complex tensors of the "
            "operations without time reversal need not give equal intensities, nor need those "
            "with velocities, at first order in the magnetic order or B.",
        )
    if "absorbing" not in found:
        g = exchanging(light.crystal, light.beam)
        why = (
            f"{light.crystal.group.standard_operations[g].seitz} exchanges them"
            if g is not None
            else "each species has one tensor for them"
        )
        return (f"σ+ and σ− scatter equally, for real and complex tensors: {why}.",)
    return (
        "No operation exchanges σ+ and σ− here. Real tensors give equal intensities all the same; "
        "complex ones, where light is absorbed, need not.",
    )


def _probe_text(light: Light, species: Species) -> str:
    found = light.probe(species)
    if not found.seen:
        return "not seen"
    turns = {1: "rotates as ωt − 2θ", -1: "rotates as ωt + 2θ", 0: ""}[found.turns]
    dark = " ".join(f"{x:g}°" for x in sorted(found.dark_angles))
    if turns:
        apart = f"; one at a time at {dark}" if dark else "; parts 45° apart"
        return f"(+) {turns}{apart}"
    if found.dark_angles and found.seen == 1:
        return f"seen, not at {dark}"
    return "seen" if found.seen == 1 else f"{found.seen} motions seen"


def _tensor_table(light: Light) -> Table:
    rows: list[tuple[str, ...]] = []
    for s in light.raman:
        form = light.polarizability(s)
        matrices = [form.entries(a) for a in range(s.dimension)]
        widths = [
            [max(len(matrix[i][j]) for i in range(3)) for j in range(3)] for matrix in matrices
        ]
        for i in range(3):
            cells = [
                "[ " + "  ".join(x.rjust(w) for x, w in zip(m[i], ws, strict=True)) + " ]"
                for m, ws in zip(matrices, widths, strict=True)
            ]
            cells += [""] * (3 - len(cells))
            rows.append((s.label if i == 0 else "", *(minus(c) for c in cells)))
    columns = ("species", "first partner", "second", "third")
    table = Table(
        columns,
        tuple(rows),
        ("Raman tensors in the Cartesian axes of the input",),
        ("Letters are real, and complex where light is absorbed. LaTeX: --json",),
    )
    empty = [c for k, c in enumerate(columns) if all(not row[k] for row in rows)]
    return table.without(*empty)


def _drive_table(light: Light) -> Table:
    rows = []
    photons = ("E[σ+]²", "|E[σ+]|²")
    for target in light.targets:
        for difference in (False, True):
            drive = light.drive(target, difference=difference)
            if drive.any:
                rows.append(
                    (
                        minus(target.label),
                        "difference" if difference else "sum",
                        photons[difference] if drive.light else "—",
                        " ".join(f"E[σ+]·{_driven(light, x)}" for x in drive.mixed) or "—",
                        " ".join(_product(light, pair, drive) for pair in drive.ionic) or "—",
                    )
                )
    rows.sort(key=lambda row: row[1] != "sum")
    rivals = any(sum(cell != "—" for cell in row[2:]) > 1 for row in rows)
    columns = ("driven", "frequency", "E·E", "E·Q", "Q·Q")
    foot = [_harmonics_line(light)]
    if any("≠" in row[4] for row in rows):
        foot.append("≠: only of two different modes of the species.")
    if rivals:
        foot.append(RIVALS)
    title = "driven to second order by light of σ+ alone"
    if light.crystal.signs is not None:
        foot.append("By displacements: routes with a velocity, odd in the order, are not judged.")
    if not rows:
        return Table((), (), (), ("Light of σ+ alone drives nothing to second order.", *foot))
    return Table(columns, tuple(rows), (title,), tuple(foot))


def _driven(light: Light, label: str) -> str:
    """An infrared mode that σ+ drives: its (+) component on an axis."""
    for target in light.targets:
        if target.species.label == label and target.component and "+" in light.absorbed(target):
            return minus(target.label)
    return label


def _product(light: Light, pair: tuple[str, str], drive: Drive) -> str:
    first, second = (_driven(light, x) for x in pair)
    return f"{first}·{second}" + ("" if pair[0] != pair[1] or pair[0] in drive.same else " ≠")


def _harmonics_line(light: Light) -> str:
    found = light.harmonics()
    shown = ", ".join(f"{m}: {' '.join(map(_spin, s))}" for m, s in found.items() if s)
    rest = f" (up to {max(found)})"
    if not shown:
        return f"Harmonics of σ+ emitted along the beam: none{rest}."
    both = all(len(s) != 1 for s in found.values())
    sense = "" if both else "; σ− is reversed"
    return unbroken("Harmonics of σ+") + f" emitted along the beam: {shown}{rest}{sense}."


def _allowance_table(light: Light) -> Table:
    rows = tuple(
        (
            found.text,
            found.product,
            "yes" if found.allowed else "no",
            " ".join(found.species) or "—",
        )
        for found in allowances(light)
    )
    notes = tuple(
        f"{found.text}: {found.note}."
        for found in allowances(light)
        if found.allowed and found.note
    )
    if light.crystal.magnetic is not None:
        notes += (
            "What is odd both in the order and in the wavevector of light (non-reciprocal effects) "
            "is not judged.",
        )
    return Table(
        ("effect", "invariant", "exists", "species"), rows, ("what the crystal allows",), notes
    )


def _domain_table(light: Light, domains: Domains) -> Table:
    rows = tuple(
        (found.text, "survives" if found.survives else "lost")
        for found in survivals(light, domains)
    )
    if len(domains) == 1:
        foot = (f"The class is that of its lattice ({minus(domains.symbol)}): no such twins.",)
        return Table((), (), ("twins",), foot)
    operations = ", ".join(g.seitz for g in domains.operations[1:7])
    more = ", …" if len(domains) > 7 else ""
    notes = tuple(f"{f.text}: {f.note}." for f in survivals(light, domains) if f.note)
    return Table(
        ("effect", "average"),
        rows,
        (
            f"average over {len(domains)} twins in equal amounts "
            f"(lattice {minus(domains.symbol)}; {operations}{more})",
        ),
        notes,
    )
