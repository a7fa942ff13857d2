"""Crystals and their space groups, sites, wavevectors and coordinate frames.

`crystal` has the structure as it was given; `search` finds its space group with spglib and makes a
`symmetric.SymmetricCrystal` of it, which all other rooms use. `operation`, `spacegroup` and
`qpoint` are exact; `frame` is the only place where coordinates change. Start with `symmetric`.
"""
