import pytest
import yaml

from ablate.config.model.constructor import Argument, Constructor
from ablate.study.project.candidate import candidates, model_lines, to_fill_in, yaml_line


def of(*arguments):
    return Constructor(target="nets.Net", arguments=arguments)


@pytest.mark.parametrize(
    ("default", "levels"),
    [
        (64, [64, 32, 128]),
        (7, [7, 3, 14]),
        (1, [1, 2]),
        (0.1, [0.1, 0.05, 0.2]),
        (-2.0, [-2.0, -1.0, -4.0]),
        (0, ["FILL_IN", "FILL_IN"]),
        (float("inf"), ["FILL_IN", "FILL_IN"]),
        ("text", ["FILL_IN", "FILL_IN"]),
        (None, ["FILL_IN", "FILL_IN"]),
    ],
)
def test_a_number_is_a_comment_with_its_half_and_its_double(default, levels):
    flag = Argument(name="bias", default=True, choices=(True, False))
    _, line = map(str, candidates(of(flag, Argument(name="size", default=default))))
    assert line.startswith("# - ")
    assert yaml.safe_load(line.removeprefix("# "))[0] == {"model.size": levels}


def test_the_first_number_is_taken_where_nothing_else_can_be():
    found = candidates(
        of(Argument(name="name", default="x"), Argument(name="a", default=2), Argument(name="b", default=3))
    )
    assert [one.is_taken for one in found] == [False, True, False]
    assert not any(one.is_taken for one in candidates(of(Argument(name="name", default="x"))))


def test_the_data_give_inputs_and_outputs():
    made = of(Argument(name="inputs", is_required=True), Argument(name="width", is_required=True, annotation="int"))
    assert model_lines(made) == ("inputs: ${data.inputs}", "width: ???  # fill in: int")
    bare = of(Argument(name="config", is_required=True))
    assert model_lines(bare) == ("config: ???  # fill in; an object is a mapping with a _target_ of its own",)
    assert [one.argument.name for one in candidates(made)] == ["width"]
    assert to_fill_in(made) == ("width",)


def test_a_required_argument_of_few_values_has_the_first():
    made = of(Argument(name="mode", is_required=True, choices=("fast", "slow")))
    assert model_lines(made) == ("mode: fast",)
    assert to_fill_in(made) == ()
    assert [str(one) for one in candidates(made)] == ["- model.mode: [fast, slow]"]


@pytest.mark.parametrize("value", ["yes", "a: b", "# c", "", "é", [1, [2.5, None]], {"a": 1e-5}, True])
@pytest.mark.parametrize("name", ["width", "on", "null"])
def test_a_line_is_read_as_it_was_meant(name, value):
    assert yaml.safe_load(yaml_line(name, value)) == {name: value}
