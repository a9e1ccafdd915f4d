"""Every YAML file of the group says what its function takes, and describes what it yields."""

import inspect
from pathlib import Path

import pytest
from hydra.utils import get_method, instantiate
from omegaconf import OmegaConf

import ablate.data
from ablate.data import check, split

CONF = Path(__file__).parents[2] / "conf" / "data"
DESCRIPTION = {"inputs", "outputs", "chance", "batch_size"}
NAMES = ["cifar10", "diabetes", "digits", "fashion_mnist", "mnist", "synthetic"]


def config(name):
    return OmegaConf.create({"data": OmegaConf.load(CONF / f"{name}.yaml")})


def test_these_are_all():
    assert sorted(path.stem for path in CONF.glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_options_are_the_functions_with_the_same_defaults(name, monkeypatch):
    monkeypatch.delenv("ABLATE_DATA_DIR", raising=False)
    first = (CONF / f"{name}.yaml").read_text().splitlines()[0]
    assert first.startswith("# ")
    assert 20 < len(first) <= 120
    data = OmegaConf.to_container(config(name), resolve=True)["data"]
    target = data.pop("_target_")
    assert target == f"ablate.data.{name}"
    assert get_method(target) is getattr(ablate.data, name)
    options = {key: value for key, value in data.items() if key not in DESCRIPTION}
    parameters = inspect.signature(get_method(target)).parameters
    assert set(options) == set(parameters)
    required = {key: p.default for key, p in parameters.items() if p.default is not inspect.Parameter.empty}
    assert required == {key: options[key] for key in required}
    assert set(data) >= DESCRIPTION
    assert options.get("root", "data") == "data"


@pytest.mark.parametrize("name", ["diabetes", "digits", "synthetic"])
def test_what_needs_no_download_loads_and_is_as_described(name):
    data = OmegaConf.to_container(config(name), resolve=True)["data"]
    described = {key: data.pop(key) for key in DESCRIPTION}
    splits = split(instantiate(data), seed=0)
    check(splits, inputs=described["inputs"], outputs=described["outputs"])
    assert (described["chance"] is None) != splits.train.has_classes


def test_the_description_follows_the_number_of_features():
    composed = config("synthetic")
    composed.data.features = 7
    composed.model = {"inputs": "${data.inputs}"}
    assert OmegaConf.to_container(composed, resolve=True)["model"] == {"inputs": [7]}


def test_the_environment_says_where_data_lie(monkeypatch):
    monkeypatch.setenv("ABLATE_DATA_DIR", "/somewhere")
    assert config("mnist").data.root == "/somewhere"
