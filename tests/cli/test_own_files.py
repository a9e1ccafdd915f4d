"""A table of the user's own, from the command line alone: planned, trained, and noticed where it changes."""

import pytest

TABLE = ("smoke", "model=mlp", "data=csv", "data.root=points.csv", "data.target=label", "data.limit=null")
QUICK = ("data.val_size=0.2", "data.test_size=0.2", "replicates=1", "trainer.max_epochs=1", "engine=inline")


@pytest.fixture
def table(here):
    rows = [f"{index % 7},{index % 5},{'even' if index % 2 else 'odd'}" for index in range(100)]
    (here / "points.csv").write_text("\n".join(["x,y,label", *rows, ""]))
    return here / "points.csv"


def test_it_trains_and_is_trained_again_where_the_file_has_changed(ablate, table):
    planned = ablate("plan", *TABLE, *QUICK)
    assert planned.exit_code == 0, planned.stderr
    assert "data          a table" in planned.stdout
    assert "data.root=points.csv: 100 examples are resident in memory" in " ".join(planned.stdout.split())
    assert ablate("run", *TABLE, *QUICK).exit_code == 0
    table.write_text(table.read_text().replace("0,0,odd", "3,3,odd"))
    said = ablate("plan", *TABLE, *QUICK).stdout
    assert "The code or the data files of 2 of 2 trials has changed since they trained" in " ".join(said.split())


def test_without_a_file_all_that_is_missing_is_said(refused, table):
    said = refused("plan", "smoke", "data=csv")
    assert "data.root" in said
    assert "data.target" in said
