import importlib
import os
import subprocess
import sys
import threading
from types import ModuleType

import pytest

from ablate.execute.process import deferred_imports
from ablate.execute.process.deferred_imports import SWITCH, Deferred, is_loaded

DEFER = """
import sys

from ablate.execute.process.deferred_imports import defer, is_loaded

defer()


def loaded(*names):
    return [name for name in names if is_loaded(name)]

"""

QUICK = """
import pytorch_lightning
import torch

parameter = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.Adam([parameter])
optimizer.zero_grad()
parameter.sum().backward()
optimizer.step()
torch.use_deterministic_algorithms(True)
trainer = pytorch_lightning.Trainer(deterministic=True, accelerator="cpu", logger=False, enable_checkpointing=False)
print(*loaded("torch._dynamo", "torch._dynamo.utils", "torch._inductor.config", "torchvision", "torchvision.models",
              "scipy.signal", "scipy.stats", "sympy"))
"""

EXAMINED = """
from ablate import study
from ablate.execute.examine.cost import measure
from ablate.execute.examine.examination import examine

plan = study.plan(["smoke", "data.limit=60", "data.val_size=10", "data.test_size=20"])
examine(plan.spec, plan.layout.points, plan.configs)
assert len(measure(plan.layout.points, plan.configs, budget_s=0.1))
print(*loaded("torch._dynamo", "torch._dynamo.utils", "torchvision", "scipy.signal", "scipy.stats", "sklearn", "pandas",
              "sympy"))
"""

WHOLE = """
import importlib.util

import torch
from lightning_fabric.wrappers import OptimizedModule

import scipy.signal
import torchmetrics
import torchvision

parameter = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([parameter], lr=0.5)  # by a compiler that was not there
torch.use_deterministic_algorithms(True)
compiled = torch.compile(torch.nn.Linear(2, 2), backend="eager")
assert isinstance(compiled, OptimizedModule)
assert not isinstance(torch.nn.Linear(2, 2), OptimizedModule)
assert compiled(torch.ones(1, 2)).shape == (1, 2)
import torch._inductor.config
assert torch._inductor.config.deterministic
assert torch._inductor.config.max_autotune is False
assert torch._inductor.config.deterministic
torch.use_deterministic_algorithms(False)
assert not torch._inductor.config.deterministic
import torch._dynamo.utils
assert sys.modules["torch._dynamo.utils"] is torch._dynamo.utils

@torch.compile(backend="eager")
def step():
    parameter.sum().backward()
    optimizer.step()
    optimizer.zero_grad()

step()
assert parameter.tolist() == [0.5, 0.5], parameter
assert scipy.signal.convolve([1, 2], [1, 3]).tolist() == [1, 5, 6]
assert scipy.signal.hamming(3)[1] == 1
vgg = sys.modules["torchmetrics.functional.image.dists"]
assert vgg.VGG16_Weights.DEFAULT is torchvision.models.VGG16_Weights.DEFAULT
assert isinstance(vgg.vgg16(), torchvision.models.VGG)
assert sys.modules["torchmetrics.functional.image.arniqa"].transforms.Normalize is torchvision.transforms.Normalize
import torchvision.transforms.functional
assert torchvision.transforms is sys.modules["torchvision.transforms"]
print("all is there")
"""


TRANSFORMS = """
import torchmetrics
{imports}
made = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
assert type(made.transforms[0]) is transforms.ToTensor
assert isinstance(made, transforms.Compose)
print(*loaded("torchvision", "torchvision.models"))
"""


def said(code, **environment):
    """What a script prints after the call of `defer`."""
    environment = {k: v for k, v in os.environ.items() if k != SWITCH} | environment
    command = [sys.executable, "-c", DEFER + code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("code", [QUICK, EXAMINED])
def test_neither_a_training_nor_an_examination_loads_any_of_it(code):
    assert said(code) == ""


def test_the_environment_turns_it_off():
    found = said(QUICK, **{SWITCH: "0"}).split()
    assert {"torch._dynamo", "torch._inductor.config", "torchvision", "scipy.signal"} <= {*found}
    assert said("print(len([f for f in sys.meta_path if 'deferred' in repr(f)]))", **{SWITCH: "0"}) == "0"


def test_who_uses_it_sees_no_difference():
    assert said(WHOLE) == "all is there"


@pytest.mark.parametrize(
    "imports",
    [
        "from torchvision import transforms",
        "import torchvision; transforms = torchvision.transforms",
        "from torchvision.datasets import FakeData; from torchvision import transforms",
        "from torchvision import datasets, transforms",
        "import torchvision.transforms as transforms",
    ],
)
def test_transforms_of_a_users_module_are_those_of_torchvision(imports):
    assert said(TRANSFORMS.format(imports=imports)).startswith("torchvision")


def test_a_version_is_that_of_the_package():
    assert said("import torchvision; print(torchvision.__version__)")[0].isdigit()


@pytest.fixture
def heavy(tmp_path, monkeypatch):
    """A package that is deferred, and counts in `executed` how often it and its part are executed."""

    def write(init="from heavy import part\nvalue = part.value + 1\n"):
        (tmp_path / "heavy").mkdir(exist_ok=True)
        count = "import executed\nexecuted.names.append(__name__)\n"
        (tmp_path / "heavy/__init__.py").write_text(count + init)
        (tmp_path / "heavy/part.py").write_text(count + "value = 1\n")
        importlib.invalidate_caches()

    executed = ModuleType("executed")
    executed.names = []
    write()
    monkeypatch.setitem(sys.modules, "executed", executed)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.delenv(SWITCH, raising=False)
    deferred_imports.defer()
    monkeypatch.setitem(deferred_imports.DEFERRED, "heavy", {"light": "a name"})
    yield write, executed.names
    for name in [name for name in sys.modules if name.partition(".")[0] == "heavy"]:
        del sys.modules[name]


def test_what_others_want_of_it_is_there_without_it(heavy):
    from heavy import light

    assert (light, heavy[1], is_loaded("heavy")) == ("a name", [], False)


def test_what_it_has_itself_is_there_when_it_is_asked_for(heavy):
    import heavy as module

    assert isinstance(module, Deferred)
    assert module.value == 2
    assert (heavy[1], is_loaded("heavy"), type(module)) == (["heavy", "heavy.part"], True, ModuleType)
    assert not hasattr(module, "nothing")


def test_a_part_of_it_comes_with_the_whole_and_once(heavy):
    import heavy as module
    import heavy.part as part

    assert heavy[1] == ["heavy", "heavy.part"]
    assert part is module.part is sys.modules["heavy.part"]
    assert part.__spec__.origin.endswith("part.py")


def test_what_is_set_before_stays_set(heavy):
    import heavy as module

    module.value, module.other = 5, 6
    assert heavy[1] == []
    assert module.part.value == 1
    assert (module.value, module.other) == (5, 6)


def test_looking_modules_over_loads_nothing(heavy):
    import heavy as module

    for name in ("__file__", "__path__", "__spec__", "__wrapped__", "__warningregistry__"):
        getattr(module, name, None)
    assert heavy[1] == []


def test_what_fails_is_said_and_can_be_mended(heavy):
    write, _ = heavy
    write("import no_such_module\n")
    import heavy as module

    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        module.value  # noqa: B018
    write("value = 'mended, and longer'\n")
    assert module.value == "mended, and longer"


def test_another_thread_waits_until_it_is_whole(heavy):
    write, names = heavy
    write("import time\ntime.sleep(0.05)\nvalue = 2\n")
    import heavy as module

    found = []
    threads = [threading.Thread(target=lambda: found.append(module.value)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, names) == ([2] * 4, ["heavy"])
