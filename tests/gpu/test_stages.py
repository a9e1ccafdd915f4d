"""`make gpu` itself, on the CPU."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tests import REPOSITORY
from tests.gpu import wheels
from tests.gpu.__main__ import TABLE, as_markdown
from tests.gpu._stage import STAGES, checked

PROJECT = REPOSITORY / "pyproject.toml"


def gpu(*words):
    command = [sys.executable, "-m", "tests.gpu", *words]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_the_stages_take_eight_minutes_at_most(device):
    assert sum(stage.limit_s(device) for stage in STAGES) <= 480


def test_a_stage_is_printed_and_kept():
    done = gpu("cpu", "versions")
    assert done.returncode == 0, done.stderr
    assert "versions: passed" in done.stdout
    assert json.loads((REPOSITORY / "build/gpu/cpu-versions.json").read_text())["state"] == "passed"
    table = (REPOSITORY / "build/gpu/cpu.md").read_text()
    assert "no figure here is a GPU's" in table
    assert "| torch |" in table


@pytest.mark.parametrize(("words", "says"), [(("tpu",), "No device tpu"), (("cpu", "speed"), "No stage speed")])
def test_a_wrong_word(words, says):
    done = gpu(*words)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.parametrize("words", [(), ("cuda", "steps")])
def test_without_a_gpu_nothing_else_is_tried_and_no_table_is_written(words):
    before = TABLE["cuda"].read_bytes() if TABLE["cuda"].exists() else None
    done = gpu(*words)
    assert done.returncode == 1, done.stderr
    assert "versions: failed" in done.stdout
    assert "| GPU | none | none |" in done.stdout
    assert done.stdout.endswith("Nothing else is tried, and nothing is written to results/benchmarks/gpu.md.\n")
    assert (TABLE["cuda"].read_bytes() if TABLE["cuda"].exists() else None) == before


def test_one_row_that_is_not_ok_is_a_failure():
    assert checked(("what", ""), [("a", "ok"), ("b", "ok")]).state == "passed"
    assert checked(("what", ""), [("a", "ok"), ("b", "different")]).state == "failed"


@pytest.fixture
def wheel(tmp_path):
    """A wheel of a package that no Python has."""

    def made(name):
        module, folder = name.replace("-", "_"), tmp_path / "wheels"
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w") as file:
            file.writestr(f"{module}.py", "answer = 42\n")
            facts = f"{module}-1.0.dist-info"
            file.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            file.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            file.writestr(f"{facts}/RECORD", f"{module}.py,,\n{facts}/METADATA,,\n{facts}/WHEEL,,\n{facts}/RECORD,,\n")
        return folder

    return made


def test_what_a_python_lacks_is_unpacked_from_wheels_and_the_rest_is_named(wheel, tmp_path):
    site = tmp_path / "site"
    lacking = ["only-on-the-gpu", "nowhere"]
    assert wheels.unpack(lacking, wheel("only-on-the-gpu"), site) == ["nowhere"]
    command = [sys.executable, "-c", "import only_on_the_gpu as found; print(found.answer)"]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert said.stdout == "42\n"
    assert list(site.glob("__pycache__/only_on_the_gpu.*.pyc")), "compiled once, not by each process"


def test_every_package_for_the_gpu_is_pinned_and_this_python_lacks_none():
    assert [name for name, pin in wheels.pinned().items() if "==" not in pin] == []
    assert wheels.missing() == []


def test_the_wheels_are_of_all_that_ablate_needs_beside_what_comes_with_torch():
    """A requirement of ablate that is in neither list would be missed on a machine without a network only."""
    needs = {re.split(r"[<>=\[]", line)[0] for line in tomllib.loads(PROJECT.read_text())["project"]["dependencies"]}
    there = {
        *("filelock", "jinja2", "numpy", "psutil", "pytorch-lightning", "pyyaml", "rich", "scikit-learn", "scipy"),
        *("torch", "torchmetrics", "torchvision", "typer"),
    }
    assert needs - there <= set(wheels.MODULES)


def test_figures_of_the_cpu_are_kept_apart_and_say_what_they_are():
    assert TABLE["cpu"].is_relative_to(REPOSITORY / "build")
    assert TABLE["cuda"] == REPOSITORY / "results/benchmarks/gpu.md"
    done = [(STAGES[0], checked(("what", ""), [("a", "ok")]).as_dict(), 1.0)]
    assert "no figure here is a GPU's" in as_markdown(done, "cpu")
    assert "no figure here is a GPU's" not in as_markdown(done, "cuda")
