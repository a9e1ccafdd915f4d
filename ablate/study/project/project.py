"""A project: the files with which `ablate run` trains a study of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.errors import ConfigError
from ablate.files import is_there, reason

STUDY = "shortcut"
"""The study of a project that is made of no class."""

OWN_FILES = {
    "conf/config.yaml": "config.yaml.j2",
    "conf/factor/shortcut.yaml": "factor.yaml.j2",
    "conf/model/shortcut_net.yaml": "model.yaml.j2",
    "conf/study/shortcut.yaml": "study.yaml.j2",
    "shortcut_net.py": "network.py.j2",
    "test_study.py": "trains.py.j2",
}
"""File → its template."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What was written."""

    directory: Path
    files: tuple[str, ...]
    """Their paths in it."""
    lacking: Mapping[str, tuple[str, ...]]
    """File → what is to be filled in there before a study can run."""


def make_project(directory: Path, target: str | None = None) -> Project:
    """Writes a model, a factor, a study and a test, of which `ablate run` in that folder trains the study at once.

    Args:
        directory: The folder; it is made where it is not there.
        target: A class of networks, or a function that makes one, as `module:Class`: the study is then about its
            arguments. None: the project has a small network of its own.

    Raises:
        ConfigError: a file of the project is there already, or cannot be written; or the class cannot be imported.
            Nothing is written then.
    """
    lacking: dict[str, tuple[str, ...]] = {}
    if target is None:
        files = {file: _text(template, study=STUDY) for file, template in OWN_FILES.items()}
    else:
        files, lacking = _of_class(target, directory)
    if taken := [file for file in files if is_there(directory / file)]:
        raise ConfigError(
            f"{', '.join(str(directory / file) for file in taken)} {'is' if len(taken) == 1 else 'are'} there already, "
            "and nothing was written. Name another folder, or move what is there."
        )
    _write({directory / file: text for file, text in files.items()})
    return Project(directory=directory, files=tuple(files), lacking=lacking)


def _of_class(target: str, directory: Path) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    from ablate.study.project.candidate import candidates, model_lines, to_fill_in
    from ablate.study.project.target import read_constructor

    constructor = read_constructor(target, Path.cwd())
    if constructor.is_beside and directory.resolve() != Path.cwd().resolve():
        raise ConfigError(
            f"{target!r} lies in the working directory, and a project in {directory} would not find it. Make the "
            "project here: 'ablate init . --from …'; or install the module."
        )
    name = _free_name(constructor.name)
    model, study = f"conf/model/{name}.yaml", f"conf/study/{name}.yaml"
    found = candidates(constructor)
    files = {
        "conf/config.yaml": _text("config.yaml.j2", study=name),
        model: _text("of_class/model.yaml.j2", constructor=constructor, arguments=model_lines(constructor)),
        study: _text("of_class/study.yaml.j2", study=name, constructor=constructor, candidates=found),
        "test_study.py": _text("trains.py.j2", study=name),
    }
    lacking = {model: to_fill_in(constructor)}
    if constructor.is_lightning:
        lacking[study] = ("data", "response", *(() if found else ("components",)))
    elif not found:
        lacking[study] = ("components",)
    elif not any(one.is_taken for one in found):
        lacking[study] = ("factors",)
    return files, {file: keys for file, keys in lacking.items() if keys}


def _free_name(name: str) -> str:
    """The name in small letters, and with `my_` before it where a study or a model that ships has it."""
    from ablate.config.search_path import packaged

    free = name.lower()
    while any((packaged() / group / f"{free}.yaml").is_file() for group in ("model", "study")):
        free = f"my_{free}"
    return free


def _text(template: str, **values: Any) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ablate.study.project"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(values)


def _write(files: Mapping[Path, str]) -> None:
    """Writes files that are not there; where one cannot be written, it removes those before it.

    Raises:
        ConfigError: one cannot be written.
    """
    written: list[Path] = []
    try:
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as opened:
                written.append(file)
                opened.write(text)
    except OSError as error:
        for file in written:
            with suppress(OSError):
                file.unlink()
        raise ConfigError(
            f"{error.filename} cannot be written: {reason(error)}. Nothing was written. Name a folder that takes files."
        ) from error
