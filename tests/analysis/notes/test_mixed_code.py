from dataclasses import replace

from ablate.analysis.notes.mixed_code import mixed_code
from tests.analysis.notes.test_origin import MADE, record


def trained(source: str, *, level: str = "a", started: str = "2026-01-01", state: str = "complete"):
    made = record(replace(MADE, source=source), state)
    return replace(made, levels={"factor": level}, started=started)


def test_trials_of_one_code_are_not_mixed():
    assert mixed_code([trained("new"), trained("other model", level="b")], kept=()) == ""
    assert mixed_code([trained("old"), trained("old", level="b")], kept=("old",)) == ""
    assert mixed_code([record(None)], kept=()) == ""


def test_what_was_kept_is_counted():
    said = mixed_code([trained("old"), trained("old"), trained("new", level="b")], kept=("old",))
    assert said.startswith("Mixed code: 2 of 3 trainings are of older code")
    assert "--stale rerun" in said


def test_two_codes_at_one_design_point_are_mixed_though_no_one_said_so():
    first, second = trained("old"), trained("new", started="2026-01-02")
    assert mixed_code([second, first], kept=()).startswith("Mixed code: 1 of 2")


def test_a_failed_training_is_of_no_code():
    assert mixed_code([trained("old"), trained("new", started="2026-01-02", state="failed")], kept=("old",)) == ""
