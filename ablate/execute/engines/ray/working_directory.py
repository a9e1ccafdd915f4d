"""Ray's runtime environment that sends the working directory, with user-defined code, to the nodes of a cluster."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = "code"
"""Name of the folder in which nodes find the working directory. That folder itself is on no import path: a user-defined
`queue.py` would hide Python's module."""

NEVER_SENT = (".git", ".venv", "venv", "__pycache__", "node_modules")

SENT_WITH_CODE_ONLY = ("data", "results", "outputs", "multirun", "wandb", "mlruns", "lightning_logs", "checkpoints")
"""Folders of the working directory that are sent only if they hold Python files."""


@contextmanager
def runtime_environment(directory: Path | None) -> Generator[dict[str, Any]]:
    """The `runtime_env` of `ray.init` that sends the environment variables `ABLATE_*`, and a directory if there is one.

    No other variable is sent: some are secrets.
    """
    variables = {"env_vars": {name: value for name, value in os.environ.items() if name.startswith("ABLATE_")}}
    if directory is None:
        yield variables
        return
    left_out = [name for name in SENT_WITH_CODE_ONLY if not [*(directory / name).glob("*.py")]]
    with tempfile.TemporaryDirectory() as parent:
        staged = Path(parent).resolve()
        (staged / FOLDER).symlink_to(directory, target_is_directory=True)
        if staged.is_relative_to(directory.resolve()):  # Ray would follow the link again and again
            left_out.append(staged.relative_to(directory.resolve()).as_posix())
        yield {
            "working_dir": parent,
            "excludes": [*NEVER_SENT, *(f"/{FOLDER}/{name}" for name in left_out)],
            **variables,
        }
