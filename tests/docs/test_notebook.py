"""The notebook of the documentation runs from its first cell to its last."""

import json
import subprocess
import sys

import pytest

from tests import REPOSITORY

NOTEBOOK = REPOSITORY / "docs/notebook.ipynb"
EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, "executed.ipynb")
"""


@pytest.mark.slow
def test_it_runs_and_shows_what_it_says(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, NOTEBOOK], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    cells = [c for c in json.loads((tmp_path / "executed.ipynb").read_text())["cells"] if c["cell_type"] == "code"]
    shown = ["".join(json.dumps(output) for output in cell["outputs"]) for cell in cells]
    assert "<pre" in shown[1]
    assert "20 planned: 20 complete" in shown[1]
    assert "width: 32 vs 8" in shown[3]
    assert "image/svg+xml" in shown[4]
    assert "torch.Size([3, 2])" in shown[5]
    assert "The code of 20 of 24 trials has changed since they trained" in shown[6]


def test_it_is_kept_without_output():
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
