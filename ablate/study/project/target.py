"""A study of one class, for one command: `ablate run --target pkg.module:Net width=8,16`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.errors import ConfigError, unknown

if TYPE_CHECKING:
    from ablate.config.model.constructor import Constructor


@dataclass(frozen=True, kw_only=True)
class Request:
    """What `plan` and `run` of `ablate.study` are called with."""

    words: tuple[str, ...]
    conf: Path | None = None
    """A folder of configuration that comes before the user's; None: there is none."""
    request: tuple[str, ...] | None = None
    """The words that the study keeps as its request; None: `words`."""


@contextmanager
def requested(words: Sequence[str], target: str | None) -> Iterator[Request]:
    """The request of a command line. With a target, it is of a study whose configuration lasts as long as the block.

    The study has the target's dotted name. A word whose key is an argument of the target sets that argument, or makes
    a factor of it where it has several values: `width=8,16`. All others are overrides, as without a target.

    Args:
        words: As after `ablate run`.
        target: A class of networks, or a function that makes one, as `module:Class`; None: the words name a study.

    Raises:
        ConfigError: the target cannot be imported, or a word is neither an argument of it nor an override.
    """
    if target is None:
        yield Request(words=tuple(words))
        return
    from ablate.config.request import parse_override

    engine = [word for word in words if word.partition("=")[0].partition(".")[0] == "engine"]
    constructor = read_constructor(target, Path.cwd(), engine)
    name = re.sub(r"^[^A-Za-z0-9]+", "", constructor.target)
    translated = [_translated(word, constructor) for word in words]
    arguments: dict[str, Any] = {}
    for word in translated:
        key = word.partition("=")[0].removeprefix("model.")
        if word.startswith("model.") and "." not in key:
            arguments[key] = _first_value(parse_override(word))
    swept = [word for word in translated if parse_override(word).is_sweep_override()]
    if not swept and not any(word.startswith(("study.factors=", "study.components=")) for word in words):
        raise ConfigError(f"Nothing is varied. {_to_vary(constructor)}")
    with tempfile.TemporaryDirectory(prefix="ablate-target-") as folder:
        conf = Path(folder)
        _write(conf / "model" / f"{name}.yaml", _model(constructor, arguments))
        _write(conf / "study" / f"{name}.yaml", _study(constructor, name), header="# @package _global_\n")
        yield Request(words=(name, *translated), conf=conf, request=("--target", target, *words))


def read_constructor(target: str, directory: Path, engine: Sequence[str] = ()) -> Constructor:
    """What the class at `module:Class` can be called with. It is imported where networks are built, and not called.

    Args:
        target: `module:Class`; a dot may stand for the colon.
        directory: The working directory.
        engine: Overrides of the engine.

    Raises:
        ConfigError: it is no such name, or cannot be imported.
    """
    from ablate.config.composer import Composer
    from ablate.execute import tasks
    from ablate.execute.engines import engine as make_engine

    dotted = target.replace(":", ".", 1)
    if not re.fullmatch(r"\w+(\.\w+)+", dotted):
        raise ConfigError(
            f"{target!r} names no class: write module:Class, as in nets.resnet:ResNet for the class ResNet in "
            "nets/resnet.py."
        )
    settings = Composer(directory).groups(("~study", *engine))["engine"].content
    with closing(make_engine(settings)) as made:
        return made.call(tasks.constructor, dotted)


def _translated(word: str, constructor: Constructor) -> str:
    """A word as an override of the configuration: an argument of the target is a key of the model."""
    from ablate.config.catalog import GROUPS
    from ablate.config.schema import RootYaml
    from ablate.config.spec import key_of

    if "=" not in word and not word.startswith(("~", "+")):
        raise ConfigError(f"--target makes a study of its own, and {word!r} names another. Leave one of the two out.")
    key = key_of(word)
    group = key.partition(".")[0]
    if key in ("model", "study"):
        raise ConfigError(f"--target chooses the model and makes the study: {word!r} would do so, too. Leave it out.")
    keys = (*GROUPS, *RootYaml.__struct_fields__)
    if word.startswith(("~", "+")) or group in keys:
        return word
    names = [argument.name for argument in constructor.arguments]
    if key in names or (constructor.is_open and key.isidentifier()):
        return f"model.{word}"
    raise ConfigError(
        unknown(f"argument of {constructor.name}", key, names, near=(*names, *keys))
        + f" Or a key of the configuration: {', '.join(keys)}."
    )


def _to_vary(constructor: Constructor) -> str:
    """What the words can vary."""
    if constructor.asked:
        return (
            f"Give an argument of {constructor.name} two or more values, as in width=8,16; the first is the reference. "
            f"Its arguments: {', '.join(map(str, constructor.asked))}."
        )
    return (
        f"{constructor.name} has no arguments to vary: leave out its modules one at a time, by "
        "study.design=leave_one_out study.components='layers.*', or give a key two or more values, as in "
        "optimizer.lr=0.001,0.01."
    )


def _first_value(override: Any) -> Any:
    """What the model's file says of an argument: the first value of a sweep, which is the reference; else `???`."""
    from ablate.config.request import parse_override

    if not override.is_sweep_override():
        return "???"
    with suppress(ValueError):  # of a range without values, which reading the sweep refuses
        for value in override.sweep_string_iterator():
            return parse_override(f"{override.key_or_group}={value}").value()
    return None


def _model(constructor: Constructor, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"_target_": constructor.target, **constructor.of_data, **arguments}


def _study(constructor: Constructor, name: str) -> dict[str, Any]:
    none = ("objective", "optimizer") if constructor.is_lightning else ()
    return {
        "defaults": [{"override /model": name}, *({f"override /{group}": "none"} for group in none)],
        "study": {
            "name": name,
            "question": f"What do the arguments of {constructor.name} change?",
            "design": "factorial",
            "factors": [],
            "response": "???" if constructor.is_lightning else "test/accuracy",
        },
    }


def _write(path: Path, content: dict[str, Any], *, header: str = "") -> None:
    import msgspec

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header.encode() + msgspec.yaml.encode(content))
