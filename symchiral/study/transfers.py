"""Transfers between actual modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symchiral.answers.predict import Predict, predict
from symchiral.answers.record import FrequencyUnit
from symchiral.errors import GrammarError
from symchiral.fields.pump import Pump
from symchiral.irreps.stars import place_name
from symchiral.rules.resonance import LINEWIDTH, Transfer, resonances
from symchiral.rules.rulebook import RuleBook
from symchiral.study.forces import ForcesStudy


class TransferStudy(ForcesStudy):
    """A material whose transfers are ranked by resonance where it has forces."""

    def transfers(
        self,
        *,
        order: int = 3,
        q: str | Sequence[str] | None = None,
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
            pump=Pump.of(pump),
            probe=probe,
            max_detuning=max_detuning,
            linewidth=linewidth,
        )

    def reached(
        self,
        book: RuleBook,
        *,
        pump: Pump | str | None = None,
        probe: str | None = None,
        max_detuning: float | None = None,
        linewidth: float | Mapping[str, float] | None = None,
    ) -> RuleBook:
        """Return the rules of a book whose incoming legs a pump drives and whose outgoing a probe.

        That is a matter of species: it needs no forces.

        Parameters
        ----------
        pump : str or Pump, optional
            Its polarisation, ``"σ+"``.
        probe : str, optional
            ``infrared``, ``raman`` or ``hyper-raman``.
        max_detuning, linewidth
            Refused, like a band of the pump: they are of frequencies.

        Examples
        --------
        >>> import symchiral as sc
        >>> study = sc.read("Bi2Se3")
        >>> [rule.id for rule in study.reached(study.rules(), pump="σ+", probe="raman")]
        ['Eu(+) Eu(+) -> Eg(-)', 'Eu(+) Eu:b(+) -> Eg(-)']

        Raises
        ------
        InputError
            Frequencies matter, and the source has structure only.
        AxisError
            The pump is polarised and there is no axis.
        """
        light = Pump.of(pump)
        if (light and light.banded) or max_detuning is not None or linewidth is not None:
            _ = self._forces  # says what to supply
        return book.reached_by(light, probe)

    def transfer(self, transfer: str, *, linewidth: float = LINEWIDTH) -> Transfer:
        """Judge one transfer between actual modes, ``"Eu#1(+) Eu#1(+) -> Eg#2(-)"``.

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
                    fix="write number and component, as in Eu#1(+)",
                )
            chosen.append(
                here[leg.participant.places[leg.arm]][leg.species.split("@")[0], leg.mode]
            )
        return Transfer(rule, tuple(chosen), linewidth)

    def predict(
        self,
        *,
        order: int = 3,
        q: str | Sequence[str] | None = None,
        everything: bool = False,
        acoustic: bool = False,
        channels: bool = True,
        unit: FrequencyUnit = "THz",
        **resonance: Any,
    ) -> Predict:
        """Return the transfers of one vertex: the answer that ``predict --json`` prints.

        With forces it also has the transfers between actual modes, in ``unit``; ``resonance`` are
        the options of :meth:`transfers`. Without forces a polarisation of the pump and a probe
        select transfers between species.

        Parameters
        ----------
        order, q, acoustic
            As for :meth:`rules`.
        everything : bool
            List the forbidden channels too, each with its witness.
        channels : bool
            List the channels, each with its invariant; without them the answer has the rows of the
            table only, and is made faster.
        """
        book = self.rules(order=order, q=q, acoustic=acoustic)
        reached = transfers = None
        if self.phonons is not None:
            transfers = self.resonances(book, **resonance)
        elif resonance:
            reached = self.reached(book, **resonance)
        return predict(
            self.crystal,
            book,
            rules=() if not channels else book.everything if everything else book.listed,
            shown=reached,
            transfers=transfers if reached is None else reached.rules,
            unit=unit,
            background=self.background,
        )
