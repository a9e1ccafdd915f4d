"""A checksum in each JSON file of a study: what was not written is not read."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec

CHECKSUM = "checksum"

T = TypeVar("T")


class _Head(msgspec.Struct):
    schema: int
    checksum: str | None = None


def checksum(content: Mapping[str, Any]) -> str:
    """SHA-256 of plain content as JSON with sorted keys and no spaces, its own checksum apart."""
    rest = {key: value for key, value in content.items() if key != CHECKSUM}
    return hashlib.sha256(msgspec.json.encode(rest, order="sorted")).hexdigest()


def seal(value: object) -> bytes:
    """A struct or dataclass as JSON, its checksum first. Numbers that are not finite become null."""
    content = msgspec.json.decode(msgspec.json.encode(value))
    content.pop(CHECKSUM, None)
    text = msgspec.json.encode({CHECKSUM: checksum(content), **content})
    del content  # of a large summary it takes as much as all records
    return msgspec.json.format(text, indent=1)


def unseal(content: bytes, type: type[T], *, schema: int, unsealed: Collection[int] = ()) -> T:
    """What was sealed. The order of keys, and spaces between them, do not count.

    Args:
        content: The file's bytes.
        type: What it holds.
        schema: The number that it must have.
        unsealed: Older numbers, of which files have no checksum.

    Raises:
        ValueError: it is damaged or changed, or of an unknown schema.
    """
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.schema != schema and head.schema not in unsealed:
            raise ValueError(f"schema {head.schema}, where this version of ablate knows {schema}")
        tree: Any = msgspec.json.decode(content)
        found = msgspec.convert(tree, type, str_keys=True)
        if head.schema == schema or head.checksum is not None:
            if head.checksum is None:
                raise ValueError("it has no checksum")
            if head.checksum != checksum(tree):
                raise ValueError("its checksum is of another content: it was damaged or changed")
        return found
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError) as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply (recursion)") from error
