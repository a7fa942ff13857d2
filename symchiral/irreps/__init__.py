"""Participants, irreps, their names, the axis and pseudo-angular momentum."""
