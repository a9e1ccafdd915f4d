"""Tables that come with scikit-learn, read as files.

Its own `load_digits` takes 1.1 s of processor time more, for the import of `sklearn.datasets`, in a process that has
torch and Lightning loaded; every process that trains on these data would take it (scikit-learn 1.9, two cores).
"""

import importlib.util
from pathlib import Path

import numpy as np


def packaged(name: str, *, delimiter: str | None = None) -> np.ndarray | None:
    """A file of numbers among scikit-learn's data sets, shape (rows, columns); None where it lies elsewhere.

    Args:
        name: Of the file, such as `digits.csv.gz`.
        delimiter: Between its columns; None: white space.
    """
    found = importlib.util.find_spec("sklearn")
    for place in (found and found.submodule_search_locations) or ():
        if (file := Path(place) / "datasets/data" / name).is_file():
            return np.loadtxt(file, delimiter=delimiter)
    return None
