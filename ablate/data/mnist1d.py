"""MNIST-1D: ten classes of noisy, shifted and sheared sequences, drawn by the package `mnist1d`."""

import importlib.util
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock

from ablate import cache
from ablate.data.generator import is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError

PUBLISHED_SEED = 42
"""The package's default: its draw is the published data set."""

MAX_SEED = 2**32
"""Seeds of NumPy's global generator, which the package draws from, are below it."""

ORDER = np.random.Generator(np.random.PCG64(42)).permutation(40)
"""Positions in the order of `shuffled`."""

DRAW = """
import sys
import numpy
from mnist1d.data import get_dataset_args, make_dataset
arguments = get_dataset_args()
arguments.seed = int(sys.argv[1])
drawn = make_dataset(arguments)
numpy.savez(sys.argv[2], **{name: drawn[name] for name in ("x", "y", "x_test", "y_test")})
"""
"""Of a process of its own: the package seeds the global generators, and imports a plotting library."""


def mnist1d(
    *,
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    limit: int | None = None,
    val_size: int = 500,
    test_size: int | None = None,
    shuffled: bool = False,
    input_sd: float = 1.0,
) -> Source:
    """4000 and 1000 sequences of shape (1, 40), mean 0 and SD 1 over all, ten equally frequent classes.

    Drawn once for each seed, by `mnist1d.data.make_dataset` as it is, and kept in the user's cache folder (1 MB each).

    Source: S. Greydanus, D. Kobak, "Scaling Down Deep Learning with MNIST-1D", ICML 2024, arXiv 2011.14439.

    Args:
        data_seed: Of the draw; 42 is the published one. None: a fresh draw for each replicate, its test set included.
        replicate_seed: Of the replicate, which ablate gives; None: the published draw.
        limit: Examples of the 4000 to use at all; None: every one.
        val_size: Examples of the validation split, out of the 4000.
        test_size: Examples of the test set; None: all 1000.
        input_sd: What the sequences are multiplied by: their SD.
        shuffled: Whether the 40 positions are in another order, the same for all examples and all replicates.

    Raises:
        DataError: the package is not installed, its draw fails, or a number is out of its range.
    """
    if not input_sd > 0:
        raise DataError(f"data.input_sd={input_sd}; valid: more than 0.")
    if data_seed is not None:
        check_at_least(0, data_seed=data_seed)
        if data_seed >= MAX_SEED:
            raise DataError(
                f"data.data_seed={data_seed}; valid: 0 to {MAX_SEED - 1}, or null for a draw per replicate."
            )
        seed = data_seed
    else:
        seed = PUBLISHED_SEED if replicate_seed is None else replicate_seed % MAX_SEED
    drawn = _arrays(seed)
    order = ORDER if shuffled else slice(None)
    pool, test = (
        Arrays(
            inputs=input_sd * torch.tensor(drawn[f"x{part}"][:, order], dtype=torch.float32).unsqueeze(1),
            targets=torch.tensor(drawn[f"y{part}"], dtype=torch.int64),
        )
        for part in ("", "_test")
    )
    return Source(
        pool=pool.at(subset(len(pool), limit)),
        test=test,
        val_size=val_size,
        test_size=test_size,
        is_fresh=is_fresh(data_seed, replicate_seed),
    )


def _arrays(seed: int) -> Mapping[str, np.ndarray]:
    """The draw of a seed, from the cache if it is there and whole."""
    if importlib.util.find_spec("mnist1d") is None:
        raise DataError("data=mnist1d is drawn by the package mnist1d, which is not installed: pip install mnist1d.")
    file = cache.path("mnist1d", f"{version('mnist1d')}-{seed}.npz")
    is_trusted = cache.is_trusted(file)
    if is_trusted and (kept := _read(file)) is not None:
        return kept
    try:
        if not is_trusted:
            raise PermissionError(file)
        cache.make_private("mnist1d")
        with FileLock(file.with_suffix(".lock")):
            if (kept := _read(file)) is None:  # drawn by another process meanwhile
                kept = _drawn(seed, file.parent, keep=file)
            return kept
    except OSError:  # a cache folder that cannot be written, or that another user may have written
        with tempfile.TemporaryDirectory() as folder:
            return _drawn(seed, Path(folder))


def _drawn(seed: int, folder: Path, *, keep: Path | None = None) -> Mapping[str, np.ndarray]:
    """Draws into a file of the folder, which then takes the name `keep`, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        made = Path(own) / "drawn.npz"
        words = [sys.executable, "-c", DRAW, str(seed), str(made)]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        found = _read(made)
        if done.returncode or found is None:
            reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise DataError(f"data=mnist1d: the package mnist1d could not draw its data: {reason[0]}")
        if keep is not None:
            cache.close(made)
            made.replace(keep)
        return found


def _read(file: Path) -> Mapping[str, np.ndarray] | None:
    """The arrays of a file; None where it is absent or damaged."""
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as kept:
            return {name: kept[name] for name in ("x", "y", "x_test", "y_test")}
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile):
        return None
