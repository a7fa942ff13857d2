"""Where computed forces come from: written into the file, shown in every output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from symchiral.crystal.search import Notice
from symchiral.errors import ReadError
from symchiral.forces.calculator import Identity

KEY = "symchiral"
"""Key of the phonopy yaml under which provenance is written; phonopy does not read it."""

IMAGINARY = -0.02
"""Frequencies below, THz, are imaginary and not the noise of the forces."""


LARGE_MOVE = 0.3
"""A relaxation that moves an atom farther, Å, deserves a warning."""


@dataclass(frozen=True)
class Provenance:
    """How forces were computed.

    Attributes
    ----------
    symchiral : str
        Version that computed them.
    calculator : Identity
        Who computed them.
    path, sha256 : str or None
        The structure as given, and the hash of its file.
    relaxed : str
        ``atoms``, ``cell`` or ``none``.
    residual_force : float
        Largest force left on an atom of the relaxed crystal, eV/Å.
    residual_stress : float or None
        Largest stress left where the cell was relaxed, eV/Å³.
    moved : float
        Farthest move of an atom in the relaxation, Å.
    strain : tuple of 9 float
        Strain of the cell in the relaxation, row by row.
    group : int
        Space-group number.
    supercell : tuple of 9 int
        Supercell matrix on the unit cell, row by row.
    atoms : int
        Atoms of the supercell.
    symmetric : bool
        Whether the supercell has the symmetry of the crystal.
    zone_centre : bool
        The supercell is the primitive cell: only the zone centre can be trusted.
    displacement : float
        Å.
    noise, asymmetry : float
        Of :class:`~symchiral.forces.trust.Trust`.
    drift : float
        Largest sum of the forces of a displaced crystal over the displacement, eV/Å²: how far the
        sum rule was broken before it was enforced.
    checks, relaxation, displacements : int
        Questions put to the calculator.
    lowest : float
        Lowest frequency at the wavevectors the supercell holds, THz; imaginary ones negative.
    lowest_at : tuple of 3 float
        Its wavevector, on the reciprocal basis of phonopy's primitive cell.
    """

    symchiral: str
    calculator: Identity
    path: str | None
    sha256: str | None
    relaxed: str
    residual_force: float
    residual_stress: float | None
    moved: float
    strain: tuple[float, ...]
    group: int
    supercell: tuple[int, ...]
    atoms: int
    symmetric: bool
    zone_centre: bool
    displacement: float
    noise: float
    asymmetry: float
    drift: float
    checks: int
    relaxation: int
    displacements: int
    lowest: float
    lowest_at: tuple[float, ...]

    def record(self) -> dict[str, Any]:
        """Return it as plain data, for a file."""
        found = asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}

    @classmethod
    def of_record(cls, record: object, *, name: str) -> Provenance:
        """Read what :meth:`record` wrote.

        Raises
        ------
        ReadError
            It is something else.
        """
        try:
            if not isinstance(record, Mapping):
                raise TypeError("it is not a mapping")
            values = {f.name: record[f.name] for f in fields(cls)}
            values["calculator"] = Identity(**values["calculator"])
            for key in ("strain", "supercell", "lowest_at"):
                values[key] = tuple(values[key])
            made = cls(**values)
            made.notices()
        except (KeyError, TypeError, ValueError) as error:
            raise ReadError(
                f"cannot read the key {KEY} of {name}",
                why=f"it is not what symchiral writes ({type(error).__name__}: {error})",
                fix="compute the forces again, or remove the key",
            ) from error
        return made

    def notices(self) -> tuple[Notice, ...]:
        """What everyone who uses these forces should know."""
        found = [Notice("calculator", self._source())]
        if self.moved > LARGE_MOVE:
            found.append(
                Notice(
                    "moved",
                    f"relaxation moved an atom by {self.moved:.2f} Å: the crystal of this "
                    "calculator is hardly the one of the file",
                )
            )
        if not self.symmetric:
            found.append(
                Notice(
                    "supercell",
                    "the supercell has a lower symmetry than the crystal: the forces may break "
                    "that of the crystal",
                )
            )
        if self.lowest < IMAGINARY:
            place = ", ".join(f"{x:.3g}" for x in self.lowest_at)
            found.append(
                Notice(
                    "imaginary",
                    f"this crystal is unstable with these forces: the lowest frequency is "
                    f"{-self.lowest:.2f}i THz, at ({place})",
                )
            )
        return tuple(found)

    def _source(self) -> str:
        who = self.calculator
        if who.learned:
            text = (
                f"the forces come from a machine-learned potential, {who.title}, not from first "
                "principles: measured errors are in docs/calculator.md"
            )
        else:
            text = f"the forces come from the calculator {who.title}"
        text += "; no Born charges, hence no splitting of longitudinal and transverse modes"
        if self.relaxed == "none":
            text += f"; not relaxed (largest force {self.residual_force:.2g} eV/Å)"
        return text
