"""A script that imports ablate, plans a study and runs it has its process afterwards as it was before.

Each case is a script in a process of its own. Libraries are imported before the state is noted: what the import of
torch or Lightning changes, such as warning filters, is theirs.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STATE = """
import gc, importlib, json, logging, multiprocessing, os, random, signal, sys, threading, warnings


def state():
    found = {
        "meta path": [repr(finder) for finder in sys.meta_path],
        "path hooks": [repr(hook) for hook in sys.path_hooks],
        "path": [*sys.path],
        "garbage collection": [gc.isenabled(), *gc.get_threshold(), gc.get_freeze_count(), len(gc.callbacks)],
        "signals": {str(number): repr(signal.getsignal(number)) for number in signal.valid_signals()},
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "warnings": [repr(entry) for entry in warnings.filters] + [repr(warnings.showwarning)],
        "log levels": {
            name: logger.level
            for name, logger in {"": logging.root, **logging.root.manager.loggerDict}.items()
            if isinstance(logger, logging.Logger) and logger.level
        },
        "start method": multiprocessing.get_start_method(allow_none=True),
        "hooks": [repr(hook) for hook in (sys.excepthook, sys.displayhook, threading.excepthook, sys.stdout)],
        "python's generator": hash(random.getstate()),
    }
    if "numpy" in sys.modules:
        import numpy

        found["numpy"] = {
            "generator": hash(numpy.random.get_state()[1].tobytes()),
            "settings": [numpy.geterr(), repr(numpy.get_printoptions())],
        }
    if "torch" in sys.modules:
        import torch

        found["torch"] = {
            "threads": [torch.get_num_threads(), torch.get_num_interop_threads()],
            "determinism": [torch.get_deterministic_debug_mode(), torch.backends.cudnn.deterministic],
            "fill": torch.utils.deterministic.fill_uninitialized_memory,
            "precision": [torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32],
            "benchmark": torch.backends.cudnn.benchmark,
            "generator": hash(torch.get_rng_state().numpy().tobytes()),
            "defaults": [str(torch.get_default_dtype()), str(torch.get_default_device())],
            "gradients": [torch.is_grad_enabled(), torch.is_anomaly_enabled()],
        }
    if "hydra" in sys.modules:
        from hydra import version
        from hydra.core.global_hydra import GlobalHydra
        from hydra.core.plugins import Plugins
        from hydra.core.utils import JobRuntime

        version.base_at_least("1.1")  # Hydra decides on a version when it is first asked

        found["hydra"] = {
            "in use": repr(GlobalHydra.instance().hydra),
            "version": repr(version.getbase()),
            "job": JobRuntime.instance().get("name"),
            "plugins": sorted(plugin.__name__ for plugin in Plugins.instance().discover()),
        }
    return {
        f"{what}: {name}": value
        for what, values in found.items()
        for name, value in (values if isinstance(values, dict) else {"": values}).items()
    }


class Observer:
    def on_message(self, message): pass
    def on_preparation(self, planned): pass
    def on_start(self, planned, already): pass
    def on_schedule(self, schedule): pass
    def on_trial(self, record): assert record.state == "complete", record


def changes(do):
    before = json.loads(json.dumps(state()))
    do()
    after = json.loads(json.dumps(state()))
    return {name: [before.get(name), after.get(name)] for name in {**before, **after}
            if before.get(name) != after.get(name)}


def say(found):
    print(json.dumps(found))


"""

WORDS = (
    *("smoke", "model.width=4", "model.depth=0", "model.skip_span=0"),
    *("data.limit=60", "data.val_size=10", "data.test_size=20", "trainer.deterministic=true"),
)


def changed(folder: Path, script: str) -> dict[str, list[object]]:
    """What a script has changed in its process, as it says in its last line: what → before and after.

    It lies in another folder than the one that it works in, which is then not on its import path.
    """
    (folder / "elsewhere").mkdir()
    file = folder / "elsewhere/script.py"
    file.write_text(f"{STATE}WORDS = {WORDS!r}\nif __name__ == '__main__':\n{script}")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}
    environment |= {"XDG_CACHE_HOME": str(folder / "cache")}
    environment.pop("CUBLAS_WORKSPACE_CONFIG", None)
    done = subprocess.run(
        [sys.executable, str(file)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "name", ["ablate", "ablate.study", "ablate.cli", "ablate.execute", "ablate.execute.engines", "ablate.execute.tasks"]
)
def test_an_import(name, tmp_path):
    assert changed(tmp_path, f"    say(changes(lambda: importlib.import_module({name!r})))\n") == {}


def test_a_plan(tmp_path):
    script = """
    import numpy, hydra
    from ablate import study
    say(changes(lambda: study.plan(WORDS)))
    """
    assert changed(tmp_path, script) == {}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["inline", "local"])
def test_a_plan_a_look_at_it_and_a_run(engine, tmp_path):
    script = f"""
    import hydra, pytorch_lightning, torch, torchmetrics
    words = [*WORDS, "engine={engine}"]

    def run():
        from ablate import study

        study.examine(study.plan(words))
        summary, _ = study.run(words, observer=Observer())
        assert summary.complete == 4

    say(changes(run))
    """
    assert changed(tmp_path, script) == {}


def test_a_script_that_is_using_hydra_itself_goes_on_using_it(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/config.yaml").write_text("theirs: 1\n")
    script = """
    from hydra import compose, initialize_config_dir
    import numpy
    from ablate import study

    with initialize_config_dir(version_base="1.2", config_dir=os.path.abspath("theirs")):
        found = changes(lambda: study.plan(WORDS))
        assert compose("config").theirs == 1
    say(found)
    """
    assert changed(tmp_path, script) == {}
