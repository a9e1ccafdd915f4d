"""What a study came to, through the public interface only: `ablate.study`, and the files that it leaves on disk."""

import importlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ablate import study

PROJECT = Path(__file__).parent / "project"
"""User-defined networks, data and studies: a `conf/`, and modules beside it."""

SPECIFIED = (
    "name", "question", "design", "factors", "response", "replicates", "seed", "resolution", "exclude", "claims",
    "looks", "identities", "capacity", "pool_above", "tags", "diagnostics",
)  # fmt: skip
"""Of study.yaml. Its settings are in the ids; its request and its history are not of the study."""

RECORDED = ("id", "levels", "replicate", "state", "counts", "responses", "diagnostics")
"""Of record.json. The others are of the machine and of the hour."""

JUDGED = ("claim", "outcome", "strong", "interval", "n", "family", "alone", "survivors", "failure_sensitive", "needed",
          "look")  # fmt: skip
"""Of a verdict. Its line and its remarks are words, which may change."""

PAIRED = ("n", "dropped", "difference", "sd", "correlation", "wins", "ties", "losses", "t", "p")
"""Of two arms."""

COUNTED = ("design", "response", "better", "replicates", "planned", "complete", "diverged", "failed", "missing")


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A working directory with the user-defined project in it; its modules are forgotten afterwards."""
    place = folder / "place"
    shutil.copytree(PROJECT, place, ignore=shutil.ignore_patterns("__pycache__"))
    path, modules = list(sys.path), set(sys.modules)
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    try:
        with chdir(place):
            yield place
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(place)):
                del sys.modules[name]


class Silent:
    """An observer that does nothing, whatever the methods are called."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


def trial_ids(words: Sequence[str]) -> list[str]:
    """The ids of a study's trials, in the order of the plan."""
    return [trial.id for trial in study.plan(words).trials]


def observe(words: Sequence[str], *, results_dir: str) -> dict[str, Any]:
    """Trains a study in the working directory, and says what it came to.

    Args:
        words: As after `ablate run`.
        results_dir: A folder below the working directory, where nothing is yet.
    """
    asked = [*words, f"results_dir={results_dir}"]
    order = trial_ids(asked)
    found, directory = study.run(asked, observer=Silent())
    summary: dict[str, Any] = json.loads(msgspec.json.encode(found))
    frozen = msgspec.yaml.decode((directory / "study.yaml").read_bytes())
    assert {path.name for path in (directory / "trials").glob("*")} == set(order), "other trials than were planned"
    records = [json.loads((directory / "trials" / trial / "record.json").read_bytes()) for trial in order]
    return {
        "request": list(words),
        "directory": directory.name,
        "study": _only(frozen["spec"], SPECIFIED),
        "trials": [_rounded(_only(r, RECORDED), but="responses") for r in records],
        **_rounded(_analysed(summary)),
    }


def _analysed(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary without words, costs and what is in the records already."""
    variance, lenth = summary["variance"], summary["lenth"]
    return {
        "summary": _only(summary, COUNTED),
        "widths": [point["width"] for point in summary["points"]],
        "contrasts": [_contrast(c) for c in summary["contrasts"]],
        "interactions": [
            {"factors": i["factors"], "q": i["q"], "contrasts": [_contrast(c) for c in i["contrasts"]]}
            for i in summary["interactions"]
        ],
        "variance": None if variance is None else {
            **_only(variance, ("replicates", "dropped", "pooled", "ss", "df")),
            "effects": [_only(e, ("name", "ss", "df", "p", "aliases")) for e in variance["effects"]],
        },
        "lenth": None if lenth is None else {
            **_only(lenth, ("pse", "margin")),
            "effects": [_only(e, ("name", "aliases", "value", "beyond_margin")) for e in lenth["effects"]],
        },
        "verdicts": [_verdict(v) for v in summary["verdicts"]],
        "identities": [
            {**_only(e["identity"], ("expected", "found", "tolerance")), **_only(e, ("holds", "true_as_said"))}
            for e in summary["identities"]
        ],
    }  # fmt: skip


def _contrast(contrast: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_only(contrast, ("kind", "levels", "against", "held", "diverged_arm", "diverged_reference", "q", "aliases")),
        "paired": _paired(contrast["paired"]),
        "survivors": _paired(contrast["survivors"]),
    }


def _paired(paired: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if paired is None else _only(paired, PAIRED)


def _verdict(verdict: Mapping[str, Any]) -> dict[str, Any]:
    separation = verdict["why"]
    return {
        **_only(verdict, JUDGED),
        "qualifiers": [qualifier["name"] for qualifier in verdict["qualifiers"]],
        "p": (verdict["evidence"] or {}).get("supported"),
        "p_holm": (verdict["adjusted"] or {}).get("supported"),
        "why": None if separation is None else _only(separation, ("diagnostic", "moment", "separates")),
    }


def _only(node: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: node[name] for name in names}


def _rounded(value: Any, *, but: str = "") -> Any:
    """Eight digits, more than any tolerance asks for, of all numbers but those under one key."""
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, dict):
        return {k: v if k == but else _rounded(v) for k, v in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list) else value
