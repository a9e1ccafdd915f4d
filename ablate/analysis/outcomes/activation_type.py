"""The activations of a network's hidden units, as far as its config names them."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ablate.analysis.outcomes.outcome import Outcomes

ENDINGS = ("activation", "nonlinearity")
"""Of the keys that name an activation, ours or in a user-defined model."""

NOT_HIDDEN = ("branch_activation", "output_activation")
"""Where activations stand, and what follows the last layer: not what a hidden unit is."""

Types = frozenset[tuple[str, str]]


def activation_types(found: Outcomes, row: int) -> frozenset[Types]:
    """Those of a design point's trials: the model's settings that name one, or its class where none does.

    A hard threshold makes another type of an activation. A user-defined model whose activation is chosen by a key
    of another name looks the same in all arms.
    """
    models = (record.config.get("model") for record in found.records[row] if record is not None)
    return frozenset(_types(cast("Mapping[str, Any]", model)) for model in models if isinstance(model, Mapping))


def _types(model: Mapping[str, Any]) -> Types:
    return frozenset(_named("", model)) or frozenset({("_target_", str(model.get("_target_")))})


def _named(path: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        inner = f"{path}{key}"
        if key.endswith(ENDINGS) and key not in NOT_HIDDEN and isinstance(value, str | Mapping):
            yield inner, str(cast("object", value))
        elif key == "hard_threshold" and value:
            yield inner, "hard" if value is True else str(cast("object", value))
        elif isinstance(value, Mapping):
            yield from _named(f"{inner}.", cast("Mapping[str, Any]", value))
