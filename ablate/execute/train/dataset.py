"""The data set of a configuration, split for a replicate and checked against the description in `data`."""

import functools
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.utils.data import Dataset

from ablate.config.augmentation import AUGMENTATION, switched_on
from ablate.config.canonical_text import canonical_text
from ablate.config.data import READING, DataGroup
from ablate.config.trainer import TrainerSettings
from ablate.config.trial import TrialConfig
from ablate.data.reading.collated import Collate
from ablate.data.reading.source import as_source
from ablate.data.source import Arrays, Source
from ablate.data.split import Splits, check, split
from ablate.errors import ConfigError, kind
from ablate.execute.targets.lightning_package import is_lightning_data, is_lightning_data_class
from ablate.execute.targets.target import build, locate, takes
from ablate.execute.train.reading.data_module import parts_of
from ablate.passed_objects import digest

DESCRIPTION = ("inputs", "outputs", "chance", "batch_size")
"""Keys of `data` that describe it to other groups. Its `_target_` gets those that it names."""

REPLICATE_SEED = "replicate_seed"
"""What a `_target_` names that draws another pool for each replicate."""


def splits(config: TrialConfig, *, seed: int) -> Splits:
    """One replicate's train, validation and test examples.

    Those that are streamed are kept as by `kept_splits`: to standardise them, all have been read.

    Raises:
        ConfigError: `data` lacks its description, or its `_target_` returns no Source.
        DataError: files are missing or damaged, or the data do not match the description.
    """
    key = config.data, seed, _digest(config.data), config.objective.ignored
    found = _KEPT.get(key) or _splits(config, seed)
    return _keep(key, found) if found.is_streamed else found


def _splits(config: TrialConfig, seed: int) -> Splits:
    drawn = split(source(config.data, seed=seed), seed=seed)
    said = config.data.description
    check(drawn, inputs=said.inputs, outputs=said.outputs, ignored=config.objective.ignored)
    return drawn


MakeSplits = Callable[..., Splits]
"""`splits`, or what does the same."""


def shared_splits(make_splits: MakeSplits = splits) -> MakeSplits:
    """Makes splits as `make_splits` does. Trials with the same data and seed share one."""
    drawn: dict[tuple[DataGroup, int, int | None], Splits] = {}

    def make(config: TrialConfig, *, seed: int) -> Splits:
        key = config.data, seed, config.objective.ignored
        if key not in drawn:
            drawn[key] = make_splits(config, seed=seed)
        return drawn[key]

    return make


KEPT_BYTES = 1 << 29
"""Of the splits that a process keeps for later trainings on an accelerator, and of their copies there."""

_Key = tuple[DataGroup, int, str | None, int | None]

_KEPT: OrderedDict[_Key, Splits] = OrderedDict()


def kept_splits(config: TrialConfig, *, seed: int) -> Splits:
    """As `splits`, for trainings on an accelerator: later trials with the same data and seed find it there.

    A process keeps the splits that it has used last, `KEPT_BYTES` at most.
    """
    key = config.data, seed, _digest(config.data), config.objective.ignored
    return _keep(key, _KEPT.get(key) or _splits(config, seed))


def _keep(key: _Key, found: Splits) -> Splits:
    """Keeps splits as the last ones that were used."""
    _KEPT[key] = found
    _KEPT.move_to_end(key)
    while sum(map(_bytes, _KEPT.values())) > KEPT_BYTES:
        _KEPT.popitem(last=False)
    return found


def _digest(data: DataGroup) -> str | None:
    """Of a function that was passed from Python: another one may have its name later."""
    return digest(str(data.get("_target_")))


def _bytes(drawn: Splits) -> int:
    return sum(part.nbytes for part in (drawn.train, drawn.val, drawn.test))


def splits_for(settings: TrainerSettings) -> MakeSplits:
    """How a training of these settings makes its splits. On the CPU none are kept: there they cost little."""
    is_on_accelerator = settings.accelerator != "cpu" and torch.accelerator.is_available()
    return kept_splits if is_on_accelerator else splits


def source(data: DataGroup, *, seed: int | None = None) -> Source:
    """The data set of a configuration. The last two are kept in memory for further trials.

    Args:
        data: The group of the configuration.
        seed: Of a replicate, for a `_target_` that names `replicate_seed` and draws a pool for each, and for a
            LightningDataModule, which may split at random; None: of none.

    Raises:
        ConfigError: it cannot be built as configured, or is no Source.
        DataError: its files are missing or damaged.
    """
    asked = arguments(data)
    is_drawn = isinstance(data.get("_target_"), str) and takes(
        locate(data["_target_"], "data"), REPLICATE_SEED, by_name=True
    )
    drawn = DataGroup("data", {**asked.mapping, REPLICATE_SEED: seed}) if is_drawn else asked
    return _source(drawn, _digest(data), (seed or 0) if _draws_in_setup(data) else None)


def held(configs: Iterable[TrialConfig]) -> tuple[str, ...]:
    """Where the examples of plain networks are while they train, a sentence for each data set that says so.

    Raises:
        ConfigError, DataError: as `source`.
    """
    plain = dict.fromkeys(one.data.without("batch_size") for one in configs if one.objective.content)
    return tuple(dict.fromkeys(found for data in plain if data.is_read and (found := source(data).held)))


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
def _source(data: DataGroup, _: str | None, seed: int | None) -> Source:
    keys = _read_keys(data)
    node = data.without(*keys)
    reading = data.reading(keys)
    built = build(node.content, "data")
    title = f"data: {data['_target_']}"
    if isinstance(built, Source):
        if keys:
            listed = " and ".join(f"data.{key}" for key in keys)
            raise ConfigError(
                f"{listed} would be ignored: {data['_target_']} gives a Source, which says by itself how it is split. "
                f"Let it take {', '.join(keys)} as arguments; or leave them out."
            )
        return built
    if not _is_readable(built):
        raise ConfigError(
            "data: a plain nn.Module trains on an ablate.data.Source, on a torch Dataset, on a LightningDataModule or "
            f"a pair of tensors, and {data['_target_']} gives {kind(built)}. Name a class of Datasets; or a function "
            "that puts all examples into tensors, and returns Source(pool=Arrays(inputs=…, targets=…), val_size=…, "
            "test_size=…)."
        )
    if is_lightning_data(built):
        parts = parts_of(built, seed=seed or 0)
    else:
        parts = dict(built) if isinstance(built, Mapping) else {"train": built}
    for part in ("val", "test"):
        if (differing := getattr(reading, part)) is not None:
            own = differing if "_target_" in differing else {**node.mapping, **differing}
            parts[part] = build(own, f"data.{part}")
    return as_source(
        parts,
        title=title,
        fields=reading.fields,
        collate_fn=_collate(reading.collate_fn),
        limit=reading.limit,
        val_size=reading.val_size,
        test_size=reading.test_size,
        standardise_inputs=reading.standardise_inputs,
        standardise_targets=reading.standardise_targets,
        resident_gib=reading.resident_gib,
        workers=reading.workers,
        is_fresh=None if is_lightning_data(built) else data.get(REPLICATE_SEED) is not None,
    )


def _collate(node: Any) -> Collate | None:
    """The function that `data.collate_fn` names.

    Raises:
        ConfigError: it names none.
    """
    if node is None:
        return None
    found = locate(node, "data.collate_fn") if isinstance(node, str) else build(node, "data.collate_fn")
    if not callable(found):
        raise ConfigError(
            f"data.collate_fn gives {kind(found)}, not a function from examples to a minibatch. Write its dotted name, "
            "or {_target_: mine.collate, _partial_: true}."
        )
    return found


def _read_keys(data: DataGroup) -> tuple[str, ...]:
    """The keys that say how the examples are read, and that its `_target_` does not take."""
    called = locate(data["_target_"], "data") if isinstance(data.get("_target_"), str) else None
    is_class = isinstance(called, type) and (issubclass(called, Dataset) or is_lightning_data_class(called))
    # A function's **options may be read by it; those of a Dataset are seldom more than handed on.
    return tuple(k for k in READING if k in data and called and not takes(called, k, by_name=is_class))


def _draws_in_setup(data: DataGroup) -> bool:
    """Whether it is a LightningDataModule, by what its `_target_` is."""
    return isinstance(data.get("_target_"), str) and is_lightning_data_class(locate(data["_target_"], "data"))


def _is_readable(built: object) -> bool:
    """Whether it is what `ablate.data.reading` reads: a Dataset, a pair of tensors, examples by part, an iterable."""
    if isinstance(built, Mapping):
        return "train" in built
    return (is_lightning_data(built) or isinstance(built, Dataset | Arrays | Iterable)) and not isinstance(
        built, str | bytes
    )
