"""Studies of what other packages ship, unmodified: a few trials of a few steps, whose data a test draws."""

import json
from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any

import pytest
import yaml

from ablate.store import StudyDirectory
from ablate.store.record import Record

STUDY = {
    "defaults": [{f"override /{group}": name} for group, name in (
        ("model", "foreign"), ("data", "foreign"), ("objective", "none"), ("optimizer", "none"),
    )],
    "replicates": 2,
}  # fmt: skip
"""A study of the LightningModule and the data that the test describes."""


@pytest.fixture
def study(write) -> Callable[..., None]:
    """Writes the study `foreign`, of a model and data given as YAML, with factors and settings of its trainer."""

    def writes(*, model: str, data: str, factor: Mapping[str, Any], trainer: Mapping[str, Any], **about: Any) -> None:
        write("conf/model/foreign.yaml", f"# Of another package\n{dedent(model)}")
        write("conf/data/foreign.yaml", f"# Drawn by the test\n{dedent(data)}")
        named = {"name": "foreign", "question": "Does it train as it is?", "design": "factorial"}
        node = STUDY | {"study": named | about | {"factors": list(factor)}, "factor": factor, "trainer": trainer}
        write("conf/study/foreign.yaml", f"# @package _global_\n{yaml.safe_dump(node, sort_keys=False)}")

    return writes


@pytest.fixture
def trained(ablate, here) -> Callable[..., dict[tuple[str, ...], list[Record]]]:
    """Trains the study `foreign`; its records by the levels of their design points, in the order of replicates."""

    def train(*words: str) -> dict[tuple[str, ...], list[Record]]:
        result = ablate("run", "foreign", "engine=inline", "--format", "json", *words)
        assert result.exit_code == 0, result.stderr
        summary = json.loads(result.stdout)
        (folder,) = (here / "results").iterdir()
        records = sorted(StudyDirectory(folder).contents().records.values(), key=lambda r: r.replicate)
        assert {r.state for r in records} == {"complete"}, [r.error for r in records]
        assert summary["complete"] == len(records)
        of_points: dict[tuple[str, ...], list[Record]] = {}
        for record in records:
            of_points.setdefault(tuple(record.levels.values()), []).append(record)
        assert {tuple(point["levels"].values()) for point in summary["points"]} == of_points.keys()
        return of_points

    return train
