"""Irreducible representations of space groups, their names, and pseudo-angular momentum.

`build` computes small irreps with spgrep, `participant` extends one to all wavevectors of its star,
`axis` chooses the rotation axis and `pam` the components of definite pseudo-angular momentum.
`isoir`, `smallnames`, `cdml` and `mulliken` give names. Start with `participant`.
"""
