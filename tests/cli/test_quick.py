"""`--quick` at the command line."""


def test_the_command_trains_it_in_a_folder_of_its_own_and_says_that_it_answers_nothing(ablate, here):
    done = ablate("run", "smoke", "--quick", "engine=inline")
    assert done.exit_code == 0
    assert [path.name for path in (here / "results").iterdir()] == ["smoke@quick=true"]
    planned = ablate("plan", "smoke", "--quick", "engine=inline")
    assert "4 finished, nothing to train" in planned.output
    assert "its numbers answer nothing" in " ".join(planned.output.split())


def test_a_study_with_too_few_replicates_for_its_claims_names_it(refused):
    assert "run it with --quick" in refused("run", "skip_span", "replicates=2")
