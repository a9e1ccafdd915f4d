"""Targets with a place for each part of an example: a class for each token or pixel, images to be rebuilt."""

import functools

import pytest
import torch
from torch import nn

import ablate
from ablate.errors import AblateError
from ablate.execute.stack.member import Member
from ablate.execute.stack.verification import verify
from ablate.plan.seeds import streams

GENERATOR = torch.Generator().manual_seed(0)
TOKENS = torch.randint(0, 5, (200, 6), generator=GENERATOR)
NEXT = ((TOKENS + 1) % 5).index_fill(1, torch.tensor([0]), -1)
IMAGES = torch.rand(200, 1, 4, 4, generator=GENERATOR)
POINTS = torch.rand(200, 3, generator=GENERATOR)


class Tokens(nn.Module):
    """Classes on the last axis, beside a loss, as language models have them; or on axis 1, as convolutions."""

    def __init__(self, width=8, axis=-1):
        super().__init__()
        self.embedding, self.head, self.axis = nn.Embedding(5, width), nn.Linear(width, 5), axis

    def forward(self, x):
        return self.head(self.embedding(x)).movedim(-1, self.axis)


class Images(nn.Module):
    def __init__(self, width=4, flat=False):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 1, 3, padding=1))
        self.flat = flat

    def forward(self, x):
        return self.layers(x).flatten(1) if self.flat else self.layers(x)


class Squeezed(nn.Module):
    """One number for each example, by default without an axis."""

    def __init__(self, width=4, squeezed=True, axes=-1):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 1))
        self.squeezed, self.axes = squeezed, axes

    def forward(self, x):
        return self.layers(x).squeeze(self.axes) if self.squeezed else self.layers(x)


def study(**asked):
    settings = {"trainer.max_epochs": 8, "trainer.precision": "64-true", "optimizer.lr": 0.05}
    return ablate.Study(replicates=2, **{**asked, "settings": settings | asked.get("settings", {})})


def results(**asked):
    return study(**asked).run("engine=inline", quiet=True).trials()


@pytest.mark.parametrize(("axis", "objective"), [(-1, None), (-1, "tokens"), (1, "segmentation")])
def test_a_class_for_each_token(here, axis, objective):
    found = results(
        model=functools.partial(Tokens, axis=axis),
        data=(TOKENS, NEXT),
        factors={"optimizer.lr": [0.05, 0.1]},
        objective=objective,
        settings={"objective.loss.ignore_index": -1},
    )
    assert found["state"].eq("complete").all()
    assert found["test/accuracy"].min() > 0.95  # of the tokens that count; the ignored ones have no right class


def test_a_class_for_each_pixel_is_segmentation_by_default(here):
    labels = (IMAGES[:, 0] > 0.5).long()
    asked = study(model=lambda size: nn.Conv2d(1, 2, size), data=(IMAGES, labels), factors={"size": [1, 3]})
    assert {config.objective["loss"]["classes_axis"] for config in asked.plan().configs} == {1}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"objective": "classification"}, "there are objective=tokens, for outputs"),
        (
            {"objective": "classification", "data": (TOKENS[:, :5], NEXT[:, :5].clamp_min(0))},
            r"takes axis 1 of predictions of shape \[.*, 5, 5\] as the classes.*it may be the positions. For a class",
        ),
        ({"objective": "segmentation"}, "there are objective=tokens, for outputs"),
        ({"settings": {"objective.loss.ignore_index": -7}}, "has classes -1 to 4.*objective.loss.ignore_index=-1"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_does(here, changed, said):
    asked = {"model": Tokens, "data": (TOKENS, NEXT), "factors": {"width": [4, 8]}}
    settings = {} if "data" in changed else {"objective.loss.ignore_index": -1} | changed.pop("settings", {})
    with pytest.raises(AblateError, match=said):
        study(**asked | changed, settings=settings).run("engine=inline", quiet=True)


@pytest.mark.numeric
@pytest.mark.parametrize(
    ("model", "data", "settings"),
    [
        (Tokens, (TOKENS, NEXT), {"objective.loss.ignore_index": -1}),
        (Images, (IMAGES, IMAGES), {}),
        (Squeezed, (POINTS, POINTS.sum(1)), {}),
    ],
    ids=["tokens", "images", "squeezed"],
)
def test_a_stack_of_them_takes_the_steps_of_each_alone(here, model, data, settings):
    asked = study(model=model, data=data, factors={"optimizer.lr": [0.01, 0.1]}, settings=settings, **_response(model))
    with asked.configured():
        verify([Member.of(config, streams(0, 0)) for config in asked.plan().configs])


def _response(model):
    return {} if model is Tokens else {"response": "test/mse"}


@pytest.mark.numeric
@pytest.mark.parametrize(
    ("model", "options", "data"),
    [
        (Images, ({"flat": False}, {"flat": True}), (IMAGES, IMAGES)),
        (Squeezed, ({"squeezed": False}, {"squeezed": True}), (POINTS, POINTS.sum(1))),
        # As squeeze() without an argument, which takes the axis of a single example away, too.
        (Squeezed, ({"squeezed": False}, {"axes": (0, 1)}), (POINTS, POINTS.sum(1))),
    ],
    ids=["flat images", "one number without an axis", "one number without any axis"],
)
def test_outputs_take_the_shape_of_their_targets(here, model, options, data):
    one, other = (
        results(
            model=functools.partial(model, **option),
            data=data,
            factors={"width": [2, 4]},
            response="test/mse",
            name=f"shape_{number}",
        )["test/mse"]
        for number, option in enumerate(options)
    )
    assert one.tolist() == pytest.approx(other.tolist(), rel=1e-9)


def test_outputs_whose_axes_are_in_another_order_are_refused(here):
    asked = study(
        model=lambda width: nn.Sequential(
            nn.Flatten(), nn.Linear(16, width), nn.Linear(width, 32), nn.Unflatten(1, (4, 4, 2))
        ),
        data=(IMAGES, IMAGES.expand(-1, 2, -1, -1).contiguous()),
        factors={"width": [4, 8]},
        response="test/mse",
    )
    with pytest.raises(AblateError, match="The objective must fit data and model"):
        asked.run("engine=inline", quiet=True)


def test_the_targets_of_each_arm_are_checked_with_its_own_ignored_number(here):
    asked = study(
        model=Tokens, data=(TOKENS, NEXT), factors={"objective.loss.ignore_index": [-1, -7]}, objective="tokens"
    )
    with pytest.raises(AblateError, match="has classes -1 to 4"):
        asked.run("engine=inline", quiet=True)


def test_augmentation_that_targets_do_not_follow_is_refused(here):
    asked = study(
        model=Images,
        data=(IMAGES, IMAGES),
        factors={"width": [4, 8]},
        response="test/mse",
        settings={"data.augmentation": {"flip": True}},
    )
    with pytest.raises(AblateError, match=r"targets of shape \[1, 4, 4\] would stay as they are"):
        asked.run("engine=inline", quiet=True)
