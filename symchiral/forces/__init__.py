"""Frequencies and eigenvectors from force constants; phonopy is imported here alone.

`phonons` holds the force constants of a crystal and gives the modes at any wavevector; `bands`
follows them along a path. `compute`, `displace` and `relax` obtain forces from a calculator,
`quality` checks them. Start with `phonons`.
"""
