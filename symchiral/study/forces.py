"""What forces add: frequencies, eigenvectors, bands, moving atoms."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy.typing as npt

from symchiral.crystal.qpoint import GAMMA
from symchiral.crystal.search import SymmetricCrystal
from symchiral.errors import GrammarError, InputError, LabelError
from symchiral.forces.bands import About, Bands, make_bands
from symchiral.forces.compute import Progress, compute_phonons
from symchiral.forces.displace import DISPLACEMENT, LENGTH
from symchiral.forces.phonons import Phonons
from symchiral.forces.provenance import Provenance
from symchiral.forces.relax import What
from symchiral.io.phonopy_yaml import write_phonons
from symchiral.io.shipped import force_data_names
from symchiral.irreps.axis import Axis, find_axis, three_numbers
from symchiral.irreps.kpoints import split_points
from symchiral.modes.animation import Animation, animate
from symchiral.modes.mode import Modes
from symchiral.modes.names import ModeName
from symchiral.study.structure import StructureStudy


class ForcesStudy(StructureStudy):
    """A material with forces, read or computed; without them these methods say what to give."""

    def with_calculator(
        self,
        calculator: object,
        *,
        relax: What = "atoms",
        supercell: npt.ArrayLike | None = None,
        length: float = LENGTH,
        zone_centre: bool = False,
        displacement: float = DISPLACEMENT,
        cache: str | os.PathLike[str] | None = None,
        resume: bool = False,
        symmetrize: bool = False,
        rotational_sum_rule: bool = False,
        progress: Progress | None = None,
    ) -> Self:
        """Return the study with frequencies: forces from an ASE calculator.

        The crystal is relaxed inside its symmetry first. Every answer of the calculator is kept,
        so that an interrupted call, repeated, goes on where it was.

        Parameters
        ----------
        calculator : ASE calculator or str
            An object, ``"sevenn"`` (extra ``[ml]``) or ``"module:factory"``.
        relax : {"atoms", "cell", "none"}
            What is relaxed: atoms at fixed cell, the cell too, or nothing.
        supercell : (3,) or (3, 3) int, optional
            Supercell of the input cell; by default every atom is ``length`` from its images.
        length : float
            Å.
        zone_centre : bool
            Displace atoms in the primitive cell: fast, and right at the zone centre alone.
        displacement : float
            Å.
        cache : path, optional
            Folder of kept answers; default in the user's cache directory.
        resume : bool
            Trust all kept answers; otherwise one of them is compared with the calculator.
        symmetrize : bool
            Accept forces that break the symmetry, averaged over the group.
        rotational_sum_rule : bool
            Impose it on the force constants, as :func:`symchiral.read` does.
        progress : callable, optional
            Called with a :class:`~symchiral.forces.compute.Step` now and then.

        Raises
        ------
        CalculatorError
            The calculator is missing, fails, is not deterministic, or breaks the symmetry.
        InputError, LimitError
            An option makes no sense, or the supercell is too large.

        Examples
        --------
        >>> from ase.calculators.emt import EMT
        >>> from ase.build import bulk
        >>> import symchiral as sc
        >>> study = sc.read(bulk("Cu")).with_calculator(EMT(), supercell=(2, 2, 2))
        >>> study.modes("X").multiplets
        (Multiplet(X5-#1, 5.3... THz), Multiplet(X3-#1, 7.8... THz))
        """
        if self.background is not None:
            raise InputError(
                f"no forces are computed for {self.crystal.primitive.formula} in a static field",
                why="calculators know of no field",
                fix="leave the field out, or the calculator",
            )
        phonons = compute_phonons(
            self.crystal,
            calculator,
            relaxing=relax,
            supercell=supercell,
            length=length,
            zone_centre=zone_centre,
            displacement=displacement,
            cache=None if cache is None else Path(cache),
            resume=resume,
            symmetrize=symmetrize,
            rotational_sum_rule=rotational_sum_rule,
            progress=progress,
        )
        return replace(
            self, crystal=phonons.crystal, axis=self._axis_in(phonons.crystal), phonons=phonons
        )

    def _axis_in(self, crystal: SymmetricCrystal) -> Axis | None:
        """The axis of this study in a crystal whose cell or atoms are a little different."""
        if self.axis is None:
            return find_axis(crystal)
        frame = self.crystal.frame
        along = frame.direction(self.axis.direction, to="input", source="cartesian")
        point = frame.point([float(x) for x in self.axis.point], to="input", source="primitive")
        texts = (",".join(f"{x:.9f}" for x in vector) for vector in (along, point))
        return find_axis(crystal, "@".join(texts))

    @property
    def provenance(self) -> Provenance:
        """How the forces were computed.

        Raises
        ------
        InputError
            The source has structure only, or forces that symchiral did not have computed.
        """
        if self._forces.provenance is None:
            raise InputError(
                "nothing is known about where the forces come from",
                why="symchiral did not have them computed",
                fix="compute them with a calculator",
            )
        return self._forces.provenance

    def save_phonons(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the forces as a phonopy yaml file, whole or not at all.

        Parameters
        ----------
        overwrite : bool
            Replace a file that symchiral did not write.

        Raises
        ------
        InputError
            The source has structure only, or eigenvectors without forces; or the file cannot be
            written, or another lies there.
        """
        write_phonons(self._forces, path, overwrite=overwrite)

    @property
    def _forces(self) -> Phonons:
        if self.phonons is None:
            path = self.crystal.input.source.path or ""
            name = Path(path).name.removesuffix(".cif")
            shipped = f"; {name}/phonopy.yaml is packaged" if name in force_data_names() else ""
            raise InputError(
                f"no frequencies for {self.crystal.input.source.path or 'this structure'}",
                why="it is a structure without forces",
                fix=f"give force constants: a phonopy.yaml or the folder of FORCE_SETS{shipped}; "
                "or compute them: symchiral phonons FILE --calculator sevenn -o phonopy.yaml",
            )
        return self.phonons

    def modes(self, q: str = "GM", *, direction: npt.ArrayLike | str | None = None) -> Modes:
        """Return the modes at a wavevector: frequencies, eigenvectors, angular momenta.

        Parameters
        ----------
        q : str
            A wavevector by name or coordinates, without free parameters.
        direction : (3,) float or "x,y,z", optional
            Cartesian direction from which the zone centre is approached; with Born charges this
            adds the field of longitudinal modes.

        Raises
        ------
        InputError
            The source has structure only; ``q`` or ``direction`` cannot be used.
        SymmetryError
            The forces break the symmetry of the atoms.
        """
        return self._forces.modes(self.axis, self.point(q), _direction(direction))

    def all_modes(
        self, q: str, *, direction: npt.ArrayLike | str | None = None
    ) -> tuple[Modes, ...]:
        """Return the modes at several wavevectors, written with spaces between them.

        ``direction`` concerns the zone centre alone. As one table:
        ``[row for modes in study.all_modes("GM K") for row in modes.to_records()]``.
        """
        points = [self.point(x) for x in split_points(q)]
        unit = _direction(direction)
        return tuple(
            self._forces.modes(self.axis, point, unit if point.reduced == GAMMA else None)
            for point in points
        )

    def bands(
        self,
        path: str | None = None,
        *,
        points: int = 200,
        about: About = "axis",
        eigenvectors: bool = False,
    ) -> Bands:
        """Follow all modes along a path: frequencies, angular momenta, PAM on invariant lines.

        Parameters
        ----------
        path : str, optional
            ``"GM K M GM"``, interrupted by ``|``; default the standard path of Hinuma et al.
        points : int
            Wavevectors on the whole path.
        about : {"axis", "path"}
            ``axis``: angular momentum about the axis of the crystal; ``path``: on every piece about
            its own direction.
        eigenvectors : bool
            Keep the eigenvectors.

        Raises
        ------
        InputError
            The source has structure only; the path cannot be read.
        SymmetryError
            The forces break the symmetry of the atoms.
        """
        return make_bands(
            self._forces,
            self.axis,
            path=path,
            points=points,
            about=about,
            eigenvectors=eigenvectors,
        )

    def animate(
        self,
        mode: str | int,
        *,
        q: str | None = None,
        frames: int = 24,
        amplitude: float = 0.3,
        cells: tuple[int, int, int] | None = None,
    ) -> Animation:
        """Set the atoms of a supercell moving in one mode.

        Parameters
        ----------
        mode : str or int
            Its name, ``"Eu#1(+)"`` or ``"K3#2(+)@K"``, or its place from the lowest frequency,
            from 1.
        q : str, optional
            Its wavevector; default that of the name, the zone centre if it has none.
        frames : int
            Pictures in a period.
        amplitude : float
            Largest displacement of any atom, Å.
        cells : tuple of int, optional
            Primitive cells along each lattice vector; default the fewest that repeat with q.

        Raises
        ------
        LabelError
            There is no such mode.
        WavevectorError
            The supercell does not repeat with the wavevector.
        """
        named = ModeName.parse(mode).place if isinstance(mode, str) else ""
        modes = self.modes(q or named or "GM")
        if isinstance(mode, str):
            chosen = modes.find(mode)
        elif 1 <= mode <= len(modes):
            chosen = list(modes)[mode - 1]
        else:
            raise LabelError(
                f"no band {mode}",
                why=f"there are {len(modes)} modes",
                fix=f"give a number from 1, the lowest, to {len(modes)}",
            )
        return animate(modes, chosen, frames=frames, amplitude=amplitude, cells=cells)


def _direction(direction: npt.ArrayLike | str | None) -> npt.ArrayLike | None:
    """Three numbers from a text ``1,0,0``."""
    if not isinstance(direction, str):
        return direction
    numbers = three_numbers(direction)
    if numbers is None:
        raise GrammarError(
            f"cannot read the direction {direction!r}",
            why="it is not three numbers",
            fix="write it as in 1,0,0",
        )
    return numbers
