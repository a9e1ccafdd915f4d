import errno
import json
import os
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate import files
from ablate.config.spec import Factor
from ablate.config.trial import TrialConfig
from ablate.design import lay_out
from ablate.errors import StoreError
from ablate.plan import trials
from ablate.store import Frozen, StudyDirectory, atomic
from ablate.store.directory import TrialOutput
from ablate.store.encoding import decode, encode
from ablate.store.seal import seal

ONE, OTHER = "0123456789ab", "ba9876543210"


@pytest.fixture
def directory(tmp_path):
    return StudyDirectory(tmp_path / "results" / "study")


def record_path(directory, trial_id=ONE):
    return directory.path / "trials" / trial_id / "record.json"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_record_is_read_as_it_was_written(directory, make_record):
    record = make_record()
    directory.write_record(record, curve="epoch\n1\n")
    contents = directory.contents()
    assert contents.records == {ONE: record}
    assert contents.unreadable == {}
    assert directory.record(ONE) == record
    assert names(record_path(directory).parent) == ["curve.csv", "record.json"]


def test_records_share_what_is_equal_in_them(directory, make_record):
    one, other = {"model": {"width": 4}}, {"model": {"width": 8}}
    written = [
        make_record(f"{number:012}", config=config, levels={"width": str(config["model"]["width"])})
        for number, config in enumerate((one, other, one))
    ]
    for record in written:
        directory.write_record(record)
    first, second, third = (record for _, record in sorted(directory.contents().records.items()))
    assert [first, second, third] == written
    assert first.config is third.config
    assert first.levels is third.levels
    assert first.counts is second.counts
    assert first.study is second.study


def test_an_empty_directory_holds_nothing(directory):
    assert directory.contents().records == {}
    assert not directory.exists
    assert not directory.path.exists()
    assert directory.read("summary.json") is None


@pytest.mark.parametrize("reformat", [False, True], ids=["as-written", "compact"])
def test_a_truncated_record_is_one_at_no_length(make_record, reformat):
    content = msgspec.json.format(encode(make_record()), indent=0 if reformat else 1)
    assert decode(content, ONE) == make_record()
    for length in range(len(content)):
        with pytest.raises(ValueError, match=r"."):
            decode(content[:length], ONE)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_truncation_of_any_record_is_a_record(records, data):
    record = data.draw(records)
    content = encode(record)
    length = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(ValueError, match=r"."):
        decode(content[:length], record.id)
    with pytest.raises(ValueError, match=r"."):
        decode(content[:length] + bytes(len(content) - length), record.id)  # as after a power cut


@settings(deadline=None, max_examples=100)
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_what_is_no_record_is_a_value_error(content):
    with pytest.raises(ValueError, match=r"."):
        decode(content, ONE)


def deep(content):
    return content.replace(b'"config": {', b'"config": {' + b'"a":{' * 50_000)


SPOILED = {
    "empty": (lambda content: b"", "truncated"),
    "half": (lambda content: content[: len(content) // 2], "."),
    "zeros": (lambda content: bytes(len(content)), "malformed"),
    "no JSON": (lambda content: b"<html>", "malformed"),
    "no UTF-8": (lambda content: content.replace(b"complete", b"compl\xffte"), "."),
    "a list": (lambda content: b"[1, 2]", "Expected `object`"),
    "bottomless": (deep, "recursion"),
    "two records": (lambda content: content + content, "trailing"),
    "no schema": (lambda content: content.replace(b'"schema"', b'"scheme"'), "schema"),
    "later schema": (lambda content: content.replace(b'"schema": 2', b'"schema": 99'), "schema 99"),
    "schema as text": (lambda content: content.replace(b'"schema": 2', b'"schema": "1"'), "schema"),
    "of another trial": (lambda content: seal({**json.loads(content), "id": OTHER}), f"trial {OTHER}"),
    "a response as text": (lambda content: content.replace(b"0.5", b'"half"'), "responses"),
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_record_that_cannot_be_counted_is_named_and_kept(directory, make_record, spoil):
    directory.write_record(make_record())
    directory.write_record(make_record(OTHER))
    path, (change, reason) = record_path(directory), SPOILED[spoil]
    spoiled = change(path.read_bytes())
    path.write_bytes(spoiled)

    contents = directory.contents()
    assert list(contents.records) == [OTHER]
    assert list(contents.unreadable) == [ONE]
    assert re.search(reason, contents.unreadable[ONE])
    with pytest.raises(StoreError, match=str(path)):
        directory.record(ONE)

    directory.set_aside(contents.unreadable)
    assert not path.exists()
    assert path.with_name("record.json.unreadable").read_bytes() == spoiled
    after = directory.contents()
    assert (list(after.records), after.unreadable) == ([OTHER], {})


def test_a_record_that_is_a_directory_is_named_and_set_aside(directory, make_record):
    record_path(directory).mkdir(parents=True)
    contents = directory.contents()
    assert contents.unreadable == {ONE: "Is a directory"}
    assert contents.digest == directory.digest()
    directory.set_aside(contents.unreadable)
    directory.write_record(make_record())
    assert list(directory.contents().records) == [ONE]


def test_what_was_set_aside_is_never_overwritten(directory):
    for k in range(1, 4):
        record_path(directory).parent.mkdir(parents=True, exist_ok=True)
        record_path(directory).write_text(f"spoiled {k}")
        directory.set_aside([ONE])
    beside = [f"record.json.unreadable{number}" for number in ("", "-2", "-3")]
    aside = [record_path(directory).with_name(name).read_text() for name in beside]
    assert aside == ["spoiled 1", "spoiled 2", "spoiled 3"]


def test_setting_aside_where_nothing_can_be_written_is_said(make_disk):
    disk = make_disk("size=1m")
    directory = StudyDirectory(disk)
    record_path(directory).parent.mkdir(parents=True)
    record_path(directory).write_text("spoiled")
    os.system(f"mount -o remount,ro {disk}")
    with pytest.raises(StoreError, match="Read-only file system"):
        directory.set_aside([ONE])


def test_the_digest_is_of_the_records_bytes(directory, make_record):
    directory.write_record(make_record())
    first = directory.digest()
    assert directory.contents().digest == first
    directory.write_record(make_record(), curve="epoch\n")
    assert directory.digest() != first, "a record says what is beside it"
    directory.write_record(make_record())
    assert directory.digest() == first
    directory.write_record(make_record(seconds=0.5))
    assert directory.digest() != first
    directory.write_record(make_record())
    assert directory.digest() == first
    directory.write_record(make_record(OTHER))
    assert directory.digest() != first
    assert directory.contents().digest == directory.digest()


def test_the_record_is_written_last(directory, make_record, monkeypatch):
    written = []
    monkeypatch.setattr("ablate.store.atomic.write", lambda path, content: written.append(path.name))
    directory.write_record(make_record(), traceback="t", curve="c")
    assert written == ["traceback.txt", "curve.csv", "record.json"]


def test_a_trial_that_is_trained_again_leaves_nothing_of_before(directory, make_record):
    folder = record_path(directory).parent
    directory.write_record(make_record(state="failed"), traceback="Traceback …")
    assert names(folder) == ["record.json", "traceback.txt"]
    directory.write_record(make_record(), curve="epoch\n")
    assert names(folder) == ["curve.csv", "record.json"]
    directory.write_record(make_record(state="failed"), traceback="Traceback …")
    assert names(folder) == ["record.json", "traceback.txt"]


def test_a_traceback_that_is_no_unicode_is_written_all_the_same(directory, make_record):
    directory.write_record(make_record(state="failed"), traceback="no such file: caf\udce9")
    assert record_path(directory).with_name("traceback.txt").read_text() == "no such file: caf\\udce9"


def test_a_full_disk_leaves_the_record_of_before(make_disk, make_record):
    directory = StudyDirectory(make_disk("size=64k") / "study")
    directory.write_record(make_record(), curve="epoch\n")
    with pytest.raises(StoreError, match=r"disk is full: .*record\.json"):
        directory.write_record(make_record(config={"note": "x" * 100_000}), curve="epoch\n")
    assert directory.contents().records == {ONE: make_record()}
    assert names(record_path(directory).parent) == ["curve.csv", "record.json"]


def test_writing_into_a_read_only_study_is_said(make_disk, make_record):
    disk = make_disk("size=1m")
    directory = StudyDirectory(disk)
    directory.write_record(make_record(state="failed"), traceback="t")
    os.system(f"mount -o remount,ro {disk}")
    with pytest.raises(StoreError, match="Read-only file system"):
        directory.write_record(make_record(), curve="c")
    assert directory.contents().records[ONE].state == "failed"


def test_check_writable_leaves_nothing_behind(tmp_path):
    StudyDirectory(tmp_path / "results" / "study").check_writable()
    assert list(tmp_path.iterdir()) == []


def test_check_writable_names_a_file_in_the_way(tmp_path):
    (tmp_path / "results").write_text("")
    for path in (tmp_path / "results", tmp_path / "results" / "study", tmp_path / "results" / "a" / "b"):
        with pytest.raises(StoreError, match=rf"{tmp_path}/results is a file, not a directory"):
            StudyDirectory(path).check_writable()


def test_check_writable_finds_a_full_and_a_read_only_disk(make_disk):
    full = make_disk("size=8k")
    (full / "filler").write_bytes(bytes(8192))
    with pytest.raises(StoreError, match="disk is full"):
        StudyDirectory(full / "study").check_writable()
    assert [p.name for p in full.iterdir()] == ["filler"]
    with pytest.raises(StoreError, match="Read-only file system"):
        StudyDirectory(make_disk("ro") / "study").check_writable()


def test_a_study_that_is_not_there_is_said(directory):
    with pytest.raises(StoreError, match=r"There is no study in .*results/study: No such file"):
        directory.frozen()


@pytest.mark.parametrize("content", ["", "name: half a stu", "{[", "!!timestamp soon", "\x00", "schema: 7\nlater: 1"])
def test_a_study_yaml_that_cannot_be_read_is_said_and_left(directory, make_spec, content):
    directory.freeze(Frozen(spec=make_spec(), history=("now: frozen",)))
    assert directory.exists
    path = directory.path / "study.yaml"
    path.write_text(content)
    with pytest.raises(StoreError, match=rf"{path} cannot be read: .*remove the directory to start"):
        directory.frozen()
    assert path.read_text() == content


def test_files_of_the_study_itself(directory):
    directory.write("summary.json", b"{}")
    assert directory.read("summary.json") == b"{}"
    assert (directory.path / "summary.json").read_bytes() == b"{}"


def test_what_lies_about_is_no_record(directory, make_record):
    directory.write_record(make_record())
    folder = record_path(directory).parent
    (folder / ".record.json.0a1b2c3d.tmp").write_text("{")
    (folder.parent / "notes.txt").write_text("mine")
    (folder.parent / OTHER).mkdir()
    contents = directory.contents()
    assert (list(contents.records), contents.unreadable) == ([ONE], {})


@pytest.mark.parametrize("code", [errno.ESTALE, errno.ETIMEDOUT])
def test_a_file_system_that_does_not_answer_is_no_reason_to_train_again(directory, make_record, monkeypatch, code):
    directory.write_record(make_record())
    directory.write_record(make_record(OTHER))
    read = files.read

    def not_answered(path, **limits):
        if path.parent.name == ONE:
            raise OSError(code, os.strerror(code), str(path))
        return read(path, **limits)

    monkeypatch.setattr(files, "read", not_answered)
    for reading in (directory.contents, directory.digest):
        with pytest.raises(StoreError, match=f"{ONE}.*run the same command again"):
            reading()
    monkeypatch.undo()
    assert set(directory.contents().records) == {ONE, OTHER}, "neither was set aside"


def test_a_folder_that_does_not_answer_is_not_empty(directory, make_record, monkeypatch):
    directory.write_record(make_record())

    def stale(self):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(self))

    monkeypatch.setattr(Path, "iterdir", stale)
    with pytest.raises(StoreError, match=r"trials cannot be read: stale file handle.*run the same command again"):
        directory.contents()


@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_what_is_planned_is_what_the_store_holds_and_what_is_missing(tmp_path_factory, make_spec, make_record, data):
    widths = data.draw(st.lists(st.integers(1, 99).map(str), min_size=2, max_size=4, unique=True))
    replicates = data.draw(st.integers(1, 3))
    factor = Factor(name="width", levels={w: (f"model.width={w}",) for w in widths}, reference=widths[0])
    spec = make_spec(factors=(factor,), claims=(), replicates=replicates, seed=data.draw(st.integers(0, 9)))
    points = lay_out(spec).points
    settings = TrialConfig.from_dict(spec.settings)
    configs = [settings.with_groups(model={"width": int(p.levels["width"])}) for p in points]
    planned = trials(spec, points, configs)
    finished = data.draw(st.sets(st.sampled_from(planned).map(lambda t: t.id)))

    directory = StudyDirectory(tmp_path_factory.mktemp("study"))
    for trial in planned:
        if trial.id in finished:
            levels = dict(trial.point.levels)
            made = make_record(trial.id, levels=levels, replicate=trial.replicate, config=trial.config.as_dict())
            directory.write_record(made)
    records = directory.contents().records
    assert set(records) == finished
    assert len({t.id for t in planned}) == len(planned) == len(widths) * replicates
    for trial in planned:
        if trial.id in records:
            assert dict(records[trial.id].levels) == dict(trial.point.levels)
            assert records[trial.id].config == trial.config.as_dict()
    # The same study planned anew finds the same trials, whatever was added to it.
    more = trials(make_spec(factors=(factor,), claims=(), replicates=replicates + 2, seed=spec.seed), points, configs)
    assert {t.id for t in more if t.id in records} == finished
    assert len(more) == len(planned) + 2 * len(points)


def test_the_layout_on_disk(directory, make_record, make_spec):
    """Other programs, and results kept in git, find their way by these names."""
    directory.freeze(Frozen(spec=make_spec(), history=("now: frozen",)))
    directory.write_record(make_record(), curve="epoch\n")
    directory.write_record(make_record(OTHER, state="failed"), traceback="t")
    found = {str(p.relative_to(directory.path)) for p in directory.path.rglob("*") if p.is_file()}
    assert found == {
        "study.yaml",
        f"trials/{ONE}/record.json",
        f"trials/{ONE}/curve.csv",
        f"trials/{OTHER}/record.json",
        f"trials/{OTHER}/traceback.txt",
    }
    assert json.loads(Path(record_path(directory)).read_text())["id"] == ONE


def test_trials_that_are_written_together_have_their_records_last(directory, make_record, monkeypatch):
    order, write = [], atomic.write
    monkeypatch.setattr(atomic, "write", lambda path, content: (write(path, content), order.append(path.name)))
    trials = [TrialOutput(record=make_record(f"{n:012}"), curve="c", diagnostics="d") for n in range(20)]
    directory.write_trials(trials)
    assert set(order[:40]) == {"curve.csv", "diagnostics.csv"}
    assert order[40:] == ["record.json"] * 20
    assert directory.contents().records == {t.record.id: t.record for t in trials}


def test_where_a_disk_is_full_whole_trials_are_kept_and_no_record_without_its_files(
    directory, make_record, monkeypatch
):
    write, room = atomic.write, [7]

    def full(path, content):
        if room[0] <= 0:
            raise StoreError("The disk is full")
        room[0] -= not path.exists()
        write(path, content)

    def remove(path):
        room[0] += path.exists()
        path.unlink(missing_ok=True)

    monkeypatch.setattr(atomic, "MAX_PARALLEL_WRITES", 1)
    monkeypatch.setattr(atomic, "write", full)
    monkeypatch.setattr(atomic, "remove", remove)
    trials = [TrialOutput(record=make_record(f"{n:012}"), curve="c", diagnostics="d") for n in range(9)]
    with pytest.raises(StoreError, match="full"):
        directory.write_trials(trials)
    monkeypatch.undo()
    assert list(directory.contents().records) == ["000000000000", "000000000001"]
    assert (directory.trial("000000000001") / "diagnostics.csv").read_text() == "d"


def test_results_that_were_there_stay_where_new_ones_find_no_room(directory, make_record, monkeypatch):
    old = [make_record(f"{n:012}", seconds=1.0) for n in range(3)]
    for record in old:
        directory.write_record(record, curve="old")
    write = atomic.write

    def full(path, content):
        if path.name == "record.json":
            raise StoreError("The disk is full")
        write(path, content)

    monkeypatch.setattr(atomic, "write", full)
    with pytest.raises(StoreError, match="full"):
        directory.write_trials([TrialOutput(record=make_record(r.id, seconds=2.0), curve="new") for r in old])
    assert directory.contents().records == {r.id: r for r in old}
