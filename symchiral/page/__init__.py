"""Pages: an answer as one HTML file that needs nothing else, and the viewer of moving atoms.

:mod:`~symchiral.page.report` makes the report from answers alone. ``viewer.js`` draws atoms on a
canvas; the page of ``animate`` and the report share it. Nothing here loads anything from a network,
and whatever comes from a file is escaped.
"""
