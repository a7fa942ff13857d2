"""Sphinx configuration of the symchiral documentation."""

from __future__ import annotations

import sys
from pathlib import Path

import symchiral

sys.path.insert(0, str(Path(__file__).parent))  # for mathml, below

project = "symchiral"
author = "The symchiral developers"
copyright = "2026, The symchiral developers"
version = release = symchiral.__version__

# Public names are loaded when first used; autodoc documents those it finds in the module.
for _name in getattr(symchiral, "__all__", ()):
    setattr(symchiral, _name, getattr(symchiral, _name))

extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "generated", "**.ipynb_checkpoints"]
root_doc = "index"

myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3

# Pages need no network: mathematics is part of them, everything else lies beside them.
html_math_renderer = "mathml"

# Every reference of a page or a docstring leads somewhere.
nitpicky = True

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
    "navbar_center": [],
    "navbar_persistent": [],
    "navbar_end": ["theme-switcher"],
    "search_bar_text": "Search",
    "logo": {"text": f"symchiral {release}"},
}
templates_path = ["_templates"]
html_sidebars = {"**": ["search-field.html", "pages.html"], "search": ["pages.html"]}
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["custom.css"]
