"""The engine: products of fields that transform under the group, averaged over it.

:mod:`~symchiral.engine.coupling` says what a product is, :mod:`~symchiral.engine.judge` averages it
and gives the verdict, :mod:`~symchiral.engine.reason` finds the simplest operation that forbids it,
:mod:`~symchiral.engine.invariant` writes the invariants of an allowed one, and
:mod:`~symchiral.engine.tensor` the forms of tensors. Start with ``judge``.
"""
