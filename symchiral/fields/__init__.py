"""Uniform fields, light and electronic states as factors of a coupling, and static fields.

`polar` is the electric field of light and `polarization` reads its polarisation; `beam` says where
light travels, `background` holds static magnetic, electric and strain fields. Start with `polar`.
"""
