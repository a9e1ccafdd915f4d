import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.store import SCHEMA
from ablate.store.encoding import decode, encode
from ablate.store.seal import seal


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_record_survives_json(records, data):
    record = data.draw(records)
    content = encode(record)
    assert decode(content, record.id) == record
    # What any other program reads of it.
    found = json.loads(content)
    assert len(found.pop("checksum")) == 64
    assert found == json.loads(json.dumps(msgspec.to_builtins(record)))


def test_the_fields_on_disk(make_record):
    """A field that is renamed or dropped makes older records unreadable: that takes another schema number."""
    content = json.loads(encode(make_record()))
    assert content["schema"] == SCHEMA == 2
    assert set(content) == {
        "checksum", "schema", "id", "study", "levels", "replicate", "state", "responses", "counts", "seconds",
        "started", "error", "diagnostics", "unmeasured", "lesions", "unlesioned", "trivial", "simple", "provenance",
        "stated", "files", "config",
    }  # fmt: skip
    assert set(content["counts"]) == {
        "epochs", "steps", "train_examples", "val_examples", "test_examples", "parameters", "flops",
        "sampling",
    }  # fmt: skip


def test_a_record_without_what_has_a_default_is_read(make_record):
    content = json.loads(encode(make_record()))
    for name in ("error", "provenance", "config"):
        del content[name]
    record = decode(seal(content), content["id"])
    assert (record.error, record.provenance, record.config) == (None, None, {})


@pytest.mark.parametrize("name", ["id", "study", "levels", "replicate", "state", "responses", "counts", "seconds"])
def test_a_record_without_what_it_is_about_is_none(make_record, name):
    content = json.loads(encode(make_record()))
    trial_id = content.pop(name) if name == "id" else content["id"]
    content.pop(name, None)
    with pytest.raises(ValueError, match=f"`{name}`"):
        decode(seal(content), trial_id)


def test_a_state_that_nobody_knows_is_none(make_record):
    content = json.loads(encode(make_record())) | {"state": "finished"}
    with pytest.raises(ValueError, match="finished"):
        decode(seal(content), content["id"])
