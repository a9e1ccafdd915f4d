"""Sphinx reads this: `make docs` builds the pages of this folder into build/docs, with warnings as errors."""

from sphinx.application import Sphinx

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


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("autodoc-process-docstring", text_alone, priority=400)  # before napoleon, at 500


def text_alone(_app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Keeps napoleon from taking what stands before a colon in an attribute's docstring for its type."""
    if what in ("attribute", "property"):
        lines.insert(0, "")
