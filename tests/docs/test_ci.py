"""The workflow of docs/ci.md, as far as it can run here: what GitHub provides is left out."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests import REPOSITORY
from tests.docs.page import HANG_S, blocks

PAGE = REPOSITORY / "docs/ci.md"
INSTALLS = "pip install ./vendor/ablate"


@pytest.fixture
def workflow(here):
    """The workflow, with the page's files in the working directory."""
    for block in blocks(PAGE):
        if block.file is not None:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text, encoding="utf-8")
    return yaml.safe_load(Path(".github/workflows/guard.yaml").read_text(encoding="utf-8"))


def test_a_workflow_names_what_it_runs_on_and_the_versions_of_what_it_uses(workflow):
    assert set(workflow[True]) == {"push", "pull_request"}  # YAML 1.1 reads the key `on` as true
    (job,) = workflow["jobs"].values()
    assert {"runs-on", "timeout-minutes"} <= set(job)
    for step in job["steps"]:
        assert ("run" in step) is not ("uses" in step)
        assert "uses" not in step or step["uses"].partition("@")[2].startswith("v")


def run(step: dict[str, str], summary: Path) -> int:
    """The exit code of a step, as GitHub's shell runs it."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(summary),
        "OMP_NUM_THREADS": "1",
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode


@pytest.mark.slow
def test_its_steps_run_and_a_second_run_finds_the_trials_of_the_first(workflow, tmp_path):
    (job,) = workflow["jobs"].values()
    summary = tmp_path / "summary.md"
    steps = [step for step in job["steps"] if step.get("run") not in (None, INSTALLS)]
    assert [run(step, summary) for step in steps] == [0] * len(steps)
    assert summary.read_text(encoding="utf-8").startswith("# guard\n")
    (cache,) = (step["with"]["path"] for step in job["steps"] if "cache" in step.get("uses", ""))
    records = sorted(Path(cache).glob("guard/trials/*/record.json"))
    assert len(records) == 16
    before = [record.stat().st_mtime_ns for record in records]
    assert [run(step, summary) for step in steps] == [0] * len(steps)
    assert [record.stat().st_mtime_ns for record in records] == before
    (suite,) = ElementTree.parse("junit.xml").getroot()
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("guard", "1", "0")
    (kept,) = (step["with"]["path"].split() for step in job["steps"] if "upload" in step.get("uses", ""))
    assert all(Path(file).is_file() for file in kept)
