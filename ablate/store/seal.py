"""A checksum in each JSON file of a study: what was not written is not read."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import msgspec

CHECKSUM = "checksum"

PIECE_BYTES = 256 << 10
"""Of JSON that is sorted, or laid out in lines, at once."""

T = TypeVar("T")


class _Head(msgspec.Struct):
    schema: int
    checksum: str | None = None


def checksum(content: Mapping[str, Any]) -> str:
    """SHA-256 of plain content as JSON with sorted keys and no spaces, its own checksum apart."""
    rest = {key: value for key, value in content.items() if key != CHECKSUM}
    return hashlib.sha256(msgspec.json.encode(rest, order="sorted")).hexdigest()


def seal(value: object) -> bytes:
    """A struct, dataclass or mapping as JSON, its checksum first. Numbers that are not finite become null."""
    return b"".join(sealed(msgspec.json.decode(msgspec.json.encode(value), type=dict[str, msgspec.Raw])))


def sealed(content: Mapping[str, object]) -> Iterator[bytes]:
    """The pieces of what `seal` gives for a mapping. They are never in memory together.

    As one text, or as objects, the summary of a large study takes as much memory as its records.
    """
    rest = {key: value for key, value in content.items() if key != CHECKSUM}
    digest = hashlib.sha256()
    for piece in _object(rest, None):
        digest.update(piece)
    yield from _object({CHECKSUM: digest.hexdigest(), **rest}, b"\n")


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


def _object(content: Mapping[str, object], line: bytes | None) -> Iterator[bytes]:
    """A JSON object in pieces.

    Args:
        content: Its values, as objects or as JSON texts.
        line: What begins a line at the object's depth; None: its keys are sorted, and there are no spaces.
    """
    colon, keys = (b":", sorted(content)) if line is None else (b": ", [*content])
    yield from _enclosed(b"{}", ((msgspec.json.encode(key) + colon, content[key]) for key in keys), line)


def _value(value: Any, line: bytes | None) -> Iterator[bytes]:
    """Any value in pieces, as `_object`: dataclasses, and tuples of them, field by field."""
    if isinstance(value, msgspec.Raw):
        yield from _text(value, line)
    elif is_dataclass(value) and fields(value):
        yield from _object({field.name: getattr(value, field.name) for field in fields(value)}, line)
    elif isinstance(value, tuple) and value and all(map(is_dataclass, items := cast(tuple[object, ...], value))):
        yield from _enclosed(b"[]", ((b"", item) for item in items), line)
    else:
        yield from _text(msgspec.Raw(msgspec.json.encode(value)), line)


def _text(text: msgspec.Raw, line: bytes | None) -> Iterator[bytes]:
    """Any JSON text in pieces, as `_object`."""
    content = memoryview(text)
    if len(content) > PIECE_BYTES and content[0] == ord("{"):
        yield from _object(msgspec.json.decode(content, type=dict[str, msgspec.Raw]), line)
    elif len(content) > PIECE_BYTES and content[0] == ord("["):
        items = msgspec.json.decode(content, type=list[msgspec.Raw])
        yield from _enclosed(b"[]", ((b"", item) for item in items), line)
    elif line is None:
        yield msgspec.json.encode(msgspec.json.decode(content), order="sorted")
    else:
        yield msgspec.json.format(content, indent=1).replace(b"\n", line)  # no text in JSON has a line break


def _enclosed(ends: bytes, items: Iterable[tuple[bytes, object]], line: bytes | None) -> Iterator[bytes]:
    """An object or a list of at least one item, in pieces; `items`: what stands before each, and its value."""
    inner = None if line is None else line + b" "
    for number, (before, value) in enumerate(items):
        yield (b"," if number else ends[:1]) + (inner or b"") + before
        yield from _value(value, inner)
    yield (line or b"") + ends[1:]
