import gc
import importlib
import subprocess
import sys
import threading
from types import ModuleType

import pytest

from ablate.execute.process import deferred_imports
from ablate.execute.process.deferred_imports import Deferred, is_loaded

QUICK = """
import sys

import ablate.execute
import pytorch_lightning
import torch

parameter = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.Adam([parameter])
optimizer.zero_grad()
parameter.sum().backward()
optimizer.step()
torch.use_deterministic_algorithms(True)
trainer = pytorch_lightning.Trainer(deterministic=True, accelerator="cpu", logger=False, enable_checkpointing=False)
print(*({"torch._dynamo.utils", "torchvision", "scipy.stats", "sympy", "triton"} & set(sys.modules)))
"""

LOOKED = """
import sys

from ablate import study
from ablate.execute.examine.cost import glance
from ablate.execute.examine.examination import examine

plan = study.plan(["smoke", "data.limit=60", "data.val_size=10", "data.test_size=20"])
examine(plan.spec, plan.layout.points, plan.configs)
assert glance(plan.layout.points, plan.configs)
seldom = {"torch._dynamo.utils", "torchvision", "scipy.stats", "sklearn", "pandas", "sympy", "triton"}
print(*(seldom & set(sys.modules)))
"""

WHOLE = """
import importlib.util
import sys

import ablate.execute
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
kernel = torch.utils.flop_counter._JITFunction
assert not isinstance(step, kernel)
if kernel.__class__.__name__ == "_Later" and importlib.util.find_spec("triton"):
    import triton
    assert isinstance(triton.jit(step), kernel)
print("all is there")
"""


def said(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", [QUICK, LOOKED])
def test_neither_a_training_nor_a_look_at_a_study_loads_any_of_it(code):
    done = said(code)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr


def test_who_uses_it_sees_no_difference():
    done = said(WHOLE)
    assert (done.stdout.strip(), done.returncode) == ("all is there", 0), done.stderr


@pytest.fixture
def heavy(tmp_path, monkeypatch):
    """A package that counts in `executed` how often it and its part are executed, and that can wait."""

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
    monkeypatch.setitem(deferred_imports.LIGHT, "heavy", {"light": "a name"})
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


def test_a_version_of_torchmetrics_that_needs_torchvision_gets_it(monkeypatch):
    class Loader:
        def create_module(self, spec):
            return None

        def exec_module(self, module):
            import torchvision

            tried.append(type(torchvision))
            if len(tried) == 1:
                raise AttributeError

    tried = []
    monkeypatch.setitem(deferred_imports.SPARED, "no_metrics", deferred_imports.SPARED["torchmetrics"])
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setitem(sys.modules, "torchvision.models", ModuleType("torchvision.models"))
    spec = importlib.machinery.ModuleSpec("no_metrics", deferred_imports._Spared(Loader()))
    importlib.util.module_from_spec(spec).__spec__.loader.exec_module(importlib.util.module_from_spec(spec))
    assert tried[0] is deferred_imports._StandIn
    assert tried[1] is ModuleType


@pytest.mark.parametrize("collects", [True, False])
def test_garbage_is_looked_for_again_after_an_import_even_one_that_fails(heavy, monkeypatch, collects):
    write, names = heavy
    monkeypatch.delitem(deferred_imports.LIGHT, "heavy")
    monkeypatch.setattr(deferred_imports, "LARGE", ("heavy",))
    write("import gc\nexecuted.names.append(gc.isenabled())\nimport no_such_module\n")
    (gc.enable if collects else gc.disable)()
    try:
        with pytest.raises(ModuleNotFoundError, match="no_such_module"):
            import heavy as module  # noqa: F401
        assert names == ["heavy", False]
        assert gc.isenabled() is collects
    finally:
        gc.enable()
