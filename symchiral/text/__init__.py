"""Words and tables: all that people read in a terminal is made here.

A table is made from an answer alone; a sentence about a rule, a reason or a book from the noun, by
:mod:`~symchiral.text.display`, where the forms of every noun are listed.
"""
