"""Sphinx reads this: `make docs` builds the pages of this folder into build/docs, with warnings as errors."""

from ablate import __version__

project = "ablate"
author = "The ablate authors"
copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["generate"]

myst_heading_anchors = 3
default_role = "code"  # docstrings put code between single backticks
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 90
autodoc_class_signature = "separated"
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"ablate {version}"
html_copy_source = False
html_show_sphinx = False
