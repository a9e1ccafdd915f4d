import functools
import sys
from typing import Literal, Optional

import pytest

from ablate.errors import ConfigError
from ablate.execute.targets.constructor import constructor

Sizes = tuple[int, ...]


class Net:
    def __init__(
        self,
        inputs,
        outputs: int,
        *sizes: int,
        width: int = 64,
        bias: bool = True,
        act: Literal["relu", "gelu"] = "gelu",
        norm: "Literal['batch', 'layer'] | None" = None,
        pool: Optional[bool] = False,  # noqa: UP045 – as users write it
        kernel: Sizes = (3, 3),
        block: type = int,
        root: str = "${HOME}",
        unknown: "Nowhere" = None,  # noqa: F821
        untyped=False,
        **more,
    ): ...


class Evaluated:
    def __init__(self, act: "Literal['relu', 'gelu']" = "relu"): ...


class Mute:
    __signature__ = "none"


def of(name):
    return {argument.name: argument for argument in constructor(f"{__name__}.{name}").arguments}


def test_arguments_have_their_defaults_as_yaml_has_them():
    found = of("Net")
    assert [name for name, one in found.items() if one.is_required] == ["inputs", "outputs"]
    assert (found["width"].default, found["kernel"].default) == (64, [3, 3])
    assert (found["block"].default, found["block"].hidden_default) == (None, "int")
    assert found["root"].hidden_default == "${HOME}", "it would be read as an interpolation"
    assert (str(found["width"]), str(found["bias"]), str(found["inputs"])) == ("width=64", "bias=true", "inputs")
    assert constructor(f"{__name__}.Net").is_open


def test_few_values_are_choices_with_the_default_first():
    found = of("Net")
    assert found["bias"].choices == (True, False)
    assert found["act"].choices == ("gelu", "relu")
    assert found["pool"].choices == (False, True, None)
    assert found["untyped"].choices == (False, True)
    assert of("Evaluated")["act"].choices == ("relu", "gelu"), "a postponed annotation is evaluated"
    for name in ("width", "kernel", "block", "root", "unknown"):
        assert found[name].choices == ()


def test_an_annotation_that_cannot_be_evaluated_costs_no_other_argument():
    assert of("Net")["width"].annotation == "int"


def test_what_has_no_signature_is_refused():
    with pytest.raises(ConfigError, match="has no signature"):
        constructor(f"{__name__}.Mute")


def test_a_partial_is_a_function_that_makes_a_network(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "Small", functools.partial(Net, width=8), raising=False)
    assert of("Small")["width"].default == 8
