"""Two things of one name: which one counts is said, and titles tell studies apart."""

import pytest

FACTOR = """
    hidden_activation:
      reference: sigmoid
      levels:
        sigmoid: [model.hidden_activation=sigmoid]
        softsign: [model.hidden_activation=tanh]
"""
INLINE = """
    # @package _global_
    defaults:
      - smoke
    study:
      name: mine
      factors: [hidden_activation]
    factor:
      hidden_activation:
        reference: sigmoid
        levels:
          sigmoid: [model.hidden_activation=sigmoid]
          softsign: [model.hidden_activation=tanh]
"""


def said(*outputs):
    return " ".join(" ".join(outputs).split())


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_users_file_takes_the_place_of_the_shipped_one_and_it_is_said(command, ablate, write, tiny):
    write("conf/factor/hidden_activation.yaml", FACTOR)
    done = ablate(command, *tiny, "study.factors=[hidden_activation]")
    assert done.exit_code == 0, done.output
    assert "softsign" in done.stdout
    assert "relu" not in done.stdout
    assert "The factor 'hidden_activation' is that of" in said(done.output)


def test_a_studys_own_factor_takes_the_place_of_the_shipped_one_and_it_is_said(ablate, write, tiny):
    write("conf/study/mine.yaml", INLINE)
    done = ablate("plan", "mine", *tiny[1:])
    assert done.exit_code == 0, done.output
    assert "softsign" in done.stdout
    assert "relu" not in done.stdout
    assert "The study defines the factor 'hidden_activation' itself" in said(done.output)


def test_a_study_may_still_add_a_level_to_the_shipped_one(ablate, write, tiny):
    write(
        "conf/study/mine.yaml",
        INLINE.replace("        reference: sigmoid\n", "").replace(
            "[hidden_activation]", "[{hidden_activation: [relu, softsign]}]"
        ),
    )
    done = ablate("plan", "mine", *tiny[1:])
    assert done.exit_code == 0, done.output
    assert "relu" in done.stdout
    assert "softsign" in done.stdout
    assert "itself" not in done.output


def test_a_title_tells_a_study_with_other_settings_apart(ablate, here, tiny):
    titles = set()
    for size in (10, 15):
        ran = ablate("run", *tiny, f"data.batch_size={size}")
        assert ran.exit_code == 0
        name = next(p.name for p in (here / "results").iterdir() if f"batch_size={size}" in p.name)
        for words in ((), ("--table", "all"), ("--format", "markdown"), ("--format", "latex")):
            assert f"batch_size={size}" in ablate("show", name, *words).stdout.replace("\\_", "_")
        assert (here / "results" / name / "summary.md").read_text().splitlines()[0] == f"# {name}"
        titles.add(ran.stdout.splitlines()[0])
    assert len(titles) == 2
