"""What makes a trial the same trial: a short hash of what can change its result."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from ablate.config.augmentation import AUGMENTATION, switched_on
from ablate.config.spec import TRAINED, UNSAID, UNTRAINED, Config
from ablate.errors import ConfigError

SCHEMA = 1
"""Part of every id: raised when a config comes to mean something else, lest old results pass for new."""


@dataclass(frozen=True, kw_only=True)
class ConfigDigest:
    """The hash of one resolved config's identity: taken once per design point, then combined with seeds."""

    sha256: str

    @classmethod
    def of(cls, config: Config) -> Self:
        """Hashes what can change a result: not key order, comments, the machine, or 1 written as 1.0.

        A group that is absent is the same as one that is null, and so is `data.augmentation`; a key that has its value
        in `UNSAID` is as good as absent.

        Raises:
            ConfigError: names the key whose value is not a number, text, a list or a mapping.
        """
        return cls.of_all([config])[0]

    @classmethod
    def of_all(cls, configs: Sequence[Config]) -> tuple[Self, ...]:
        """The same of many: a group that configurations share is spelt once.

        Raises:
            ConfigError: as `of`.
        """
        spelt: dict[tuple[str, int], str] = {}

        def spell(config: Config, group: str) -> str:
            key = group, id(config.get(group))
            if key not in spelt:
                spelt[key] = f"{group}:{_canonical(part(config, group), group)}"
            return spelt[key]

        lines = ((f"schema:{SCHEMA}", *(spell(config, group) for group in TRAINED)) for config in configs)
        return tuple(cls(sha256=hashlib.sha256("\n".join(parts).encode()).hexdigest()) for parts in lines)

    def trial_id(self, *, seed: int, replicate: int) -> str:
        """The id of a replicate: 12 hexadecimal digits."""
        return hashlib.sha256(f"{self.sha256}:{seed}:{replicate}".encode()).hexdigest()[:12]


def trial_id(config: Config, *, seed: int, replicate: int) -> str:
    """The id of the trial of this resolved config: 12 hexadecimal digits.

    Raises:
        ConfigError: as `ConfigDigest.of`.
    """
    return ConfigDigest.of(config).trial_id(seed=seed, replicate=replicate)


def identity(config: Config) -> Config:
    """The part of a resolved config that can change a trial's result."""
    return {group: part(config, group) for group in TRAINED}


def part(config: Config, group: str) -> Any:
    """A group without what leaves a trial what it is."""
    content = config.get(group)
    if not isinstance(content, Mapping):
        return content
    untrained, unsaid = UNTRAINED.get(group, frozenset[str]()), UNSAID.get(group, {})
    items = cast(Mapping[Any, Any], content).items()
    kept = {k: v for k, v in items if k not in untrained and not (k in unsaid and v == unsaid[k])}
    # What is off leaves no trace: trials from before it could be asked for are still the same.
    if group == "data" and (augmentation := switched_on(kept.pop(AUGMENTATION, None))) is not None:
        kept[AUGMENTATION] = augmentation
    return kept


def _canonical(value: Any, where: str) -> str:
    """JSON in one spelling: sorted keys, no spaces, 1.0 as 1; a key that is a number stays one."""
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value).items()
        pairs = (f"{_canonical(key, where)}:{_canonical(item, f'{where}.{key}')}" for key, item in items)
        return f"{{{','.join(sorted(pairs))}}}"
    if isinstance(value, list | tuple):
        entries = enumerate(cast(list[Any], value))
        return f"[{','.join(_canonical(entry, f'{where}[{index}]') for index, entry in entries)}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value)
    raise ConfigError(
        f"`{where}` is {value!r}, of type {type(value).__name__}, which cannot be part of a trial's "
        "identity. Write it as a number, text, a list or a mapping."
    )
