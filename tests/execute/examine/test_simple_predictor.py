"""What is reached without a network, against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier

from ablate.data import Best
from ablate.errors import DataError
from ablate.execute.examine import simple_predictor
from ablate.execute.examine.simple_predictor import shared_simple_scores, simple_scores
from ablate.execute.train.fit import prepare
from ablate.plan.seeds import streams

pytestmark = pytest.mark.numeric

SMALL = ("data.val_size=40", "data.test_size=60")


def fit_of(resolve, *words, study="smoke", replicate=0):
    return prepare(resolve(*words, study=study), streams(0, replicate))


def arrays(fit, split):
    return (
        getattr(fit.module, f"{split}_inputs").double().flatten(1).numpy(),
        getattr(fit.module, f"{split}_targets").double().numpy(),
    )


def test_of_classes_it_is_scikit_learns_nearest_neighbour(resolve):
    """Two training examples may be equally near: an example or two of sixty may get another class."""
    fit = fit_of(resolve, *SMALL)
    model = KNeighborsClassifier(1).fit(*arrays(fit, "train"))
    found = simple_scores(fit)["1-NN"]
    assert set(found) == {"val/accuracy", "test/accuracy"}
    for split in ("val", "test"):
        assert found[f"{split}/accuracy"] == pytest.approx(model.score(*arrays(fit, split)), abs=1e-6)
    assert found["test/accuracy"] > 0.5


@pytest.mark.parametrize(
    "words",
    [
        ("objective=binary", "data.classes=[3,8]", "data.encoding=binary", "data.outputs=1"),
        ("objective=sigmoids", "data.encoding=one_hot"),
    ],
    ids=["binary", "one_hot"],
)
def test_classes_in_any_encoding_have_the_same_neighbours(resolve, words):
    fit = fit_of(resolve, *SMALL, "data.limit=null", *words)
    x, y = arrays(fit, "train")
    asked, wanted = arrays(fit, "test")
    nearest = ((asked[:, None] - x) ** 2).sum(axis=2).argmin(axis=1)
    same = (y[nearest] == wanted).reshape(len(wanted), -1).all(axis=1)
    assert simple_scores(fit)["1-NN"]["test/accuracy"] == pytest.approx(same.mean(), abs=1e-6)


def test_of_other_numbers_it_is_scikit_learns_linear_regression(resolve):
    fit = fit_of(resolve, study="width_approximation")
    model = LinearRegression().fit(*arrays(fit, "train"))
    found = simple_scores(fit)["least squares"]
    x, y = arrays(fit, "test")
    assert found["test/mse"] == pytest.approx(np.mean((model.predict(x) - y) ** 2), rel=1e-4)
    assert found["test/loss"] == pytest.approx(found["test/mse"], rel=1e-5)


def test_where_it_takes_long_the_first_examples_stand_for_all_and_it_says_so(resolve, monkeypatch):
    fit = fit_of(resolve, *SMALL)
    x, y = arrays(fit, "train")
    monkeypatch.setattr(simple_predictor, "MAX_PRODUCTS", 50 * 60 * x.shape[1])
    model = KNeighborsClassifier(1).fit(x[:50], y[:50])
    found = simple_scores(fit)["1-NN of 50 examples"]
    assert found["test/accuracy"] == pytest.approx(model.score(*arrays(fit, "test")), abs=1e-6)


def test_members_of_a_stack_with_the_same_data_share_it(resolve):
    shared = shared_simple_scores()
    one, other = fit_of(resolve, *SMALL), fit_of(resolve, *SMALL, replicate=1)
    assert shared(one) is shared(one)
    assert [shared(one), shared(other)] == [simple_scores(one), simple_scores(other)]


def test_nothing_is_drawn_and_nothing_of_the_network_changes(resolve):
    fit = fit_of(resolve, *SMALL)
    before = {name: value.clone() for name, value in fit.network.state_dict().items()}
    state = torch.get_rng_state()
    simple_scores(fit)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in fit.network.state_dict().items())


def test_a_lightning_module_of_the_users_has_none(resolve, own):
    assert simple_scores(prepare(resolve(study=own[0]), streams(0, 0))) == {}


def test_where_the_truth_is_known_the_best_rule_stands_beside_it(resolve):
    fit = fit_of(resolve, "data=moons", "model=mlp", "model.skip_span=0", "model.depth=1")
    found = simple_scores(fit)
    assert list(found) == ["1-NN", "Bayes"]
    right = fit.module.best.predict(fit.module.test_inputs) == fit.module.test_targets
    assert found["Bayes"] == {
        "val/accuracy": pytest.approx(0.971, abs=0.06),
        "test/accuracy": pytest.approx(float(right.float().mean()), abs=1e-6),
    }
    assert found["Bayes"]["test/accuracy"] >= found["1-NN"]["test/accuracy"] - 0.02


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("data.encoding=binary", "data.outputs=1", "objective=binary"),
        ("data.encoding=signs", "data.outputs=1", "objective=hinge"),
        ("data.encoding=one_hot", "objective=sigmoids"),
    ],
)
def test_of_classes_in_any_encoding_it_is_an_accuracy(resolve, words):
    sizes = ("data.limit=null", "data.val_size=28", "data.test_size=null")
    fit = fit_of(resolve, "data=xor", "model=mlp", "model.skip_span=0", "model.depth=1", *sizes, *words)
    assert simple_scores(fit)["Bayes"]["test/accuracy"] == 1


def test_of_a_known_function_it_has_every_metric_and_the_loss(resolve):
    found = simple_scores(fit_of(resolve, "data.noise=0.1", study="width_approximation"))["Bayes"]
    assert found["test/mse"] < 1e-10
    assert found["test/sup_error"] < 1e-5
    assert found["val/mse"] == found["val/loss"] == pytest.approx(0.01, rel=0.5)


def test_a_best_rule_that_answers_otherwise_than_the_targets_are_is_refused(resolve):
    fit = fit_of(resolve, "data=moons", "model=mlp", "model.skip_span=0", "model.depth=1")
    fit.module.best = Best(predict=lambda x: x)
    with pytest.raises(DataError, match=r"gives float32 of shape \[40, 2\] for targets of shape \[40\] \(int64\)"):
        simple_scores(fit)
