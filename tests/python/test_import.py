"""Importing ablate stays fast, whatever Python is offered by it; and the stub says what there is."""

import ast
import subprocess
import sys
from pathlib import Path

import ablate

HEAVY = {"cloudpickle", "hydra", "matplotlib", "numpy", "pandas", "pytorch_lightning", "rich", "scipy", "torch"}


def loaded(code: str) -> set[str]:
    """The heavy packages that some code imports."""
    shown = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) & HEAVY


def test_importing_it_imports_nothing_heavy():
    assert loaded("import ablate") == set()


def test_looking_at_what_it_offers_imports_no_torch_and_no_frames():
    found = loaded("import ablate; ablate.run, ablate.load, ablate.Study, ablate.Result, ablate.analyze")
    assert not found & {"torch", "pandas", "matplotlib", "pytorch_lightning", "cloudpickle"}


def test_the_stub_names_what_there_is():
    stub = ast.parse(Path(ablate.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    named = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(named) == sorted(ablate._MODULES)
    for name in named:
        assert callable(getattr(ablate, name)), name
        assert name in dir(ablate)
