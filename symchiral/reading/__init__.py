"""Reading structures, forces, couplings, Raman tensors and frequencies from files and objects.

`structure` reads a crystal from any source and is where to start; `phonon_files` reads what phonopy
writes. Every input ends in a checked object, or in an error that says what to repair.
"""

from symchiral.reading.shipped import find_structure, force_data_names, structure_names
from symchiral.reading.structure import read_crystal

__all__ = ["find_structure", "force_data_names", "read_crystal", "structure_names"]
