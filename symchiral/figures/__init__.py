"""Figures of answers and of motions; matplotlib is loaded when one is drawn, and nowhere else.

A figure is made from an answer alone where that has the numbers, else from the noun;
:mod:`~symchiral.figures.save` writes it to a file.
"""
