"""ablate answers architecture questions with evidence.

The public Python API is `ablate.study`: `load`, `plan`, `run` and `summarise`.
"""

__version__ = "0.1.0"
