"""What studies came to before, as files in `before/`."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BEFORE = Path(__file__).parent / "before"
IDS = "trial_ids"
"""The file of the ids of all studies that ship."""


def read(name: str) -> dict[str, Any]:
    """What was written under this name."""
    return json.loads((BEFORE / f"{name}.json").read_text(encoding="utf-8"))


def write(name: str, content: dict[str, Any]) -> None:
    """A line for each entry, so that a change is a short diff."""
    lines: list[str] = []
    for key, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            entries = ",\n".join(f"  {_compact(entry)}" for entry in value)
            lines.append(f" {_compact(key)}: [\n{entries}\n ]")
        else:
            lines.append(f" {_compact(key)}: {_compact(value)}")
    (BEFORE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def digested(ids: Sequence[str]) -> dict[str, Any]:
    """Trial ids, of which order and values count, in a few bytes."""
    return {"trials": len(ids), "digest": hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]}


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
