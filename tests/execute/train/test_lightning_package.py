"""Modules, data, callbacks and loggers of `lightning.pytorch` train as those of `pytorch_lightning` do."""

import importlib.util
import sys

import pytest
import pytorch_lightning as pl

from ablate import study
from ablate.errors import ConfigError
from ablate.execute.targets.lightning_package import OTHER, OURS, lightning_package, overrides, trainer_class
from tests.execute.conftest import OWN

pytestmark = [
    pytest.mark.numeric,
    pytest.mark.skipif(importlib.util.find_spec("lightning") is None, reason="needs: pip install lightning"),
]

WORDS = ("own", "replicates=1", "model.width=4,8")
ENGINES = {"inline": ("engine=inline",), "local": ("engine=local", "engine.workers=1", "engine.threads=1")}

NOTE = """
        def configure_callbacks(self):
            from pathlib import Path
            from lightning.pytorch.callbacks import Callback

            class Note(Callback):
                def on_fit_end(self, trainer, module):
                    Path("noted").write_text(type(trainer).__module__)

            return [Note()]

        def configure_optimizers"""


def other(text):
    return text.replace("import pytorch_lightning as pl", "import lightning.pytorch as pl")


@pytest.fixture
def ran(own, project, listener):
    """Runs the study of a user-defined LightningModule; gives the responses of each width."""

    def run(text, *words):
        project("own.py", text)
        heard = type(listener)()
        study.run([*WORDS, *words], observer=heard)
        assert [r.state for r in heard.records] == ["complete"] * 2, [r.error for r in heard.records]
        assert all(r.counts.steps == 6 for r in heard.records)
        return {r.levels["model.width"]: r.responses for r in heard.records}

    return run


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_a_module_of_the_other_lightning_trains_to_the_same_numbers(ran, engine):
    found = ran(other(OWN), *engine)
    assert set(found["4"]) >= {"train/own_loss", "val/mse", "test/mse"}
    sys.modules.pop("own", None)
    assert found == ran(OWN, *engine, "results_dir=again")


def test_its_callbacks_and_loggers_do_too(ran, project, here):
    project("conf/logger/mine.yaml", "_target_: lightning.pytorch.loggers.CSVLogger\n")
    text = other(OWN).replace("\n        def configure_optimizers", NOTE)
    ran(text, "engine=inline", "logger=mine")
    assert (here / "noted").read_text().startswith("lightning.pytorch")
    assert len(list((here / "results").rglob("hparams.yaml"))) == 2
    from own import Net

    assert (lightning_package(Net()), trainer_class(Net()).__module__.rpartition(".")[0]) == (
        OTHER,
        "lightning.pytorch.trainer",
    )
    assert overrides(Net(), "test_step")
    assert not overrides(Net(), "predict_step")


def test_a_module_and_data_of_two_packages_are_refused(own, project, listener):
    data = "class Data(other.LightningDataModule)"
    text = OWN.replace("class Data(pl.LightningDataModule)", data).replace(
        "import torch\n", "import torch\n    import lightning.pytorch as other\n", 1
    )
    project("own.py", text)
    with pytest.raises(ConfigError, match=r"of pytorch_lightning, and data .* of lightning\.pytorch.*same package"):
        study.run([*WORDS, "engine=inline"], observer=listener)


def test_loaders_and_steps_that_an_object_has_and_its_class_has_not_count():
    data = pl.LightningDataModule.from_datasets(train_dataset=[1], test_dataset=[2])
    assert overrides(data, "test_dataloader")
    assert not overrides(data, "val_dataloader")
    module = pl.LightningModule()
    module.test_step = module.training_step
    assert overrides(module, "test_step")
    data.predict_dataloader = data.predict_dataloader  # what it had anyway
    assert not overrides(data, "predict_dataloader")


def test_what_is_neither_is_of_no_package():
    assert lightning_package(object()) is None
    assert lightning_package(pl.LightningDataModule()) == OURS
    assert trainer_class(None) is pl.Trainer
