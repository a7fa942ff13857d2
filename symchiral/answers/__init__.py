"""Answers: what a command found, as one frozen record of plain numbers, words and units.

Tables, figures and files are made from answers and from nothing else; ``--json`` prints them and
``symchiral schema`` describes them. :mod:`~symchiral.answers.record` is where to start.
"""
