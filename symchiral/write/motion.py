"""A run of ``simulate`` as a table of numbers."""

from __future__ import annotations

import numpy as np

from symchiral.dynamics.run import Run
from symchiral.value import Floats

COLUMNS = ("time_ps", *(f"field_{axis}_MV_cm" for axis in "xyz"))
"""The first columns of :func:`columns`."""


def columns(run: Run) -> dict[str, Floats]:
    """Return times, field, coordinates and velocities as named columns.

    Besides these the helicities, the angular momentum of the atoms of every site about the axis,
    and with Born charges the magnetic moment of the ions along it, of all and of those of every
    site, and the magnetisation that it is.
    """
    c = run.model.coordinates
    fields = np.zeros((len(run.times), 3)) if run.drive is None else run.drive.field(run.times)
    found = dict(zip(COLUMNS, (run.times, *fields.T), strict=True))
    for name in c.names:
        slots = c.slots(name)
        letters = [""] if len(slots) == 1 else [f"_{'xyzuvw'[i]}" for i in range(len(slots))]
        for slot, letter in zip(slots, letters, strict=True):
            found[f"{name}{letter}"] = run.coordinates[:, slot]
            found[f"{name}{letter}_dot"] = run.velocities[:, slot]
        if len(slots) > 1:
            found[f"{name}_helicity"] = run.helicity(name)
    for site, momentum in run.site_angular_momentum().items():
        found[f"J_{site}_hbar"] = momentum
    moment, field = run.magnetic_moment(), run.magnetization()
    if moment is not None and field is not None:
        found["moment_mu_N"], found["mu0M_T"] = moment, field
        for site, part in (run.site_magnetic_moment() or {}).items():
            found[f"moment_{site}_mu_N"] = part
    return found
