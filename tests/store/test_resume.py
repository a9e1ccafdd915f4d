"""Running a study is making its results be there: what is on disk is counted, kept, or trained again."""

import json
import re
import subprocess
import sys

import pytest

from ablate import study
from ablate.errors import StoreError
from ablate.store import StudyDirectory

SMALL = ["smoke", "engine=inline", "data.limit=60", "data.val_size=20", "data.test_size=20", "model.width=4"]

pytestmark = pytest.mark.usefixtures("kept_timings")


def run(listener_type, *words, cwd=None):
    """Runs the small study; returns who listened, the summary and the directory."""
    listener = listener_type()
    summary, path = study.run([*SMALL, *words], observer=listener, cwd=cwd)
    return listener, summary, StudyDirectory(path)


@pytest.fixture
def listen(listener):
    return type(listener)


def contents_of(directory):
    """Trial id → the bytes of its record."""
    return {p.parent.name: p.read_bytes() for p in directory.path.glob("trials/*/record.json")}


def test_records_that_cannot_be_counted_are_named_set_aside_and_trained_again(here, listen):
    listener, _, directory = run(listen, "replicates=3")
    assert len(listener.records) == 6
    before = contents_of(directory)
    whole, *spoiled = sorted(before)
    changes = {
        "truncated": lambda content: content[:-1],
        "empty": lambda content: b"",
        "no JSON": lambda content: b"\x00\xff",
        "later": lambda content: content.replace(b'"schema": 2', b'"schema": 3'),
        "another's": lambda content: before[whole],
    }
    left = {}
    for trial_id, change in zip(spoiled, changes.values(), strict=True):
        left[trial_id] = change(before[trial_id])
        (directory.trial(trial_id) / "record.json").write_bytes(left[trial_id])

    listener, summary, _ = run(listen, "replicates=3")
    for trial_id in spoiled:
        assert [r for r in listener.remarks if f"trials/{trial_id}/record.json" in r and "set aside" in r]
        assert (directory.trial(trial_id) / "record.json.unreadable").read_bytes() == left[trial_id]
    assert (listener.total, listener.already) == (6, 1)
    assert sorted(r.id for r in listener.records) == spoiled
    after = contents_of(directory)
    assert after[whole] == before[whole]
    for trial_id in spoiled:  # the same responses as the first time: nothing is lost
        assert json.loads(after[trial_id])["responses"] == json.loads(before[trial_id])["responses"]
    assert (summary.complete, summary.missing) == (6, 0)

    listener, _, _ = run(listen, "replicates=3")
    assert (listener.remarks, listener.records, listener.already) == ([], [], 6)
    assert contents_of(directory) == after


def test_a_summary_names_what_it_does_not_count(here, listen):
    _, _, directory = run(listen)
    victim = next(iter(sorted(contents_of(directory))))
    path = directory.trial(victim) / "record.json"
    path.write_bytes(path.read_bytes()[:-5])
    spoiled = path.read_bytes()
    summary, remarks = study.summarise(directory.path)
    assert (summary.complete, summary.missing) == (3, 1)
    assert len(remarks) == 1
    assert f"trials/{victim}/record.json cannot be counted" in remarks[0]
    assert path.read_bytes() == spoiled  # looking changes nothing


MINE = """# @package _global_
defaults:
  - override /model: mlp
replicates: {replicates}
study:
  name: mine
  question: Does it matter?
  design: one_at_a_time
  factors: [{{hidden_activation: [{levels}]}}]
  response: test/accuracy
model: {{width: 4, depth: 1, skip_span: 0}}
data: {{limit: 60, val_size: 20, test_size: 20, batch_size: 20}}
trainer: {{max_epochs: 1}}
"""


def test_a_study_that_grows_trains_only_what_is_new(here, listen):
    def ask(levels, replicates):
        path = here / "conf" / "study" / "mine.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MINE.format(levels=levels, replicates=replicates))
        listener = listen()
        _, place = study.run(["mine", "engine=inline"], observer=listener)
        return listener, StudyDirectory(place)

    _, directory = ask("relu, tanh", 1)
    first = contents_of(directory)
    listener, _ = ask("relu, tanh, sigmoid", 2)
    assert (listener.already, len(listener.records)) == (2, 4)
    trained = {(r.levels["hidden_activation"], r.replicate) for r in listener.records}
    assert trained == {("relu", 1), ("tanh", 1), ("sigmoid", 0), ("sigmoid", 1)}
    assert {trial_id: contents_of(directory)[trial_id] for trial_id in first} == first
    frozen = directory.frozen()
    assert len(frozen.history) == 2
    assert "added level sigmoid of hidden_activation, replicates 1 → 2, after 2 trials" in frozen.history[1]
    listener, _ = ask("relu, tanh", 1)
    assert (listener.total, listener.records) == (6, [])
    assert any("kept in the study" in remark for remark in listener.remarks)
    assert directory.frozen() == frozen


def test_a_full_disk_keeps_what_is_finished_and_the_same_command_goes_on(here, listen, make_disk):
    disk = make_disk("size=44k")
    with pytest.raises(StoreError, match="disk is full"):
        run(listen, "replicates=4", f"results_dir={disk}")
    directory = StudyDirectory(next(disk.iterdir()))
    first, found = contents_of(directory), directory.contents()
    assert 0 < len(first) < 8
    assert (len(found.records), found.unreadable) == (len(first), {})
    assert list(disk.rglob("*.tmp")) == []
    subprocess.run(["mount", "-o", "remount,size=10m", str(disk)], check=True)
    listener, summary, _ = run(listen, "replicates=4", f"results_dir={disk}")
    assert (listener.already, len(listener.records)) == (len(first), 8 - len(first))
    assert summary.complete == 8
    assert {trial_id: contents_of(directory)[trial_id] for trial_id in first} == first


def test_a_disk_that_is_full_from_the_start_is_said_before_any_training(here, listen, make_disk):
    disk = make_disk("size=8k")
    (disk / "filler").write_bytes(bytes(8192))
    with pytest.raises(StoreError, match="disk is full"):
        run(listen, f"results_dir={disk}/results")
    assert [path.name for path in disk.iterdir()] == ["filler"]


@pytest.mark.parametrize("place", ["file", "file/results"])
def test_results_in_a_file_are_refused_before_any_training(here, listen, place):
    (here / "file").touch()
    with pytest.raises(StoreError, match="file is a file, not a directory"):
        run(listen, f"results_dir={place}")


def test_a_study_that_another_driver_holds_is_left_alone(here, listen):
    _, _, directory = run(listen)
    before = contents_of(directory)
    program = "import sys, pathlib; from ablate.store import Lock; lock = Lock(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", f"{program}; lock.acquire(); print(); input()", str(directory.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreError, match=rf"held by another driver \(process {holder.pid} on .*since 20"):
            run(listen, "replicates=3")
        holder.kill()
    assert contents_of(directory) == before
    listener, _, _ = run(listen, "replicates=3")
    assert len(listener.records) == 2


def test_a_study_yaml_that_is_no_study_is_said_and_the_records_stay(here, listen):
    _, _, directory = run(listen)
    before = contents_of(directory)
    (directory.path / "study.yaml").write_text("what: is this\n")
    with pytest.raises(StoreError, match=r"study\.yaml cannot be read"):
        run(listen)
    assert contents_of(directory) == before


def test_other_settings_under_one_name_are_refused_before_any_training(here, listen):
    _, _, directory = run(listen)
    before = contents_of(directory)
    path = directory.path / "study.yaml"
    whole = path.read_text()
    path.write_text(re.sub(r"(settings:[\s\S]*?width: )4\b", r"\g<1>5", whole, count=1))
    with pytest.raises(StoreError, match="checksum is of another content"):
        run(listen)
    path.write_text(path.read_text().partition("\n")[2])  # the line of the checksum: it is meant
    with pytest.raises(StoreError, match=r"model\.width 5 → 4"):
        run(listen)
    assert contents_of(directory) == before


def test_nothing_is_left_open_or_locked(here, listen):
    _, _, directory = run(listen)
    assert not (directory.path / ".lock.holder.json").exists()
    assert {path.name for path in directory.path.glob(".*")} <= {".lock"}
