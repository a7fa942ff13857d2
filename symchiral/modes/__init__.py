"""Displacements, species and the angular momentum of their atoms."""
