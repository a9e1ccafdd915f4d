from pathlib import Path

import pytest

from ablate.config.catalog import Catalog
from ablate.config.request import parse
from ablate.config.spec import key_of
from ablate.errors import ConfigError


@pytest.fixture
def catalog(here: Path) -> Catalog:
    return Catalog(here)


def test_nothing_is_the_core_study(catalog):
    assert parse([], catalog).study == "core"


@pytest.mark.parametrize("words", [["head"], ["study=head"], ["model.width=8", "head"]])
def test_a_bare_word_is_a_study(words, catalog):
    assert parse(words, catalog).study == "head"


def test_overrides_keep_their_order_and_spelling(catalog):
    words = ["head", "model.width=8", "+data.extra=[1,2]", "~data.limit"]
    assert parse(words, catalog).overrides == tuple(words[1:])


@pytest.mark.parametrize(
    ("word", "levels"),
    [
        ("model.width=16,32", ["16", "32"]),
        ("model.width=range(8,33,8)", ["8", "16", "24", "32"]),
        ("model.width=choice(4,5)", ["4", "5"]),
        ("model=resnet,mlp", ["resnet", "mlp"]),
        (
            "model=glob(*)",
            [
                *("attention", "convnet", "gru", "linear", "lstm", "maps", "mlp", "pair"),
                *("resnet", "simple_resnet", "tcn", "twins", "vgg16", "wide_resnet"),
            ],
        ),
        ("optimizer.lr=1e-3,0.1", ["0.001", "0.1"]),
    ],
)
def test_a_sweep_becomes_a_factor_of_the_keys_name(word, levels, catalog):
    (factor,) = parse([word], catalog).sweeps
    name = word.partition("=")[0]
    assert factor.name == name
    assert list(factor.levels) == levels
    assert factor.reference == levels[0]
    assert factor.levels[levels[1]] == (f"{name}={levels[1]}",)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["haed"], ["Unknown study 'haed'", "Did you mean 'head'?", "skip_span"]),
        (["head", "core"], ["Two studies", "'head'", "'core'"]),
        (["study=head,core"], ["more than one study"]),
        (["model.width=[1"], ["does not parse", "model.width=[1"]),
        (["replicates=3,5"], ["'replicates' cannot be swept"]),
        (["engine=local,inline"], ["'engine' cannot be swept"]),
        (["modle.width=1,2"], ["Unknown key 'modle.width'"]),
        (["model.width=1,2", "model.width=3,4"], ["swept twice"]),
        (["model.width=1,2", "model.width=3"], ["both set and swept"]),
        (["model.width=1,1"], ["one value"]),
        (["model.width=1,2,1"], ["names a value twice"]),
        (["model.width=interval(1,2)"], ["interval() names no levels"]),
        (["factor=[head]"], ["study.factors=[a,b]"]),
    ],
)
def test_mistakes_are_explained(words, says, catalog):
    with pytest.raises(ConfigError) as caught:
        parse(words, catalog)
    for part in says:
        assert part in str(caught.value)


@pytest.mark.parametrize("override", ["a.b=1", "+a.b=1", "++a.b=1", "~a.b", "a.b@c=1", "a.b=x=y"])
def test_the_key_of_an_override(override):
    assert key_of(override) == "a.b"
