"""Python objects as nodes of a configuration."""

import functools

import lightning.pytorch
import pytest
import pytorch_lightning
from torch import nn

from ablate.python.objects import is_lightning


@pytest.mark.parametrize("package", [pytorch_lightning, lightning.pytorch])
def test_a_class_of_lightning_modules_is_told_from_others(package):
    class Net(package.LightningModule):
        pass

    assert is_lightning(Net)
    assert is_lightning(functools.partial(functools.partial(Net), 1))
    assert not is_lightning(nn.Linear)
    assert not is_lightning(package.LightningDataModule)
    assert not is_lightning("mlp")
