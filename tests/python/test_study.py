"""Studies of Python objects: what they plan, what they refuse, and when results are of other code."""

import functools

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset, TensorDataset

import ablate
from ablate import passed_objects
from ablate.errors import AblateError, ConfigError
from ablate.execute.targets.target import build

X = torch.linspace(-1, 1, 120).reshape(60, 2)
Y = (X.sum(1) > 0).long()


class Points(Dataset):
    def __init__(self, examples=60):
        self.examples = examples

    def __len__(self):
        return self.examples

    def __getitem__(self, index):
        return X[index], int(Y[index])


def net_class(factor: float = 1.0):
    class Net(nn.Module):
        def __init__(self, inputs, outputs, width=4, activation=nn.ReLU):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(inputs[0], width), activation(), nn.Linear(width, outputs))

        def forward(self, x):
            return factor * self.layers(x)

    return Net


def study(**changed) -> ablate.Study:
    asked = {"model": net_class(), "data": (X, Y), "factors": {"width": [4, 8]}, "replicates": 1}
    return ablate.Study(**{**asked, "settings": {"trainer.max_epochs": 1}, **changed})


@pytest.mark.parametrize(
    ("changed", "points"),
    [
        ({}, [{"width": "4"}, {"width": "8"}]),
        ({"factors": {"width": {"small": 4, "large": 8}}}, [{"width": "small"}, {"width": "large"}]),
        ({"factors": {"activation": [nn.ReLU, nn.Tanh]}}, [{"activation": "ReLU"}, {"activation": "Tanh"}]),
        ({"factors": {"optimizer.lr": [0.1, 0.2]}}, [{"optimizer.lr": "0.1"}, {"optimizer.lr": "0.2"}]),
        (
            {"factors": {"size": {"small": ["model.width=4"], "large": ["model.width=8", "optimizer.lr=0.1"]}}},
            [{"size": "small"}, {"size": "large"}],
        ),
        (
            {"model": None, "factors": {"model": {"a": net_class(), "b": functools.partial(net_class(), width=5)}}},
            [{"model": "a"}, {"model": "b"}],
        ),
        (
            {"data": None, "factors": {"data": {"here": (X, Y), "there": (X + 1, Y)}}},
            [{"data": "here"}, {"data": "there"}],
        ),
        ({"model": "mlp", "factors": {"width": [4, 8]}}, [{"width": "4"}, {"width": "8"}]),
        ({"model": "mlp", "factors": {"hidden_activation": ["relu", "tanh"]}}, None),
        ({"data": "digits"}, None),
        ({"data": Points}, None),
        ({"data": functools.partial(Points, 40)}, None),
        ({"data": {"train": (X, Y), "val": (X, Y), "test": (X, Y)}}, None),
        ({"settings": {"data.resident_gib": 1}}, None),
        ({"data": [{"x": X[0], "y": 0}, {"x": X[1], "y": 1}] * 9, "settings": {"data.fields": ["x", "y"]}}, None),
        ({"data": (X, X[:, 0]), "response": "test/mse"}, None),
        ({"model": lambda inputs, outputs, width: net_class()(inputs=inputs, outputs=outputs, width=width)}, None),
    ],
)
def test_it_plans_what_is_passed(here, changed, points):
    planned = study(**changed).plan()
    assert len(planned.trials) == 2
    assert points is None or [dict(point.levels) for point in planned.layout.points] == points


def test_a_level_that_is_a_class_is_handed_over_as_it_is(here):
    asked = study(factors={"activation": [nn.ReLU, nn.Tanh]})
    planned = asked.plan()
    with asked.configured():
        network = build(planned.configs[1].model.content, "model")
    assert isinstance(network.layers[1], nn.Tanh)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": net_class()(inputs=[2], outputs=2)}, r"model is a Net: every trial makes one of its own\. Pass the"),
        ({"model": "mlpp"}, r"Unknown model 'mlpp'\. Did you mean 'mlp'\?"),
        ({"model": None}, r"A study needs model=…; valid: a class of networks"),
        ({"factors": {}}, "The study varies nothing"),
        ({"factors": {"widht": [4, 8]}}, r"Unknown argument of the model 'widht'\. Did you mean 'width'\?"),
        ({"factors": {"width": [4]}}, "Give two or more levels"),
        ({"factors": {"width": ["4", 4]}}, "two levels with the same name"),
        ({"factors": {"width": [4, nn.Linear(2, 2)]}}, "is a Linear. Valid: numbers, text"),
        ({"factors": {"model": [net_class(), net_class(2.0)]}}, "model is passed twice: as model=… and as a factor"),
        ({"data": None, "factors": {"data": [(X, Y), (X + 1, Y)]}}, "name the levels"),
        ({"settings": {"traner.max_epochs": 1}}, r"Unknown key 'traner\.max_epochs'\. Did you mean 'trainer'\?"),
        ({"settings": {"trainer.max_epoch": 1}}, r"Unknown key 'trainer\.max_epoch'"),
        ({"settings": {"model": 1}}, "'model' is a group, which an argument of Study chooses"),
        ({"settings": {"optimizer": {"lr": 1}}}, r"settings\['optimizer'\] is a dict. Name an option"),
        ({"settings": {"optimizer": "sdg"}}, "sdg"),
        ({"foo": 1}, r"Unknown key 'study\.foo'"),
        ({"settings": {"data.fields": 3}}, r"settings\['data\.fields'\] is 3; valid: two names"),
        ({"response": "test/acc"}, r"Unknown response 'test/acc'\. Did you mean 'test/accuracy'\?"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_can(here, changed, said):
    with pytest.raises(AblateError, match=said):
        study(**changed).plan()


def test_its_objects_are_known_while_it_is_used_and_not_after(here):
    asked = study()
    with asked.configured():
        assert passed_objects.digest("ablate.given.Net")
    assert passed_objects.digest("ablate.given.Net") is None
    config = asked.plan().configs[0]
    with pytest.raises(ConfigError, match=r"Net was passed from Python, and this process does not have it\. Run the"):
        build(config.model.content, "model")


def test_the_ids_of_trials_follow_the_data_and_not_the_code(here):
    ids = [trial.id for trial in study().plan().trials]
    assert [trial.id for trial in study(model=net_class(2.0)).plan().trials] == ids
    assert [trial.id for trial in study(data=(X, Y), data_name="mine").plan().trials] == ids
    assert not {trial.id for trial in study(data=(X + 1, Y)).plan().trials} & {*ids}


@pytest.mark.slow
def test_results_of_other_code_are_not_pooled_unasked(here):
    first = study().run("engine=inline", quiet=True)
    assert repr(first) == "<ablate.Result 'Net': 2 of 2 trials complete>"
    before = set(first.trials()["code"])
    again = study().run("engine=inline", quiet=True)
    assert list(again.trials()["started"]) == list(first.trials()["started"])
    with pytest.raises(ConfigError, match="The code of 2 of 4 trials has changed since they trained"):
        study(model=net_class(2.0)).run("engine=inline", "replicates=2", quiet=True)
    rerun = study(model=net_class(2.0)).run("engine=inline", quiet=True, stale="rerun")
    assert not set(rerun.trials()["code"]) & before
    assert rerun.summary.command == "ablate.Study(name='Net', …).run('engine=inline')"


def test_settings_choose_options_and_set_their_keys():
    chosen = {"engine": "inline", "engine.threads": 1, "optimizer": "sgd", "optimizer.lr": 0.5}
    planned = study(settings={"trainer.max_epochs": 1, **chosen}).plan()
    assert planned.spec.settings["engine"]["name"] == "inline"
    assert planned.spec.settings["engine"]["threads"] == 1
    nodes = [config.as_dict()["optimizer"] for config in planned.configs]
    assert {node["lr"] for node in nodes} == {0.5}
    assert {node["_target_"] for node in nodes} == {"torch.optim.SGD"}


def test_the_plan_says_what_examples_take_in_memory(here):
    with study().configured() as conf:
        from ablate.study import plan
        from ablate.study.outlook import examine

        found = examine(plan(["Net"], conf=conf)).notes
    assert "data: 60 examples are resident in memory, 0.000916 MiB." in found


@pytest.mark.parametrize(("size", "said"), [(0, "is 0; valid: more than 0"), (1e-9, "The targets of data alone take")])
def test_what_data_may_take_is_a_setting(here, size, said):
    with pytest.raises(AblateError, match=said):
        study(data=Points(), settings={"data.resident_gib": size})


def test_a_plain_network_takes_the_data_sets_of_a_lightning_data_module(here):
    import pytorch_lightning as pl
    from torch.utils.data import DataLoader, default_collate

    def together(pairs):
        return default_collate(pairs)

    class Halves(pl.LightningDataModule):
        def __init__(self, shift=0.0):
            super().__init__()
            self.shift = shift

        def train_dataloader(self):
            own = {} if self.shift < 2 else {"collate_fn": together}
            return DataLoader(TensorDataset(X + self.shift, Y), batch_size=7, shuffle=True, **own)

        def test_dataloader(self):
            return DataLoader(TensorDataset(X[:9], Y[:9]))

    found = {
        name: study(data=data).plan().configs[0].data
        for name, data in {
            "class": Halves,
            "object": Halves(),
            "other": functools.partial(Halves, 1.0),
            "collated": Halves(3.0),
        }.items()
    }
    assert found["class"]["content"] == found["object"]["content"] != found["other"]["content"]
    assert len(found["collated"]["content"]) == 16  # of the content, and no name
    assert (found["class"]["val_size"], found["class"]["test_size"]) == (6, None)
