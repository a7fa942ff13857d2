"""Phonons: displacements as representations, species, modes with frequency, angular momenta.

`species` decomposes the displacements at a wavevector into irreps, `motion` finds the mechanical
angular momentum that symmetry fixes, `modespace` diagonalises a dynamical matrix species by
species, and `mode` has the result. Start with `species`.
"""
