"""Couplings as numbers."""
