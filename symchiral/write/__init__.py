"""Writing answers and runs to files, in the format that the ending of the name says.

:func:`symchiral.write.save.save` is where to start.
"""
