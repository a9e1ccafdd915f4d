"""What a network scores that answers every input alike, against what is known of the best constant."""

import math

import numpy as np
import pytest
import torch

from ablate.execute.examine.trivial_predictor import shared_trivial_scores, trivial_scores
from ablate.execute.train.fit import prepare
from ablate.plan.seeds import streams

pytestmark = pytest.mark.numeric

SMALL = ("data.val_size=40", "data.test_size=60")


def fit_of(resolve, *words, study="smoke", replicate=0):
    return prepare(resolve(*words, study=study), streams(0, replicate))


def targets(fit, split):
    return getattr(fit.module, f"{split}_targets").double().numpy()


def test_of_a_squared_error_it_is_the_mean_of_the_training_targets(resolve):
    """L-BFGS stops within 1e-5 of a quadratic's minimum, in single precision."""
    fit = fit_of(resolve, "data.encoding=binary", study="xor")
    scores = trivial_scores(fit)
    mean = targets(fit, "train").mean(axis=0)
    for split in ("train", "val", "test"):
        expected = np.mean((targets(fit, split) - mean) ** 2)
        assert scores[f"{split}/loss"] == pytest.approx(expected, rel=1e-4)
    assert scores["test/mse"] == pytest.approx(scores["test/loss"], rel=1e-5)


def test_of_a_cross_entropy_it_has_the_classes_shares(resolve):
    fit = fit_of(resolve, *SMALL)
    scores = trivial_scores(fit)
    counts = np.bincount(targets(fit, "train").astype(int), minlength=10)
    share = counts / counts.sum()
    assert scores["train/loss"] == pytest.approx(-(share * np.log(share)).sum(), rel=1e-4)
    wanted = targets(fit, "test").astype(int)
    assert scores["test/loss"] == pytest.approx(-np.log(share[wanted]).mean(), rel=1e-3)
    assert scores["test/accuracy"] == pytest.approx(np.mean(wanted == share.argmax()), abs=1e-6)


def test_it_hangs_on_the_replicates_split_alone(resolve):
    narrow, wide = (fit_of(resolve, *SMALL, f"model.width={width}") for width in (4, 8))
    assert trivial_scores(narrow) == trivial_scores(wide)
    assert trivial_scores(narrow) != trivial_scores(fit_of(resolve, *SMALL, replicate=1))


def test_members_of_a_stack_share_it(resolve, monkeypatch):
    shared = shared_trivial_scores()
    fits = [fit_of(resolve, *SMALL, replicate=replicate) for replicate in (0, 0, 1)]
    found = [shared(fit) for fit in fits]
    assert found[0] is found[1]
    assert found == [trivial_scores(fit) for fit in fits]


def test_nothing_is_drawn_and_nothing_of_the_network_changes(resolve):
    fit = fit_of(resolve, *SMALL)
    before = {name: value.clone() for name, value in fit.network.state_dict().items()}
    state, training = torch.get_rng_state(), fit.network.training
    assert all(map(math.isfinite, trivial_scores(fit).values()))
    assert torch.equal(torch.get_rng_state(), state)
    assert fit.network.training == training
    assert all(torch.equal(value, before[name]) for name, value in fit.network.state_dict().items())
    assert all(p.grad is None for p in fit.network.parameters())


def test_a_lightning_module_of_the_users_has_none(resolve, own):
    assert trivial_scores(prepare(resolve(study=own[0]), streams(0, 0))) == {}
