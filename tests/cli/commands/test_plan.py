"""What would run, what it would cost, and what it could tell."""

import re

from ablate.store import StudyDirectory


def test_a_plan_says_what_would_be_trained_and_trains_nothing(ablate, here, tiny):
    wide = [word for word in tiny if not word.startswith("model.width=")]
    result = ablate("plan", *wide, "model.width=4,6", "study.design=factorial")
    assert (result.exit_code, result.stderr) == (0, "")
    said = " ".join(result.stdout.split())
    assert "factorial: 4 design points" in said
    assert "8: 0 finished, 8 to train" in said
    assert re.search(r"time about \d", said)
    # 64 inputs, `width` hidden units, 10 outputs, biases
    assert f" 6 {64 * 6 + 6 + 6 * 10 + 10} " in said
    assert not list(here.iterdir())


def test_run_with_plan_is_plan(ablate, here, tiny):
    planned, asked = ablate("plan", *tiny), ablate("run", *tiny, "--plan")
    assert (asked.exit_code, asked.stderr) == (0, "")

    def timeless(text: str) -> str:
        return re.sub(r"about .*|[\d.]+$", "", text, flags=re.MULTILINE)  # nor the latency, its last column

    assert timeless(asked.stdout) == timeless(planned.stdout)
    assert not list(here.iterdir())


def test_a_plan_counts_what_is_there(ablate, here, tiny):
    ablate("run", *tiny)
    before = sorted(here.rglob("*"))
    assert "4: 4 finished, nothing to train" in " ".join(ablate("plan", *tiny).stdout.split())
    more = " ".join(ablate("plan", *tiny, "replicates=5").stdout.split())
    assert "10: 4 finished, 6 to train" in more
    assert sorted(here.rglob("*")) == before


def test_plan_and_first_screen_name_the_data_set(ablate, here, tiny):
    for command in ("plan", "run", "show"):
        words = (str(next(here.glob("results/*"))),) if command == "show" else tiny
        said = [" ".join(line.split()) for line in ablate(command, *words).stdout.splitlines()]
        assert "data scikit-learn's digits" in said, command


def test_a_fraction_says_what_it_cannot_tell_apart(ablate):
    claims = "study.claims=[{contrast: {head: [gap, fc]}, expect: equivalent, margin: .02}]"
    result = ablate("plan", "core", "model.width=4", "study.design=fractional", "study.resolution=5", claims)
    said = " ".join(result.stdout.split())
    assert "fractional: 16 design points" in said  # half of 2^5, resolution V (Box, Hunter and Hunter)
    assert "80: 0 finished" in said
    assert "interactions of 2 factors" in said
    assert "cannot estimate interactions of 3 and more factors" in said


def test_each_part_left_out_of_the_whole(ablate, here, tiny):
    words = (*tiny, "study.design=leave_one_out", "model.init=he,xavier", "optimizer.lr=0.1,0.2")
    result = ablate("run", *words)
    assert result.exit_code == 0
    (study,) = (here / "results").iterdir()
    points = {tuple(r.levels.values()) for r in StudyDirectory(study).contents().records.values()}
    whole = ("tanh", "xavier", "0.2")
    assert points == {whole, ("relu", "xavier", "0.2"), ("tanh", "he", "0.2"), ("tanh", "xavier", "0.1")}
