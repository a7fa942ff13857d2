"""Transfers between actual modes: rows and records of ``predict`` with forces."""

from __future__ import annotations

from collections.abc import Sequence

from symchiral.crystal.search import SymmetricCrystal
from symchiral.modes.mode import Multiplet
from symchiral.modes.names import ModeName
from symchiral.report.document import Document
from symchiral.report.summary import axis_line, headline
from symchiral.rules.listing import short_route
from symchiral.rules.resonance import Transfer
from symchiral.rules.rule import Rule
from symchiral.rules.rulebook import RuleBook
from symchiral.rules.wording import minus, pretty
from symchiral.table import Table
from symchiral.units import PER_THZ, SIGNS

ROWS = 20
"""Rows printed before the table is cut."""


def transfer_record(transfer: Transfer, *, unit: str) -> Document:
    """Return a transfer as the dictionary of the JSON contract."""
    factor = PER_THZ[unit]
    return {
        "id": transfer.id,
        "channel": transfer.rule.id,
        "frequencies": [round(m.frequency * factor, 9) for m in transfer.multiplets],
        "frequency_unit": unit,
        "detuning": round(transfer.detuning * factor, 9) + 0.0,
        "detuning_unit": unit,
        "linewidth": round(transfer.linewidth * factor, 9),
        "linewidth_unit": unit,
        "score": round(transfer.score, 9),
        "umklapp": transfer.rule.umklapp,
        "pam_sense": transfer.rule.pam_sense,
        "rotation_sense": transfer.rotation_sense,
        "am_transfer": transfer.am_transfer,
        "pump": list(transfer.rule.pump),
        "probe": list(transfer.rule.probe),
    }


def species_transfer_record(rule: Rule, *, unit: str) -> Document:
    """Return a transfer between species, of which no frequency is known, in the same form."""
    return {
        "id": rule.id,
        "channel": rule.id,
        "frequencies": None,
        "frequency_unit": unit,
        "detuning": None,
        "detuning_unit": unit,
        "linewidth": None,
        "linewidth_unit": unit,
        "score": None,
        "umklapp": rule.umklapp,
        "pam_sense": rule.pam_sense,
        "rotation_sense": rule.rotation_sense,
        "am_transfer": rule.am_transfer,
        "pump": list(rule.pump),
        "probe": list(rule.probe),
    }


def transfers_table(
    crystal: SymmetricCrystal,
    book: RuleBook,
    transfers: Sequence[Transfer],
    *,
    path: str,
    unit: str,
    everything: bool,
) -> Table:
    """Return the transfers, one row per set of modes up to reversal of all signs, best first.

    Parameters
    ----------
    path : str
        The input as the user named it.
    everything : bool
        Show every row, those without rotation included.
    """
    families: dict[object, Transfer] = {}
    for transfer in transfers:
        kept = families.setdefault(transfer.family, transfer)
        if _signs(transfer) > _signs(kept):
            families[transfer.family] = transfer
    turning = [t for t in families.values() if t.rule.channel.rotates]
    shown = list(families.values()) if everything or not turning else turning
    rows = shown if everything else shown[:ROWS]
    factor, sign = PER_THZ[unit], SIGNS[unit]
    digits = 3 if unit == "THz" else 1
    foot = [f"{len(families)} transfers between modes allowed: {len(turning)} with rotation."]
    if len(transfers) > len(families):
        foot.append(f"Each sign by itself (--json): {len(transfers)}.")
    if len(rows) < len(families):
        foot.append(f"{len(families) - len(rows)} more: --all")
    widths = sorted({round(t.linewidth * factor, 4) for t in families.values()})
    if widths:
        gamma = f"{widths[0]:g}" if len(widths) == 1 else f"{widths[0]:g} to {widths[-1]:g}"
        foot.append(
            f"δ = incoming − outgoing; score = Γ²/(δ² + Γ²) with the total linewidth Γ = {gamma} "
            f"{sign} (--linewidth)."
        )
    if rows:
        foot.append(f'Why: symchiral explain {path} "{rows[0].id}"')
    modes = {
        (m.species.key, m.number): m for t in families.values() for m in t.multiplets if m.number
    }
    head = (
        f"{headline(crystal)}   transfers between modes, best match first",
        f"axis     {axis_line(crystal, book.axis)}",
    )
    if not rows:
        none = "No allowed transfer between these modes: widen --pump, --probe or --max-detuning."
        return Table((), (), head, (none,))
    table = Table(
        ("transfer", f"f ({sign})", "δ", "score", "lattice", "PAM", "atoms", "pump", "probe"),
        tuple(_row(t, factor, digits) for t in rows),
        head=(*head, f"modes    {_named(list(modes.values()), factor, digits)} {sign}"),
        foot=tuple(foot),
        optional=("probe", "pump", "lattice", f"f ({sign})"),
    )
    for column, light in (("pump", book.driven), ("probe", book.seen)):
        if not light:
            table = table.without(column)
    return table if book.axis is not None else table.without("lattice", "PAM", "atoms")


def _signs(transfer: Transfer) -> tuple[float, ...]:
    """Prefer positive signs on the incoming side."""
    return tuple(float(leg.component.counted or 0) for leg in transfer.rule.channel.coupling)


def _named(multiplets: list[Multiplet], factor: float, digits: int) -> str:
    ordered = sorted(multiplets, key=lambda m: m.frequency)
    return "  ".join(f"{_key(m)}\u00a0{m.frequency * factor:.{digits}f}" for m in ordered)


def _key(multiplet: Multiplet) -> str:
    """Name of a mode with its wavevector."""
    return str(ModeName(multiplet.species.label, multiplet.number, "", multiplet.species.place))


def _row(transfer: Transfer, factor: float, digits: int) -> tuple[str, ...]:
    rule = transfer.rule
    legs = list(zip(rule.channel.coupling, transfer.multiplets, strict=True))
    into, out = (
        "+".join(f"{m.frequency * factor:.{digits}f}" for leg, m in legs if leg.outgoing is side)
        for side in (False, True)
    )
    am = transfer.am_transfer
    sense = transfer.rotation_sense
    return (
        pretty(transfer.id),
        f"{into} → {out}",
        minus(f"{transfer.detuning * factor:+.{digits}f}"),
        "<0.001" if transfer.score < 0.001 else f"{transfer.score:.3f}",
        "" if am is None else "0" if abs(am) < 5e-4 else f"{minus(f'{am:+.3g}')}ħ",
        rule.pam_sense,
        "—" if sense == "none" else sense,
        " ".join(short_route(p) for p in rule.pump),
        ", ".join(dict.fromkeys(short_route(p, long=True) for p in rule.probe)) or "—",
    )
