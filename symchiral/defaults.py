"""What options take where nothing is given, each with its reason."""

from __future__ import annotations

LINEWIDTH = 0.1
"""Total linewidth Γ of a transfer, THz: that of optical modes at room temperature."""

DAMPING = 0.05
"""Linewidth γ/2π of a mode in a simulation, THz."""

LENGTH = 10.0
"""Distance between the images of an atom in a supercell, Å."""

DISPLACEMENT = 0.02
"""Displacement of an atom for force constants, Å: forces stand clear of single precision, and are
still linear."""

COUPLING_STEP = 0.03
"""Å: largest displacement of an atom in the longer cubic and the shortest quartic step."""

RAMAN_STEP = 0.01
"""Å: largest displacement of an atom for the derivative of a polarisability."""

SIGMA = 3.0
"""Standard deviations at which a sense of rotation counts as measured."""

REPORT_POINTS = 100
"""Wavevectors on the path of the bands of a report: smooth on a screen, and light to send."""

REPORT_TRANSFERS = 800
"""Transfers between modes in a report, each sign by itself: half a megabyte."""

REPORT_DETUNINGS = (0.3, 0.03, 0.003)
"""Largest detunings, THz, one after the other, where there are too many transfers to list."""

REPORT_DURATION = 8.0
"""Last time of the simulation of a report, ps: a pulse of 1 ps, and lines that ring after it."""

REPORT_PULSE = "1ps 1MV/cm"
"""Length and field of its pulse: those of a strong THz source in a laboratory."""

CRYSTAL_SECONDS = 300.0
"""Time, s, that one crystal of many may take: a hundred times that of most."""

CRYSTAL_MEMORY = 4_000_000_000
"""Memory, bytes, that one crystal of many may take."""
