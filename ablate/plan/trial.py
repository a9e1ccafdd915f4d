"""A trial: one design point of one replicate, which is one training."""

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.config.group import TRAINED
from ablate.config.spec import StudySpec
from ablate.config.trial import TrialConfig
from ablate.design import DesignPoint
from ablate.errors import DesignError
from ablate.plan.identity import ConfigDigest
from ablate.plan.seeds import Streams, streams


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One training: what is trained, under which random streams."""

    id: str
    study: str
    point: DesignPoint
    replicate: int
    seed: int
    """The study's; `streams` follow from it and the replicate."""
    streams: Streams
    config: TrialConfig
    """Shared by the replicates of the design point."""
    is_tested: bool = True
    """Whether it is evaluated on its test split; a tuning trial is not, so that nothing is chosen by it."""


def trials(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[TrialConfig]) -> tuple[Trial, ...]:
    """All trials of the study: the whole of replicate 0 first, so that an interrupted study has whole blocks.

    Args:
        spec: the study.
        points: its design points.
        configs: their resolved configs, in the same order.

    Raises:
        DesignError: two design points are the same training; names the factors and levels.
        ConfigError: a config cannot be identified.
    """
    digests = [ConfigDigest.of(config) for config in configs]
    _check_distinct(points, digests)
    blocks = [streams(spec.seed, replicate) for replicate in range(spec.replicates)]
    return tuple(
        Trial(
            id=digest.trial_id(seed=spec.seed, replicate=replicate),
            study=spec.name,
            point=point,
            replicate=replicate,
            seed=spec.seed,
            streams=block,
            config=config,
        )
        for replicate, block in enumerate(blocks)
        for point, config, digest in zip(points, configs, digests, strict=True)
    )


def _check_distinct(points: Sequence[DesignPoint], digests: Sequence[ConfigDigest]) -> None:
    seen: dict[ConfigDigest, DesignPoint] = {}
    for point, digest in zip(points, digests, strict=True):
        twin = seen.setdefault(digest, point)
        if twin is not point:
            differ = [name for name in point.levels if point.levels[name] != twin.levels[name]]
            pairs = " and ".join(f"{name!r} ({twin.levels[name]} or {point.levels[name]})" for name in differ)
            raise DesignError(
                f"A level that changes nothing: two design points that differ in factor {pairs} are the same "
                f"training. Give the levels overrides that change {', '.join(TRAINED[:-1])} or {TRAINED[-1]} "
                "(not where the data lie or what trains), or remove one."
            )
