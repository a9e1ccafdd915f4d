"""configuration.md: every key of `conf/`, with its default and the comment beside it."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

GROUPS = {
    "model": "Networks",
    "data": "Data sets",
    "objective": "Losses and metrics",
    "optimizer": "Optimizers",
    "scheduler": "Schedules",
    "trainer": "Training",
    "engine": "Engines",
    "logger": "Loggers",
    "factor": "Factors",
}
KEY = re.compile(r"^(?P<indent> *)(?P<name>[\w]+):(?: +(?P<value>[^#\s].*?))?(?: *(?<!\S)# ?(?P<comment>.*))?$")
COMMENT = re.compile(r"^(?P<indent> *)# ?(?P<comment>.*)$")
ITEM = re.compile(r"^ +- ")
"""An entry of a list that is written an entry a line."""


@dataclass(kw_only=True)
class Key:
    """One key: its path, its value as it is written, and what is said of it."""

    path: str
    value: str
    comment: str


def configuration(conf: Path) -> str:
    """One section for the root and each group, with a table for each option."""
    parts = ["## Keys of every study", _table(keys(conf / "ablate.yaml"))]
    for group, title in GROUPS.items():
        parts.append(f"## {title}: `{group}=…`")
        for file in sorted((conf / group).rglob("*.yaml")):
            name = file.relative_to(conf / group).with_suffix("").as_posix()
            option = f"### `{group}={name}`" if group != "factor" else f"### `{name}`"
            parts.append(f"{option}\n\n{_about(file)}")
            found = [
                Key(path=key.path if group == "factor" else f"{group}.{key.path}", value=key.value, comment=key.comment)
                for key in keys(file)
            ]
            if found:
                parts.append(_table(found))
    return "\n\n".join(parts)


def keys(file: Path) -> list[Key]:
    """The keys of a file that have a value, by their path; a comment goes on over the lines below that are no key."""
    found: list[Key] = []
    above: list[tuple[int, str]] = []
    items: dict[str, int] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if (key := KEY.match(line)) is not None:
            indent = len(key["indent"])
            above = [(depth, name) for depth, name in above if depth < indent]
            path = ".".join([*(name for _, name in above), key["name"]])
            if key["value"] is None:
                above.append((indent, key["name"]))
                if key["comment"] and indent:
                    found.append(Key(path=path, value="", comment=key["comment"]))
            elif path != "defaults":
                found.append(Key(path=path, value=key["value"].strip(), comment=key["comment"] or ""))
        elif above and above[0][1] != "defaults" and ITEM.match(line) is not None:
            path = ".".join(name for _, name in above)
            if not (found and found[-1].path == path):
                found.append(Key(path=path, value="", comment=""))
            items[path] = items.get(path, 0) + 1
            found[-1].value = f"a list of {items[path]}"
        elif (more := COMMENT.match(line)) is not None and len(more["indent"]) > 2 and found:
            found[-1].comment += f" {more['comment'].strip()}"
    _check_whole(file, found)
    return found


def _check_whole(file: Path, found: list[Key]) -> None:
    """The lines were read as YAML reads them: the same keys, none left out.

    Raises:
        ValueError: they were not.
    """
    tree = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    tree.pop("defaults", None)
    read = {key.path for key in found if key.value}
    values = _values(tree, "")
    unread = {path for path, is_leaf in values.items() if is_leaf and not _covered(path, read)}
    if wrong := sorted(unread | (read - set(values))):
        raise ValueError(
            f"{file}: {', '.join(wrong)} cannot be read line by line. Write a key a line, indented by two."
        )


def _values(tree: object, path: str) -> dict[str, bool]:
    """Every path in a tree, and whether it ends there."""
    if not isinstance(tree, dict) or not tree:
        return {path: True} if path else {}
    below = [_values(branch, f"{path}.{name}" if path else str(name)) for name, branch in tree.items()]
    return ({path: False} if path else {}) | {name: is_leaf for part in below for name, is_leaf in part.items()}


def _covered(path: str, read: set[str]) -> bool:
    """A mapping that is written on one line is one value."""
    return any(path == whole or path.startswith(f"{whole}.") for whole in read)


def _about(file: Path) -> str:
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    return f"{first.removeprefix('# ').rstrip('.')}."


def _table(found: list[Key]) -> str:
    rows = [f"| `{key.path}` | {_code(key.value)} | {_cell(key.comment)} |" for key in found]
    return "\n".join(["| key | default | what it is |", "|---|---|---|", *rows])


def _code(value: str) -> str:
    return f"`{_cell(value)}`" if value else ""


def _cell(text: str) -> str:
    """Text that a table's cell can hold."""
    return text.strip().replace("|", "\\|")
