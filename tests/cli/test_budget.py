"""A study that a budget ends has its tables, and exit code 1."""

TINY = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0", "trainer.accelerator=cpu",
    "data.limit=60", "data.val_size=10", "data.test_size=20",
)  # fmt: skip


def test_a_study_that_a_budget_ends_exits_with_code_1(ablate):
    ended = ablate("run", *TINY, "engine.budget_h=1e-9")
    assert ended.exit_code == 1
    assert "4 of 4 trials are missing" in " ".join(ended.stderr.split())
    assert "4 planned: 0 complete, 4 not yet run" in ended.stdout
    assert ablate("run", *TINY, "engine.budget_h=1").exit_code == 0
