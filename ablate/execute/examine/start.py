"""The parameters with which the networks of a study start."""

import hashlib
import time
from collections.abc import Callable, Sequence

import torch
from torch import nn

from ablate.config.group import Group
from ablate.config.trial import TrialConfig
from ablate.design.point import DesignPoint
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train.network import network
from ablate.plan.seeds import streams
from ablate.store.starts import ParameterStart, PointStart, Start


@user_modules_last()
def starts(
    points: Sequence[DesignPoint],
    configs: Sequence[TrialConfig],
    *,
    seed: int,
    budget_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[PointStart, ...]:
    """How each design point's network starts in the first replicate, and whether the first point's starts so in each.

    Args:
        points: Of a study that `examine` has passed.
        configs: Theirs.
        seed: The study's.
        budget_s: Seconds after which no further network is built.
        clock: In seconds.

    Returns:
        A start for each point, as far as the time goes. Points that share a network share its start.
    """
    known: dict[Group, tuple[Start, bool]] = {}
    found: list[PointStart] = []
    until = clock() + budget_s
    with isolated_process(threads=1, repeats_output=False):
        for point, config in zip(points, configs, strict=True):
            if config.model not in known:
                if clock() > until:
                    continue
                built = network(config, seed=streams(seed, 0).initialisation)
                is_repeated = not known and is_equal(built, network(config, seed=streams(seed, 1).initialisation))
                known[config.model] = start(built), is_repeated
            first, is_repeated = known[config.model]
            found.append(PointStart(levels=dict(point.levels), start=first, is_repeated=is_repeated))
    return tuple(found)


def is_equal(one: nn.Module, other: nn.Module) -> bool:
    """Whether two networks of the same structure start from the same values, those that are constant apart."""
    pairs = [
        (mine.detach(), theirs.detach()) for mine, theirs in zip(one.parameters(), other.parameters(), strict=False)
    ]
    varied = [(mine, theirs) for mine, theirs in pairs if mine.numel() > 1 and bool((mine != mine.flatten()[0]).any())]
    return bool(varied) and all(torch.equal(mine, theirs) for mine, theirs in varied)


def start(built: nn.Module) -> Start:
    """Of each parameter its shape, and a digest of its values."""
    return {
        name: ParameterStart(shape=tuple(values.shape), digest=_digest(values.detach()))
        for name, values in built.named_parameters()
    }


def _digest(values: torch.Tensor) -> str:
    content = values.cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return hashlib.sha256(str(values.dtype).encode() + content.tobytes()).hexdigest()[:12]
