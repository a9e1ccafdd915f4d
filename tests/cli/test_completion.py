"""What a shell offers after TAB."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ablate.cli.completion import complete_request, complete_results

CONF = Path(__file__).resolve().parents[2] / "conf/model"
MODELS = sorted(path.relative_to(CONF).with_suffix("").as_posix() for path in CONF.rglob("*.yaml"))


def offered(incomplete, *words, **params):
    return complete_request(SimpleNamespace(params={"words": list(words), **params}), incomplete)


@pytest.mark.parametrize(
    ("words", "incomplete", "offers"),
    [
        ([], "sm", ["smoke"]),
        ([], "he", ["head", "head_images"]),
        ([], "repl", ["replicates="]),
        ([], "data", ["data.", "data="]),
        ([], "model=", [f"model={name}" for name in MODELS]),
        ([], "model=ml", ["model=mlp"]),
        ([], "study=skip_s", ["study=skip_span"]),
        (["smoke"], "model.wi", ["model.width="]),
        (["smoke"], "trainer.max_e", ["trainer.max_epochs="]),
        (["head", "data=synthetic"], "data.fun", ["data.function="]),
        (["head"], "data.fun", []),
        ([], "nothing=", []),
        ([], "model=x", []),
        ([], "factor", []),
    ],
)
def test_studies_options_and_keys(words, incomplete, offers, here):
    assert offered(incomplete, *words) == offers


def test_a_second_study_is_not_offered(here):
    assert "smoke" in offered("")
    assert "smoke" not in offered("", "head")


@pytest.mark.parametrize(
    ("words", "incomplete", "offers"),
    [
        (["model", "="], "ml", ["mlp"]),  # bash takes `model=ml` apart at the equals sign
        (["model"], "", MODELS),  # and Typer leaves an equals sign that is last away
        (["smoke", "data", "=", "synthetic"], "data.fun", ["data.function="]),
        (["study", "=", "head", "model", "="], "resn", ["resnet"]),
    ],
)
def test_words_that_bash_takes_apart(words, incomplete, offers, here):
    assert offered(incomplete, *words) == offers


def test_ones_own_are_offered_too(here, write):
    write("conf/study/mine.yaml", "study: {name: mine}\n")
    write("conf/model/mine.yaml", "# Mine\n_target_: mine.Net\nbreadth: 3\n")
    assert offered("mi") == ["mine"]
    assert offered("model=mi") == ["model=mine"]
    assert offered("model.bre", "model=mine") == ["model.breadth="]


@pytest.mark.parametrize("word", ["model.w", "model.width=[", "model="])
def test_errors_are_swallowed(word, here, write):
    write("conf/config.yaml", "defaults: [\n")
    write("conf/model", "not a folder")
    assert isinstance(offered(word, "modle=x", "=", "study=nothing"), list)


def test_results_are_offered_by_name(ablate, here, tiny):
    assert complete_results(SimpleNamespace(params={}), "") == []
    ablate("run", *tiny)
    (study,) = (here / "results").iterdir()
    assert complete_results(SimpleNamespace(params={}), "sm") == [study.name]
    assert complete_results(SimpleNamespace(params={"results_dir": here / "results"}), "") == [study.name]
    assert complete_results(SimpleNamespace(params={}), "x") == []


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        (["run", "sm"], "smoke"),
        (["run", "smoke", "model", "=", "resn"], "resnet"),
        (["plan", "smoke", "model", "="], "\n".join(MODELS)),
        (["run", "smoke", "--format", "l"], "latex"),
        (["list", "st"], "studies"),
    ],
)
def test_through_a_shell(line, offers, here):
    words = ["ablate", *line]
    asked = {"_ABLATE_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(line))}
    code = "import sys; sys.argv = ['ablate']; from ablate.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == (offers, "")
