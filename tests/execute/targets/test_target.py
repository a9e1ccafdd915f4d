import re

import pytest
import torch

from ablate.errors import ConfigError, ModelError
from ablate.execute.targets import target
from ablate.execute.targets.target import build, check, error_text, locate, takes


@pytest.fixture
def net(project):
    return project(
        "net.py",
        """
        from __future__ import annotations

        import functools
        from collections.abc import Mapping, Sequence
        from typing import Any, Literal, Optional, Union

        from ablate.errors import ModelError

        class Net:
            def __init__(self, width: int, *, rate: float = 0.1, name: Optional[str] = None,
                         sizes: Sequence[int] = (), either: Union[int, str] = 0, kind: Literal["a", "b"] = "a",
                         options: Mapping[str, float] | None = None, part: Any = None, parts: list[Part] = (),
                         old_style: int = None):
                if width < 0:
                    raise ValueError(f"width is {width},\\n   of all things")
                if width == 13:
                    raise ModelError("13 is not built")
                self.given = dict(width=width, rate=rate, sizes=sizes, part=part, parts=parts)

        class Part:
            def __init__(self, size: int = 1):
                self.size = size
                if size < 0:
                    raise ValueError("a negative size")

        class Unreadable:
            def __init__(self, width: Nonsense, depth: int = 1):
                self.depth = depth

        def make(*sizes, scale: float = 1.0):
            return sizes, scale

        def anything(**options):
            return options

        partial = functools.partial(Net, rate=0.5)
        NUMBER = 3
        """,
    )


def message(call, *arguments, **keywords) -> str:
    with pytest.raises(ConfigError) as caught:
        call(*arguments, **keywords)
    return str(caught.value)


# Finding


def test_a_class_a_function_and_a_nested_name_are_found(net):
    assert locate("net.Net", "model").__name__ == "Net"
    assert locate("net.Net.__init__", "model").__name__ == "__init__"
    assert locate("ablate.models.MLP", "model").__name__ == "MLP"
    assert locate("torch.optim.SGD", "optimizer").__name__ == "SGD"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nett.Net", ["model._target_: 'nett.Net' cannot be imported", "Unknown module 'nett'", "Did you mean 'net'?"]),
        ("nett.Net", ["installed packages first, then in the working directory"]),
        ("torhc.nn.Linear", ["Unknown module 'torhc'", "Did you mean 'torch'?"]),
        ("net.Nett", ["Unknown name in net 'Nett'", "Did you mean 'Net'?", "Valid: ", "Part"]),
        ("net.Net.bulid", ["Unknown name in net.Net 'bulid'"]),
        ("torch.nn.Linaer", ["Unknown name in torch.nn 'Linaer'. Did you mean 'Linear'?"]),
        ("torch.nnn.Linear", ["Unknown name in torch 'nnn'. Did you mean 'nn'?"]),
        ("ablate.data.digit", ["Did you mean 'digits'?"]),
        ("Net", ["'Net' is not a dotted name: write module.Class"]),
        ("net..Net", ["is not a dotted name"]),
        (".Net", ["is not a dotted name"]),
    ],
)
def test_a_name_that_is_not_there_gets_its_nearest(net, target, says):
    said = message(locate, target, "model")
    for words in says:
        assert words in said


def test_a_large_module_is_not_listed(net):
    assert "Valid" not in message(locate, "torch.nn.Linaer", "model")


def test_a_submodule_that_is_not_imported_yet_is_suggested(project):
    project("pack/__init__.py", "")
    project("pack/layers.py", "class Net: ...")
    said = message(locate, "pack.layer.Net", "model")
    assert "Unknown name in pack 'layer'. Did you mean 'layers'?" in said
    assert locate("pack.layers.Net", "model").__name__ == "Net"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import not_there_at_all", "broken.py:1: ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("\nfrom os import nonsense", "broken.py:2: ImportError: cannot import name 'nonsense' from 'os'"),
        ("\n\ndef f(:\n  pass", "broken.py:3: SyntaxError: invalid syntax"),
        ("x = 1\nraise ValueError('a bad\\nconstant')", "broken.py:2: ValueError: a bad constant"),
        ("raise SystemExit(3)", "broken.py:1: SystemExit: 3"),
        ("1 / 0", "broken.py:1: ZeroDivisionError"),
    ],
)
def test_a_module_that_fails_to_import_says_why_and_where(project, code, says):
    project("broken.py", code)
    said = message(locate, "broken.Net", "model")
    assert "'broken.Net' cannot be imported" in said
    assert says in said
    assert "importlib" not in said


def test_a_package_whose_own_import_fails_is_not_taken_for_missing(project):
    project("pack/__init__.py", "")
    project("pack/net.py", "import pack.nothing")
    assert "net.py:1: ModuleNotFoundError: No module named 'pack.nothing'" in message(locate, "pack.net.Net", "model")


def test_a_name_that_a_module_imports_when_asked_may_fail(project):
    project("lazy.py", "def __getattr__(name):\n    raise ImportError('only with the extra')")
    assert "lazy.py:2: ImportError: only with the extra" in message(locate, "lazy.Net", "model")


# Arguments


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({"width": 3, "rat": 1.0}, "Unknown key 'model.rat'. Did you mean 'model.rate'? Valid: "),
        ({}, "model.width is missing: Net needs it."),
        ({"width": "3"}, "model.width='3' does not fit: expected `int`, got `str`."),
        ({"width": 3.5}, "model.width=3.5 does not fit: expected `int`, got `float`."),
        ({"width": True}, "model.width=True does not fit: expected `int`, got `bool`."),
        ({"width": None}, "model.width=None does not fit: expected `int`, got `null`."),
        ({"width": 1, "rate": "a"}, "model.rate='a' does not fit: expected `float`, got `str`."),
        ({"width": 1, "name": 3}, "model.name=3 does not fit: expected `str | null`, got `int`."),
        ({"width": 1, "sizes": 3}, "model.sizes=3 does not fit: expected `array`, got `int`."),
        ({"width": 1, "sizes": [1, "a"]}, "model.sizes=[1, 'a'] does not fit: expected `int`, got `str`."),
        ({"width": 1, "either": 1.5}, "model.either=1.5 does not fit: expected `int | str`, got `float`."),
        ({"width": 1, "kind": "c"}, "model.kind='c' does not fit: valid: 'a', 'b'."),
        ({"width": 1, "options": {"a": "b"}}, "does not fit: expected `float`, got `str`."),
    ],
)
def test_a_keyword_that_does_not_fit_is_named(net, node, says):
    assert says in message(build, {"_target_": "net.Net", **node}, "model")


@pytest.mark.parametrize(
    "node",
    [
        {"rate": 1},
        {"name": None},
        {"name": "a"},
        {"sizes": [1, 2]},
        {"either": "a"},
        {"kind": "b"},
        {"options": {"a": 1}},
        {"options": None},
        {"old_style": None},
    ],
)
def test_a_keyword_that_fits_is_passed(net, node):
    assert build({"_target_": "net.Net", "width": 1, **node}, "model").given["width"] == 1


def test_lists_and_mappings_arrive_as_plain_ones(net):
    given = build({"_target_": "net.Net", "width": 1, "sizes": [1, 2], "part": {"a": [1]}}, "model").given
    assert type(given["sizes"]) is list
    assert given["part"] == {"a": [1]}
    assert type(given["part"]) is dict


def test_annotations_that_do_not_evaluate_hinder_nothing(net):
    assert build({"_target_": "net.Unreadable", "width": "x", "depth": 2}, "model").depth == 2


def test_a_function_without_a_readable_signature_and_one_that_takes_anything_are_called(net):
    assert build({"_target_": "net.anything", "a": 1}, "model") == {"a": 1}
    assert build({"_target_": "builtins.dict", "a": 1}, "model") == {"a": 1}


def test_a_partial_object_is_called_and_checked(net):
    assert build({"_target_": "net.partial", "width": 1}, "model").given["rate"] == 0.5
    assert "model.width is missing" in message(build, {"_target_": "net.partial"}, "model")


def test_positional_arguments_fill_the_first_names(net):
    assert build({"_target_": "net.make", "_args_": [1, 2], "scale": 2.0}, "model") == ((1, 2), 2.0)
    assert build({"_target_": "net.Net", "_args_": [4]}, "model").given["width"] == 4


def test_a_partial_node_may_lack_what_comes_later(net):
    make = build({"_target_": "net.Net", "_partial_": True, "rate": 2}, "model")
    assert make(width=5).given == {"width": 5, "rate": 2, "sizes": (), "part": None, "parts": ()}
    assert "model.rate='a'" in message(build, {"_target_": "net.Net", "_partial_": True, "rate": "a"}, "model")


def test_torchs_optimizers_are_checked_although_they_take_tensors_too():
    node = {"_target_": "torch.optim.Adam", "_partial_": True}
    check({**node, "lr": 1, "betas": [0.9, 0.99]}, "optimizer")
    assert "optimizer.lr='high' does not fit: expected `float`" in message(check, {**node, "lr": "high"}, "optimizer")
    assert "optimizer.betas" in message(check, {**node, "betas": [0.9]}, "optimizer")
    assert "Did you mean 'optimizer.betas'?" in message(check, {**node, "beta": [0.9, 0.99]}, "optimizer")


# Nodes


def test_nested_nodes_are_built_first(net):
    part = {"_target_": "net.Part", "size": 7}
    given = build({"_target_": "net.Net", "width": 1, "part": part, "parts": [part, part]}, "model").given
    assert given["part"].size == 7
    assert [p.size for p in given["parts"]] == [7, 7]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"_target_": "net.Prat"}, "model.part._target_: Unknown name in net 'Prat'. Did you mean 'Part'?"),
        ({"_target_": "net.Part", "sise": 1}, "Unknown key 'model.part.sise'. Did you mean 'model.part.size'?"),
        ({"a": [{"_target_": "net.Part", "size": "x"}]}, "model.part.a[0].size='x' does not fit"),
        ({"_target_": "net.Part", "size": -1}, "model.part: net.Part failed: "),
    ],
)
def test_a_mistake_in_a_nested_node_is_found_there(net, part, says):
    assert says in message(build, {"_target_": "net.Net", "width": 1, "part": part}, "model")


def test_a_node_that_is_not_recursive_is_not_looked_into(net):
    node = {"_target_": "net.Net", "width": 1, "part": {"_target_": "no.where"}, "_recursive_": False}
    assert build(node, "model").given["part"] == {"_target_": "no.where"}


@pytest.mark.parametrize("node", [None, {}, {"width": 3}, {"_target_": None}, {"_target_": 3}])
def test_a_node_without_a_target_is_refused(node):
    assert message(build, node, "model").startswith("model has no _target_: name the class or function to build")


@pytest.mark.parametrize(("target", "kind"), [("torch.nn", "a module"), ("net.NUMBER", "an int")])
def test_what_cannot_be_called_is_refused(net, target, kind):
    assert message(build, {"_target_": target}, "model") == (
        f"model._target_: {target!r} is {kind}, not a class or function."
    )


# Errors of the target's own


def test_the_constructors_own_error_says_file_line_and_words(net):
    said = message(build, {"_target_": "net.Net", "width": -1}, "model")
    lines = net.read_text().splitlines()
    line = next(i for i, text in enumerate(lines, 1) if "raise ValueError(f" in text)
    assert said == f"model: net.Net failed: {net}:{line}: ValueError: width is -1, of all things"


def test_an_error_that_is_the_users_to_mend_is_passed_on(net):
    with pytest.raises(ModelError, match=re.escape("13 is not built")):
        build({"_target_": "net.Net", "width": 13}, "model")


def test_the_text_of_an_error_is_one_short_line():
    said = error_text(ValueError("a\n  b " + "x" * 1000))
    assert said.startswith("ValueError: a b xxx")
    assert len(said) < 450


def test_takes_tells_a_named_keyword_from_any(net):
    assert takes(locate("net.Net", ""), "rate")
    assert takes(locate("net.anything", ""), "rate")
    assert not takes(locate("net.anything", ""), "rate", by_name=True)
    assert not takes(locate("net.Part", ""), "rate")
    assert not takes(locate("net.make", ""), "sizes", by_name=True)


# Nodes that say no more than a class and its arguments, which are called without Hydra


PLAIN = """
from torch import nn


class Plain(nn.Module):
    def __init__(self, width: int = 1, sizes: list = (), options=None):
        super().__init__()
        if width < 0:
            raise ValueError("negative")
        self.width, self.sizes, self.options = width, sizes, options
        if options:
            options.clear()
"""


@pytest.fixture
def alone(monkeypatch):
    """There is no Hydra."""
    monkeypatch.setattr("hydra.utils.instantiate", None)


def test_a_plain_node_is_called_as_hydra_would(project, alone):
    project("plain.py", PLAIN)
    built = build({"_target_": "plain.Plain", "width": 2, "sizes": [1, 2]}, "model")
    assert (built.width, built.sizes) == (2, [1, 2])
    assert len(build({"_target_": "ablate.data.digits", "limit": 50, "val_size": 9, "test_size": 9}, "data").pool) == 50


def test_what_a_constructor_does_to_its_arguments_stays_with_it(project, alone):
    project("plain.py", PLAIN)
    node = {"_target_": "plain.Plain", "sizes": [1], "options": {"a": 1}}
    built = build(node, "model")
    built.sizes.append(2)
    assert node == {"_target_": "plain.Plain", "sizes": [1], "options": {"a": 1}}


def test_a_plain_node_may_be_partial(alone):
    make = build({"_target_": "torch.optim.SGD", "lr": 0.5, "_partial_": True}, "optimizer")
    assert make([torch.nn.Parameter(torch.ones(1))]).defaults["lr"] == 0.5


def test_the_error_of_a_plain_node_is_the_same(project, monkeypatch):
    project("plain.py", PLAIN)
    said = []
    for is_plain in (target._is_plain, lambda *_: False):
        monkeypatch.setattr(target, "_is_plain", is_plain)
        with pytest.raises(ConfigError, match=r"plain\.Plain failed: .*ValueError: negative") as raised:
            build({"_target_": "plain.Plain", "width": -1}, "model")
        said.append(str(raised.value))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "node", [{"_target_": "builtins.dict"}, {"_target_": "plain.Plain", "options": {"_target_": "builtins.dict"}}]
)
def test_anything_else_is_hydras(project, alone, node):
    project("plain.py", PLAIN)
    with pytest.raises(TypeError, match="not callable"):
        build(node, "model")
