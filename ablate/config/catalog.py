"""The catalog of configuration groups and their options, with a line about each; read without Hydra."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ablate.config.files.document import Loader, read_yaml
from ablate.config.installed import ENGINES, brought_conf, installed, package
from ablate.config.search_path import search_path
from ablate.files import reason

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

DEFAULT_STUDY = "core"
"""The study of a request that names none, in a folder whose `conf/config.yaml` chooses none."""

ROOT = "ablate"
"""The shipped root of the configuration, `conf/ablate.yaml`, which a root of the user's includes."""

USER_ROOT = "config"
"""The user's root, `conf/config.yaml`."""

GROUPS = ("study", "factor", "model", "data", "objective", "optimizer", "scheduler", "trainer", "engine", "logger")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice in a group: its name, a line about it, and the file that holds it. `published/x`: one in a folder."""

    name: str
    about: str
    path: Path | None
    """None: a package brings the option without a file."""
    tags: tuple[str, ...] = ()
    """Of a study: what 'ablate list --tag' finds it by."""
    broken: bool = False
    """Whether its file cannot be used; `about` then says why."""


class Catalog:
    """The groups and options on the search path of one working directory."""

    def __init__(self, directory: Path, conf: Path | None = None) -> None:
        self._path = search_path(directory, conf)

    def options(self, group: str) -> tuple[Option, ...]:
        """The options of a group by name, those of installed packages included.

        The user's own file hides a shipped one of the same name, and either hides a package's.
        """
        files: dict[str, Path] = {}
        for root in reversed(self._path):
            files.update(_files(root / group))
        options = {name: _option(group, name, file) for name, file in files.items()}
        others = installed(ENGINES) if group == "engine" else {}
        options |= {name: _brought(entry) for name, entry in others.items() if name not in options}
        return tuple(options[name] for name in sorted(options))

    def names(self, group: str) -> tuple[str, ...]:
        """The names of a group's options on the search path, unread."""
        return tuple(sorted({name for root in self._path for name in _files(root / group)}))

    def file(self, group: str, name: str) -> Path | None:
        """The file of an option; None where there is none."""
        return next((file for root in self._path if (file := root / group / f"{name}.yaml").is_file()), None)

    def overridden(self, study: str) -> dict[str, str]:
        """The group choices that a study's own defaults list makes: group → option."""
        return _choices(_defaults(self.file("study", study)))

    @property
    def default_study(self) -> str:
        """The study that the user's `conf/config.yaml` chooses; else `DEFAULT_STUDY`."""
        return _choices(_defaults(self._user_root)).get("study", DEFAULT_STUDY)

    @cached_property
    def root(self) -> str:
        """The name of the root that is composed: the user's `config` where it is one, else the shipped `ablate`."""
        return ROOT if self._user_root is None or self.foreign_root is not None else USER_ROOT

    @property
    def foreign_root(self) -> Path | None:
        """A `conf/config.yaml` of another program, which neither includes `ablate` nor chooses a study."""
        file = self._user_root
        if file is None or _is_broken(file):
            return None
        entries = _defaults(file)
        is_ours = "study" in _choices(entries) or ROOT in [str(entry).lstrip("/") for entry in entries]
        return None if is_ours else file

    @property
    def _user_root(self) -> Path | None:
        return next((file for root in self._path if (file := root / f"{USER_ROOT}.yaml").exists()), None)


def _defaults(file: Path | None) -> list[Any]:
    """A file's defaults list; empty where it has none, or cannot be read: composing it raises the error."""
    entries = None if file is None or _is_broken(file) else _mapping(file).get("defaults")
    return entries if isinstance(entries, list) else []


def _is_broken(file: Path) -> bool:
    try:
        _mapping(file)
    except Broken:
        return True
    return False


def _choices(entries: list[Any]) -> dict[str, str]:
    """The group choices among the entries of a defaults list: group → option."""
    pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
    return {str(k).removeprefix("override").strip().lstrip("/"): str(v) for k, v in pairs}


def _files(group: Path) -> dict[str, Path]:
    """The files of a group by their names: one in a folder has the folder's, too, as in Hydra: `published/mnist1d`."""
    return {file.relative_to(group).with_suffix("").as_posix(): file for file in group.rglob("*.yaml")}


def _option(group: str, name: str, file: Path) -> Option:
    try:
        if group != "study":
            return Option(name=name, about=_about(group, file), path=file)
        study = _mapping(file).get("study", {})
        if not isinstance(study, dict):
            raise Broken("its key 'study' is not a mapping")
    except Broken as error:
        return Option(name=name, about=f"broken: {error}", path=file, broken=True)
    tags = study.get("tags")
    tags = tuple(map(str, tags)) if isinstance(tags, list) else ()
    return Option(name=name, about=str(study.get("question") or ""), path=file, tags=tags)


def _brought(entry: "EntryPoint") -> Option:
    """An engine of another package: by the first comment of its file, and the package's name."""
    conf = brought_conf(entry)
    file = conf / "engine" / f"{entry.name}.yaml" if conf else None
    if file is None or not file.is_file():
        return Option(name=entry.name, about=f"of {package(entry)}, without a configuration: write one", path=None)
    try:
        return Option(name=entry.name, about=f"{_about('engine', file)} (of {package(entry)})", path=file)
    except Broken as error:
        return Option(name=entry.name, about=f"broken: {error} (of {package(entry)})", path=file, broken=True)


def _about(group: str, file: Path) -> str:
    """A factor is described by its levels, anything else by the first comment of its file.

    Raises:
        Broken: it cannot be.
    """
    content = _mapping(file)
    if group == "factor":
        factor = content.get(file.stem)
        levels = factor.get("levels") if isinstance(factor, dict) else None
        if not isinstance(factor, dict) or not isinstance(levels, dict):
            raise Broken(f"it has no {file.stem}.levels that are a mapping of a level's name to its overrides")
        marked = [f"{name} (reference)" if name == factor.get("reference") else str(name) for name in levels]
        return ", ".join(marked)
    lines = read_yaml(file).decode(errors="replace").splitlines()
    return next((line.lstrip("# ").rstrip() for line in lines if line.startswith("#")), "")


class Broken(Exception):
    """A file of the configuration cannot be read, or does not say what its group needs."""


def _mapping(file: Path) -> dict[str, Any]:
    """The file's mapping.

    Raises:
        Broken: it cannot be read, or is none.
    """
    try:
        content = yaml.load(read_yaml(file), Loader=Loader)
    except OSError as error:
        raise Broken(reason(error)) from error
    except Exception as error:  # PyYAML's constructors let through whatever a strange value makes them raise
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}: " if mark is not None else ""
        raise Broken(f"{at}{getattr(error, 'problem', None) or ' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise Broken("it is not a mapping")
    return content
