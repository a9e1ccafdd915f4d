"""Plain values as text: equal texts, equal values."""

import json
from collections.abc import Mapping
from typing import Any, cast

from ablate.errors import ConfigError


def canonical_text(value: object) -> str:
    """JSON with sorted keys: what memoises by a value uses it as a key. 1 and 1.0 differ, as they may to a network."""
    return json.dumps(value, sort_keys=True, default=str)


def identity_text(value: object, where: str) -> str:
    """What a trial's id is a hash of: JSON with sorted keys and no spaces, 1.0 as 1; a key that is a number stays one.

    Args:
        value: Plain containers.
        where: The key that the value is at, for the error.

    Raises:
        ConfigError: names the key whose value is not a number, text, a list or a mapping.
    """
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value).items()
        pairs = (f"{identity_text(key, where)}:{identity_text(item, f'{where}.{key}')}" for key, item in items)
        return f"{{{','.join(sorted(pairs))}}}"
    if isinstance(value, list | tuple):
        entries = enumerate(cast(list[Any], value))
        return f"[{','.join(identity_text(entry, f'{where}[{index}]') for index, entry in entries)}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value)
    raise ConfigError(
        f"`{where}` is {value!r}, of type {type(value).__name__}, which cannot be part of a trial's "
        "identity. Write it as a number, text, a list or a mapping."
    )
