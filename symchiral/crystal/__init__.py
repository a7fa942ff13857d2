"""Crystals, frames, operations, space groups, sites and wavevectors."""
