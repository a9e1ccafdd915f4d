"""The data sets of a LightningDataModule, as its loaders have them, for a network that is trained without them."""

from collections.abc import Mapping
from typing import Any

from torch.utils.data import DataLoader, default_collate

from ablate.data.reading.collated import collated
from ablate.errors import AblateError, ConfigError, kind
from ablate.execute.targets.lightning_package import overrides
from ablate.execute.targets.target import error_text
from ablate.execute.train.network import generators_restored, seed_everything

LOADERS: Mapping[str, tuple[str, str]] = {
    "train": ("fit", "train_dataloader"),
    "val": ("fit", "val_dataloader"),
    "test": ("test", "test_dataloader"),
}
"""Part → the stage that sets it up, and what gives its loader."""


def parts_of(module: Any, *, seed: int) -> dict[str, Any]:
    """Sets a LightningDataModule up; returns part → its examples: a Dataset, or pairs as its `collate_fn` makes them.

    What it draws, such as a random split, it draws under the seed; the global generators are as before afterwards.

    Raises:
        ConfigError: it fails, has nothing to train on, or several loaders for one part.
    """
    name, parts = type(module).__name__, dict[str, Any]()
    with generators_restored():
        seed_everything(seed)
        try:
            module.prepare_data()
            done = set[str]()
            for part, (stage, loader) in LOADERS.items():
                if not overrides(module, loader):
                    continue
                if stage not in done:
                    module.setup(stage)
                    done.add(stage)
                parts[part] = _examples(getattr(module, loader)(), f"{name}.{loader}")
        except AblateError:
            raise
        except Exception as error:
            raise ConfigError(
                f"data: {name} cannot be set up without a Trainer: {error_text(error)}. A plain nn.Module trains on "
                "the data sets of its loaders."
            ) from error
    if "train" not in parts:
        raise ConfigError(f"data: {name} has no train_dataloader: there is nothing to train on.")
    return parts


def _examples(loader: Any, where: str) -> Any:
    if isinstance(loader, list | tuple) and len(loader) == 1:
        loader = loader[0]
    if not isinstance(loader, DataLoader):
        raise ConfigError(
            f"data: {where}() gives {kind(loader)}, not one DataLoader. A plain nn.Module trains, validates and tests "
            "on one each."
        )
    is_plain = loader.collate_fn is default_collate or loader.batch_size is None
    return loader.dataset if is_plain else collated(loader.dataset, loader.collate_fn, where)
