"""Examines every design point before any training: does it build, does it differ, does it log the response?"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from ablate.config.data import DataGroup
from ablate.config.diagnostic import DIAGNOSTICS, MOMENTS, SECONDS
from ablate.config.group import Group
from ablate.config.objective import ObjectiveGroup
from ablate.config.resolution.lines import listed
from ablate.config.spec import StudySpec
from ablate.config.trial import TrialConfig
from ablate.data.split import training_examples
from ablate.design.point import DesignPoint
from ablate.errors import ConfigError, DesignError, ModelError, kind, unknown
from ablate.execute.examine.completeness import check_complete
from ablate.execute.examine.components import check_lesioned
from ablate.execute.examine.determinism import Refused
from ablate.execute.examine.dry_run import DryRun, dry_run
from ablate.execute.examine.equivalence import THOROUGH, Fingerprint, fingerprint
from ablate.execute.examine.naming import naming
from ablate.execute.loggers.run import check_logger
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.process.socket_directory import temporary_directory
from ablate.execute.targets.lightning_callbacks import check_monitored, named_callbacks
from ablate.execute.targets.lightning_package import is_lightning_module
from ablate.execute.targets.target import error_text
from ablate.execute.targets.user_errors import as_user_errors
from ablate.execute.train.augmentation import Augmentation, augmentation
from ablate.execute.train.batches import TrainingChunks
from ablate.execute.train.dataset import examples_text, source, splits
from ablate.execute.train.editing.aligned import aligned
from ablate.execute.train.image_layout import channels_last, image_last
from ablate.execute.train.network import evaluating, network, seed_everything
from ablate.execute.train.objective import objective, optimizer
from ablate.execute.train.optimization.schedule import schedule
from ablate.execute.train.size import flops, parameters
from ablate.execute.train.step import take_step
from ablate.execute.train.trainer import is_on_cuda, trainer
from ablate.plan.cost import NetworkCost
from ablate.plan.lesions import LESION_KEY, lesions_of
from ablate.plan.seeds import streams

PROBE = 8
"""Examples in the probe batch."""


@user_modules_last()
def examine(spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[TrialConfig]) -> tuple[NetworkCost, ...]:
    """Builds the network of every design point and compares them with each other.

    A user-defined LightningModule is compared where it has an `example_input_array`, and by one step of training.

    Raises:
        ConfigError: something cannot be built or trained, the response will not be logged, or the output of a module
            that a lesion is of is not one tensor.
        DataError: a data set is missing, or is not what its configuration says.
        DesignError: two design points build the same network and train it in the same way.
        ModelError: a network does not take the data.
    """
    examiner = _Examiner(spec)
    sizes: list[NetworkCost] = []
    seen: dict[tuple[str, ...], list[tuple[DesignPoint, TrialConfig, Fingerprint]]] = {}
    with as_user_errors(), isolated_process(threads=1, repeats_output=False):
        for config in configs[:1]:
            check_complete(config)
        for point, config in zip(points, configs, strict=True):
            with naming(point), as_user_errors():
                size, mine = examiner.examine(config)
            sizes.append(size)
            if mine is None:
                continue
            alike = seen.setdefault(examiner.training(config), [])
            for other, others, theirs in alike:
                if mine.equals(theirs) and examiner.are_same(config, others):
                    raise DesignError(_same(spec, other, point))
            alike.append((point, config, mine))
        if (lesions := lesions_of(spec, points, configs)) is not None:
            whole = next(c for p, c in zip(points, configs, strict=True) if p.levels == lesions.levels)
            check_lesioned(lesions, whole, seed=streams(spec.seed, 0).initialisation)
            examiner.check_tested(whole)
    return tuple(sizes)


class _Examiner:
    """Examines one design point after the other; what they share is examined once."""

    def __init__(self, spec: StudySpec) -> None:
        self._spec = spec
        self._seeds = streams(spec.seed, 0)
        self._examples_text, self._unbatched = cache(examples_text), cache(_unbatched)
        self._done: set[tuple[object, ...]] = set()
        self._plain_ones: dict[tuple[Group, str], tuple[NetworkCost, Fingerprint]] = {}
        self._objectives: dict[ObjectiveGroup, tuple[nn.Module, dict[str, Metric]]] = {}
        self._probes: dict[tuple[str, int | None], tuple[Tensor, Tensor]] = {}
        self._dry_runs: dict[tuple[str, ...], DryRun] = {}

    def training(self, config: TrialConfig) -> tuple[str, ...]:
        """All that makes a trial but its model, as text."""
        return tuple(group.identity_text for group in config.trained if group.name != "model")

    def examine(self, config: TrialConfig) -> tuple[NetworkCost, Fingerprint | None]:
        """What the network costs, and its fingerprint; None where it has no example.

        A plain network is fingerprinted once for all ways of training it, and takes a step once with each objective and
        optimizer of any network, and once for each size of a small minibatch, which batch norm may refuse.
        """
        known = self._plain_ones.get(self._network(config))
        if known and not self._new(config):
            return known
        built = self._built(config)
        with _naming_edits(config):
            return self._examined(built, config)

    def _examined(self, built: nn.Module, config: TrialConfig) -> tuple[NetworkCost, Fingerprint | None]:
        user_defined = is_lightning_module(built)
        trained_by = user_defined, config.trainer, config.logger
        if trained_by not in self._done:
            with temporary_directory() as folder:  # an accelerator that is not there, a logger that is not installed
                named = named_callbacks(config.trainer.settings.callbacks)
                trainer(config, user_defined=user_defined, callbacks=(), folder=Path(folder), named=named)
                if not user_defined:
                    check_monitored(named, [each for each in config.objective.logged if not each.startswith("test/")])
                check_logger(config.logger, folder=Path(folder))
            _check_evaluated(self._spec.response.name, config)
            self._done.add(trained_by)
        return self._lightning(built, config) if user_defined else self._plain(built, config)

    def _new(self, config: TrialConfig) -> set[tuple[object, ...]]:
        """What has not been examined yet, of a configuration whose network is plain and known."""
        batch = _minibatch(config)
        needed = {
            (False, config.trainer, config.logger),
            ("data", self._unbatched(config.data)),
            ("network", *self._network(config), config.objective),
            ("step", *self._network(config), batch),
            ("way", config.objective, config.optimizer, self._examples_text(config.data), batch),
        }
        if config.scheduler.content:
            needed.add(("schedule", config.scheduler, config.optimizer, config.trainer, config.data))
        if config.data.is_augmented:
            needed.add(("augmentation", config.objective, config.data))
        return needed - self._done

    def are_same(self, config: TrialConfig, other: TrialConfig) -> bool:
        """A thorough comparison of two configurations whose first fingerprints and settings of training are equal.

        A LightningModule has settings of training of its own, so that it is trained for one step, too.
        """
        one, two = self._built(config), self._built(other)
        if is_lightning_module(one) and self._dry_run(config).digest != self._dry_run(other).digest:
            return False
        probe = one.example_input_array if is_lightning_module(one) else self._probe(config)[0]
        assert isinstance(probe, Tensor)
        return fingerprint(one, probe, draws=THOROUGH).equals(fingerprint(two, probe, draws=THOROUGH))

    def check_tested(self, config: TrialConfig) -> None:
        """Checks that the test logs the response: lesions are evaluated by it.

        Raises:
            ConfigError: that of a LightningModule does not; says what it logs.
        """
        if config.objective.content:
            return  # a plain network's test logs the whole objective
        response, tested = self._spec.response.name, self._dry_run(config).tested
        if response not in tested:
            raise ConfigError(
                f"{LESION_KEY} evaluates trained networks on their test split, and the test does not log "
                f"study.response, {response}. It logs {listed(tested) if tested else 'nothing'}. A LightningModule is "
                "tested by its test_step on the test_dataloader of its data. Take a response that the test logs; or "
                f"leave lesions out: {LESION_KEY}=false."
            )

    def _built(self, config: TrialConfig) -> nn.Module:
        return network(config, seed=self._seeds.initialisation)

    def _plain(self, built: nn.Module, config: TrialConfig) -> tuple[NetworkCost, Fingerprint]:
        loss, metrics = self._objective(config)
        if not self._is_not_logged(config) and self._spec.response.name not in config.objective.yielded:
            raise ConfigError(unknown("response", self._spec.response.name, config.objective.yielded))
        inputs, targets = self._probe(config)
        plain_inputs = inputs
        if config.trainer.settings.channels_last:
            built, inputs = channels_last(built), image_last(inputs)
        built = aligned(built, inputs, targets)
        augmented = augmentation(config, seed=self._seeds.augmentation)
        if augmented is not None:
            augmented.check_targets(targets)
        name, batch = self._network(config), _minibatch(config)
        known = self._plain_ones.get(name)
        size = known[0] if known else NetworkCost(parameters=parameters(built), flops=_flops(built, inputs))
        if ("network", *name, config.objective) not in self._done:
            _check_objective(built, {"loss": loss, **metrics}, inputs, targets)
        if augmented is not None:
            _check_mixture(augmented, built, loss, inputs, targets)
        _check_step(built, loss, config, inputs[:batch], targets[:batch])
        self._done |= self._new(config)
        self._plain_ones[name] = known or (size, fingerprint(self._built(config), plain_inputs))
        return self._plain_ones[name]

    def _is_not_logged(self, config: TrialConfig) -> bool:
        """Whether the response is a diagnostic or the time, which are measured and not logged.

        Raises:
            ConfigError: it is no diagnostic that there is, the training measures nothing at its moment, or trials that
                are timed may be stacked.
        """
        response, moments = self._spec.response.name, config.trainer.settings.moments
        if response == SECONDS:
            if config.trainer.settings.stacked:
                raise ConfigError(
                    f"study.response is {SECONDS}, and trials of a stack share its time: set trainer.stacked=false."
                )
            return True
        moment, _, name = response.partition("/")
        if moment not in MOMENTS:
            return False
        if name not in DIAGNOSTICS:
            raise ConfigError(unknown("diagnostic", name, DIAGNOSTICS))
        if moment not in moments:
            raise ConfigError(
                f"study.response is {response}, and trainer.diagnostics says that nothing is measured at the {moment}: "
                f"set trainer.diagnostics=[{moment}] or true."
            )
        return True

    def _objective(self, config: TrialConfig) -> tuple[nn.Module, dict[str, Metric]]:
        if config.objective not in self._objectives:
            self._objectives[config.objective] = objective(config)
        return self._objectives[config.objective]

    def _network(self, config: TrialConfig) -> tuple[Group, str]:
        """The key of what a plain network and its probe batch depend on."""
        return config.model, self._examples_text(config.data)

    def _lightning(self, built: nn.Module, config: TrialConfig) -> tuple[NetworkCost, Fingerprint | None]:
        response, training = self._spec.response.name, ("own", *self.training(config))
        measured = self._is_not_logged(config)
        if training not in self._done and not measured and response not in (names := self._dry_run(config).logged):
            raise ConfigError(unknown("response", response, names) + " These are what one step logs.")
        self._done.add(training)
        probe = getattr(built, "example_input_array", None)
        probe = probe if isinstance(probe, Tensor) else None
        size = NetworkCost(parameters=parameters(built), flops=_flops(built, probe))
        return size, None if probe is None else fingerprint(built, probe)

    def _probe(self, config: TrialConfig) -> tuple[Tensor, Tensor]:
        """A few training examples of replicate 0, and their targets."""
        key = self._examples_text(config.data), config.objective.ignored
        if key not in self._probes:
            self._probes[key] = splits(config, seed=self._seeds.split).train.first(PROBE)
        return self._probes[key]

    def _dry_run(self, config: TrialConfig) -> DryRun:
        key = tuple(group.identity_text for group in config.trained)
        if key not in self._dry_runs:
            self._dry_runs[key] = dry_run(config, self._seeds)
        return self._dry_runs[key]


@contextmanager
def _naming_edits(config: TrialConfig) -> Iterator[None]:
    """Adds the edits of a network to an error of what it does: it was built, but shapes may no longer fit.

    Raises:
        AblateError: of the same class, with one more sentence.
    """
    try:
        yield
    except (ConfigError, ModelError) as error:
        is_of_network = isinstance(error, ModelError) or str(config.model["_target_"]) in str(error)
        if not config.model.edits or not is_of_network:
            raise
        edits = "; ".join(map(str, config.model.edits))
        said = f"It is edited: {edits}. 'ablate inspect' prints the shapes of its modules."
        raise type(error)(f"{error} {said}") from error


def _unbatched(data: DataGroup) -> DataGroup:
    """The settings of the data, without the size of a minibatch."""
    return data.without("batch_size")


def _minibatch(config: TrialConfig) -> int:
    """Examples of the probe batch that one of the trial's minibatches would have."""
    return min(config.data.description.batch_size, PROBE)


def _epoch_steps(config: TrialConfig) -> int:
    """Optimizer steps of an epoch."""
    description, settings = config.data.description, config.trainer.settings
    examples = training_examples(source(config.data))
    return TrainingChunks(
        examples=examples, batch_size=description.batch_size, seed=0, limit=settings.limit_train_batches
    ).steps


def _flops(built: nn.Module, probe: Tensor | None) -> int | None:
    try:
        return flops(built, None if probe is None else probe[:1])
    except ModelError:
        raise
    except Exception as error:
        assert probe is not None
        raise ModelError(
            f"model: {type(built).__name__} does not take inputs of shape {list(probe[:1].shape)}: {error_text(error)}."
        ) from error


def _check_objective(built: nn.Module, calls: dict[str, nn.Module], inputs: Tensor, targets: Tensor) -> None:
    with evaluating(built), torch.no_grad(), warnings.catch_warnings():
        predictions = _predictions(built, inputs)
        if not isinstance(predictions, Tensor):
            raise ModelError(
                f"model: {type(built).__name__} gives {kind(predictions)}, not a Tensor. Name the part that is trained,"
                " a key, an attribute or a place: objective.output=logits."
            )
        if isinstance(calls["loss"], nn.CrossEntropyLoss) and _has_two_class_axes(predictions, targets):
            raise ConfigError(
                f"objective: CrossEntropyLoss takes axis 1 of predictions of shape {list(predictions.shape)} as the "
                f"classes, and with targets of shape {list(targets.shape)} it may be the positions."
                + _for_positions(targets)
            )
        # torch broadcasts targets against predictions, and only warns that the loss is then of something else.
        warnings.filterwarnings("error", message="Using a target size")
        for name, call in calls.items():
            try:
                value = call(predictions, targets)
            except Exception as error:
                raise ConfigError(
                    f"objective: the {name} does not take predictions of shape {list(predictions.shape)} and targets "
                    f"of shape {list(targets.shape)}: {error_text(error)}. The objective must fit data and model."
                    + _for_positions(targets)
                ) from error
            if not isinstance(value, Tensor) or value.numel() != 1 or value.is_complex():
                found = f"shape {list(value.shape)}" if isinstance(value, Tensor) else f"type {type(value).__name__}"
                raise ConfigError(
                    f"objective: the {name} of a minibatch is of {found}, not a number. Average it over its parts, or "
                    "take another."
                )


def _has_two_class_axes(predictions: Tensor, targets: Tensor) -> bool:
    """Whether the classes of each position may be on axis 1 or on the last one: their numbers are equal."""
    return not targets.is_floating_point() and predictions.ndim == 3 and predictions.shape[1:] == targets.shape[1:] * 2


def _for_positions(targets: Tensor) -> str:
    """The objectives of classes at each position of an example, which an error names where targets are such."""
    if targets.is_floating_point() or targets.ndim == 1:
        return ""
    return (
        " For a class at each position there are objective=tokens, for outputs (examples, tokens, classes), and "
        "objective=segmentation, for outputs (examples, classes, *positions), such as (examples, classes, height, "
        "width)."
    )


def _predictions(built: nn.Module, inputs: Tensor) -> object:
    try:
        return built(inputs)
    except Exception as error:
        raise ModelError(
            f"model: {type(built).__name__} does not take {len(inputs)} examples of shape {list(inputs.shape[1:])} at "
            f"a time: {error_text(error)}. Its last minibatch and its evaluations are of other sizes than "
            "data.batch_size: it must take any number of examples."
        ) from error


def _check_mixture(augmented: Augmentation, built: nn.Module, loss: nn.Module, inputs: Tensor, targets: Tensor) -> None:
    """Asks the loss for that of mixed examples, where they are mixed."""
    mixed, shares = augmented.mixed(inputs, targets)
    if mixed is inputs:
        return
    try:
        with evaluating(built), torch.no_grad():
            loss(built(mixed), shares)
    except Exception as error:
        raise ConfigError(
            f"data.augmentation.mixup makes targets of shape {list(shares.shape)}, shares of two examples', and the "
            f"loss {type(loss).__name__} does not take them: {error_text(error)}. Take objective=classification, or "
            "data.augmentation.mixup=0."
        ) from error


def _check_step(built: nn.Module, loss: nn.Module, config: TrialConfig, inputs: Tensor, targets: Tensor) -> None:
    """Takes one optimizer step."""
    make = optimizer(config)
    seed_everything(0)
    try:
        made = make(built.parameters())
    except Exception as error:
        raise ConfigError(f"optimizer: {config.optimizer['_target_']} failed: {error_text(error)}") from error
    if not isinstance(made, torch.optim.Optimizer):
        raise ConfigError(f"optimizer: {config.optimizer['_target_']} gives {kind(made)}, not a torch.optim.Optimizer.")
    if (make_schedule := schedule(config, epoch_steps=_epoch_steps(config))) is not None:
        make_schedule(made)
    settings, refused = config.trainer.settings, Refused()
    try:
        with refused if settings.deterministic and is_on_cuda(settings) else nullcontext():
            take_step(built, loss, inputs, targets, optimizer=made, clip_norm=settings.gradient_clip_norm)
    except Exception as error:
        raise ConfigError(
            f"{config.model['_target_']} cannot be trained with this objective and optimizer on minibatches of "
            f"{len(inputs)}: {error_text(error)}."
        ) from error
    if refused.names:
        raise ConfigError(
            f"{config.model['_target_']} cannot be trained deterministically on a GPU with this objective: torch has "
            f"no deterministic {', '.join(refused.names)} there. Let its trainings differ a little from one time to "
            "the next, with trainer.deterministic=false, or train on the CPU, with trainer.accelerator=cpu."
        )


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


def _check_evaluated(response: str, config: TrialConfig) -> None:
    split = response.partition("/")[0]
    limit = f"limit_{split}_batches"
    if split in ("val", "test") and config.trainer.settings.lightning.get(limit) == 0:
        raise ConfigError(
            f"trainer.lightning.{limit}=0 leaves out the evaluation that measures {response}, by which trials are "
            "compared or chosen. Take it out, or set how many minibatches it may have."
        )
