import logging
import os
import random
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import torch
from torch.utils import deterministic

from ablate.execute.process.isolation import CUBLAS_WORKSPACE, LIGHTNING, LOGGERS, NVML_CHECK, isolated_process
from ablate.execute.process.matmul_precision import set_matmul_precision
from ablate.execute.train.network import seed_everything

pytestmark = pytest.mark.numeric


def disturb():
    """Changes all that a training changes."""
    seed_everything(5)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = True
    set_matmul_precision("medium")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    warnings.simplefilter("error")
    os.environ[NVML_CHECK] = "2"
    os.environ[CUBLAS_WORKSPACE] = ":0:0"
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)


def settings():
    return {
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "benchmark": torch.backends.cudnn.benchmark,
        "products": (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32),
        "torch": torch.get_rng_state().tolist(),
        "numpy": repr(np.random.get_state(legacy=False)),
        "python": random.getstate(),
        "environment": {name: os.environ.get(name) for name in (NVML_CHECK, CUBLAS_WORKSPACE)},
        "levels": {name: logging.getLogger(name).level for name in LOGGERS},
        "signals": (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)),
        "filters": list(warnings.filters),
    }


@pytest.fixture(params=["as they are by default", "as somebody has set them"])
def before(request, monkeypatch):
    monkeypatch.delenv(NVML_CHECK, raising=False)
    monkeypatch.delenv(CUBLAS_WORKSPACE, raising=False)
    if request.param == "as somebody has set them":
        monkeypatch.setenv(NVML_CHECK, "1")
        monkeypatch.setenv(CUBLAS_WORKSPACE, ":16:8")
        torch.set_num_threads(2)
        torch.use_deterministic_algorithms(True, warn_only=True)
        logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    yield settings()
    torch.use_deterministic_algorithms(False)
    logging.getLogger("pytorch_lightning").setLevel(logging.INFO)


def test_a_training_leaves_every_setting_as_it_was(before):
    with isolated_process(threads=1):
        disturb()
        assert settings() != before
    assert settings() == before


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_training_that_raises_leaves_every_setting_as_it_was(before, error):
    def training():
        with isolated_process(threads=1):
            disturb()
            raise error

    with pytest.raises(error):
        training()
    assert settings() == before


def test_the_next_draws_of_the_host_are_the_ones_that_it_would_have_had():
    seed_everything(1)
    expected = torch.rand(3), np.random.rand(), random.random()
    seed_everything(1)
    with isolated_process(threads=1):
        disturb()
        torch.rand(7)
    drawn = torch.rand(3), np.random.rand(), random.random()
    assert torch.equal(drawn[0], expected[0])
    assert drawn[1:] == expected[1:]


def test_a_training_has_its_own_number_of_threads():
    torch.set_num_threads(1)
    with isolated_process(threads=2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("found", [True, False])
def test_a_step_asks_the_driver_for_a_gpu_only_where_there_is_one(monkeypatch, found):
    asked = []
    monkeypatch.setenv(NVML_CHECK, "1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: asked.append("as Lightning wants it") or int(found))
    # The answer without NVML, which a torch without CUDA does not have at all.
    monkeypatch.setattr(torch.cuda, "_is_compiled", lambda: True)
    monkeypatch.setattr(torch._C, "_cuda_getDeviceCount", lambda: 0, raising=False)
    with isolated_process(threads=1):
        asked.clear()
        torch.cuda.is_available()
        assert bool(asked) is found
    torch.cuda.is_available()
    assert asked


class Kept(logging.Handler):
    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture
def kept():
    """What any logger says that Lightning could use, and the root, at the level of Lightning: tests may change it."""
    handler = Kept()
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in (None, *LOGGERS)}
    for logger in levels:
        logger.addHandler(handler)
    for name in LIGHTNING:
        logging.getLogger(name).setLevel(logging.INFO)
    yield handler.lines
    for logger, level in levels.items():
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.mark.parametrize("study", ["smoke", "own"])
def test_nothing_is_said_while_a_trial_trains(own, resolve, train, capfd, kept, study):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        train(resolve("logger=csv", study=study))
    out, err = capfd.readouterr()
    assert (out, err, kept, [str(w.message) for w in warned]) == ("", "", [], [])


def test_lightning_would_have_said_something(own, resolve, capfd, kept):
    """Without `isolated_process`; otherwise the test above shows nothing."""
    from ablate.execute.train.fit import prepare
    from ablate.execute.train.trainer import trainer
    from ablate.plan.seeds import streams

    config = resolve(study="own")
    fit = prepare(config, streams(0, 0))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        trainer(config, user_defined=True, callbacks=(), folder=__file__).fit(fit.module, **fit.data)
    torch.use_deterministic_algorithms(False)
    assert warned
    assert kept


LOADED_MEANWHILE = """
import logging
import pytorch_lightning
from ablate.execute.process.isolation import isolated_process, silence
names = ("lightning", "lightning.pytorch", "pytorch_lightning", "torch")
logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
logging.getLogger("torch").setLevel(logging.CRITICAL)
with isolated_process(threads=1):
    import lightning.pytorch
    silence()
    print([logging.getLogger(name).level for name in names])
print([logging.getLogger(name).level for name in names])
"""


def test_lightning_that_a_training_was_the_first_to_load_speaks_to_those_after_it():
    said = subprocess.run(
        [sys.executable, "-c", LOADED_MEANWHILE], capture_output=True, text=True, timeout=300, check=False
    )
    assert (said.stdout, said.stderr) == ("[20, 20, 30, 50]\n", "[40, 40, 40, 40]\n")


FIRST_LOADED_BY_A_MODEL = """
import logging
import pytorch_lightning
from ablate.execute.process.isolation import isolated_process
from ablate.execute.targets.target import locate
names = ("lightning", "lightning.pytorch", "pytorch_lightning")
with isolated_process(threads=1):
    locate("lightning.pytorch.demos.boring_classes.BoringModel", "model")
    print([logging.getLogger(name).getEffectiveLevel() for name in names])
locate("lightning.fabric.Fabric", "model")
print([logging.getLogger(name).getEffectiveLevel() for name in names])
"""


def test_lightning_that_a_model_is_the_first_to_load_is_silent_while_it_trains():
    said = subprocess.run(
        [sys.executable, "-c", FIRST_LOADED_BY_A_MODEL], capture_output=True, text=True, timeout=300, check=False
    )
    assert (said.stdout, said.stderr) == ("[20, 20, 20]\n", "[40, 40, 40]\n")


def test_no_memory_is_filled_before_it_is_written_and_whoever_wants_that_has_it_after():
    assert deterministic.fill_uninitialized_memory
    with isolated_process(threads=1):
        assert not deterministic.fill_uninitialized_memory
    assert deterministic.fill_uninitialized_memory


def test_before_the_trainings_each_line_is_printed_once(capfd):
    line = f"number of parameters: {time.monotonic_ns()}"  # another test of this process may have printed a plain one
    for _ in range(3):
        with isolated_process(threads=1, repeats_output=False):
            print(line)
            print("...", end="")
    with isolated_process(threads=1):
        print(line)
        print(line)
    assert capfd.readouterr().err == f"{line}\n.........{line}\n{line}\n"
