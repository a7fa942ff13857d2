"""Readers: from what people have on disk or in memory to our nouns."""

from symchiral.reading.shipped import find_structure, force_data_names, structure_names
from symchiral.reading.structure import read_crystal

__all__ = ["find_structure", "force_data_names", "read_crystal", "structure_names"]
