"""Figures from Python: of a study that was trained, and of results that another program has trained."""

import pytest

import ablate
from ablate.errors import AblateError, ConfigError


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    place = tmp_path_factory.mktemp("smoke")
    return ablate.run("smoke", "model.width=8,16", "engine=inline", f"results_dir={place}", quiet=True)


@pytest.fixture(scope="module")
def foreign():
    runs = [
        {"width": width, "norm": norm, "seed": seed, "accuracy": 0.5 + width / 100 + seed / 1000}
        for width in (4, 8)
        for norm in ("no", "yes")
        for seed in range(5)
    ]
    claims = [{"contrast": {"width": ["8", "4"]}, "expect": "greater", "margin": 0.01}]
    return ablate.analyze(runs, response="accuracy", factors=["width", "norm"], replicate="seed", claims=claims)


@pytest.mark.slow
def test_curves_of_a_study_and_what_it_has_not(smoke):
    drawn = smoke.plot("curves")
    assert len(drawn.figure.axes) == len(smoke.points())
    assert drawn.figure.get_supylabel() == "validation accuracy"
    assert smoke.plot("curves", metric="val/loss").figure.get_supylabel() == "validation loss"
    with pytest.raises(ConfigError, match=r"Unknown curve 'val/los'\. Did you mean 'val/loss'"):
        smoke.plot("curves", metric="val/los")
    with pytest.raises(ConfigError, match="Nothing of this study was tuned"):
        smoke.plot("tuning")


@pytest.mark.slow
def test_a_tuned_study_has_the_score_of_each_candidate(tmp_path):
    words = ("study.tune={optimizer.lr: [0.02, 0.2, 2.0]}", "trainer.max_epochs=2", "engine=inline")
    result = ablate.run("smoke", *words, f"results_dir={tmp_path}", quiet=True)
    drawn = result.plot("tuning")
    assert len(drawn.figure.axes) == len(result.points()), "one for each arm"
    (line, *_) = drawn.figure.axes[0].get_lines()
    assert sorted(line.get_xdata()) == [0.02, 0.2, 2.0]


@pytest.mark.slow
def test_curves_have_a_row_for_each_trial_and_epoch(smoke):
    curves, trials = smoke.curves(), smoke.trials()
    epochs = int(trials["epochs"].iloc[0]) if "epochs" in trials else 1
    assert len(curves) == len(trials) * epochs
    assert {"hidden_activation", "model.width", "replicate", "epoch", "val/accuracy", "val/loss"} <= {*curves.columns}
    assert curves["val/accuracy"].between(0, 1).all()


@pytest.mark.slow
def test_a_study_without_claims_has_a_forest_of_its_contrasts(smoke):
    assert smoke.verdicts == ()
    for drawn in (smoke.plot(), smoke.plot("forest"), smoke.plot("effects")):
        labels = [label.get_text() for label in drawn.figure.axes[0].get_yticklabels()]
        assert sorted(labels) == sorted(smoke.contrasts()["contrast"])


def test_results_of_another_tool_have_a_forest_and_interactions(foreign):
    assert "width: 8 vs 4" in foreign.plot()._repr_svg_()
    assert len(foreign.plot("effects").figure.axes[0].get_yticklabels()) == len(foreign.contrasts())
    assert [axes.get_title() for axes in foreign.plot("interaction").figure.axes] == ["width × norm"]
    with pytest.raises(ConfigError, match="another program trained"):
        foreign.plot("curves")


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("forrest", {}, "Unknown kind of figure 'forrest'. Did you mean 'forest'"),
        ("forest", {"metric": "x"}, r"plot\('forest'\) takes no 'metric'"),
        ("interaction", {"factors": ["wide", "norm"]}, "Unknown factor of this study 'wide'"),
    ],
)
def test_what_cannot_be_drawn_is_said(foreign, kind, options, said):
    with pytest.raises(AblateError, match=said):
        foreign.plot(kind, **options)


@pytest.mark.parametrize(("ending", "begins"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_a_figure_is_saved_by_its_ending(foreign, tmp_path, ending, begins):
    written = foreign.plot("interaction").save(tmp_path / f"figure.{ending}")
    assert written.read_bytes().startswith(begins)


def test_other_endings_and_places_are_refused(foreign, tmp_path):
    with pytest.raises(AblateError, match="Unknown format of a figure 'gif'"):
        foreign.plot().save(tmp_path / "figure.gif")
    with pytest.raises(AblateError, match="cannot be written"):
        foreign.plot().save(tmp_path / "absent" / "figure.svg")
