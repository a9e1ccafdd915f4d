"""Results of each older format of records, as the version of that time wrote them: shown, resumed, not trained again.

`formats/schema_N/` is a results folder. To add one, before `ablate.store.record.SCHEMA` is raised: run WORDS in an
empty folder, and keep what is in `results/` but the lock and the summary.
"""

import json
import shutil
from pathlib import Path

import pytest

from ablate.store import SCHEMA
from ablate.store.record import UNSEALED

FORMATS = Path(__file__).with_name("formats")
WORDS = (
    *("smoke", "replicates=5", "engine=inline", "trainer.accelerator=cpu"),
    *("model.width=4", "model.depth=0", "model.skip_span=0", "data.limit=60", "data.val_size=10", "data.test_size=20"),
    "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: equivalent, margin: 0.5}]",
)
SAME = ("--stale", "keep")
"""The code has changed since they trained."""

TRIALS = 10


def test_every_older_format_that_is_read_is_here():
    assert (
        {int(path.name.removeprefix("schema_")) for path in FORMATS.iterdir()} == set(UNSEALED) == {*range(1, SCHEMA)}
    )


@pytest.fixture(params=sorted(path.name for path in FORMATS.iterdir()))
def older(here, request) -> Path:
    """The directory of an older study, in a results folder of its own."""
    shutil.copytree(FORMATS / request.param, here / "results")
    (study,) = (here / "results").iterdir()
    assert {record["schema"] for record in records(study).values()} == {int(request.param.removeprefix("schema_"))}
    return study


def records(study: Path) -> dict[str, dict]:
    return {path.parent.name: json.loads(path.read_text()) for path in study.glob("trials/*/record.json")}


def test_it_is_shown(ablate, older):
    before = records(older)
    shown = ablate("show", older.name)
    assert shown.exit_code == 0
    assert f"{TRIALS} planned: {TRIALS} complete" in shown.stdout
    assert shown.stderr == ""
    assert records(older) == before
    trials = json.loads(ablate("show", older.name, "--table", "trials", "--format", "json").stdout)
    assert len(trials["trials"]) == TRIALS


def test_the_same_command_trains_nothing_again(ablate, older):
    before = records(older)
    done = ablate("run", *WORDS, *SAME)
    assert done.exit_code == 0
    assert f"{TRIALS} planned: {TRIALS} complete" in done.stdout
    assert records(older) == before
    assert [path.name for path in older.parent.iterdir()] == [older.name]


def test_further_replicates_are_added_beside_them(ablate, older):
    before = records(older)
    done = ablate("run", *WORDS, "replicates=6", *SAME)
    assert done.exit_code == 0
    assert f"{TRIALS + 2} planned: {TRIALS + 2} complete" in done.stdout
    now = records(older)
    assert {trial: now[trial] for trial in before} == before
    assert [record["schema"] for trial, record in now.items() if trial not in before] == [SCHEMA] * 2


def test_one_that_is_damaged_alone_is_trained_again(ablate, older):
    before = records(older)
    damaged = min(before)
    path = older / "trials" / damaged / "record.json"
    path.write_text(path.read_text()[:-20])
    done = ablate("run", *WORDS, *SAME)
    assert done.exit_code == 0
    assert f"trials/{damaged}/record.json cannot be counted" in done.stderr
    now = records(older)
    assert now.pop(damaged)["schema"] == SCHEMA
    assert now == {trial: record for trial, record in before.items() if trial != damaged}
