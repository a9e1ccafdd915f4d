"""`python -m tests.regression [CASE…]`: writes anew what small studies come to, in tests/regression/before/.

The files in `before/` say what studies came to at commit c87399d, before modules were moved and renamed. They are
written anew only when behaviour is meant to change (another meaning of a setting, another random stream, another
ingredient of an id), and for a case that is new; the message of that commit says what changed and why. A test that
fails after a change that was meant to leave results as they are has found an error: it is no reason to write anything
anew. Name the cases that are meant to change, so that the others stay as they are; `trial_ids` stands for the ids of
the studies that ship.

Each study is trained twice, as planned and with every trial alone. Where the two differ by more than a tenth of the
tolerance, nothing is written: the tolerance would not hold elsewhere.
"""

import os
import sys
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.regression.case import CASES, Case
from tests.regression.difference import differences
from tests.regression.fixture import IDS, digested, write


def main(names: list[str]) -> None:
    """Writes the files of these cases; without names, of all."""
    valid = [case.name for case in CASES] + [IDS]
    if wrong := sorted(set(names) - set(valid)):
        sys.exit(f"No case {', '.join(wrong)}. Valid: {', '.join(valid)}.")
    for case in CASES:
        if not names or case.name in names:
            _record(case)
    if not names or IDS in names:
        _record_ids()


def _record(case: Case) -> None:
    from tests.regression.observation import observe, workplace

    with TemporaryDirectory() as folder, workplace(Path(folder)):
        planned = observe(case.words, results_dir="planned")
        alone = observe((*case.words, "logger=csv"), results_dir="alone")
    alone["request"] = planned["request"]
    tenth = replace(case.tolerance, relative=case.tolerance.relative / 10, absolute=case.tolerance.absolute / 10)
    if found := list(differences(planned, alone, tenth)):
        sys.exit(f"{case.name}: rounding alone makes a difference.\n" + "\n".join(found))
    write(case.name, planned)
    print(f"{case.name}: {len(planned['trials'])} trials")


def _record_ids() -> None:
    from ablate.config.catalog import Catalog
    from tests import REPOSITORY
    from tests.regression.observation import trial_ids

    studies = Catalog(REPOSITORY).names("study")
    with TemporaryDirectory() as folder, chdir(folder):  # where no study has chosen its settings yet
        found = {study: digested(trial_ids([study])) for study in studies}
    write(IDS, found)
    print(f"{IDS}: {len(studies)} studies")


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
    with TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache  # what is timed while this records is not the user's to keep
        main(sys.argv[1:])
