"""Records in memory: the same as those that went in, in a tenth of the room."""

import gc
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.store import Counts, Provenance, Record, Records, Selection

MAX_RECORD_BYTES = 700
"""Of a record with six responses and five diagnostics; 4,000 where each is held as it is."""


@given(data=st.data())
def test_what_comes_out_is_what_went_in(records, data):
    found = data.draw(st.lists(records, max_size=6, unique_by=lambda record: record.id))
    records = Records(found)
    assert records == {record.id: record for record in found}
    assert list(records) == [record.id for record in found]


def test_every_number_of_a_record_comes_back(make_record):
    whole = make_record(
        responses={"test/loss": 0.1 + 0.2, "val/loss": None},
        diagnostics={"dead_units": {"start": 0.0, "end": 1e-300}, "signal": {}},
        trivial={"test/loss": 2.5},
        simple={"1-NN": {"test/loss": 1.5, "test/accuracy": 0.5}},
        files={"curve.csv": "cafe"},
        error="it diverged",
        unmeasured="no layers",
        stated="beef",
        provenance=Provenance(
            ablate="1", python="3", torch="2", lightning="2", host="h", device="d", threads=1, engine="e", source="s"
        ),
    )
    (found,) = Records([whole]).values()
    assert found == whole
    assert found.files == whole.files


def test_the_last_of_one_id_counts(make_record):
    first, last = make_record(seconds=1.0), make_record(seconds=2.0)
    assert list(Records([first, last]).values()) == [last]


def test_without_leaves_out_and_changes_nothing(make_record):
    one, other = make_record("000000000001"), make_record("000000000002")
    records = Records([one, other])
    assert records.without({one.id}) == {other.id: other}
    assert records == {one.id: one, other.id: other}


def test_a_selection_is_a_sequence_in_its_own_order(make_record):
    made = [make_record(f"{number:012}", replicate=number) for number in range(4)]
    records = Records(made)
    chosen = Selection(records, [made[n].id for n in (2, 0, 3)])
    assert [record.replicate for record in chosen] == [2, 0, 3]
    assert (len(chosen), chosen[-1], [*chosen[1:]]) == (3, made[3], [made[0], made[3]])
    with pytest.raises(IndexError):
        chosen[3]


def test_a_record_takes_little_memory(make_record):
    def made(number):
        return make_record(
            f"{number:012}",
            levels={"lr": str(number % 10)},
            replicate=number // 10,
            responses={f"{split}/{what}": number / 7 for split in ("train", "val", "test") for what in ("loss", "acc")},
            diagnostics={name: dict.fromkeys(("start", "middle", "end"), number / 3) for name in "abcde"},
            counts=Counts(epochs=number % 5),
            started=f"2026-01-01T00:00:{number % 60:02}+00:00",
            config={"model": {"width": number % 10, "sizes": list(range(100))}},
        )

    few, many = (_bytes_of(made, count) for count in (200, 1200))
    assert (many - few) / 1000 < MAX_RECORD_BYTES


def _bytes_of(made, count):
    gc.collect()
    tracemalloc.start()
    records = Records(made(number) for number in range(count))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(records) == count
    return held


def test_a_record_can_be_changed_without_changing_the_others(make_record):
    one, other = make_record("000000000001"), make_record("000000000002")
    records = Records([one, other])
    changed = replace(records[one.id], seconds=9.0)
    assert isinstance(changed, Record)
    assert records[one.id].seconds == one.seconds
