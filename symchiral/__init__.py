"""Selection rules of chiral phonons: which vibrations can transfer angular momentum to which.

>>> import symchiral as sc
>>> study = sc.read("Bi2Se3")
>>> rule = study.rules(order=3)["Eu(+) Eu(+) -> Eg(-)"]
>>> rule.verdict, rule.umklapp, rule.pam_sense, rule.am_transfer
('allowed', 1, 'flipped', 3.0)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symchiral.display import displayed_by
from symchiral.version import __version__

displayed_by("symchiral.text.display", pictures="symchiral.figures.display")

# Names are imported when first used, so that ``import symchiral`` and ``symchiral --help`` load
# neither numpy nor anything heavier.
_HOME = {
    "read": "symchiral.study",
    "screen": "symchiral.catalog.screening",
    "Catalog": "symchiral.catalog.collection",
    "publish": "symchiral.site",
    "predict": "symchiral.study",
    "atlas": "symchiral.study",
    "Study": "symchiral.study",
    "Atlas": "symchiral.rules.atlas",
    "RuleBook": "symchiral.rules.rulebook",
    "Rule": "symchiral.rules.rule",
    "Transfer": "symchiral.rules.resonance",
    "Species": "symchiral.modes.species",
    "Mode": "symchiral.modes.mode",
    "Modes": "symchiral.modes.mode",
    "Multiplet": "symchiral.modes.mode",
    "Crystal": "symchiral.crystal.crystal",
    "Predict": "symchiral.answers.predict",
    "Pulse": "symchiral.dynamics.pulse",
    "Run": "symchiral.dynamics.run",
    "structure": "symchiral.study",
    "structure_names": "symchiral.reading.shipped",
    "SymchiralError": "symchiral.errors",
    "Bands": "symchiral.forces.bands",
    "Animation": "symchiral.modes.animation",
    "draw": "symchiral.figures.draw",
    "save": "symchiral.write.save",
    "cite": "symchiral.write.citations",
    "clear_caches": "symchiral.value",
}

__all__ = ["__version__", *sorted(_HOME)]

if TYPE_CHECKING:
    from symchiral.answers.predict import Predict as Predict
    from symchiral.catalog.collection import Catalog as Catalog
    from symchiral.catalog.screening import screen as screen
    from symchiral.crystal.crystal import Crystal as Crystal
    from symchiral.dynamics.pulse import Pulse as Pulse
    from symchiral.dynamics.run import Run as Run
    from symchiral.errors import SymchiralError as SymchiralError
    from symchiral.figures.draw import draw as draw
    from symchiral.forces.bands import Bands as Bands
    from symchiral.modes.animation import Animation as Animation
    from symchiral.modes.mode import Mode as Mode
    from symchiral.modes.mode import Modes as Modes
    from symchiral.modes.mode import Multiplet as Multiplet
    from symchiral.modes.species import Species as Species
    from symchiral.reading.shipped import structure_names as structure_names
    from symchiral.rules.atlas import Atlas as Atlas
    from symchiral.rules.resonance import Transfer as Transfer
    from symchiral.rules.rule import Rule as Rule
    from symchiral.rules.rulebook import RuleBook as RuleBook
    from symchiral.site import publish as publish
    from symchiral.study import Study as Study
    from symchiral.study import atlas as atlas
    from symchiral.study import predict as predict
    from symchiral.study import read as read
    from symchiral.study import structure as structure
    from symchiral.value import clear_caches as clear_caches
    from symchiral.write.citations import cite as cite
    from symchiral.write.save import save as save


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'symchiral' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
