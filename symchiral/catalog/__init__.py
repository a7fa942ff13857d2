"""Many structures: screening them into a catalog, and asking it.

:mod:`~symchiral.catalog.screening` runs, :mod:`~symchiral.catalog.crystals` makes the row of one
crystal, :mod:`~symchiral.catalog.child` keeps time and memory in bounds,
:mod:`~symchiral.catalog.parts` writes, :mod:`~symchiral.catalog.collection` reads.
"""
