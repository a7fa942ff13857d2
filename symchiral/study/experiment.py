"""Does the measurement agree, and what should be measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symchiral.anharmonic.couplings import Couplings
from symchiral.experiment.gain import Coefficients
from symchiral.experiment.places import Place, find_places
from symchiral.experiment.planning import Plan, make_plan
from symchiral.experiment.probe import Sees
from symchiral.experiment.validation import Data, read_data, validate_crystal
from symchiral.experiment.verdict import SIGMA, Judgement
from symchiral.fields.pump import Pump
from symchiral.io.spectrum import read_frequencies
from symchiral.study.dynamics import DynamicsStudy


class ExperimentStudy(DynamicsStudy):
    """A material that is measured."""

    def _places(
        self, frequencies: Mapping[str, float] | str | None, tolerance: float | None
    ) -> tuple[Place, ...]:
        if isinstance(frequencies, str):
            frequencies = read_frequencies(frequencies)
        modes = None if self.phonons is None else self.modes()
        return find_places(self._centre, self.axis, modes, frequencies or {}, tolerance=tolerance)

    def _coefficients(self, couplings: Couplings | str | None) -> Coefficients | None:
        """Sizes of couplings, as far as there are any."""
        if isinstance(couplings, Couplings):
            return Coefficients.of(couplings)
        if self.phonons is None and couplings is None:
            return None
        found = self.known_couplings(couplings)
        return None if found is None else Coefficients.of(found)

    def validate(
        self,
        data: Data,
        *,
        frequencies: Mapping[str, float] | str | None = None,
        tolerance: float | None = None,
        order: int = 3,
        sees: Sees | None = None,
        sigma: float = SIGMA,
        couplings: Couplings | str | None = None,
        **reading: Any,
    ) -> Judgement:
        """Judge measured traces: does each line turn as the rules say?

        Parameters
        ----------
        data : path, sequence of paths, Measurement, Fit, or sequence of Line
            Tables of traces (several runs are fitted together), or a YAML file of fitted rows.
        frequencies : mapping or path, optional
            Measured frequencies by mode, ``{"Eu#1": 2.05}`` in THz, or a JSON file of them; they
            take the place of calculated ones.
        tolerance : float, optional
            Relative standard deviation of calculated frequencies; default 0.1.
        order : int
            Quanta in and out together, 3 or 4.
        sees : str, optional
            ``raman``, ``infrared`` or ``any``: the activity that the probe shows.
        sigma : float
            Standard deviations at which a sense counts as measured.
        couplings : Couplings or path, optional
            Coupling coefficients, by which channels that explain a line are ranked; default those
            beside the force data.
        **reading
            What the table does not say, as for
            :func:`~symchiral.experiment.reading.read_measurement`: ``time_unit``, ``probe``, …

        Examples
        --------
        >>> from symchiral.experiment.observed import lines_of
        >>> row = {"frequency": 4.05, "frequency_unit": "THz", "helicity": -0.8, "error": 0.1}
        >>> lines = lines_of({"pump": {"polarization": "σ+"}, "components": [row]})
        >>> import symchiral as sc
        >>> judged = sc.read("Bi2Se3").validate(lines, sees="raman")
        >>> judged.lines[0].verdict, judged.lines[0].channels[0]
        ('consistent', 'Eu(+) Eu(+) -> Eg(-)')
        """
        measured = read_data(data, **reading)
        places = self._places(frequencies, tolerance)
        return validate_crystal(
            self.crystal,
            self.axis,
            self._centre,
            places,
            measured,
            order=order,
            sees=sees,
            sigma=sigma,
            coefficients=self._coefficients(couplings),
        )

    def plan(
        self,
        *,
        pump: Pump | str | None = None,
        frequencies: Mapping[str, float] | str | None = None,
        tolerance: float | None = None,
        couplings: Couplings | str | None = None,
    ) -> Plan:
        """Propose the experiment that shows a flipped sense of rotation, and its controls.

        Parameters
        ----------
        pump : str or Pump, optional
            The band that the source reaches, ``"1-3THz"``.
        frequencies, tolerance, couplings
            As for :meth:`validate`.

        Examples
        --------
        >>> import symchiral as sc
        >>> plan = sc.read("Bi2Se3").plan()
        >>> [(e.id, e.sense) for e in plan.channels][:2]
        [('Eu(+) Eu(+) -> Eg(-)', -1), ('Eu(+) Eu:b(+) -> Eg(-)', -1)]
        """
        places = self._places(frequencies, tolerance)
        circular = self.axis is not None and self.axis.order >= 3
        return make_plan(
            self.crystal,
            self.axis,
            self._centre,
            places,
            self.beam() if circular else None,
            pump=Pump.parse(pump) if isinstance(pump, str) else pump,
            coefficients=self._coefficients(couplings),
        )
