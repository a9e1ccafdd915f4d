"""The provenance of a study's results: the command, the versions, the device, the commit."""

import shlex
from collections import Counter
from collections.abc import Iterable

from ablate.config.spec import MADE_IN_PYTHON, StudySpec
from ablate.plan.cost import NETWORK_COSTS
from ablate.store.costs import PointCost
from ablate.store.record import Provenance, Record


def command(spec: StudySpec, *, with_results_dir: bool = False) -> str:
    """The command that reproduces the study's results, quoted for a shell, with its results directory if asked for.

    Of a study that is made in Python it is the call: its objects are in no configuration.
    """
    words = [word for word in spec.request if with_results_dir or not word.startswith("results_dir=")]
    if words[:1] == [MADE_IN_PYTHON]:
        return f"{MADE_IN_PYTHON}(name={words[1]!r}, …).run({', '.join(map(repr, words[2:]))})"
    return shlex.join(["ablate", "run", *(words or [spec.name])])


def made_by(records: Iterable[Record]) -> tuple[str, ...]:
    """A line for each distinct way in which finished records came to be, the most frequent first."""
    ways = Counter(_way(r.provenance) for r in records if r.provenance is not None and r.is_result)
    return tuple(f"{n} training{'s' * (n != 1)}: {way}" for way, n in ways.most_common())


def timed_on(costs: Iterable[PointCost]) -> tuple[str, ...]:
    """Every device on which something was timed."""
    timed = [name for name, kind in NETWORK_COSTS.items() if kind.timed]
    return tuple(
        dict.fromkeys(cost.timed_on for cost in costs if any(cost.numbers()[name] is not None for name in timed))
    )


def _way(made: Provenance) -> str:
    threads = f"{made.threads} thread{'s' * (made.threads != 1)} each"
    commit = f", commit {made.commit[:10]}" if made.commit else ""
    versions = f"ablate {made.ablate}, torch {made.torch}, Lightning {made.lightning}, Python {made.python}"
    steps = f", steps {made.steps}" if made.steps else ""
    return f"{versions}, on {made.device}, {threads}{steps}{commit}"
