"""Claims count as stated before the first trial only where the records say so themselves."""

import os
import re
import shutil

import msgspec
import pytest

from ablate import study
from ablate.store import StudyDirectory
from ablate.store.seal import seal
from tests.conftest import Listener

TINY = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0",
    "data.limit=60", "data.val_size=10", "data.test_size=20", "replicates=5",
)  # fmt: skip
CLAIM = "study.claims=[{{contrast: {{hidden_activation: [tanh, relu]}}, expect: no_worse, margin: {margin}}}]"

pytestmark = pytest.mark.usefixtures("kept_timings")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study that has run with a claim of margin 0.2, to be copied."""
    place = tmp_path_factory.mktemp("trained")
    _, path = study.run([*TINY, CLAIM.format(margin=0.2)], observer=Listener(), cwd=place)
    return path


@pytest.fixture
def directory(trained, here):
    path = here / "results" / trained.name
    shutil.copytree(trained, path)
    return StudyDirectory(path)


@pytest.fixture
def run(listener):
    def call(margin):
        heard = type(listener)()
        summary, _ = study.run([*TINY, CLAIM.format(margin=margin)], observer=heard)
        return heard, summary

    return call


def without_checksum(text):
    return text.partition("\n")[2]


def test_a_claim_that_was_stated_before_is_confirmatory(directory, run):
    records = directory.contents().records.values()
    assert len({record.stated for record in records}) == 1
    assert None not in {record.stated for record in records}
    heard, summary = run(0.2)
    assert (heard.remarks, heard.records) == ([], [])
    assert [v.claim.margin for v in summary.verdicts] == [0.2]
    assert summary.later == ()


@pytest.mark.parametrize("margin", [0.2, 0.01])
def test_without_study_yaml_whatever_is_claimed_is_exploratory(directory, run, margin):
    """Of the same claim, too: nothing tells how many others were tried."""
    (directory.path / "study.yaml").unlink()
    heard, summary = run(margin)
    assert "study.yaml is not there, and 10 trials are" in heard.remarks[0]
    assert heard.records == []
    assert summary.verdicts == ()
    assert [(v.claim.margin, v.claim.after) for v in summary.later] == [(margin, 10)]
    assert "frozen, after 10 trials" in directory.frozen().history[0]
    assert "before the first trial" not in directory.frozen().history[0]
    _, again = run(margin)
    assert (again.verdicts, len(again.later)) == ((), 1), "and stays so"
    assert study.summarise(directory.path)[0].later == summary.later


def test_a_claim_that_was_changed_by_hand_is_exploratory(directory, run):
    path = directory.path / "study.yaml"
    path.write_text(without_checksum(re.sub(r"margin: 0\.2", "margin: 0.01", path.read_text())))
    summary, _ = study.summarise(directory.path)
    assert summary.verdicts == ()
    assert [(v.claim.margin, v.claim.after) for v in summary.later] == [(0.01, 10)]
    assert any("study.yaml is not what 10 of the trials were trained under" in line for line in summary.qualifiers)
    _, summary = run(0.01)
    assert (summary.verdicts, len(summary.later)) == ((), 1)


def test_a_later_claim_that_was_moved_among_the_stated_ones_is_exploratory(directory, run):
    run(0.01)
    path = directory.path / "study.yaml"
    tree = msgspec.yaml.decode(path.read_bytes())
    del tree["checksum"]
    (later,) = tree["spec"]["later"]
    tree["spec"] |= {"claims": [*tree["spec"]["claims"], {**later, "after": 0}], "later": []}
    path.write_bytes(msgspec.yaml.encode(tree))
    summary, _ = study.summarise(directory.path)
    assert (summary.verdicts, len(summary.later)) == ((), 2)


def test_other_words_and_another_layout_are_the_same_claim(directory):
    path = directory.path / "study.yaml"
    path.write_text(without_checksum(path.read_text()).replace("why: ''", "why: said better"))
    summary, _ = study.summarise(directory.path)
    assert (len(summary.verdicts), summary.later) == (1, ())


@pytest.mark.parametrize(("started", "stated"), [("2020-01-01T00:00:00+00:00", 0), ("2999-01-01T00:00:00+00:00", 1)])
def test_records_of_an_older_version_are_held_against_the_time_of_freezing(directory, started, stated):
    for path in directory.path.glob("trials/*/record.json"):
        record = msgspec.json.decode(path.read_bytes())
        for name in ("checksum", "stated", "files"):
            del record[name]
        path.write_bytes(msgspec.json.encode(record | {"schema": 1, "started": started}))
    summary, _ = study.summarise(directory.path)
    assert summary.complete + summary.diverged == 10
    assert (len(summary.verdicts), len(summary.later)) == (stated, 1 - stated)


def test_a_summary_that_was_edited_is_not_shown(directory):
    path = directory.path / "summary.json"
    whole, _ = study.summarise(directory.path)
    path.write_text(path.read_text().replace('"replicates": 5', '"replicates": 50'))
    shown, (said,) = study.summarise(directory.path)
    assert shown == whole
    assert "summary.json is ignored (its checksum is of another content" in said
    path.write_bytes(seal({**msgspec.json.decode(path.read_bytes()), "schema": 1}))
    assert study.summarise(directory.path) == (whole, ())


def test_an_accuracy_of_seven_is_not_counted(directory):
    path = sorted(directory.path.glob("trials/*/record.json"))[0]
    text = path.read_text()
    path.write_text(re.sub(r'"test/accuracy": [\d.]+', '"test/accuracy": 7.0', text))
    summary, (said,) = study.summarise(directory.path)
    assert (summary.complete, summary.missing) == (9, 1)
    assert "its checksum is of another content" in said


def test_a_record_of_another_configuration_is_not_counted(directory):
    """Even where its checksum fits: its id is a hash of its configuration."""
    path = sorted(directory.path.glob("trials/*/record.json"))[0]
    record = msgspec.json.decode(path.read_bytes())
    record["config"]["optimizer"]["lr"] *= 2
    path.write_bytes(seal(record))
    assert "its id is not that of its configuration" in directory.contents().unreadable[path.parent.name]


def test_verifying_names_each_file_and_how_it_comes_back(directory):
    assert study.verify_files(directory.path).problems == ()
    record, other = sorted(directory.path.glob("trials/*/record.json"))[:2]
    record.write_bytes(record.read_bytes()[:-9])
    with (other.parent / "curve.csv").open("a") as curve:
        curve.write("9,9\n")
    (other.parent / "diagnostics.csv").unlink()
    (directory.path / "costs.json").write_bytes(b"\xff")
    found = study.verify_files(directory.path)
    assert {str(p.path.relative_to(directory.path)) for p in found.problems} == {
        f"trials/{record.parent.name}/record.json",
        f"trials/{other.parent.name}/curve.csv",
        f"trials/{other.parent.name}/diagnostics.csv",
        "costs.json",
    }
    assert all(p.what and p.remedy for p in found.problems)
    (directory.path / "study.yaml").unlink()
    assert "exploratory" in study.verify_files(directory.path).problems[0].remedy


def test_a_run_sets_aside_what_it_makes_again(directory, run):
    for name in ("costs.json", "summary.json"):
        (directory.path / name).write_bytes(b"\xff")
    (directory.path / ".summary.json.0a1b2c3d.tmp").touch()
    os.utime(directory.path / ".summary.json.0a1b2c3d.tmp", (0, 0))
    heard, summary = run(0.2)
    assert [said.partition(" (")[0] for said in heard.remarks] == [
        "costs.json cannot be read",
        "summary.json cannot be read",
    ]
    assert heard.records == []
    assert all(point.latency_seconds for point in summary.points), "measured again"
    names = {path.name for path in directory.path.iterdir()}
    assert names >= {"costs.json", "costs.json.damaged", "summary.json", "summary.json.damaged"}
    assert not any(name.endswith(".tmp") for name in names)
    assert study.verify_files(directory.path).problems == ()
