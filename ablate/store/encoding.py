"""A record as the bytes of its file, and back: only what was written of this very trial."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

import msgspec

from ablate.config.group import ADDED, TRAINED
from ablate.config.trial import TrialConfig
from ablate.errors import AblateError
from ablate.plan.identity import ConfigDigest
from ablate.store.record import SCHEMA, UNSEALED, Record
from ablate.store.seal import seal, unseal

NOT_FINITE = {".inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
"""Numbers of a configuration for which JSON has no word, as YAML writes them."""


def encode(record: Record) -> bytes:
    """As JSON with a checksum."""
    return seal(replace(record, config=cast(dict[str, Any], _mapped(record.config, _as_word))))


def decode(content: bytes, trial_id: str) -> Record:
    """One record from its JSON.

    Raises:
        ValueError: it is truncated, damaged or changed, of an unknown schema, or of another trial.
    """
    record = unseal(content, Record, schema=SCHEMA, unsealed=UNSEALED)
    if record.id != trial_id:
        raise ValueError(f"it is the record of trial {record.id}")
    seed = record.config.get("seed")
    if isinstance(seed, int) and all(name in record.config for name in TRAINED if name not in ADDED):
        _check_id(record, seed)
    return record


def trained_config(record: Record) -> TrialConfig:
    """The configuration that a trial trained with, with the numbers for which JSON has no word.

    Raises:
        ValueError: the record's id is not that of its configuration, or it does not say its seed.
    """
    seed = record.config.get("seed")
    if not isinstance(seed, int):
        raise ValueError("its configuration does not say its seed")
    is_worded = _check_id(record, seed)
    return TrialConfig.from_dict(_mapped(record.config, _as_number) if is_worded else record.config)


def _check_id(record: Record, seed: int) -> bool:
    """Holds the id against the configuration, of which it is a hash; returns whether words in it are numbers.

    Raises:
        ValueError: they do not belong together.
    """
    content = msgspec.json.encode(record.config)
    for is_worded in (False, True):  # a setting may be the word .inf as well as the number
        digest = _digest(content, is_worded)
        if digest is not None and digest.trial_id(seed=seed, replicate=record.replicate) == record.id:
            return is_worded
    raise ValueError("its id is not that of its configuration, seed and replicate")


@lru_cache(maxsize=1024)
def _digest(content: bytes, worded: bool) -> ConfigDigest | None:
    """The digest of a configuration; cached, since the trials of a design point share it. None: it is none."""
    config: Any = msgspec.json.decode(content)
    try:
        return ConfigDigest.of(TrialConfig.from_dict(_mapped(config, _as_number) if worded else config))
    except (AblateError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _as_word(leaf: object) -> object:
    if not isinstance(leaf, float) or math.isfinite(leaf):
        return leaf
    return ".nan" if math.isnan(leaf) else ".inf" if leaf > 0 else "-.inf"


def _as_number(leaf: object) -> object:
    return NOT_FINITE.get(leaf, leaf) if isinstance(leaf, str) else leaf


def _mapped(node: Any, function: Callable[[object], object]) -> Any:
    """The same containers with other leaves."""
    if isinstance(node, Mapping):
        return {key: _mapped(value, function) for key, value in cast(Mapping[Any, Any], node).items()}
    if isinstance(node, list | tuple):
        return [_mapped(value, function) for value in cast(list[Any], node)]
    return function(node)
