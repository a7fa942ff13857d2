"""Equations of motion of zone-centre modes driven by light, and their solutions.

`model` states the equations, `pulse` the light, `integrate` solves them, and `run` has the motion
with amplitudes, helicities and angular momenta. Start with `model`.
"""
