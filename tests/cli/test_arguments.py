import pytest

from ablate.cli.arguments import request_words
from ablate.config.load import load


@pytest.mark.parametrize("name", ["results", "a b", "it's", "a=b,c", "1", "é[x]", "{x}"])
def test_a_results_directory_may_have_any_name(name, here, ablate, tiny):
    assert load(request_words(["smoke"], here / name), here).spec.settings["results_dir"] == str(here / name)


def test_the_option_wins_over_the_override(here):
    assert load(request_words(["smoke", "results_dir=a"], here / "b"), here).spec.settings["results_dir"] == str(
        here / "b"
    )


def test_without_the_option_the_words_are_as_they_are():
    assert request_words(None, None) == []
    assert request_words(["head", "seed=1"], None) == ["head", "seed=1"]


def test_results_go_where_they_are_wanted(ablate, here, tiny):
    assert ablate("run", *tiny, "--results-dir", "it's here").exit_code == 0
    assert [path.name for path in here.iterdir()] == ["it's here"]
