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
HERE = [
    "autoregression",
    "curve",
    "diabetes",
    "digit_pairs",
    "digit_sets",
    "digits",
    "moons",
    "motifs",
    "recall",
    "shifted_digits",
    "synthetic",
    "xor",
]
"""Generated, or installed with scikit-learn."""
LOCATED = ["csv", "image_folder"]
"""What a user's own files are; `data.root` has no default."""
NAMES = sorted([*HERE, "cifar10", "fashion_mnist", "mnist", "mnist1d", "mnist1d_features"])
GIVEN = {"replicate_seed"}
"""Arguments that are no options: ablate gives them."""


def config(name):
    return OmegaConf.create({"data": OmegaConf.load(CONF / f"{name}.yaml")})


def test_these_are_all():
    assert sorted(path.stem for path in CONF.glob("*.yaml")) == sorted([*NAMES, *LOCATED])


@pytest.mark.parametrize("name", LOCATED)
def test_options_of_files_are_the_functions_with_the_same_defaults(name):
    data = {key: node._value() for key, node in OmegaConf.load(CONF / f"{name}.yaml")._content.items() if key}
    assert data.pop("_target_") == f"ablate.data.{name}"
    options = {key: value for key, value in data.items() if key not in DESCRIPTION}
    parameters = inspect.signature(getattr(ablate.data, name)).parameters
    assert set(options) == set(parameters)
    for key, parameter in parameters.items():
        assert options[key] == ("???" if parameter.default is inspect.Parameter.empty else parameter.default), key
    assert set(data) >= DESCRIPTION


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
    assert set(options) == set(parameters) - GIVEN
    options |= dict.fromkeys(GIVEN)
    required = {key: p.default for key, p in parameters.items() if p.default is not inspect.Parameter.empty}
    assert required == {key: options[key] for key in required}
    assert set(data) >= DESCRIPTION
    assert options.get("root", "data") == "data"


@pytest.mark.parametrize("name", HERE)
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


@pytest.mark.parametrize(
    ("name", "options", "described"),
    [
        ("autoregression", {"length": 20}, {"inputs": [1, 20], "outputs": 20}),
        ("motifs", {"length": 24, "test_length": 40}, {"inputs": [1, 24], "outputs": 4}),
        ("motifs", {"padded_length": 48, "inputs": [1, 48]}, {"inputs": [1, 48], "outputs": 4}),
        ("recall", {"pairs": 5, "values": 8}, {"inputs": [24, 5], "outputs": 8}),
        ("shifted_digits", {"canvas": 16}, {"inputs": [1, 16, 16], "outputs": 10}),
    ],
)
def test_the_description_follows_the_options(name, options, described):
    composed = OmegaConf.merge(config(name), {"data": options})
    data = OmegaConf.to_container(composed, resolve=True)["data"]
    assert {key: data[key] for key in described} == described
    arguments = {key: value for key, value in data.items() if key not in DESCRIPTION}
    check(split(instantiate(arguments, _convert_="all"), seed=0), **described)


@pytest.mark.parametrize("name", HERE)
def test_another_limit_and_other_sizes_are_taken(name):
    data = OmegaConf.to_container(config(name), resolve=True)["data"]
    arguments = {key: value for key, value in data.items() if key not in DESCRIPTION}
    splits = split(instantiate(arguments | {"limit": 60, "val_size": 7, "test_size": 3}), seed=0)
    assert (len(splits.val), len(splits.test)) == (7, 3)
    assert len(splits.train) in (53, 50)  # an official test set is no part of the limit
