"""Modules of lightly, for `pytorch_lightning`: a network of one's own under a classifier of the package's."""

import importlib.util

import pytest

pytestmark = [
    pytest.mark.numeric,
    pytest.mark.skipif(importlib.util.find_spec("lightly") is None, reason="needs: pip install lightly"),
]

MODEL = """
    _target_: lightly.utils.benchmarking.FinetuneClassifier
    model:
      _target_: torch.nn.Sequential
      _args_:
        - {_target_: torch.nn.Flatten}
        - {_target_: torchvision.ops.MLP, in_channels: 48, hidden_channels: [8, 8]}
    batch_size_per_device: 16
    lr: 0.05
    feature_dim: 8
    num_classes: 10
    topk: [1, 5]
"""
DATA = """
    _target_: pytorch_lightning.LightningDataModule.from_datasets
    train_dataset:
      _target_: torchvision.datasets.FakeData
      size: 48
      image_size: [3, 4, 4]
      transform: {_target_: torchvision.transforms.ToTensor}
    val_dataset:
      _target_: torchvision.datasets.FakeData
      size: 20
      image_size: [3, 4, 4]
      random_offset: 48
      transform: {_target_: torchvision.transforms.ToTensor}
    batch_size: 16
"""
FACTOR = {
    "activation": {
        "reference": "relu",
        "levels": {"relu": {}, "gelu": {"model.edit": {"replace": {"ReLU": "GELU"}}}},
    },
    "lr": {"reference": "low", "levels": {"low": ["model.lr=0.05"], "high": ["model.lr=0.8"]}},
}
STOP = {"_target_": "pytorch_lightning.callbacks.EarlyStopping", "monitor": "val_loss", "patience": 1, "min_delta": 100}
KEEP = {"_target_": "pytorch_lightning.callbacks.ModelCheckpoint", "monitor": "val_loss"}


@pytest.fixture(autouse=True)
def _study(study):
    study(
        model=MODEL,
        data=DATA,
        factor=FACTOR,
        trainer={"max_epochs": 3, "callbacks": {"stop": STOP, "keep": KEEP}},
        response={"name": "val_top1", "better": "higher", "trivial": 0.1},
    )


def test_it_trains_with_edits_and_callbacks_and_its_schedule_of_the_whole_training(trained, here):
    points = trained()
    assert points.keys() == {(activation, lr) for activation in ("relu", "gelu") for lr in ("low", "high")}
    for records in points.values():
        for record in records:
            assert set(record.responses) == {f"{s}_{m}" for s in ("train", "val") for m in ("loss", "top1", "top5")}
            assert record.counts.epochs == 2, "EarlyStopping ends it: no loss is lower by 100"
            assert record.counts.steps == 2 * 3
    assert len({r.responses["val_loss"] for records in points.values() for r in records}) == 8
    assert len(list((here / "results/foreign/trials").rglob("*.ckpt"))) == 8


def test_its_modules_have_the_paths_that_edits_take(ablate):
    shown = ablate("inspect", "foreign", "engine=inline").stdout
    rows = {words[0]: words[1] for line in shown.splitlines() if len(words := line.split()) > 2}
    assert {"model.1.0": "Linear", "model.1.1": "ReLU", "classification_head": "Linear"}.items() <= rows.items()


def test_lesions_of_a_module_without_a_test_are_refused(refused):
    leave_out = ("study.design=leave_one_out", "study.factors=[]", "study.components=[model.1.1]")
    said = refused("run", "foreign", "engine=inline", *leave_out, "study.lesion=true")
    assert "the test does not log study.response, val_top1. It logs nothing." in said


def test_what_it_does_not_log_is_refused_with_what_it_logs(refused):
    said = refused("run", "foreign", "engine=inline", "study.response={name: val/top1, better: higher}")
    assert "Unknown response 'val/top1'. Did you mean 'val_top1'?" in said
