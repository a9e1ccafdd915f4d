"""Start-up is a feature: what a command does not need it does not import."""

import json
import subprocess
import sys

import pytest

NEVER = ("torch", "pytorch_lightning", "torchmetrics", "torchvision", "scipy", "sklearn", "matplotlib", "pydoe")
HYDRA = ("hydra", "omegaconf")
CODE = """
import atexit, json, sys
from ablate.cli import main
sys.argv = ["ablate", *sys.argv[1:]]
atexit.register(lambda: json.dump(sorted(name for name in sys.modules if "." not in name), sys.stderr))
main()
"""


def loaded(*words: str) -> set[str]:
    """The modules that are there when a command has ended."""
    done = subprocess.run([sys.executable, "-c", CODE, *words], capture_output=True, text=True, check=True)
    assert done.stdout
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["--version"], ["list"]])
def test_help_and_lists_import_neither_torch_nor_hydra(words, here):
    assert not loaded(*words) & {*NEVER, *HYDRA}


def test_showing_a_study_that_has_run_imports_neither_torch_nor_hydra_nor_numpy(ablate, here, tiny):
    ablate("run", *tiny)
    (study,) = (here / "results").iterdir()
    for options in (
        (),
        ("--watch",),
        ("--format", "json"),
        ("--table", "all"),
        ("--table", "trials", "--format", "csv"),
    ):
        assert not loaded("show", study.name, *options) & {"numpy", *NEVER, *HYDRA}


def test_what_is_done_with_results_imports_neither_torch_nor_hydra(ablate, here, tiny):
    ablate("run", *tiny)
    (study,) = (here / "results").iterdir()
    for words in (("compare", study.name, study.name), ("verify",), ("clean",)):
        assert not loaded(*words) & {*NEVER, *HYDRA}


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        ((), False),
        (("study.capacity=matched",), False),  # a worker solves for the widths
        (("study.capacity=matched", "engine=inline"), True),
    ],
)
def test_a_plan_loads_torch_only_where_a_width_is_solved_for_in_this_process(words, needs, here):
    code = f"import sys; from ablate import study; study.plan(['smoke', *{words}]); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(needs)


def test_a_plan_imports_no_more_than_it_needs(here, tiny):
    """torchvision, by torchmetrics; the local engine's processes go without (tests/execute/engines/local)."""
    assert not loaded("plan", *tiny) & {"sklearn", "pandas"}


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_command_for_workers_leaves_torch_to_them(command, here, tiny):
    words = [word for word in tiny if not word.startswith("engine")]
    assert not loaded(command, *words) & {"torch", "pytorch_lightning", "torchmetrics", "torchvision"}


def test_showing_a_study_without_a_summary_still_needs_no_torch(ablate, here, tiny):
    ablate("run", *tiny)
    (study,) = (here / "results").iterdir()
    (study / "summary.json").unlink()
    assert not loaded("show", study.name) & {"torch", "pytorch_lightning", *HYDRA}
