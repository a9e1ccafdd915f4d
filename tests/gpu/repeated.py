"""`smoke` twice inline and once on two local workers: every response the same, to the bit."""

from tests.gpu._stage import Findings, checked
from tests.gpu._study import run as run_study

WORDS = ("smoke", "trainer.max_epochs=2", "logger=csv", "trainer.diagnostics=false")
"""With a logger every trial trains alone, however fast the machine is."""


def run(device: str) -> Findings:
    """A row for each time that it was trained again."""
    ways = {
        "inline": "engine=inline",
        "inline, again": "engine=inline",
        "two workers": ("engine=local", "engine.workers=2"),
    }
    found = {}
    for way, words in ways.items():
        heard = run_study((*WORDS, *([words] if isinstance(words, str) else words)), device)
        found[way] = {r.id: (r.state, dict(r.responses)) for r in heard.records}
    first = found["inline"]
    rows = [
        (way, f"{sum(first[i] == got.get(i) for i in first)} of {len(first)} trials", _verdict(first, got))
        for way, got in found.items()
    ]
    return checked(("where", "equal to the first, bit by bit", ""), rows)


def _verdict(first: dict, got: dict) -> str:
    if not first or any(state != "complete" for state, _ in got.values()):
        return "not complete"
    return "ok" if first == got else "different"
