"""Arguments of a constructor as lines of YAML: the candidates for factors, and the keys of a model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablate.config.model.constructor import Argument, Constructor

FILL_IN = "FILL_IN"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An argument that could be a factor, with levels of which the first is the reference. Its text is a line."""

    argument: Argument
    levels: tuple[Any, ...]
    """Empty: to be filled in."""
    is_taken: bool
    """Whether the study has it as a factor; else its line is a comment."""

    def __str__(self) -> str:
        """The line in `study.factors`."""
        levels = list(self.levels) or [FILL_IN, FILL_IN]
        line = f"- {yaml_line(f'model.{self.argument.name}', levels)}"
        said = "" if self.argument.choices else f"  # {self._about}"
        return f"{line}{said}" if self.is_taken else f"# {line}{said}"

    @property
    def _about(self) -> str:
        if self.levels:
            return "the default, its half and its double" if len(self.levels) > 2 else "the default and its double"
        return about(self.argument) or "values to fill in"


def candidates(constructor: Constructor) -> tuple[Candidate, ...]:
    """All arguments that the data do not give.

    Those with few values are taken as factors. Where there is none, the first number is: the study can run at once.
    """
    found = [
        Candidate(argument=argument, levels=argument.choices or _around(argument), is_taken=bool(argument.choices))
        for argument in constructor.asked
    ]
    first = next((index for index, one in enumerate(found) if one.levels), None)
    if first is not None and not any(one.is_taken for one in found):
        found[first] = replace(found[first], is_taken=True)
    return tuple(found)


def model_lines(constructor: Constructor) -> tuple[str, ...]:
    """The keys of the model's file: each argument with its default."""
    return (
        *(f"{name}: {reference}" for name, reference in constructor.of_data.items()),
        *(_model_line(argument) for argument in constructor.asked),
    )


def to_fill_in(constructor: Constructor) -> tuple[str, ...]:
    """The arguments that have no default, and cannot be guessed."""
    return tuple(argument.name for argument in constructor.asked if argument.is_required and not argument.choices)


def about(argument: Argument) -> str:
    """What an argument takes, and its default where YAML does not have that."""
    default = f"default {argument.hidden_default}" if argument.hidden_default else ""
    return ", ".join(filter(None, [argument.annotation, default]))


def yaml_line(name: str, value: Any) -> str:
    """A key and its value on one line of YAML."""
    import yaml

    text = yaml.safe_dump({name: value}, default_flow_style=True, width=float("inf"), allow_unicode=True)
    return text.strip().removeprefix("{").removesuffix("}")


def _model_line(argument: Argument) -> str:
    if argument.hidden_default:
        return f"# {argument.name}: left out: {about(argument)}"
    if not argument.is_required:
        return yaml_line(argument.name, argument.default)
    if argument.choices:
        return yaml_line(argument.name, argument.choices[0])
    said = f": {about(argument)}" if about(argument) else "; an object is a mapping with a _target_ of its own"
    return f"{yaml_line(argument.name, None).removesuffix('null')}???  # fill in{said}"


def _around(argument: Argument) -> tuple[Any, ...]:
    """A number, its half and its double; none for anything else, and for 0."""
    number = argument.default
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return ()
    half = number // 2 if isinstance(number, int) else number / 2
    return tuple(value for value in (number, half, number * 2) if value)
