import pickle

import pytest

from ablate.config.model.edit import read_edits
from ablate.config.model.group import ModelGroup
from ablate.errors import ConfigError


def test_one_edit_alone_and_a_list_of_them_and_none():
    assert read_edits(None) == read_edits([]) == ()
    (alone,) = read_edits({"identity": "layer4.1"})
    assert (alone.operation, alone.nodes, alone.where) == ("identity", {"layer4.1": None}, "model.edit[0].identity")
    first, second = read_edits([{"freeze": ["a", "b"]}, {"reinit": 3}])
    assert first.nodes == {"a": None, "b": None}
    assert second.nodes == {"3": None}, "a module of a list is a number to YAML"


def test_a_class_of_torch_nn_is_named_in_a_word():
    (edit,) = read_edits({"replace": {"ReLU": "GELU", "Tanh": "mine.Act", "BatchNorm2d": {"_target_": "a.B", "n": 8}}})
    assert edit.nodes == {
        "ReLU": {"_target_": "torch.nn.GELU"},
        "Tanh": {"_target_": "mine.Act"},
        "BatchNorm2d": {"_target_": "a.B", "n": 8},
    }
    assert str(edit) == "replace ReLU by torch.nn.GELU, Tanh by mine.Act, BatchNorm2d by a.B"


def test_a_path_and_what_comes_there_may_be_values():
    (replaced,) = read_edits({"replace": {"path": ["1.10", "2"], "with": "GELU"}})
    assert replaced.nodes == {"1.10": {"_target_": "torch.nn.GELU"}, "2": {"_target_": "torch.nn.GELU"}}
    (wrapped,) = read_edits({"wrap": {"path": "layer1", "with": {"_target_": "mine.Wrap"}}})
    assert wrapped.nodes == {"layer1": {"_target_": "mine.Wrap"}}
    assert str(wrapped) == "wrap layer1 in mine.Wrap"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("ReLU", r"model.edit\[0\] is 'ReLU': an entry is one edit.*Valid: replace, identity, remove"),
        ({"freeze": "a", "reinit": "b"}, "an entry is one edit.*applied in the order of the list"),
        ([{"identity": "a"}, {"replac": "b"}], r"'model.edit\[1\].replac'. Did you mean 'model.edit\[1\].replace'"),
        ({"replace": "ReLU"}, r"model.edit\[0\].replace is 'ReLU': write {replace: {ReLU: GELU}}"),
        ({"replace": {}}, "selects nothing"),
        ({"identity": []}, "selects nothing"),
        ({"identity": None}, r"is a NoneType, None, not a module"),
        ({"identity": {"layer1": None}}, r"is a dict"),
        ({"identity": 1.1}, r"1.1 is a number to YAML. Quote the path: '1.1'"),
        ({"replace": {"1.1": "GELU"}}, r"the key 1.1 is a number to YAML.*{replace: {path: '1.1', with: …}}"),
        ({"replace": {"ReLU": 3}}, r"model.edit\[0\].replace.ReLU is 3: name a class of torch.nn"),
        ({"replace": {"ReLU": {"num": 3}}}, r"or a node with a _target_"),
        ({"wrap": {"path": "a"}}, r"model.edit\[0\].wrap.with is missing"),
        ({"wrap": {"path": "a", "within": "b"}}, r"Did you mean 'model.edit\[0\].wrap.with'"),
    ],
)
def test_what_is_no_edit_is_refused_with_how_it_is_written(value, said):
    with pytest.raises(ConfigError, match=said):
        read_edits(value)


def group(**more):
    return ModelGroup("model", {"_target_": "a.Net", "width": 3, **more})


def test_no_edits_leave_the_identity_as_it_was():
    assert group().identity == group(edit=[]).identity == group(edit=None).identity == {"_target_": "a.Net", "width": 3}


def test_an_edit_is_in_the_identity_however_it_is_written():
    one, other = (
        group(edit={"replace": {"ReLU": "GELU"}}),
        group(edit=[{"replace": {"ReLU": {"_target_": "torch.nn.GELU"}}}]),
    )
    assert one.identity_text == other.identity_text != group().identity_text
    assert one.stack_text == other.stack_text != group().stack_text
    assert group(edit={"freeze": ["a", "b"]}).identity == group(edit={"freeze": ["b", "a"]}).identity
    there, back = [{"freeze": "a"}, {"reinit": "a"}], [{"reinit": "a"}, {"freeze": "a"}]
    assert group(edit=there).identity != group(edit=back).identity, "edits are applied in their order"


def test_the_network_is_built_without_the_key():
    assert group(edit={"freeze": "a"}).node == group().node == {"_target_": "a.Net", "width": 3}
    assert ModelGroup("model").node is None
    assert ModelGroup("model").edits == ()


def test_what_edits_build_is_among_the_targets():
    edited = group(edit=[{"replace": {"ReLU": "mine.Act"}}, {"wrap": {"path": "a", "with": {"_target_": "mine.Wrap"}}}])
    assert edited.targets == {"a.Net", "mine.Act", "mine.Wrap"}
    assert pickle.loads(pickle.dumps(edited)) == edited
