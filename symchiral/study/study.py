"""Study: one material, from its atoms to its rules."""

from __future__ import annotations

from dataclasses import dataclass

from symchiral.study.experiment import ExperimentStudy


@dataclass(frozen=True, eq=False, repr=False)
class Study(ExperimentStudy):
    """One material: its symmetric crystal and the axis about which rotation is counted.

    Made by :func:`read`. What it can do stands floor by floor: structure,
    forces, transfers, light, dynamics, experiment.

    Attributes
    ----------
    crystal : SymmetricCrystal
        The crystal in its primitive cell, with space group and sites.
    axis : Axis or None
        The axis of rotation; None where the crystal has none.
    phonons : Phonons or None
        Its forces, where the source has any.
    third : ThirdOrder or None
        Its third-order force constants, where the source has any.

    Examples
    --------
    >>> import symchiral as sc
    >>> study = sc.read("Bi2Se3")
    >>> study.axis
    Axis(3 rotation, along (0.000, 0.000, 1.000))
    >>> study.rules(order=3)["Eu(+) Eu(+) -> Eg(-)"].pam_sense
    'flipped'
    """
