"""Readers and writers: from what people have on disk or in memory to our nouns and back."""

from symchiral.io.shipped import find_structure, force_data_names, structure_names
from symchiral.io.structure import read_crystal

__all__ = ["find_structure", "force_data_names", "read_crystal", "structure_names"]
