"""A network that is changed by its study, and not by its code: planned, trained, shown, refused."""

import json

import pytest

TINY = ("engine=inline", "data.limit=60", "data.val_size=10", "data.test_size=20", "replicates=1")
STUDY = """
    # @package _global_
    defaults:
      - override /model: resnet
    study:
      name: surgery
      question: Do they matter?
      design: factorial
      factors: [activation, scaling]
      response: test/accuracy
    factor:
      activation:
        reference: relu
        levels:
          relu: {}
          gelu: {model.edit: {replace: {ReLU: GELU}}}
      scaling:
        reference: batch
        levels:
          batch: {}
          group:
            model.edit:
              replace:
                BatchNorm2d: {_target_: torch.nn.GroupNorm, num_groups: 2, num_channels: "@num_features"}
    model: {width: 4, depth: 2, stages: 1, norm: batch}
    trainer: {max_epochs: 1}
"""


@pytest.fixture
def surgery(write):
    write("conf/study/surgery.yaml", STUDY)
    return ("surgery", *TINY)


def test_a_crossed_study_of_edits_trains_and_is_shown(ablate, surgery):
    result = ablate("run", *surgery, "--format", "json")
    assert result.exit_code == 0, result.stderr
    points = {tuple(p["levels"].values()): p for p in json.loads(result.stdout)["points"]}
    assert points.keys() == {("relu", "batch"), ("gelu", "batch"), ("relu", "group"), ("gelu", "group")}
    assert len({p["parameters"] for p in points.values()}) == 1, "a group norm has a batch norm's parameters"
    assert ablate("run", *surgery, "--format", "json").stdout == result.stdout, "nothing is trained again"


def test_shapes_that_no_longer_fit_name_the_design_point_and_the_edits(refused, surgery, write):
    text = STUDY.replace("replace: {ReLU: GELU}", "identity: stem")
    write("conf/study/surgery.yaml", text)
    said = " ".join(refused("plan", *surgery).split())
    assert "does not take inputs of shape [1, 1, 8, 8]" in said
    assert "It is edited: identity stem. 'ablate inspect' prints the shapes of its modules." in said
    assert "(design point activation=gelu, scaling=batch)" in said


def test_what_selects_nothing_names_the_nearest_and_the_design_point(refused, surgery, write):
    write("conf/study/surgery.yaml", STUDY.replace("BatchNorm2d:", "BatchNorm1d:"))
    said = " ".join(refused("run", *surgery).split())
    assert "model.edit[0].replace: 'BatchNorm1d' selects nothing in ResNet" in said
    assert "Nearest: BatchNorm2d" in said
    assert "(design point activation=relu, scaling=group)" in said


def test_an_edit_that_changes_nothing_is_a_level_that_changes_nothing(refused, surgery, write):
    write("conf/study/surgery.yaml", STUDY.replace("{ReLU: GELU}", "{ReLU: ReLU}"))
    said = " ".join(refused("plan", *surgery).split())
    assert "activation=relu and activation=gelu build the same network" in said


def test_capacity_is_matched_of_networks_as_they_are_edited(ablate, surgery, write):
    text = STUDY.replace("replace: {ReLU: GELU}", "identity: 'hidden.layers.0'")
    write("conf/study/surgery.yaml", text.replace("factors: [activation, scaling]", "factors: [activation]"))
    words = ("study.capacity={matched: model.width, within: 0.2}", "model.width=12", "model.head=gap")
    result = ablate("plan", *surgery, "study.design=one_at_a_time", *words)
    assert result.exit_code == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines() if line.strip().startswith(("baseline", "activation="))]
    widths = {row[0]: int(row[1]) for row in rows}
    assert widths["baseline"] == 12
    assert widths["activation=gelu"] > 12, "one layer less has to be wider"


def test_a_lightning_module_is_edited_before_lightning_has_it(ablate, write):
    write(
        "lit.py",
        """
        import pytorch_lightning as pl
        import torch
        from torch.utils.data import DataLoader, TensorDataset


        class Net(pl.LightningModule):
            def __init__(self, width: int = 4):
                super().__init__()
                self.net = torch.nn.Sequential(torch.nn.Linear(2, width), torch.nn.ReLU(), torch.nn.Linear(width, 2))

            def training_step(self, batch, index):
                assert isinstance(self.net[1], torch.nn.Tanh)
                return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

            def test_step(self, batch, index):
                self.log("test/acc", (self.net(batch[0]).argmax(1) == batch[1]).float().mean())

            def configure_optimizers(self):
                return torch.optim.SGD([p for p in self.parameters() if p.requires_grad], lr=0.1)


        class Data(pl.LightningDataModule):
            def loader(self):
                x = torch.linspace(-1, 1, 80).reshape(40, 2)
                return DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size=20)

            train_dataloader = test_dataloader = loader
        """,
    )
    write("conf/model/lit.yaml", "_target_: lit.Net\nwidth: 4\n")
    write("conf/data/lit.yaml", "_target_: lit.Data\n")
    write(
        "conf/study/lit.yaml",
        """
        # @package _global_
        defaults:
          - override /model: lit
          - override /data: lit
          - override /objective: none
          - override /optimizer: none
        replicates: 1
        study:
          name: lit
          question: Does a frozen layer hurt?
          design: one_at_a_time
          factors: [frozen]
          response: {name: test/acc, better: higher, trivial: 0.5}
        factor:
          frozen: {reference: none, levels: {none: {}, first: {model.edit: {freeze: net.0}}}}
        model: {edit: {replace: {ReLU: Tanh}}}
        trainer: {max_epochs: 1}
        """,
    )
    result = ablate("run", "lit", "engine=inline", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert [p["parameters"] for p in json.loads(result.stdout)["points"]] == [22, 10]
