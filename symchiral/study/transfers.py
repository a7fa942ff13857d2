"""Transfers between actual modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symchiral.errors import GrammarError
from symchiral.fields.pump import Pump
from symchiral.irreps.stars import place_name
from symchiral.report.document import predict_document
from symchiral.report.transfers import transfer_record
from symchiral.rules.resonance import LINEWIDTH, Transfer, resonances
from symchiral.rules.rulebook import RuleBook
from symchiral.study.forces import ForcesStudy


class TransferStudy(ForcesStudy):
    """A material whose transfers are ranked by resonance where it has forces."""

    def transfers(
        self,
        *,
        order: int = 3,
        q: str | None = None,
        pump: Pump | str | None = None,
        probe: str | None = None,
        max_detuning: float | None = None,
        linewidth: float | Mapping[str, float] = LINEWIDTH,
    ) -> tuple[Transfer, ...]:
        """Return the allowed transfers between actual modes, ranked by resonance.

        Parameters
        ----------
        order, q
            As for :meth:`rules`.
        pump : str or Pump, optional
            Light that drives every incoming quantum: ``"1.5-2.5THz"``, ``"σ+"``, or both.
        probe : str, optional
            ``infrared``, ``raman`` or ``hyper-raman``: what sees the outgoing quantum.
        max_detuning : float, optional
            THz.
        linewidth : float or mapping
            Total linewidth, THz, or one per mode by name.

        Raises
        ------
        InputError
            The source has structure only.
        """
        book = self.rules(order=order, q=q)
        return self.resonances(
            book, pump=pump, probe=probe, max_detuning=max_detuning, linewidth=linewidth
        )

    def resonances(
        self,
        book: RuleBook,
        *,
        pump: Pump | str | None = None,
        probe: str | None = None,
        max_detuning: float | None = None,
        linewidth: float | Mapping[str, float] = LINEWIDTH,
    ) -> tuple[Transfer, ...]:
        """Return the transfers of a rulebook between actual modes, as :meth:`transfers`."""
        points = [*book.points[:-1], (-book.points[-1]).reduced]
        modes = {
            place_name(self.crystal.group, point): self._forces.modes(book.axis, point)
            for point in dict.fromkeys(points)
        }
        return resonances(
            book.rules,
            modes,
            pump=Pump.parse(pump) if isinstance(pump, str) else pump,
            probe=probe,
            max_detuning=max_detuning,
            linewidth=linewidth,
        )

    def transfer(self, transfer: str, *, linewidth: float = LINEWIDTH) -> Transfer:
        """Judge one transfer between actual modes, ``"Eu(1,+) Eu(1,+) -> Eg(2,-)"``.

        Raises
        ------
        InputError
            The source has structure only.
        GrammarError
            A leg has no number.
        """
        rule = self.explain(transfer)
        legs = rule.channel.coupling.legs
        modes = {leg.participant.places[leg.arm]: leg.participant.arms[leg.arm] for leg in legs}
        here = {place: self._forces.modes(rule.axis, q) for place, q in modes.items()}
        chosen = []
        for leg in legs:
            if leg.mode is None:
                raise GrammarError(
                    f"no mode is named by {leg.label}",
                    why="only numbered modes have a frequency",
                    fix="write number and component, as in Eu(1,+)",
                )
            chosen.append(
                here[leg.participant.places[leg.arm]][leg.species.split("@")[0], leg.mode]
            )
        return Transfer(rule, tuple(chosen), linewidth)

    def predict(
        self,
        *,
        order: int = 3,
        q: str | None = None,
        everything: bool = False,
        acoustic: bool = False,
        unit: str = "THz",
        **resonance: Any,
    ) -> dict[str, Any]:
        """Return the rules of one vertex as the plain dictionary of ``predict --json``.

        With forces it also has the transfers between actual modes, in ``unit``; ``resonance`` are
        the options of :meth:`transfers`.
        """
        book = self.rules(order=order, q=q, acoustic=acoustic)
        document = predict_document(self.crystal, book, everything=everything)
        if self.phonons is not None or resonance:
            found = self.resonances(book, **resonance)
            document["transfers"] = [transfer_record(t, unit=unit) for t in found]
        return document
