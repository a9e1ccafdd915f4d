"""The trials of `smoke` twice inline and once on two local workers: every response the same, to the bit."""

import tempfile

from ablate import study
from ablate.execute.engines import engine
from ablate.execute.train.job import Job
from ablate.plan import Bundle
from tests.gpu._stage import Findings, checked
from tests.gpu._study import ACCELERATOR, HERE

WORDS = ("smoke", "trainer.max_epochs=2", "trainer.diagnostics=false")

WAYS = {
    "inline": ("engine=inline",),
    "inline, again": ("engine=inline",),
    "two workers": ("engine=local", "engine.workers=2"),
}

Responses = dict[str, tuple[str, dict[str, float | None]]]
"""Trial → state and responses."""


def run(device: str) -> Findings:
    """A row for each time that it was trained."""
    found = {way: _trained((*WORDS, *words), device) for way, words in WAYS.items()}
    first = found["inline"]
    rows = [
        (way, f"{sum(first[i] == got.get(i) for i in first)} of {len(first)} trials", _verdict(first, got))
        for way, got in found.items()
    ]
    return checked(("where", "equal to the first, bit by bit", ""), rows)


def _trained(words: tuple[str, ...], device: str) -> Responses:
    """Each trial alone, however fast the machine is."""
    with tempfile.TemporaryDirectory() as folder:
        planned = study.plan([*words, f"results_dir={folder}", f"trainer.accelerator={ACCELERATOR[device]}"], cwd=HERE)
        jobs = [
            Job(bundle=Bundle(trials=(trial,)), directory=planned.directory, sources=("",), commit=None)
            for trial in planned.trials
        ]
        records = [r for done in engine(planned.spec.settings["engine"]).run(jobs) for r in done]
    return {record.id: (record.state, dict(record.responses)) for record in records}


def _verdict(first: Responses, got: Responses) -> str:
    if not first or any(state != "complete" for state, _ in got.values()):
        return "not complete"
    return "ok" if first == got else "different"
