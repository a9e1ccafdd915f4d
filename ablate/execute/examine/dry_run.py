"""One step of a user-defined LightningModule: only it knows what it logs, and how it trains."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytorch_lightning as pl
from torch import Tensor

from ablate.config.trial import TrialConfig
from ablate.errors import AblateError, ConfigError
from ablate.execute.distributed.devices import on_one_device
from ablate.execute.loggers.run import silent_logger
from ablate.execute.process.socket_directory import temporary_directory
from ablate.execute.targets.lightning_callbacks import named_callbacks
from ablate.execute.targets.target import error_text
from ablate.execute.train.callbacks import scalars
from ablate.execute.train.fit import prepare
from ablate.execute.train.trainer import trainer
from ablate.plan.seeds import Streams

ONE = {
    "max_epochs": 1,
    "max_steps": -1,
    "limit_train_batches": 1,
    "limit_val_batches": 1,
    "limit_test_batches": 1,
    "fast_dev_run": False,
}


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What one step logs, and a digest of what it did.

    Equal digests: equal weights, optimizers and schedules after the step, equal logged values, and equal settings in
    the module, some of which may come to matter later only.
    """

    logged: tuple[str, ...]
    digest: str
    tested: tuple[str, ...] = ()
    """What of it the test logs."""


def dry_run(config: TrialConfig, streams: Streams) -> DryRun:
    """Takes one batch of training, validation and test.

    Raises:
        ConfigError: it fails.
    """
    with temporary_directory() as folder:
        named = named_callbacks(config.trainer.settings.callbacks)
        fit = prepare(config, streams)
        once = trainer(
            on_one_device(config).with_groups(logger=None),
            user_defined=True,
            callbacks=(),
            folder=Path(folder),
            named=named,
            logger=silent_logger(config.logger, fit.module),
            module=fit.module,
            **ONE,
        )
        try:
            once.fit(fit.module, **fit.data)
            logged = scalars(once)
            digest, tested = _digest(fit.module, once, logged), dict[str, float]()
            if fit.test is not None:
                once.test(fit.module, verbose=False, **fit.test)
                tested = scalars(once)
        except AblateError:
            raise
        except (Exception, SystemExit) as error:
            raise ConfigError(
                f"model: {config.model['_target_']} fails in its first step: {error_text(error)}"
            ) from error
    return DryRun(logged=tuple(logged | tested), digest=digest, tested=tuple(tested))


def _digest(module: pl.LightningModule, once: pl.Trainer, logged: dict[str, float]) -> str:
    digest = hashlib.sha256(repr(sorted(logged.items())).encode())
    for name, value in sorted(module.state_dict().items()):
        content = value.detach().cpu().double().numpy().tobytes() if isinstance(value, Tensor) else repr(value).encode()
        digest.update(name.encode() + content)
    for optimizer in once.optimizers:
        groups = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
        digest.update(f"{type(optimizer)}{groups}".encode())
    for schedule in once.lr_scheduler_configs:
        settings = (schedule.interval, schedule.frequency, schedule.monitor)
        digest.update(f"{type(schedule.scheduler)}{schedule.scheduler.state_dict()}{settings}".encode())
    digest.update(repr(sorted(module.hparams.items())).encode())
    for name, part in module.named_modules():
        plain = {k: v for k, v in vars(part).items() if _is_setting(k, v)}
        digest.update(f"{name}{sorted(plain.items())}".encode())
    return digest.hexdigest()


def _is_setting(name: str, value: object) -> bool:
    return not name.startswith("_") and isinstance(value, bool | int | float | str | tuple | list | None)
