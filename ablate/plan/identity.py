"""The identity of a trial: a short hash of what can change its result.

`ablate.identities` is about another thing: statements on networks that hold exactly.
"""

import hashlib
from dataclasses import dataclass
from typing import Self

from ablate.config.trial import TrialConfig

SCHEMA = 1
"""Part of every id: raised when the meaning of a config changes, so that old results do not count for new trials."""


@dataclass(frozen=True, kw_only=True)
class ConfigDigest:
    """The hash of one resolved config's identity: taken once per design point, then combined with seeds."""

    sha256: str

    @classmethod
    def of(cls, config: TrialConfig) -> Self:
        """Hashes what can change a result: not key order, comments, the machine, or 1 written as 1.0.

        A group that is absent is the same as one that is null, and so is `data.augmentation`; `OMITTED_KEYS`,
        `OMITTED_VALUES` and a scheduler that is empty are left out.

        Raises:
            ConfigError: names the key whose value is not a number, text, a list or a mapping.
        """
        parts = (f"schema:{SCHEMA}", *(f"{group.name}:{group.identity_text}" for group in config.identified))
        return cls(sha256=hashlib.sha256("\n".join(parts).encode()).hexdigest())

    def trial_id(self, *, seed: int, replicate: int) -> str:
        """The id of a replicate: 12 hexadecimal digits."""
        return hashlib.sha256(f"{self.sha256}:{seed}:{replicate}".encode()).hexdigest()[:12]


def trial_id(config: TrialConfig, *, seed: int, replicate: int) -> str:
    """The id of the trial of this resolved config: 12 hexadecimal digits.

    Raises:
        ConfigError: as `ConfigDigest.of`.
    """
    return ConfigDigest.of(config).trial_id(seed=seed, replicate=replicate)
