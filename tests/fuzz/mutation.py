"""Ways in which a file is damaged."""

import random
import re
from collections.abc import Callable, Mapping

Mutate = Callable[[random.Random, bytes], bytes]

OTHER_VALUES = (
    b"null",
    b"true",
    b"-1",
    b"7",
    b"1e999",
    b"NaN",
    b".inf",
    b'"x"',
    b"[]",
    b"{}",
    b"[1, 2]",
    b"9" * 400,
    b"",
)
VALUE = re.compile(rb"(?<=: )[^\n,{}\[\]]+")


def _span(rng: random.Random, content: bytes, longest: int = 200) -> tuple[int, int]:
    first = rng.randrange(len(content) + 1)
    return first, min(first + 1 + rng.randrange(longest), len(content))


def _flip(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _truncate(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content))]


def _tear(rng: random.Random, content: bytes) -> bytes:
    """As after a power cut: the length is there, the bytes are not."""
    length = rng.randrange(len(content))
    return content[:length] + bytes(len(content) - length)


def _insert(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.randbytes(rng.randrange(1, 9)) + content[at:]


def _delete(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content)
    return content[:first] + content[last:]


def _duplicate(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content)
    return content[:last] + content[first:last] + content[last:]


def _duplicate_line(rng: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    return b"".join([*lines[: at + 1], *lines[at:]])


def _drop_line(rng: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    return b"".join([*lines[:at], *lines[at + 1 :]])


def _mark(_rng: random.Random, content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def _no_text(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + b"\xff" + content[at:]


def _nest(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice((b"[", b'{"a":', b"- ", b"{a: ")) * rng.choice((60, 3000)) + content[at:]


def _retype(rng: random.Random, content: bytes) -> bytes:
    found = list(VALUE.finditer(content))
    if not found:
        return _insert(rng, content)
    chosen = rng.choice(found)
    return content[: chosen.start()] + rng.choice(OTHER_VALUES) + content[chosen.end() :]


def _digit(rng: random.Random, content: bytes) -> bytes:
    found = [at for at, byte in enumerate(content) if 48 <= byte <= 57]
    if not found:
        return _flip(rng, content)
    at = rng.choice(found)
    return content[:at] + str(rng.randrange(10)).encode() + content[at + 1 :]


MUTATIONS: Mapping[str, Mutate] = {
    "flipped bits": _flip,
    "another digit": _digit,
    "another type": _retype,
    "truncated": _truncate,
    "zeros at the end": _tear,
    "bytes inserted": _insert,
    "bytes deleted": _delete,
    "bytes twice": _duplicate,
    "a line twice": _duplicate_line,
    "a line less": _drop_line,
    "byte order mark": _mark,
    "no UTF-8": _no_text,
    "nested deeply": _nest,
}
