"""`ablate clean`: remove trials that no analysis counts."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.arguments import ResultsDir, StudyNames
from ablate.cli.exits import Code, reported


@reported
def clean(
    studies: StudyNames = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
    results_dir: ResultsDir = None,
) -> None:
    """Remove trials that no analysis counts: failed ones, and those that the frozen study does not name.

    Says what it would remove, and asks first. 'ablate run' trains failed trials again whether they were removed or not.
    """
    from ablate import study
    from ablate.errors import StoreError, begun
    from ablate.report.live.message import error
    from ablate.report.text.quantity import BYTES, counted, in_one_unit

    root = results_dir or Path("results")
    places = [study.find(name, root) for name in dict.fromkeys(studies)] if studies else study.find_all(root)
    if not places:
        raise StoreError(f"There are no results in {root}: 'ablate run' trains a study.")
    found: list[study.Uncounted] = []
    unread = 0
    for place in places:
        try:
            found += study.uncounted(place)
        except StoreError as why:  # this study is left as it is; the others can still be cleaned
            error(str(why))
            unread += 1
    for each in found:
        unit, (size,) = in_one_unit([each.bytes], BYTES)
        sys.stdout.write(f"{each.directory.path}: {counted(len(each.trials), 'trial')}, {each.why} ({size} {unit})\n")
    total = sum(len(each.trials) for each in found)
    if not found:
        counts = "no trial failed, and the frozen studies name all others."
        reason = counts if unread < len(places) else "no study could be read."
        sys.stdout.write(f"Nothing to remove: {reason}\n")
    elif yes or _agrees(f"Remove {counted(total, 'trial')} with all files in their folders?"):
        with begun():
            removed = sum(study.remove_uncounted(each) for each in found)
        sys.stdout.write(f"{counted(removed, 'trial')} removed.\n")
    else:
        sys.stdout.write("Nothing was removed.\n")
    if unread:
        raise typer.Exit(Code.SOME_FAILED)


def _agrees(question: str) -> bool:
    """Asks on standard error; any answer but y or yes means no.

    Raises:
        ConfigError: standard input has ended.
    """
    from ablate.errors import ConfigError

    sys.stdout.flush()
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stderr.write("\n")
        raise ConfigError(
            "Nothing was removed: there is no answer on standard input. Add --yes to remove without asking."
        )
    return answer.strip().lower() in ("y", "yes")
