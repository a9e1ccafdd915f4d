"""What several groups lack is said in one message, whose lines are what is to be added."""

import pytest
import yaml

from ablate.errors import ConfigError
from ablate.execute.examine.completeness import check_complete

NET = """
    from torch import nn

    class Net(nn.Linear):
        def __init__(self, inputs, outputs, width, *, depth=1):
            super().__init__(inputs[0], outputs)

    def points(examples, replicate_seed, noise=0.0):
        pass
"""


@pytest.fixture
def config(resolve, project):
    project("mine.py", NET)
    return lambda model, data: resolve().with_groups(
        model={"_target_": "mine.Net", **model}, data={"_target_": "mine.points", **data}
    )


def test_keys_of_model_and_data_are_said_together(config):
    with pytest.raises(ConfigError) as caught:
        check_complete(config({"inputs": [2]}, {"inputs": [2], "outputs": 2}))
    head, *lines = str(caught.value).splitlines()
    assert head.startswith("model.outputs, model.width, data.examples and data.batch_size are missing. Add them")
    assert yaml.safe_load("\n".join(lines)) == {
        "model": {"outputs": "…", "width": "…"},
        "data": {"examples": "…", "batch_size": 64},
    }


def test_a_whole_configuration_lacks_nothing(config, resolve):
    check_complete(resolve())
    check_complete(
        config({"inputs": [2], "outputs": 2, "width": 3}, {"examples": 3, "inputs": [2], "outputs": 2, "batch_size": 3})
    )


def test_a_target_that_is_not_there_is_left_to_what_builds_it(config):
    check_complete(config({"_target_": "mine.Nett"}, {"examples": 1, "inputs": [2], "outputs": 2, "batch_size": 3}))


def test_a_lightning_module_needs_no_description(config):
    whole = config({"inputs": [2], "outputs": 2, "width": 3}, {"examples": 3})
    check_complete(whole.with_groups(objective=None))
    with pytest.raises(ConfigError, match=r"data\.inputs, data\.outputs and data\.batch_size are missing"):
        check_complete(whole)
