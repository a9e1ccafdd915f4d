"""What there is, one line each."""

import pytest

from ablate.config.catalog import Catalog


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("studies", ["core", "head", "hidden_softmax", "init", "output_activation", "skip_span", "smoke"]),
        ("factors", ["head", "hidden_activation", "init", "output_activation", "skip_span"]),
        ("models", ["mlp", "resnet"]),
        ("data", ["cifar10", "diabetes", "digits", "fashion_mnist", "mnist", "synthetic"]),
        ("objectives", ["classification", "regression", "tokens", "segmentation"]),
        ("optimizers", ["adam", "adamw", "sgd"]),
        ("schedulers", ["constant", "cosine", "one_cycle"]),
        ("engines", ["inline", "local", "ray", "slurm"]),
        ("formats", ["table", "json", "csv", "markdown", "latex"]),
        ("tables", ["verdicts", "points", "contrasts", "trials"]),
    ],
)
def test_a_kind_lists_its_names_with_a_word_on_each(kind, names, ablate):
    result = ablate("list", kind)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == kind
    for name in names:
        assert any(line.startswith(f"{name} ") and len(line.split()) > 2 for line in lines), name


def test_without_a_kind_it_is_all_of_them(ablate):
    lines = ablate("list").stdout.splitlines()
    groups = ["studies", "factors", "models", "data", "objectives", "optimizers", "schedulers"]
    kinds = [*groups, "engines", "formats", "tables"]
    assert [line for line in lines if line in kinds] == kinds


def test_ones_own_stand_among_them_and_hide_those_of_the_same_name(ablate, write):
    write("conf/model/mlp.yaml", "# A net of my own\n_target_: mine.Net\n")
    write("conf/study/mine.yaml", "# @package _global_\nstudy: {name: mine, question: Is it mine?}\n")
    models = ablate("list", "models").stdout
    assert "A net of my own" in models
    assert "Multilayer perceptron" not in models
    assert "Is it mine?" in ablate("list", "studies").stdout


def test_a_file_that_does_not_parse_hides_no_other(ablate, write):
    write("conf/study/odd.yaml", "study: {name: odd, question: [\n")
    result = ablate("list", "studies")
    assert result.exit_code == 0
    assert "odd" in result.stdout
    assert "smoke" in result.stdout


def test_each_shipped_question_takes_one_line_of_a_narrow_terminal(ablate, here):
    lines = ablate("list", "studies").stdout.splitlines()
    for study in Catalog(here).names("study"):
        (line,) = [line for line in lines if line.split()[:1] == [study]]
        assert line.endswith("?"), line


def test_a_tag_chooses_studies(ablate):
    result = ablate("list", "studies", "--tag", "init")
    names = [line.split()[0] for line in result.stdout.splitlines()[3:]]
    assert {"init", "bias_init", "conv_fan_in", "zero_init_residual"} <= set(names)
    assert "head" not in names
    assert ablate("list", "--tag", "init").stdout == result.stdout


def test_the_tags_stand_below_the_studies_and_ones_own_is_among_them(ablate, write):
    write("conf/study/mine.yaml", "# @package _global_\nstudy: {name: mine, question: Is it?, tags: [pruning]}\n")
    assert "pruning" in ablate("list", "studies").stdout.partition("Tags:")[2]
    assert "mine " in ablate("list", "--tag", "pruning").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["studies", "--tag", "int"], "Unknown tag 'int'. Did you mean 'init'?"),
        (["models", "--tag", "init"], "models have no tags: 'ablate list studies --tag init'."),
    ],
)
def test_a_tag_that_does_not_fit_is_said(words, said, ablate):
    result = ablate("list", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_script_gets_names_alone(ablate, here):
    assert ablate("list", "studies", "--names").stdout.split() == list(Catalog(here).names("study"))
    assert "init" in ablate("list", "--tag", "init", "--names").stdout.splitlines()
