"""The identity of code that is passed: what it does and refers to, and not where it stands."""

import linecache
import textwrap
import types

import pytest
import torch
from torch import nn

from ablate.errors import ConfigError
from ablate.python.code import digest, dotted_name

SOURCE = """
import math
import torch
from torch import nn

FACTOR = 2.0
TABLE = {"a": [1, 2], "b": torch.ones(2)}

def helper(x):
    return FACTOR * x

class Base(nn.Module):
    pass

class Net(Base):
    kinds = ("a", "b")

    def __init__(self, width=4):
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x):
        return helper(self.layer(x)) + math.pi + TABLE["a"][0]
"""


def defined(source: str, *, kept: bool = True, name: str = "Net"):
    """What a notebook's cell defines; `kept`: with its source, as a notebook keeps it."""
    module = types.ModuleType("__main__")
    file = f"<cell {hash(source)}>" if kept else "<stdin>"
    if kept:
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), vars(module))
    return vars(module)[name]


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_defined_again_in_the_same_words_is_the_same(kept):
    assert digest(defined(SOURCE, kept=kept)) == digest(defined(SOURCE, kept=kept))


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FACTOR = 2.0", "FACTOR = 3.0"),
        ("return FACTOR * x", "return FACTOR + x"),
        ("width=4", "width=5"),
        ('kinds = ("a", "b")', 'kinds = ("a", "c")'),
        ("class Base(nn.Module):\n    pass", "class Base(nn.Module):\n    def extra(self): return 1"),
        ("torch.ones(2)", "torch.zeros(2)"),
        ("nn.Linear(width, width)", "nn.Linear(width, width, bias=False)"),
        ("+ math.pi", "- math.pi"),
    ],
)
def test_a_change_in_it_or_in_what_it_refers_to_is_seen(old, new, kept):
    assert old in SOURCE
    assert digest(defined(SOURCE, kept=kept)) != digest(defined(SOURCE.replace(old, new), kept=kept))


@pytest.mark.parametrize("kept", [True, False])
def test_comments_and_what_it_does_not_use_do_not_count(kept):
    changed = SOURCE.replace("def helper", "unused = 3\n\n# a comment\ndef helper")
    assert digest(defined(SOURCE, kept=kept)) == digest(defined(changed, kept=kept))


def test_a_factory_counts_with_what_it_encloses():
    source = textwrap.dedent("""
        def maker(depth):
            def make(width):
                return [width] * depth
            return make
        two, again, three = maker(2), maker(2), maker(3)
    """)
    assert digest(defined(source, name="two")) == digest(defined(source, name="again"))
    assert digest(defined(source, name="two")) != digest(defined(source, name="three"))


def test_an_object_without_an_identity_is_refused_by_its_name():
    source = "import threading\nLOCK = threading.Lock()\ndef make():\n    return LOCK"
    with pytest.raises(ConfigError, match=r"make refers to LOCK, a lock, which has no digest"):
        digest(defined(source, name="make"))


def test_what_can_be_imported_is_known_by_its_name():
    assert dotted_name(nn.ReLU) == "torch.nn.modules.activation.ReLU"
    assert dotted_name(torch.relu) == "torch.relu"
    assert dotted_name(defined(SOURCE)) is None
    assert dotted_name(lambda x: x) is None
