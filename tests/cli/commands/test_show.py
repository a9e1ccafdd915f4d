"""The tables in every format: `run` prints them, `show` prints the same again from disk."""

import csv
import io
import json
import re
import subprocess
import sys
import time
from dataclasses import replace

import msgspec
import pytest

from ablate import study as studies
from ablate.analysis.summary import Summary
from ablate.config.trial import TrialConfig
from ablate.plan.identity import trial_id
from ablate.store import StudyDirectory

FORMATS = ("table", "json", "csv", "markdown", "latex")


@pytest.fixture
def shown(ablate, here, tiny):
    """What `run --format` and then `show --format` print of one study, and its directory."""
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()

    def both(format: str) -> tuple[str, str]:
        ran = ablate("run", *tiny, "--format", format)
        again = ablate("show", study.name, "--format", format)
        assert (ran.exit_code, again.exit_code) == (0, 0)
        assert (ran.stderr, again.stderr) == ("", ""), "all trials are there: nothing to tell"
        return ran.stdout, again.stdout

    return both, study


def test_every_format_is_the_same_from_run_and_from_show_and_nothing_but_it(shown):
    both, study = shown
    printed = {}
    for format in FORMATS:
        ran, printed[format] = both(format)
        assert ran == printed[format]

    summary = msgspec.json.decode(printed["json"], type=Summary)
    assert json.loads(printed["json"])["study"] == "smoke"
    assert (summary.planned, summary.complete, summary.failed) == (4, 4, 0)
    assert [p.levels["hidden_activation"] for p in summary.points] == ["relu", "tanh"]

    rows = list(csv.DictReader(io.StringIO(printed["csv"]), strict=True))
    assert [(r["hidden_activation"], r["replicate"]) for r in rows] == [
        ("relu", "0"), ("relu", "1"), ("tanh", "0"), ("tanh", "1"),
    ]  # fmt: skip
    assert not any(None in r or None in r.values() for r in rows), "no ragged row"
    values = [value for point in summary.points for value in point.values]
    assert [float(r["test/accuracy"]) for r in rows] == values

    assert printed["markdown"] == (study / "summary.md").read_text()
    tables = re.findall(r"(?m)^\|.*\|$", printed["markdown"])
    assert len(tables) >= 3 + 2
    for value in summary.points[0].values:
        assert f"{value:.2f}" in printed["markdown"]

    opened = re.findall(r"\\begin\{(\w+\*?)\}", printed["latex"])
    assert "tabular" in opened
    assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+\*?)\}", printed["latex"]))
    assert not re.search(r"(?<!\\)[%#]", re.sub(r"(?m)^%.*$", "", printed["latex"])), "nothing unescaped"

    assert printed["table"].startswith("smoke@data.limit=60,")
    assert f"ablate show {study.name} --table NAME" in printed["table"]


def test_every_table_is_the_same_from_run_and_from_show(ablate, here, tiny):
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()
    for table in ("points", "trials", "all"):
        ran = ablate("run", *tiny, "--table", table)
        assert (ran.exit_code, ran.stderr) == (0, "")
        assert ran.stdout == ablate("show", study.name, "--table", table).stdout
    shown = ablate("show", study.name, "--table", "trials", "--format", "json").stdout
    records = StudyDirectory(study).contents().records
    assert {row["trial"]: row["responses"] for row in json.loads(shown)["trials"]} == {
        trial: dict(record.responses) for trial, record in records.items()
    }
    ablate("show", study.name, "--ascii").stdout.encode("ascii")


def test_what_could_not_be_shown_is_refused_before_anything_is_trained(refused, tiny):
    assert "Did you mean 'contrasts'?" in refused("run", *tiny, "--table", "contrast")
    assert "Unknown format 'yaml'" in refused("run", *tiny, "--format", "yaml")
    assert "CSV holds one table at a time" in refused("run", *tiny, "--format", "csv", "--table", "all")
    assert "--ascii is for --format table" in refused("run", *tiny, "--format", "json", "--ascii")
    assert "leave out --table" in refused("run", *tiny, "--plan", "--table", "points")


def test_a_study_elsewhere_is_named_by_its_path(ablate, here, tiny):
    ran = ablate("run", *tiny, "--results-dir", "else where")
    (study,) = (here / "else where").iterdir()
    assert f"ablate show 'else where/{study.name}' --table NAME" in ran.stdout
    assert ablate("show", f"else where/{study.name}", "--table", "points").exit_code == 0


def test_of_two_records_of_one_trial_the_later_is_counted(ablate, here, tiny):
    ablate("run", *tiny)
    (path,) = (here / "results").iterdir()
    directory = StudyDirectory(path)
    first = next(iter(directory.contents().records.values()))
    config = {**first.config, "optimizer": {**first.config["optimizer"], "lr": 0.5}}  # as an older default
    older = trial_id(TrialConfig.from_dict(config), seed=first.config["seed"], replicate=first.replicate)
    directory.write_record(replace(first, id=older, config=config, started="2000-01-01T00:00:00+00:00"))
    assert older in directory.contents().records
    found = {record.id: cost for record, cost in studies.records(path)}
    assert len(found) == 4
    assert older not in found
    assert all(cost.activation_bytes > 0 for cost in found.values())


def test_trials_of_an_unreadable_record_are_left_out(ablate, here, tiny):
    ablate("run", *tiny)
    (study,) = (here / "results").iterdir()
    record = sorted((study / "trials").glob("*/record.json"))[0]
    record.write_bytes(record.read_bytes()[:100])
    assert len(ablate("show", study.name, "--format", "csv").stdout.splitlines()) == 1 + 3


def test_a_study_is_found_by_name_by_path_and_elsewhere(ablate, here, tiny):
    ablate("run", *tiny, "study.name=named", "--results-dir", "else where")
    (study,) = (here / "else where").iterdir()
    by_name = ablate("show", study.name, "--results-dir", "else where")
    by_path = ablate("show", study)
    assert by_name.stdout == by_path.stdout
    assert by_name.stdout.startswith("named@data.limit=60,")


def test_watching_a_study_that_is_complete_shows_it_at_once(ablate, here, tiny):
    assert ablate("run", *tiny).exit_code == 0
    (study,) = (here / "results").iterdir()
    assert not (study / ".schedule.json").exists(), "nothing trains any more"
    for options in ((), ("--format", "json"), ("--table", "trials")):
        watched = ablate("show", study.name, "--watch", *options)
        assert (watched.exit_code, watched.stdout) == (0, ablate("show", study.name, *options).stdout)
        (line,) = watched.stderr.splitlines()
        assert line.startswith(f"{study.name}: 4/4 trials; latest: test/accuracy ")


def test_watching_what_is_no_study_is_refused(refused, here):
    assert "Unknown study 'smok'" in refused("show", "smok", "--watch")
    (here / "results" / "lost" / "trials").mkdir(parents=True)
    assert "There is no study in results/lost" in refused("show", "lost", "--watch")


def test_a_study_is_watched_while_another_process_trains_it(ablate, here, tiny, monkeypatch):
    """The reader sees what the driver has scheduled and each trial as it ends, and leaves when all have."""
    from ablate.python.display import Display
    from ablate.study.watching.watched import Watched

    seen = []
    on_trial = Display.on_trial

    def look(display, record):
        on_trial(display, record)
        (study,) = (here / "results").iterdir()
        status = Watched(study).read()
        seen.append((len(status.ended), sum(map(len, status.queue.bundles)), status.driver.has_died))
        assert not status.is_over or len(status.ended) == 4

    monkeypatch.setattr(Display, "on_trial", look)
    assert ablate("run", *tiny).exit_code == 0
    assert len(seen) == 4
    assert {queued for _, queued, _ in seen} == {4}
    assert not any(died for *_, died in seen)
    assert seen[-1][0] == 4


SLOW = """
import time

import pytorch_lightning as pl


class Slow(pl.Callback):
    def on_train_epoch_end(self, trainer, module):
        time.sleep(0.4)
"""


@pytest.mark.slow
def test_one_process_watches_what_another_trains_to_its_end(ablate, here, tiny, write):
    write("slow.py", SLOW)
    words = (*tiny, "engine=local", "engine.workers=1", "trainer.max_epochs=8")
    command = [sys.executable, "-m", "ablate"]
    runs = [*command, "run", *words, "+trainer.callbacks.slow={_target_: slow.Slow}"]
    with subprocess.Popen(runs, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as trains:
        until = time.monotonic() + 120
        while not (found := [*here.glob("results/*/study.yaml")]):
            assert time.monotonic() < until
            time.sleep(0.05)
        name = found[0].parent.name
        watches = [*command, "show", name, "--watch", "--format", "json"]
        watched = subprocess.run(watches, cwd=here, capture_output=True, text=True, timeout=240, check=False)
        assert trains.wait(timeout=240) == 0
    assert watched.returncode == 0, watched.stderr
    counts = [int(done) for done in re.findall(r"(\d)/4 trials", watched.stderr)]
    assert counts == sorted(counts)
    assert counts[0] < 4 == counts[-1], watched.stderr
    assert json.loads(watched.stdout)["complete"] == 4
    assert watched.stdout == ablate("show", name, "--format", "json").stdout


def test_showing_writes_nothing_and_needs_no_summary(ablate, here, tiny):
    first = ablate("run", *tiny)
    (study,) = (here / "results").iterdir()
    (study / "summary.json").unlink()
    assert ablate("show", study.name).stdout == first.stdout
    assert not (study / "summary.json").exists()


def test_what_cannot_be_counted_is_named_and_the_rest_is_shown(ablate, here, tiny):
    ablate("run", *tiny)
    (study,) = (here / "results").iterdir()
    broken = sorted((study / "trials").iterdir())[0]
    record = broken / "record.json"
    record.write_bytes(record.read_bytes()[:100])
    shown = ablate("show", study.name)
    assert shown.exit_code == 0
    assert f"trials/{broken.name}/record.json cannot be counted" in shown.stderr
    assert "4 planned: 3 complete, 1 not yet run" in shown.stdout
