"""Reading structures, forces, couplings, Raman tensors and frequencies from files and objects.

`structure` reads a crystal from any source and is where to start; `phonon_files` reads what phonopy
writes. Every input ends in a checked object, or in an error that says what to repair. The names of
packaged crystals are known here without loading anything else.
"""

from symchiral.reading.shipped import find_structure, force_data_names, structure_names

__all__ = ["find_structure", "force_data_names", "structure_names"]
