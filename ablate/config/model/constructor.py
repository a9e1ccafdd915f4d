"""The constructor of a network's class, as plain values: what a configuration can say of its arguments."""

import json
from dataclasses import dataclass
from typing import Any

DATA_ARGUMENTS = ("inputs", "outputs")
"""Arguments that the data set gives, where a constructor takes them: the shape of an example, the number of outputs."""


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a constructor."""

    name: str
    annotation: str = ""
    """Its annotation as a text; empty: it has none."""
    is_required: bool = False
    default: Any = None
    """Its default as YAML has it: numbers, text, booleans, null, lists and mappings of these."""
    hidden_default: str = ""
    """The text of a default that YAML does not have, such as a class; empty: there is none."""
    choices: tuple[Any, ...] = ()
    """All its values where these are few, the default first: of a boolean or a Literal. Empty: it takes others."""

    def __str__(self) -> str:
        """Its name, and what it is without a word of the user: `width=64`."""
        if self.is_required:
            return self.name
        default = self.default if isinstance(self.default, str) else json.dumps(self.default)
        return f"{self.name}={self.hidden_default or default}"


@dataclass(frozen=True, kw_only=True)
class Constructor:
    """What a class, or a function that makes a network, can be called with."""

    target: str
    """Its dotted name."""
    arguments: tuple[Argument, ...] = ()
    """Those that have a name."""
    is_open: bool = False
    """Whether it takes further names (`**kwargs`)."""
    is_lightning: bool = False
    """Whether it is a class of LightningModules, which bring their own loss and optimizer."""
    is_beside: bool = False
    """Whether it is imported from the working directory, and not from elsewhere."""

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.target.rpartition(".")[2]

    @property
    def asked(self) -> tuple[Argument, ...]:
        """The arguments that the data set does not give."""
        return tuple(argument for argument in self.arguments if argument.name not in DATA_ARGUMENTS)

    @property
    def of_data(self) -> dict[str, str]:
        """The arguments that the data set gives → the interpolation that refers to it."""
        names = [argument.name for argument in self.arguments]
        return {name: f"${{data.{name}}}" for name in DATA_ARGUMENTS if name in names}
