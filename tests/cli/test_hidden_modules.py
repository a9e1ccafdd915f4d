"""Files in the working directory that have the names of modules which ablate, torch and Python itself import."""

import subprocess
import sys
from pathlib import Path

import pytest

INSTALLED = (
    "numpy",
    "torch",
    "pytorch_lightning",
    "torchmetrics",
    "hydra",
    "yaml",
    "rich",
    "msgspec",
    "typer",
    "ablate",
)
COMMAND = Path(sys.executable).with_name("ablate")

NET = """
    import torch

    class Net(torch.nn.Module):
        ...
"""


@pytest.fixture
def crowded(here):
    """A working directory with a file for every module of the standard library, and for some that are installed."""
    for name in (*sys.stdlib_module_names, *INSTALLED):
        (here / f"{name}.py").write_text(f"raise RuntimeError('{name}.py of the working directory was executed')\n")
    return here


def called(*words: str, start: tuple[str, ...] = (str(COMMAND),)):
    done = subprocess.run([*start, *words], capture_output=True, text=True, check=False)
    assert "was executed" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("engine", ["local", "inline"])
def test_the_shipped_studies_run_among_files_with_the_names_of_pythons_modules(crowded, tiny, engine):
    tiny = [word for word in tiny if not word.startswith("engine")]
    assert "smoke" in called("list").stdout
    assert "trials" in called("plan", *tiny, f"engine={engine}").stdout
    called("run", *tiny, f"engine={engine}")
    (study,) = (crowded / "results").iterdir()
    assert called("show", study.name).stdout


def test_python_dash_m_takes_the_standard_library_from_its_own_place(here):
    """Python's own start of a module may import from the working directory before ablate is there: few names are."""
    for name in ("profile", "random", "queue", "numpy", "torch"):
        (here / f"{name}.py").write_text("raise RuntimeError('was executed')\n")
    called("plan", "smoke", start=(sys.executable, "-m", "ablate"))


@pytest.mark.parametrize("target", ["profile.Net", "queue.Queue", "queue.nets.Net"])
def test_a_target_in_such_a_file_is_refused_with_the_way_out(refused, write, tiny, target):
    write(f"{target.partition('.')[0]}.py", NET)
    said = " ".join(refused("plan", *tiny, f"model._target_={target}").split())
    assert f"model._target_: '{target}' cannot mean" in said
    assert "a module of Python's standard library, which comes first. Rename the file" in said


def test_a_target_in_a_file_with_the_name_of_an_installed_package_is_refused_with_the_way_out(refused, write, tiny):
    write("torchvision.py", NET)
    said = " ".join(refused("plan", *tiny, "model._target_=torchvision.Net").split())
    assert "Unknown name in torchvision 'Net'" in said
    assert "'torchvision' is an installed package, which comes first. Rename the file" in said
