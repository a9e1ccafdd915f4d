"""A checksum in each JSON file of a study: what was not written is not read."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

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
    """A struct or dataclass as JSON, its checksum first. Numbers that are not finite become null."""
    return b"".join(sealed(value))


def sealed(value: object) -> Iterator[bytes]:
    """The pieces of `seal`, which are never in memory together.

    As one text, or as objects, the summary of a large study takes as much memory as its records.
    """
    fields = msgspec.json.decode(msgspec.json.encode(value), type=dict[str, msgspec.Raw])
    fields.pop(CHECKSUM, None)
    digest = hashlib.sha256()
    for piece in _object(fields, None):
        digest.update(piece)
    yield from _object({CHECKSUM: msgspec.Raw(msgspec.json.encode(digest.hexdigest())), **fields}, b"\n")


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


def _object(fields: Mapping[str, msgspec.Raw], line: bytes | None) -> Iterator[bytes]:
    """A JSON object in pieces.

    Args:
        fields: The JSON text of each value.
        line: What begins a line at the object's depth; None: its keys are sorted, and there are no spaces.
    """
    colon, keys = (b":", sorted(fields)) if line is None else (b": ", [*fields])
    yield from _enclosed(b"{}", ((msgspec.json.encode(key) + colon, fields[key]) for key in keys), line)


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


def _enclosed(ends: bytes, items: Iterable[tuple[bytes, msgspec.Raw]], line: bytes | None) -> Iterator[bytes]:
    """An object or a list of at least one item, in pieces; `items`: what stands before each, and its JSON text."""
    inner = None if line is None else line + b" "
    for number, (before, text) in enumerate(items):
        yield (b"," if number else ends[:1]) + (inner or b"") + before
        yield from _text(text, inner)
    yield (line or b"") + ends[1:]
