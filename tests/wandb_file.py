"""Reads what Weights & Biases has written offline."""

import json
import struct
from pathlib import Path


def wandb_records(file: Path) -> dict[str, list]:
    """The records of an offline run by type. The file is a LevelDB log: blocks of 32 KiB, records in parts.

    Source: github.com/google/leveldb, doc/log_format.md; after a header of seven bytes.
    """
    from wandb.proto import wandb_internal_pb2

    content, place, part = file.read_bytes(), 7, b""
    found: dict[str, list] = {}
    while place + 7 <= len(content):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", content[place : place + 7])
        part += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(part)
            name = record.WhichOneof("record_type")
            found.setdefault(name, []).append(getattr(record, name))
            part = b""
    return found


def wandb_values(updates) -> dict[str, object]:
    """Key → value of the items of summaries or of rows of the history."""
    return {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in updates}
