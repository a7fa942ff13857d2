"""Exact arithmetic that needs no crystal: fractions, roots and phases, integer lattices.

`exact` recognises square roots of fractions and phases as fractions of 2π, `lattice` reduces
lattices of integer vectors, `congruence` solves linear equations modulo integers.
"""
