"""The data set of a configuration, split for a replicate and checked against the description in `data`."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ablate.config.augmentation import AUGMENTATION, switched_on
from ablate.config.schema import convert
from ablate.config.spec import Config
from ablate.data.source import Source
from ablate.data.split import Splits, check, split
from ablate.errors import ConfigError, kind
from ablate.execute.targets.target import build, locate, takes

DESCRIPTION = ("inputs", "outputs", "chance", "batch_size")
"""Keys of `data` that describe it to other groups. Its `_target_` gets those that it names."""


class Description(msgspec.Struct, kw_only=True, frozen=True):
    """What `data` says of itself: the shape of one example, its classes or values, and how many make a minibatch."""

    inputs: list[int]
    outputs: int
    batch_size: int


def described(config: Config) -> Description:
    """What `data` says of itself.

    Raises:
        ConfigError: a key is missing, or its value does not fit.
    """
    data = config["data"]
    for key in Description.__struct_fields__:
        if key not in data:
            raise ConfigError(f"data.{key} is missing: data says the shape of its inputs, its outputs and batch_size.")
    description = convert({k: data[k] for k in Description.__struct_fields__}, Description, "data")
    if description.batch_size < 1:
        raise ConfigError(f"data.batch_size={description.batch_size} trains nothing: it must be 1 or more.")
    return description


def splits(config: Config, *, seed: int) -> Splits:
    """One replicate's train, validation and test examples.

    Raises:
        ConfigError: `data` lacks its description, or its `_target_` returns no Source.
        DataError: files are missing or damaged, or the data do not match the description.
    """
    data = described(config)
    drawn = split(source(config), seed=seed)
    check(drawn, inputs=data.inputs, outputs=data.outputs)
    return drawn


MakeSplits = Callable[..., Splits]
"""`splits`, or what does the same."""


def shared_splits() -> MakeSplits:
    """Makes splits as `splits` does. Trials with the same data and seed share one."""
    drawn: dict[tuple[str, int], Splits] = {}

    def make(config: Config, *, seed: int) -> Splits:
        key = json.dumps(config["data"], sort_keys=True, default=str), seed
        if key not in drawn:
            drawn[key] = splits(config, seed=seed)
        return drawn[key]

    return make


def source(config: Config) -> Source:
    """The data set of a configuration. The last two are kept in memory for further trials.

    Raises:
        ConfigError: it cannot be built as configured, or is no Source.
        DataError: its files are missing or damaged.
    """
    return _source(json.dumps(arguments(config), sort_keys=True, default=str))


def arguments(config: Config) -> Config:
    """The `data` group as arguments of its `_target_`: without description and augmentation, unless it names them."""
    data: Mapping[str, Any] = config["data"]
    if not isinstance(data.get("_target_"), str):
        return dict(data)  # for `build` to refuse
    called = locate(data["_target_"], "data")
    given = {k: v for k, v in data.items() if k not in (*DESCRIPTION, AUGMENTATION) or takes(called, k, by_name=True)}
    if isinstance(given.get(AUGMENTATION), Mapping) and (own := switched_on(given.pop(AUGMENTATION))) is not None:
        given[AUGMENTATION] = own  # without the settings that ablate has put there
    return given


def examples(config: Config, group: str = "data") -> Config:
    """The settings of the data that its examples follow from, and what it says of them."""
    data = config[group]
    return {**arguments(config), "inputs": data.get("inputs"), "outputs": data.get("outputs")}


def augments_itself(config: Config) -> bool:
    """Whether `data.augmentation` is the data set's own setting: its `_target_` names it."""
    return takes(locate(config["data"]["_target_"], "data"), AUGMENTATION, by_name=True)


@functools.lru_cache(maxsize=2)
def _source(node: str) -> Source:
    built = build(json.loads(node), "data")
    if not isinstance(built, Source):
        raise ConfigError(
            f"data: a plain nn.Module trains on an ablate.data.Source, and {json.loads(node)['_target_']} gives "
            f"{kind(built)}. (A LightningDataModule goes with a LightningModule.)"
        )
    return built
