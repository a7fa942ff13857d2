"""Measured traces of rotating modes: fitting them, and comparing them with the selection rules.

`reading` and `measurement` hold the traces, `fit` finds damped rotating oscillations in them,
`assignment` says which mode each belongs to, `expected` which channels may drive it, and
`verdict` whether they agree; `plan` proposes an experiment. Start with `validation`.
"""
