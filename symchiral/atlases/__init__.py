"""The rules of all groups, as Parquet tables and as pages that can be searched without a network.

:func:`symchiral.atlases.build.write_atlas` is where to start; `symchiral.atlases.parts` makes what
one class or space group adds, `symchiral.atlases.pages` the pages.
"""
