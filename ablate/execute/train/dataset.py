"""The data set of a configuration, split for a replicate and checked against the description in `data`."""

import functools
from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch

from ablate.config.augmentation import AUGMENTATION, switched_on
from ablate.config.canonical_text import canonical_text
from ablate.config.data import DataGroup
from ablate.config.trainer import TrainerSettings
from ablate.config.trial import TrialConfig
from ablate.data.source import Source
from ablate.data.split import Splits, check, split
from ablate.errors import ConfigError, kind
from ablate.execute.targets.target import build, locate, takes
from ablate.passed_objects import digest

DESCRIPTION = ("inputs", "outputs", "chance", "batch_size")
"""Keys of `data` that describe it to other groups. Its `_target_` gets those that it names."""

REPLICATE_SEED = "replicate_seed"
"""What a `_target_` names that draws another pool for each replicate."""


def splits(config: TrialConfig, *, seed: int) -> Splits:
    """One replicate's train, validation and test examples.

    Raises:
        ConfigError: `data` lacks its description, or its `_target_` returns no Source.
        DataError: files are missing or damaged, or the data do not match the description.
    """
    return _splits(config.data, seed)


def _splits(data: DataGroup, seed: int) -> Splits:
    drawn = split(source(data, seed=seed), seed=seed)
    check(drawn, inputs=data.description.inputs, outputs=data.description.outputs)
    return drawn


MakeSplits = Callable[..., Splits]
"""`splits`, or what does the same."""


def shared_splits(make_splits: MakeSplits = splits) -> MakeSplits:
    """Makes splits as `make_splits` does. Trials with the same data and seed share one."""
    drawn: dict[tuple[DataGroup, int], Splits] = {}

    def make(config: TrialConfig, *, seed: int) -> Splits:
        key = config.data, seed
        if key not in drawn:
            drawn[key] = make_splits(config, seed=seed)
        return drawn[key]

    return make


KEPT_BYTES = 1 << 29
"""Of the splits that a process keeps for later trainings on an accelerator, and of their copies there."""

_KEPT: OrderedDict[tuple[DataGroup, int, str | None], Splits] = OrderedDict()


def kept_splits(config: TrialConfig, *, seed: int) -> Splits:
    """As `splits`, for trainings on an accelerator: later trials with the same data and seed find it there.

    A process keeps the splits that it has used last, `KEPT_BYTES` at most.
    """
    key = config.data, seed, _digest(config.data)
    found = _KEPT.pop(key) if key in _KEPT else _splits(config.data, seed)
    _KEPT[key] = found
    while sum(map(_bytes, _KEPT.values())) > KEPT_BYTES:
        _KEPT.popitem(last=False)
    return found


def _digest(data: DataGroup) -> str | None:
    """Of a function that was passed from Python: another one may have its name later."""
    return digest(str(data.get("_target_")))


def _bytes(drawn: Splits) -> int:
    return sum(part.inputs.nbytes + part.targets.nbytes for part in (drawn.train, drawn.val, drawn.test))


def splits_for(settings: TrainerSettings) -> MakeSplits:
    """How a training of these settings makes its splits. On the CPU none are kept: there they cost little."""
    is_on_accelerator = settings.accelerator != "cpu" and torch.accelerator.is_available()
    return kept_splits if is_on_accelerator else splits


def source(data: DataGroup, *, seed: int | None = None) -> Source:
    """The data set of a configuration. The last two are kept in memory for further trials.

    Args:
        data: The group of the configuration.
        seed: Of a replicate, for a `_target_` that names `replicate_seed` and draws a pool for each; None: of none.

    Raises:
        ConfigError: it cannot be built as configured, or is no Source.
        DataError: its files are missing or damaged.
    """
    asked = arguments(data)
    is_drawn = isinstance(data.get("_target_"), str) and takes(
        locate(data["_target_"], "data"), REPLICATE_SEED, by_name=True
    )
    drawn = DataGroup("data", {**asked.mapping, REPLICATE_SEED: seed}) if is_drawn else asked
    return _source(drawn, _digest(data))


def arguments(data: DataGroup) -> DataGroup:
    """The `data` group as arguments of its `_target_`: without description and augmentation, unless it names them."""
    if not isinstance(data.get("_target_"), str):
        return data  # for `build` to refuse
    called = locate(data["_target_"], "data")
    foreign = [key for key in (*DESCRIPTION, AUGMENTATION) if key in data and not takes(called, key, by_name=True)]
    given = dict(data.without(*foreign).mapping)
    if isinstance(given.get(AUGMENTATION), Mapping) and (own := switched_on(given.pop(AUGMENTATION))) is not None:
        given[AUGMENTATION] = own  # without the settings that ablate has put there
    return DataGroup("data", given)


def examples_text(data: DataGroup) -> str:
    """The settings of the data that its examples follow from, and what it says of them, as canonical text."""
    described = {key: data.get(key) for key in ("inputs", "outputs")}
    return canonical_text({**arguments(data).mapping, **described})


def augments_itself(data: DataGroup) -> bool:
    """Whether `data.augmentation` is the data set's own setting: its `_target_` names it."""
    return takes(locate(data["_target_"], "data"), AUGMENTATION, by_name=True)


@functools.lru_cache(maxsize=2)
def _source(data: DataGroup, _: str | None) -> Source:
    built = build(data.content, "data")
    if not isinstance(built, Source):
        raise ConfigError(
            f"data: a plain nn.Module trains on an ablate.data.Source, and {data['_target_']} gives "
            f"{kind(built)}. (A LightningDataModule goes with a LightningModule.) Name a function that puts all "
            "examples into tensors, and returns Source(pool=Arrays(inputs=…, targets=…), val_size=…, test_size=…)."
        )
    return built
