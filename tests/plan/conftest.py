"""A study of two factors with its configs, for the tests of this room."""

import pytest

from ablate.config.spec import Factor, Response, StudySpec
from ablate.config.trial import TrialConfig


def contents_of(width, act):
    return {
        "model": {"_target_": "ablate.models.MLP", "width": width, "activation": act},
        "data": {"_target_": "ablate.data.digits", "batch_size": 64, "root": "data"},
        "objective": {"loss": "cross_entropy"},
        "optimizer": {"lr": 0.001},
        "trainer": {"max_epochs": 5, "accelerator": "auto", "devices": 1},
        "engine": {"workers": 2},
    }


@pytest.fixture(scope="session")
def contents():
    """Plain containers, as composed."""
    return contents_of(16, "relu")


@pytest.fixture(scope="session")
def make_config():
    def make(width, act):
        return TrialConfig.from_dict(contents_of(width, act))

    return make


@pytest.fixture(scope="session")
def config(make_config):
    return make_config(16, "relu")


@pytest.fixture(scope="session")
def spec():
    return StudySpec(
        name="width",
        question="Does width matter?",
        design="factorial",
        factors=(
            Factor(name="width", levels={"16": ("model.width=16",), "32": ("model.width=32",)}, reference="16"),
            Factor(
                name="activation",
                levels={"relu": ("model.activation=relu",), "tanh": ("model.activation=tanh",)},
                reference="relu",
            ),
        ),
        response=Response(name="test/accuracy", better="higher"),
        replicates=3,
        seed=7,
    )
