"""Studies of the configuration, run and loaded by the words that the command line takes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ablate.python.result import Result
from ablate.study.missing_trials import Retried, Stale


def run(*words: str, stale: Stale | None = None, retry: Sequence[Retried] = (), quiet: bool = False) -> Result:
    """Trains what is missing of a study of the configuration: `run("smoke", "model.width=8,16")`.

    Args:
        *words: A study's name and overrides, as after `ablate run`.
        stale: What to do with trials whose code has changed since: `keep` and pool them, or `rerun` them.
        retry: States of which trials are trained again, beside those that failed: `["timed_out"]`.
        quiet: Whether nothing is written to standard error.

    Returns:
        The results, those that were on disk before included.

    Raises:
        AblateError: as `ablate.study.run`.
    """
    return run_words(words, conf=None, stale=stale, retry=retry, quiet=quiet)


def run_words(
    words: Sequence[str],
    *,
    conf: Path | None,
    stale: Stale | None,
    retry: Sequence[Retried],
    quiet: bool,
) -> Result:
    """As `run`, with a folder of configuration that comes before the user's; None: there is none."""
    from ablate.python.display import Display
    from ablate.python.rendered_summary import rendered_summary
    from ablate.study import run as run_study
    from ablate.study.observer import Muted

    with Display() as display:
        observer = Muted() if quiet else display
        summary, path = run_study(
            words, observer=observer, stale=stale, retry=retry, conf=conf, render=rendered_summary
        )
    return Result(summary=summary, path=path.absolute())


def load(study: str, *, results_dir: str | Path = "results", objects: Sequence[Callable[..., Any]] = ()) -> Result:
    """The results of a study on disk, without training.

    Args:
        study: Its name under the results directory, or the path of its directory.
        results_dir: Where studies are.
        objects: Classes and functions of a script or notebook that its networks are built from, for `Result.module`.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    from ablate.python.objects import Objects
    from ablate.study import find, summarise

    path = find(study, Path(results_dir))
    summary, notes = summarise(path)
    passed = Objects()
    for each in objects:
        passed.target(each)
    return Result(summary=summary, path=path.absolute(), notes=notes, objects=tuple(passed.passed.values()))
