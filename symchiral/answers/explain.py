"""The answer of ``explain``: one transfer of any order, with its reason."""

from __future__ import annotations

from dataclasses import replace

from symchiral.answers.channel import Channel, Transfer, channel, transfer
from symchiral.answers.crystal import (
    AxisOfRotation,
    StaticField,
    Structure,
    axis_of,
    static_field,
    structure,
)
from symchiral.answers.record import Answer, FrequencyUnit, beginning
from symchiral.crystal.search import SymmetricCrystal
from symchiral.display import display
from symchiral.fields.background import Background
from symchiral.rules.resonance import Transfer as RuleTransfer
from symchiral.rules.rule import Rule


class Explain(Answer, frozen=True, kw_only=True, tag="symchiral/explain/1"):
    """What ``symchiral explain --json`` prints: the verdict on one transfer of any order, with its
    reason.
    """

    structure: Structure
    """The crystal, its space group and its primitive cell."""
    axis: AxisOfRotation | None
    """The part of the axis of rotation that keeps every wavevector of the channel; null where
    there is none."""
    channel: Channel
    """The transfer."""
    text: str
    """The explanation as the terminal shows it."""
    transfer: Transfer | None
    """The transfer between actual modes, where every quantum names one; else null."""
    field: StaticField | None
    """Static fields the crystal stands in; null without."""
    example: str | None = None
    """Name of an actual mode in the place of a species, where there are forces and naming the modes
    decides in which sense the atoms rotate; else null."""


def explain(
    crystal: SymmetricCrystal,
    rule: Rule,
    *,
    transfer_of_modes: RuleTransfer | None = None,
    forces: bool = False,
    unit: FrequencyUnit = "THz",
    background: Background | None = None,
) -> Explain:
    """Answer why a transfer is allowed or forbidden.

    Parameters
    ----------
    transfer_of_modes : Transfer, optional
        The transfer between actual modes, where every quantum names one.
    forces : bool
        Whether there are forces, so that modes may be named.
    unit : str
        Of frequencies.
    background : Background, optional
        The static fields the crystal stands in.
    """
    known = transfer_of_modes
    leg = rule.decided_by_modes if forces and known is None else None
    return Explain(
        **beginning(crystal),
        structure=structure(crystal),
        axis=axis_of(crystal, rule.axis),
        channel=channel(rule),
        text=display(rule, "text") if known is None else display(known, "text", unit=unit),
        transfer=None if known is None else transfer(known, unit=unit),
        field=static_field(crystal, background),
        example=None if leg is None else replace(leg, mode=1).label,
    )
