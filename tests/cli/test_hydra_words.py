"""What Hydra's users type: -m, --cfg job, a root of their own, and sweeps that they expect to be crossed."""

import pytest
import yaml

from tests.cli.conftest import contents

FOREIGN = "defaults:\n  - _self_\n  - db: mysql\nlr: 0.1\n"
OURS = "defaults:\n  - ablate\n  - _self_\n  - override study: smoke\nreplicates: 1\n"


def test_multirun_is_not_needed_and_says_so(ablate, tiny):
    ran = ablate("run", "-m", *tiny, "study.factors=[]", "optimizer.lr=0.01,0.1", "replicates=1")
    assert ran.exit_code == 0
    assert "-m is not needed" in ran.stderr
    assert "2 planned: 2 complete" in ran.stdout
    assert "-m is not needed" in ablate("plan", "--multirun", *tiny).stderr


def test_cfg_job_prints_the_composed_configuration_and_trains_nothing(ablate, here, tiny):
    printed = ablate("run", "--cfg", "job", *tiny, "optimizer.lr=0.5")
    assert printed.exit_code == 0, printed.stderr
    config = yaml.safe_load(printed.stdout)
    assert (config["model"]["width"], config["optimizer"]["lr"]) == (4, 0.5)
    assert config["model"]["outputs"] == "${data.outputs}", "interpolations stay, as in Hydra"
    assert config["study"]["name"] == "smoke"
    assert "hydra" not in config
    assert not contents(here)


@pytest.mark.parametrize("words", [("--cfg", "job", "--format", "json"), ("--cfg", "job", "--plan"), ("--cfg", "all")])
def test_cfg_goes_with_nothing_that_it_would_ignore(words, refused, tiny):
    assert "--cfg" in refused("run", *tiny, *words)


def test_a_sweep_that_is_not_crossed_says_so(ablate, tiny):
    planned = ablate("plan", *tiny, "optimizer.lr=0.01,0.1")
    said = " ".join(planned.stdout.split())
    assert "The values of optimizer.lr are not crossed with hidden_activation" in said
    assert "study.design=factorial crosses them" in said
    ran = ablate("run", *tiny, "optimizer.lr=0.01,0.1", "replicates=1")
    assert "not crossed with hidden_activation" in ran.stderr


@pytest.mark.parametrize(
    "words", [("optimizer.lr=0.01,0.1", "study.design=factorial"), ("optimizer.lr=0.01,0.1", "study.factors=[]"), ()]
)
def test_nothing_is_said_where_all_is_crossed_or_there_is_one_factor(words, ablate, tiny):
    assert "not crossed" not in ablate("plan", *tiny, *words).output


def test_a_root_of_the_folder_chooses_the_study_and_sets_keys(ablate, here, tiny, write):
    write("conf/config.yaml", OURS)
    ran = ablate("run", *tiny[1:])
    assert ran.exit_code == 0, ran.stderr
    assert "2 planned: 2 complete" in ran.stdout
    (study,) = (here / "results").iterdir()
    assert study.name.startswith("smoke@")
    other = ablate("run", "--cfg", "job", "head")
    assert yaml.safe_load(other.stdout)["study"]["name"] == "head", "a name on the command line wins"


def test_a_root_of_another_program_is_left_out_and_named(ablate, tiny, write):
    file = write("conf/config.yaml", FOREIGN)
    planned = ablate("plan", *tiny)
    assert planned.exit_code == 0, planned.stderr
    said = "".join(planned.stdout.split())
    assert f"{file}isleftout" in said


def test_a_root_that_names_no_study_that_there_is(write, refused):
    write("conf/config.yaml", OURS.replace("smoke", "smok"))
    assert "Unknown study 'smok'. Did you mean 'smoke'?" in refused("run", "engine=inline")


def test_a_root_that_is_no_yaml_names_its_line(write, refused):
    write("conf/config.yaml", "defaults: [\n")
    assert "conf/config.yaml, line" in refused("run", "smoke", "engine=inline")


def test_a_claim_may_be_written_as_tables_write_it(here):
    from ablate.config.load import load

    claim = "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: 'no worse', margin: 0.01}]"
    assert load(["smoke", claim], here).spec.claims == load(["smoke", claim.replace("no w", "no_w")], here).spec.claims
    assert load(["smoke", claim], here).spec.claims[0].expect == "no_worse"
