"""A YAML file before it is loaded: small enough, and no deeper and no larger in memory than a configuration is."""

import codecs
from pathlib import Path
from typing import Any

import yaml

from ablate import files
from ablate.limits import MAX_CONFIG_BYTES, MAX_CONFIG_NODES, MAX_YAML_DEPTH, MAX_YAML_WORD

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Base):
    """PyYAML's, without dates: as Hydra reads, a date is text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 – as PyYAML declares it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }


VALID = f"A file of the configuration is a regular file of YAML, of {MAX_CONFIG_BYTES >> 10} kB at most"
"""What ends a message about one that is not."""


def read_yaml(file: Path) -> bytes:
    """The bytes of a YAML file of the configuration. Whether it is YAML, loading it says.

    Raises:
        OSError: there is no regular file, or it cannot be read, or is too large.
        ValueError: loading it could take all memory, or Hydra would read it as another.
    """
    content = files.read(file, limit=MAX_CONFIG_BYTES, follow=True)
    if content.startswith(codecs.BOM_UTF8):  # Hydra would not see a `# @package` in the first line
        raise ValueError("it begins with a byte order mark (BOM): save it as UTF-8 without one")
    check_yaml(content, limit=MAX_CONFIG_NODES)
    return content


def check_yaml(content: bytes, *, limit: int) -> None:
    """Refuses what could take all time or memory to load: depth, aliases of aliases, long numbers.

    It stops at the first limit. Text that is not YAML passes: loading it raises the error.

    Args:
        content: The file's bytes.
        limit: Keys and values that it may have, those behind aliases counted wherever they stand.

    Raises:
        ValueError: says which limit, and what it is.
    """
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    nodes = 0
    try:
        for event in yaml.parse(content, Loader=Loader):
            if isinstance(event, yaml.ScalarEvent):
                if not event.style and len(event.value) > MAX_YAML_WORD:
                    raise ValueError(
                        f"a value without quotes has {len(event.value):,} characters; the limit is {MAX_YAML_WORD:,}"
                    )
                nodes += 1
                if event.anchor is not None:
                    sizes[event.anchor] = 1
            elif isinstance(event, yaml.AliasEvent):
                if any(anchor == event.anchor for anchor, _ in open_nodes):
                    raise ValueError(f"the alias *{event.anchor} stands inside of what it names")
                nodes += sizes.get(event.anchor, 1)
            elif isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, nodes))
                nodes += 1
                if len(open_nodes) > MAX_YAML_DEPTH:
                    raise ValueError(f"it is nested deeper than {MAX_YAML_DEPTH} levels")
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, before = open_nodes.pop()
                if anchor is not None:
                    sizes[anchor] = nodes - before
            if nodes > limit:
                raise ValueError(f"it has more than {limit:,} keys and values, with what aliases repeat")
    except (yaml.YAMLError, UnicodeError):
        return
