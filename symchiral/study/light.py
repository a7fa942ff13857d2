"""What light does to a material."""

from __future__ import annotations

from typing import Any

from symchiral.fields.beam import find_beam
from symchiral.fields.orientation import find_orientation
from symchiral.modes.species import find_species
from symchiral.report.light_document import light_document
from symchiral.rules.domains import Domains, find_domains
from symchiral.rules.light import Light
from symchiral.study.transfers import TransferStudy


class LightStudy(TransferStudy):
    """A material in a beam of light."""

    def beam(
        self,
        *,
        direction: str | None = None,
        horizontal: str | None = None,
        geometry: str = "backscattering",
        orient: str | None = None,
    ) -> Light:
        """Put the crystal in a beam of light.

        Parameters
        ----------
        direction, horizontal, geometry, orient
            As for :meth:`light`.

        Examples
        --------
        >>> import symchiral as sc
        >>> light = sc.read("Bi2Se3").beam()
        >>> [(t.label, light.scattered(t)) for t in light.targets[:3]]
        [('A1g', (('+', '+'), ('-', '-'))), ('Eg(+)', (('-', '+'),)), ('Eg(-)', (('+', '-'),))]

        Raises
        ------
        GrammarError
            A direction is unreadable or of zero length, the geometry unknown, or the orientation
            contradicts itself.
        """
        beam = find_beam(
            self.crystal,
            self.axis,
            direction=direction,
            horizontal=horizontal,
            geometry=geometry,
            orientation=None if orient is None else find_orientation(self.crystal, orient),
        )
        same = beam.axis is self.axis
        return Light(
            self.crystal, beam, self._centre if same else find_species(self.crystal, beam.axis)
        )

    def domains(self) -> Domains:
        """Return the twins of the crystal by the symmetry of its lattice."""
        return find_domains(self.crystal)

    def light(
        self,
        *,
        beam: str | None = None,
        horizontal: str | None = None,
        geometry: str = "backscattering",
        orient: str | None = None,
        domains: bool = False,
    ) -> dict[str, Any]:
        """Return what light absorbs, scatters and drives as the dictionary of ``light --json``.

        Parameters
        ----------
        beam : str, optional
            ``"u,v,w"``: the lattice direction of the input cell in which light travels; default
            along the axis, else along c.
        horizontal : str, optional
            ``"u,v,w"``: the lattice direction of polarisation angle 0.
        geometry : str
            ``backscattering``, ``forward``, or ``right-angle`` (scattered along the horizontal).
        orient : str, optional
            ``"c along z, a along x"``: how the sample stands in the laboratory, as for
            :func:`~symchiral.fields.orientation.find_orientation`. ``beam`` and ``horizontal`` are
            then components along lab x, y, z, and angles and spins are those of the lab.
        domains : bool
            Judge what survives the average over twins.
        """
        found = self.beam(
            direction=beam, horizontal=horizontal, geometry=geometry, orient=orient
        )
        return light_document(found, self.domains() if domains else None)
