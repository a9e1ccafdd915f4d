"""Every name of Lightning that ablate uses and Lightning does not document: why, since when, and what could replace it.

Since when: all of them are in Lightning 2.4, the oldest that ablate supports, and in 2.6.
"""

from typing import Any

import pytorch_lightning as pl


def checkpoint_content(trainer: pl.Trainer) -> dict[str, Any]:
    """What Lightning would write as a checkpoint now: of the module, its optimizers, schedules, callbacks and loops.

    `Trainer._checkpoint_connector.dump_checkpoint`. Why: ablate adds to it and leaves out what is no tensor or number,
    before it is written, so that it can be read with `weights_only=True`. Instead: `Trainer.save_checkpoint` into a
    file, read and written again, with pickled objects in between.
    """
    return getattr(trainer, "_checkpoint_connector").dump_checkpoint(weights_only=False)  # noqa: B009


def restart_batches(trainer: pl.Trainer) -> None:
    """Lets the loader of the epoch that begins draw its order again.

    `FitLoop._data_fetcher`. Why: a DataLoader draws when it begins, which is before a callback can restore the random
    generators to what a checkpoint has. Instead: a stateful loader, as torchdata's, which a user's data may lack.
    """
    if (batches := getattr(trainer.fit_loop, "_data_fetcher", None)) is not None:
        iter(batches)


def lets_others_start(strategy: Any) -> bool:
    """Whether a strategy starts no processes itself where the environment says that they are started.

    `_SubprocessScriptLauncher`, by its name, which is the same in both packages of Lightning. Why: the other launchers
    start the processes in which everything happens, rank 0 as well, and callbacks' results stay there. Instead: a list
    of the names of strategies, which would not know those of other packages.
    """
    return type(getattr(strategy, "launcher", None)).__name__ == "_SubprocessScriptLauncher"
