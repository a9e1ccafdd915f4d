"""Looks at every design point before any training: does it build, does it differ, does it log the response?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from ablate.config.schema import logged
from ablate.config.spec import Config, StudySpec
from ablate.design.point import DesignPoint
from ablate.errors import ConfigError, DesignError, ModelError, unknown
from ablate.execute.callbacks import scalars
from ablate.execute.fit import objective, prepare, splits
from ablate.execute.network import is_own_lightning, network
from ablate.execute.provenance import own_modules_first
from ablate.execute.quiet import guest
from ablate.execute.signature import Signature, signature
from ablate.execute.size import flops, parameters
from ablate.execute.target import build, own_words
from ablate.execute.trainer import trainer
from ablate.plan.identity import identity
from ablate.plan.seeds import streams

PROBE = 8
"""Examples in the probe batch."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What one design point's network costs. `flops`: of one example's forward pass."""

    parameters: int
    flops: int | None


def examine(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[Config]) -> tuple[Size, ...]:
    """Builds the network of every design point and holds them against each other (STATISTICS.md, g).

    Raises:
        ConfigError: something cannot be built, or the response will not be logged.
        DataError: a data set is missing.
        DesignError: two design points build the same network and train it in the same way.
    """
    own_modules_first()
    sizes: list[Size] = []
    seen: dict[str, list[tuple[DesignPoint, Signature]]] = {}
    checked: set[str] = set()
    with guest(threads=1):
        for point, config in zip(points, configs, strict=True):
            whole = identity(config)
            training = repr({group: node for group, node in whole.items() if group != "model"})
            size, signed = _look(spec, config, first_of_its_training=training not in checked)
            checked.add(training)
            sizes.append(size)
            if signed is None:
                continue
            for other, theirs in seen.get(training, []):
                if signed.equals(theirs):
                    raise DesignError(_same(spec, other, point))
            seen.setdefault(training, []).append((point, signed))
    return tuple(sizes)


def _look(spec: StudySpec, config: Config, *, first_of_its_training: bool) -> tuple[Size, Signature | None]:
    seeds = streams(spec.seed, 0)
    if first_of_its_training:
        with TemporaryDirectory() as folder:
            trainer(config, own=False, callbacks=(), folder=Path(folder))  # an accelerator that is not there
    built = network(config, seed=seeds.initialisation)
    if is_own_lightning(built):
        if first_of_its_training:
            _check_logged(spec, config)
        probe = getattr(built, "example_input_array", None)
        probe = probe if isinstance(probe, torch.Tensor) else None
        size = Size(parameters=parameters(built), flops=flops(built, None if probe is None else probe[:1]))
        return size, None if probe is None else signature(built, probe)
    if spec.response.name not in (names := logged(config.get("objective") or {})):
        raise ConfigError(unknown("response", spec.response.name, names))
    drawn = splits(config, seed=seeds.split)
    probe, targets = drawn.train.inputs[:PROBE], drawn.train.targets[:PROBE]
    size = Size(parameters=parameters(built), flops=_flops(built, probe))
    _check_objective(built, config, probe, targets)
    if first_of_its_training:
        build({**config["optimizer"], "_partial_": True}, "optimizer")(built.parameters())
    return size, signature(built, probe)


def _flops(built: nn.Module, probe: torch.Tensor) -> int | None:
    try:
        return flops(built, probe[:1])
    except Exception as error:
        raise ModelError(
            f"model: {type(built).__name__} does not take inputs of shape {list(probe[:1].shape)}: {own_words(error)}."
        ) from error


def _check_objective(built: nn.Module, config: Config, probe: torch.Tensor, targets: torch.Tensor) -> None:
    loss, metrics = objective(config)
    built.eval()
    with torch.no_grad():
        predictions = built(probe)
        for name, call in {"loss": loss, **metrics}.items():
            try:
                call(predictions, targets)
            except Exception as error:
                raise ConfigError(
                    f"objective: the {name} does not take predictions of shape {list(predictions.shape)} and targets "
                    f"of shape {list(targets.shape)}: {own_words(error)}. The objective must fit data and model."
                ) from error


def _check_logged(spec: StudySpec, config: Config) -> None:
    """Takes one step of a person's own LightningModule: only it knows what it logs."""
    one: Mapping[str, int] = {
        "max_epochs": 1, "limit_train_batches": 1, "limit_val_batches": 1, "limit_test_batches": 1,
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        fit = prepare(config, streams(spec.seed, 0))
        probe = trainer({**config, "logger": None}, own=True, callbacks=(), folder=Path(folder), **one)
        try:
            probe.fit(fit.module, **fit.data)
            names = scalars(probe)
            if fit.test is not None:
                probe.test(fit.module, verbose=False, **fit.test)
                names |= scalars(probe)
        except Exception as error:
            raise ConfigError(
                f"model: {config['model']['_target_']} fails in its first step: {own_words(error)}"
            ) from error
    if spec.response.name not in names:
        raise ConfigError(unknown("response", spec.response.name, names) + " These are what one step logs.")


def _same(spec: StudySpec, one: DesignPoint, other: DesignPoint) -> str:
    differ = [f for f in spec.factors if one.levels[f.name] != other.levels[f.name]]
    named = ", ".join(f"{f.name}={one.levels[f.name]} and {f.name}={other.levels[f.name]}" for f in differ)
    overrides = "; ".join(
        f"{f.name}: {list(f.levels[one.levels[f.name]])} or {list(f.levels[other.levels[f.name]])}" for f in differ
    )
    held = {n: v for n, v in one.levels.items() if n not in {f.name for f in differ}}
    at = f" (at {', '.join(f'{n}={v}' for n, v in held.items())})" if held else ""
    return (
        f"{named} build the same network{at}: equal parameters, equal outputs, equal training. Its levels change "
        f"nothing there ({overrides}). Take one of them out, or exclude the combination with study.exclude."
    )
