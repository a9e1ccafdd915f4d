"""The catalog of configuration groups and their options, with a line about each; read without Hydra."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ablate.config.installed import ENGINES, brought_conf, installed, package
from ablate.config.search_path import search_path

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUPS = ("study", "factor", "model", "data", "objective", "optimizer", "trainer", "engine", "logger")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice in a group: its name, a line about it, and the file that holds it."""

    name: str
    about: str
    path: Path | None
    """None: a package brings the option without a file."""
    tags: tuple[str, ...] = ()
    """Of a study: what 'ablate list --tag' finds it by."""


class Catalog:
    """The groups and options on the search path of one working directory."""

    def __init__(self, directory: Path) -> None:
        self._path = search_path(directory)

    def options(self, group: str) -> tuple[Option, ...]:
        """The options of a group by name, those of installed packages included.

        The user's own file hides a shipped one of the same name, and either hides a package's.
        """
        files: dict[str, Path] = {}
        for root in reversed(self._path):
            files.update({file.stem: file for file in (root / group).glob("*.yaml")})
        options = {name: _option(group, name, file) for name, file in files.items()}
        others = installed(ENGINES) if group == "engine" else {}
        options |= {name: _brought(entry) for name, entry in others.items() if name not in options}
        return tuple(options[name] for name in sorted(options))

    def names(self, group: str) -> tuple[str, ...]:
        """The names of a group's options on the search path, unread."""
        return tuple(sorted({file.stem for root in self._path for file in (root / group).glob("*.yaml")}))

    def file(self, group: str, name: str) -> Path | None:
        """The file of an option; None where there is none."""
        return next((file for root in self._path if (file := root / group / f"{name}.yaml").is_file()), None)

    def overridden(self, study: str) -> dict[str, str]:
        """The group choices that a study's own defaults list makes: group → option."""
        for option in self.options("study"):
            if option.name == study:
                entries = (_mapping(option.path) if option.path else {}).get("defaults") or []
                pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
                return {str(k).removeprefix("override").strip().lstrip("/"): str(v) for k, v in pairs}
        return {}


def _option(group: str, name: str, file: Path) -> Option:
    if group != "study":
        return Option(name=name, about=_about(group, file), path=file)
    study = _mapping(file).get("study")
    study = study if isinstance(study, dict) else {}
    tags = study.get("tags")
    tags = tuple(map(str, tags)) if isinstance(tags, list) else ()
    return Option(name=name, about=str(study.get("question") or ""), path=file, tags=tags)


def _brought(entry: "EntryPoint") -> Option:
    """An engine of another package: by the first comment of its file, and the package's name."""
    conf = brought_conf(entry)
    file = conf / "engine" / f"{entry.name}.yaml" if conf else None
    if file is None or not file.is_file():
        return Option(name=entry.name, about=f"of {package(entry)}, without a configuration: write one", path=None)
    return Option(name=entry.name, about=f"{_about('engine', file)} (of {package(entry)})", path=file)


def _about(group: str, file: Path) -> str:
    """A factor is described by its levels, anything else by the first comment of its file."""
    if group == "factor":
        factor = _mapping(file).get(file.stem) or {}
        levels = factor.get("levels") or {}
        marked = [f"{name} (reference)" if name == factor.get("reference") else str(name) for name in levels]
        return ", ".join(marked)
    with file.open(encoding="utf-8", errors="replace") as lines:
        return next((line.lstrip("# ").rstrip() for line in lines if line.startswith("#")), "")


def _mapping(file: Path) -> dict[str, Any]:
    """The file's mapping, empty where it is not one: composing it raises the error."""
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}
