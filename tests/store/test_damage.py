"""Files of a study that are damaged, or are something else: said, set aside or refused, and never a bug."""

import errno
import os
import time
from dataclasses import dataclass, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.errors import StoreError
from ablate.store import Frozen, StudyDirectory, atomic, timings
from ablate.store import seal as sealing
from ablate.store.costs import PointCost, read_costs, write_costs
from ablate.store.curve import read_curve
from ablate.store.encoding import decode, encode
from ablate.store.layers import read_layers
from ablate.store.seal import seal, sealed, unseal
from ablate.store.timings import Overhead, Timings, read_timings, write_timings
from tests.store.conftest import tree

ONE = "0123456789ab"
DAMAGED = {
    "no UTF-8": b'{"\xff": 1}',
    "empty": b"",
    "byte order mark": b"\xef\xbb\xbf{}",
    "bottomless": b"[" * 100_000,
    "a list": b"[1]",
    "null": b"null",
    "not a number": b'{"schema": NaN}',
    "beyond numbers": b'{"schema": 1e999}',
    "a long number": b'{"schema": ' + b"9" * 5000 + b"}",
}
IN_THE_WAY = {
    "directory": os.mkdir,
    "named pipe": os.mkfifo,
    "symbolic link": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "study").mkdir()
    return StudyDirectory(tmp_path / "study")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The file of the timings of machine `m`, in a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_timings("m", Timings(overheads={"cpu": Overhead(fit=0.1, epoch=0.2)}))
    (path,) = (tmp_path / "cache" / "ablate").iterdir()
    return path


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_cache_of_timings_is_set_aside_and_said(cache, content):
    cache.write_bytes(content)
    found, said = read_timings("m")
    assert found == Timings()
    assert said is not None
    assert f"set aside as {cache}.damaged" in said
    assert cache.with_name(f"{cache.name}.damaged").read_bytes() == content
    assert read_timings("m") == (Timings(), None)
    write_timings("m", Timings())
    assert cache.is_file()


@pytest.mark.parametrize("make", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_in_the_place_of_the_cache_is_set_aside(cache, make):
    cache.unlink()
    make(cache)
    assert "set aside" in read_timings("m")[1]
    write_timings("m", Timings())
    assert read_timings("m") == (Timings(), None)


def test_a_timing_that_was_changed_is_measured_again_and_another_schema_is_silent(cache):
    whole = cache.read_bytes()
    cache.write_bytes(whole.replace(b"0.1", b"0.2"))
    assert "checksum is of another content" in read_timings("m")[1]
    cache.write_bytes(seal({**msgspec.json.decode(whole), "schema": timings.SCHEMA - 1}))
    assert read_timings("m") == (Timings(), None)


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_costs_are_none(directory, content):
    directory.write("costs.json", content)
    assert read_costs(directory) == ()


@pytest.mark.parametrize("make", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_in_the_place_of_a_file_of_the_study(directory, make):
    for name in ("costs.json", "study.yaml"):
        make(directory.path / name)
    assert read_costs(directory) == ()
    assert directory.exists, "something is there"
    with pytest.raises(StoreError, match=r"study\.yaml cannot be read: is a .*Restore it"):
        directory.frozen()
    assert directory.set_damaged_aside("costs.json").name == "costs.json.damaged"
    assert directory.set_damaged_aside("study.yaml").name == "study.yaml.damaged"
    write_costs(directory, ())
    assert directory.set_damaged_aside("costs.json").name == "costs.json.damaged-2"


@pytest.mark.parametrize("make", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_in_the_place_of_a_curve_or_of_diagnostics_is_not_read(directory, make):
    directory.trial(ONE).mkdir(parents=True)
    for name in ("curve.csv", "diagnostics.csv"):
        make(directory.trial(ONE) / name)
    assert read_curve(directory, ONE) == {}
    assert read_layers(directory, ONE) == {}


@pytest.mark.parametrize("make", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_in_the_place_of_a_record_is_named_and_set_aside(directory, make_record, make):
    directory.trial(ONE).mkdir(parents=True)
    make(directory.record_path(ONE))
    contents = directory.contents()
    assert list(contents.unreadable) == ([ONE] if directory.record_path(ONE).exists() else [])
    directory.set_aside(contents.unreadable)
    directory.write_record(make_record())
    assert list(directory.contents().records) == [ONE]


def test_no_bit_of_a_record_can_be_flipped(make_record):
    record = replace(make_record(), stated="0123456789abcdef", files={"curve.csv": "00"})
    content = encode(record)
    assert decode(content, ONE) == record
    for place in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            try:
                found = decode(bytes(flipped), ONE)
            except ValueError:
                continue
            assert encode(found) == content, f"bit {bit} of byte {place}"


def test_layout_and_order_are_not_content(make_record):
    content = encode(make_record())
    assert decode(msgspec.json.format(content, indent=0), ONE) == make_record()
    backwards = dict(reversed(msgspec.json.decode(content).items()))
    assert decode(msgspec.json.encode(backwards) + b"\n", ONE) == make_record()


def test_a_record_of_before_there_were_checksums_is_read(make_record):
    older = msgspec.to_builtins(make_record()) | {"schema": 1}
    del older["stated"], older["files"]
    content = msgspec.json.encode(older)
    assert decode(content, ONE) == replace(make_record(), schema=1)
    with pytest.raises(ValueError, match="it has no checksum"):
        decode(content.replace(b'"schema":1', b'"schema":2'), ONE)
    with pytest.raises(ValueError, match="checksum"):
        decode(content.replace(b'"schema":1', b'"schema":1,"checksum":"0"'), ONE)


def test_a_setting_that_is_no_finite_number_is_read_as_it_was_written(make_record):
    config = {"trainer": {"max_loss": float("inf")}, "model": {"floor": [float("-inf")], "name": ".inf"}}
    found = decode(encode(make_record(config=config)), ONE)
    assert found.config == {"trainer": {"max_loss": ".inf"}, "model": {"floor": ["-.inf"], "name": ".inf"}}


@given(content=tree, bytes_at_once=st.integers(min_value=len("{}"), max_value=60))
def test_a_seal_in_pieces_is_that_of_the_whole(content, bytes_at_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "PIECE_BYTES", 1 << 30)
        whole = seal({"schema": 1, "content": content})
        patch.setattr(sealing, "PIECE_BYTES", bytes_at_once)
        pieces = [*sealed({"schema": 1, "content": content})]
    assert b"".join(pieces) == whole
    assert unseal(whole, dict, schema=1)["content"] == content
    assert whole == msgspec.json.format(whole, indent=1)


@dataclass(frozen=True)
class Empty:
    pass


@dataclass(frozen=True)
class Branch:
    name: str
    values: tuple[float | None, ...]
    inner: "tuple[Branch | Empty, ...] | Branch | Empty | None"
    beside: dict[str, "Branch"]


branches = st.deferred(
    lambda: st.builds(
        Branch,
        name=st.text(),
        values=st.lists(st.floats() | st.none(), max_size=4).map(tuple),
        inner=st.none() | st.builds(Empty) | branches | st.lists(branches | st.builds(Empty), max_size=3).map(tuple),
        beside=st.dictionaries(st.text(), branches, max_size=2),
    )
)


@given(content=branches)
def test_a_seal_field_by_field_is_that_of_one_text(content):
    assert b"".join(sealed({"schema": 1, "content": content})) == seal({"schema": 1, "content": content})


def test_a_seal_is_of_what_is_said():
    assert unseal(seal({"schema": 3, "a": [1, 0.5]}), dict, schema=3)["a"] == [1, 0.5]
    assert seal(msgspec.json.decode(seal({"schema": 3}))) == seal({"schema": 3}), "sealed twice is sealed once"
    with pytest.raises(ValueError, match="schema 3, where this version of ablate knows 4"):
        unseal(seal({"schema": 3}), dict, schema=4)


def test_a_study_yaml_that_was_edited_is_refused_with_the_way_out_and_its_layout_is_free(directory, make_spec):
    directory.freeze(Frozen(spec=make_spec(), history=("now: frozen",)))
    path = directory.path / "study.yaml"
    whole = path.read_text()
    path.write_text(f"# a remark\n{whole}\n\n")
    assert directory.frozen().spec == make_spec()
    path.write_text(whole.replace("margin: 0.01", "margin: 0.05"))
    with pytest.raises(StoreError, match=r"its checksum is of another content.*remove the line 'checksum: …'"):
        directory.frozen()
    path.write_text(path.read_text().partition("\n")[2])
    assert directory.frozen().spec.claims[0].margin == 0.05


def test_costs_of_before_there_were_checksums_are_read(directory):
    directory.write("costs.json", b'{"schema": 1, "points": [{"levels": {"a": "x"}, "timed_on": "A"}]}')
    assert read_costs(directory) == (PointCost(levels={"a": "x"}, timed_on="A"),)


@pytest.fixture
def aged(tmp_path):
    """Makes files that look like leftovers of a minute ago."""

    def make(*names):
        for name in names:
            path = tmp_path / "study" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{")
            os.utime(path, (time.time() - 60, time.time() - 60))

    return make


def test_leftovers_of_dead_writers_are_swept_and_nothing_else(directory, make_record, aged):
    directory.write_record(make_record(), curve="epoch\n")
    mine = [".mine.tmp", "notes.0a1b2c3d.tmp", f"trials/{ONE}/x.tmp", f"trials/{ONE}/deep/.a.0a1b2c3d.tmp"]
    aged(
        ".summary.json.0a1b2c3d.tmp", f"trials/{ONE}/.record.json.0a1b2c3d.tmp", f"trials/{ONE}/.curve.csv.ffffffff.tmp"
    )
    aged(*mine)
    assert directory.sweep() == 3
    left = {str(p.relative_to(directory.path)) for p in directory.path.rglob("*") if p.is_file()}
    assert left == {*mine, f"trials/{ONE}/record.json", f"trials/{ONE}/curve.csv"}
    assert directory.sweep() == 0


def test_what_somebody_living_writes_is_left(directory, tmp_path, monkeypatch):
    """In the middle of a write, its temporary file is swept neither by another process nor by this one."""
    seen, sync = [], os.fsync

    def look(descriptor):
        for temporary in directory.path.glob(".*.tmp"):
            os.utime(temporary, (time.time() - 90_000, time.time() - 90_000))
            seen.append(directory.sweep())
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", look)
        atomic.write(directory.path / "summary.json", b"{}")
    assert seen == [0]
    assert directory.read("summary.json") == b"{}"


def test_what_may_not_be_read_is_said(directory, make_record, make_spec, monkeypatch):
    """Root may read everything: the refusal is simulated."""
    directory.freeze(Frozen(spec=make_spec(), history=("now: frozen",)))
    directory.write_record(make_record())
    write_costs(directory, ())
    really = os.open

    def refuse(path, *args, **more):
        if str(path).endswith((".json", ".yaml")):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return really(path, *args, **more)

    monkeypatch.setattr(os, "open", refuse)
    assert directory.contents().unreadable == {ONE: "Permission denied"}
    assert read_costs(directory) == ()
    with pytest.raises(StoreError, match=r"study\.yaml cannot be read: permission denied"):
        directory.frozen()
    with pytest.raises(StoreError, match=r"record\.json cannot be read: permission denied"):
        directory.record(ONE)
