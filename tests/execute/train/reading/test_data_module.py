"""A LightningDataModule under a plain network: its own splits, as its loaders have them."""

import random

import pytest
import torch

from ablate.errors import ConfigError, DataError
from ablate.execute.targets.target import build
from ablate.execute.train.dataset import splits
from ablate.execute.train.fit import prepare
from ablate.execute.train.reading.data_module import parts_of
from ablate.plan.seeds import streams

MODULES = """
    import pytorch_lightning as pl
    import torch
    from torch.utils.data import DataLoader, IterableDataset, TensorDataset, random_split

    X, Y = torch.linspace(0, 1, 50 * 64).reshape(50, 1, 8, 8), torch.arange(50) % 10

    def doubled(batch):
        return torch.stack([x for x, _ in batch]) * 2, torch.tensor([int(y) for _, y in batch])

    class Rings(pl.LightningDataModule):
        def __init__(self, batch_size, noise=False, collate=False, lists=0):
            super().__init__()
            self.batch_size, self.noise, self.lists = batch_size, noise, lists
            self.collate = {"collate_fn": doubled} if collate else {}

        def prepare_data(self):
            self.is_prepared = True

        def setup(self, stage):
            assert self.is_prepared
            if stage == "fit":
                self.train, self.val = random_split(TensorDataset(X[:40], Y[:40]), [30, 10])

        def train_dataloader(self):
            return DataLoader(self.train, batch_size=self.batch_size, shuffle=True, drop_last=True, **self.collate)

        def val_dataloader(self):
            made = DataLoader(self.val, batch_size=self.batch_size)
            return [made] * self.lists if self.lists else made

    class Tested(Rings):
        def test_dataloader(self):
            return DataLoader(TensorDataset(X[40:], Y[40:]), batch_size=7)

    class Untrained(pl.LightningDataModule):
        def val_dataloader(self):
            return DataLoader(TensorDataset(X, Y))

    class Trained(Rings):
        def setup(self, stage):
            self.split = self.trainer.world_size
"""
DESCRIBED = {"inputs": [1, 8, 8], "outputs": 10, "batch_size": 5}


@pytest.fixture
def config(resolve, project):
    project("rings.py", MODULES)
    return lambda **data: resolve().with_groups(data={**DESCRIBED, **data})


def sizes(drawn):
    return len(drawn.train), len(drawn.val), len(drawn.test)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"_target_": "rings.Tested"}, (30, 10, 10)),
        ({"_target_": "rings.Tested", "lists": 1}, (30, 10, 10)),
        ({"_target_": "rings.Rings"}, (24, 10, 6)),
        ({"_target_": "rings.Rings", "test_size": 10, "limit": 25}, (15, 10, 10)),
    ],
)
def test_its_loaders_parts_are_the_splits(config, data, found):
    drawn = splits(config(**data), seed=0)
    assert sizes(drawn) == found
    assert drawn.sampling is None  # what it splits, it does not say


def test_what_it_draws_follows_the_replicate(config):
    one = config(_target_="rings.Tested")
    first, again, other = (splits(one, seed=seed).val.inputs for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_setting_it_up_leaves_the_global_generators_as_they_were(config):
    module = build({"_target_": "rings.Tested", "batch_size": 5}, "data")
    random.seed(5)
    torch.manual_seed(5)
    before = random.getstate(), torch.get_rng_state()
    parts_of(module, seed=1)
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


@pytest.mark.numeric
def test_its_collate_fn_makes_the_examples(config):
    plain, doubled = (splits(config(_target_="rings.Tested", collate=on), seed=1).train for on in (False, True))
    order = [part.inputs.flatten(1).sum(1).argsort() for part in (plain, doubled)]
    torch.testing.assert_close(doubled.inputs[order[1]], 2 * plain.inputs[order[0]], rtol=0, atol=0)


def test_a_plain_network_trains_on_it(config):
    fit = prepare(config(_target_="rings.Tested"), streams(0, 0))
    assert fit.examples == {"train": 30, "val": 10, "test": 10}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"_target_": "rings.Untrained", "batch_size": 5}, "data: Untrained has no train_dataloader"),
        ({"_target_": "rings.Rings", "lists": 2}, r"Rings\.val_dataloader\(\) gives a list, not one DataLoader"),
        ({"_target_": "rings.Trained"}, "data: Trained cannot be set up without a Trainer: .*world_size"),
    ],
)
def test_what_a_plain_network_cannot_train_on_is_refused(config, data, said):
    with pytest.raises((ConfigError, DataError), match=said):
        splits(config(**data), seed=0)
