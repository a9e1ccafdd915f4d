"""Lightning under its two names: a module of `lightning.pytorch` trains with that package's Trainer, unmodified.

`pytorch_lightning` and `lightning` hold the same code as different classes, and each Trainer takes only modules and
data of its own. Callbacks and loggers of either do for both.
"""

import importlib
import sys
from typing import Any

OURS, OTHER = "pytorch_lightning", "lightning.pytorch"
"""The package that ablate requires, and the one that a user's module may come from."""


def lightning_package(thing: object) -> str | None:
    """The package whose LightningModule or LightningDataModule a thing is; None: it is neither."""
    return next(
        (name for name in (OURS, OTHER) if _is_any(thing, name, "LightningModule", "LightningDataModule")), None
    )


def is_lightning_module(thing: object) -> bool:
    """Whether it is a LightningModule of either package."""
    return any(_is_any(thing, name, "LightningModule") for name in (OURS, OTHER))


def is_lightning_module_class(thing: object) -> bool:
    """Whether it is a class of LightningModules of either package."""
    packages = [sys.modules[name] for name in (OURS, OTHER) if name in sys.modules]
    return isinstance(thing, type) and issubclass(thing, tuple(package.LightningModule for package in packages))


def is_lightning_data(thing: object) -> bool:
    """Whether it is a LightningDataModule of either package."""
    return any(_is_any(thing, name, "LightningDataModule") for name in (OURS, OTHER))


def is_lightning_data_class(thing: object) -> bool:
    """Whether it is a class of LightningDataModules of either package."""
    packages = [sys.modules[name] for name in (OURS, OTHER) if name in sys.modules]
    return isinstance(thing, type) and any(issubclass(thing, package.LightningDataModule) for package in packages)


def trainer_class(module: object) -> Any:
    """The Trainer that takes a module: that of its own package."""
    return importlib.import_module(lightning_package(module) or OURS).Trainer


def overrides(thing: object, method: str) -> bool:
    """Whether a user-defined module or data module overrides one of Lightning's hooks, in its class or in itself.

    `LightningDataModule.from_datasets` sets the loaders of what it returns, and some modules choose their steps so.
    """
    package = sys.modules[lightning_package(thing) or OURS]
    base = package.LightningModule if is_lightning_module(thing) else package.LightningDataModule
    found = getattr(thing, method)
    return getattr(found, "__func__", found) is not getattr(base, method)


def is_misconfiguration(error: BaseException) -> bool:
    """Whether a Trainer refuses its arguments by it."""
    return any(base.__name__ == "MisconfigurationException" for base in type(error).__mro__)


def is_termination(error: BaseException) -> bool:
    """Whether Lightning makes it of SIGTERM."""
    return any(base.__name__ == "SIGTERMException" for base in type(error).__mro__)


def _is_any(thing: object, package: str, *names: str) -> bool:
    """Whether a thing is of one of a package's classes; it is not where nothing has imported the package."""
    module = sys.modules.get(package)
    return module is not None and isinstance(thing, tuple(getattr(module, name) for name in names))
