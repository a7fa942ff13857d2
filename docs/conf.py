"""Sphinx configuration of the symchiral documentation."""

from __future__ import annotations

import symchiral

project = "symchiral"
author = "The symchiral developers"
copyright = "2026, The symchiral developers"
version = release = symchiral.__version__

# Public names are loaded when first used; autodoc documents those it finds in the module.
for _name in getattr(symchiral, "__all__", ()):
    setattr(symchiral, _name, getattr(symchiral, _name))

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "generated", "**.ipynb_checkpoints"]
root_doc = "index"

myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3

# Tutorials are run by the build: what they show is what the code says.
nb_execution_mode = "auto"
nb_execution_raise_on_error = True
nb_execution_timeout = 300

autodoc_member_order = "groupwise"
autodoc_typehints = "none"  # the docstrings say more
autosummary_generate = True
numpydoc_show_class_members = False

bibtex_bibfiles = ["references.bib", "../symchiral/write/citations.bib"]
bibtex_default_style = "unsrt"

html_theme = "pydata_sphinx_theme"
html_title = f"symchiral {release}"
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 7,
}
html_sidebars = {"**": []}  # every page is in the bar at the top
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["custom.css"]
