"""A routine of torch-uncertainty, for `lightning`: its loss and its recipe of an optimizer are arguments."""

import importlib.util

import pytest

pytestmark = [
    pytest.mark.numeric,
    pytest.mark.skipif(
        importlib.util.find_spec("torch_uncertainty") is None, reason="needs: pip install torch-uncertainty"
    ),
]

MODEL = """
    _target_: torch_uncertainty.routines.ClassificationRoutine
    model:
      _target_: torch_uncertainty.models.mlp.mlp
      in_features: 48
      num_outputs: 3
      hidden_dims: [8, 8, 8]
      flatten_start_dim: 1
      dropout_rate: 0.0
    num_classes: 3
    loss: {_target_: torch.nn.CrossEntropyLoss}
    optim_recipe: {_target_: torch_uncertainty.optim_recipes.optim_cifar10_resnet18, _partial_: true}
"""
PART = """
    {part}_dataset:
      _target_: torchvision.datasets.FakeData
      size: 32
      image_size: [3, 4, 4]
      num_classes: 3
      random_offset: {offset}
      transform: {{_target_: torchvision.transforms.ToTensor}}
"""
DATA = "\n    _target_: lightning.pytorch.LightningDataModule.from_datasets\n    batch_size: 16" + "".join(
    PART.format(part=part, offset=offset) for part, offset in (("train", 0), ("val", 32), ("test", 64))
)
FACTOR = {
    "dropout": {"reference": "off", "levels": {"off": {}, "on": ["model.model.dropout_rate=0.2"]}},
    "depth": {
        "reference": "all",
        "levels": {"all": {}, "less": {"model.edit": {"remove": "model.layers.1"}}},
    },
}
STOP = {"_target_": "lightning.pytorch.callbacks.EarlyStopping", "monitor": "val/cls/NLL", "min_delta": 100}


@pytest.fixture(autouse=True)
def _study(study):
    study(
        model=MODEL,
        data=DATA,
        factor=FACTOR,
        trainer={"max_epochs": 4, "callbacks": {"stop": {**STOP, "patience": 1}}},
        response={"name": "test/cls/Acc", "better": "higher", "trivial": 0.333},
    )


def test_it_trains_and_is_tested_on_data_that_no_class_describes(trained):
    points = trained()
    assert points.keys() == {(dropout, depth) for dropout in ("off", "on") for depth in ("all", "less")}
    sizes = {depth: {r.counts.parameters for r in points["off", depth]} for depth in ("all", "less")}
    assert sizes == {"all": {48 * 8 + 8 + 2 * (64 + 8) + 24 + 3}, "less": {48 * 8 + 8 + 64 + 8 + 24 + 3}}
    for records in points.values():
        for record in records:
            assert {"train_loss", "val/cls/NLL", "test/cls/Acc", "test/cal/ECE"} <= set(record.responses)
            assert (record.counts.epochs, record.counts.steps) == (2, 2 * 2)


def test_its_modules_have_the_paths_that_edits_take(ablate):
    shown = ablate("inspect", "foreign", "engine=inline").stdout
    rows = {words[0]: words[1] for line in shown.splitlines() if len(words := line.split()) > 2}
    assert {"model.layers.0": "Linear", "model.final_layer": "Linear", "model.fc_dropout": "Dropout"}.items() <= (
        rows.items()
    )


def test_without_its_recipe_the_error_is_its_own(refused):
    assert "ClassificationRoutine fails in its first step" in refused(
        "run", "foreign", "engine=inline", "model.loss=null"
    )
