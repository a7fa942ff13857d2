"""The local web page of ``symchiral serve``: files in, the page of ``symchiral report`` out.

Start at :mod:`symchiral.web.server`, which answers the browser. :mod:`symchiral.web.uploads` takes
files from a request, :mod:`symchiral.web.jobs` makes the report of them in a child process.

It is built on ``http.server`` of the standard library. One person at one machine asks for one page
and sends files to it: that takes no framework, no parser of forms and no extra to install, and what
could go wrong is in these three files. Requests are framed by ourselves: a line of JSON that names
the files and their sizes, then their bytes, one after the other.
"""
