import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

import ablate.data
from ablate import study
from ablate.config.augmentation import AugmentationSettings
from ablate.config.load import load
from ablate.design import DesignPoint
from ablate.errors import ConfigError
from ablate.execute.examine.examination import examine
from ablate.execute.train.augmentation import Augmentation, cropped, cut_out, flipped
from ablate.execute.train.fit import prepare
from ablate.models import ResNet
from ablate.plan import trial_id
from ablate.plan.seeds import streams
from tests.tolerances import trained_64

pytestmark = pytest.mark.numeric

SMALL = (
    "model=simple_resnet",
    "model.width=4",
    "model.depth=2",
    "model.skip_span=1",
    "data.limit=200",
    "data.val_size=40",
    "data.test_size=60",
)
SMALL += ("data.batch_size=20", "trainer.max_epochs=2", "trainer.accelerator=cpu")
BOTH = ("data.augmentation.flip=true", "data.augmentation.crop=2")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(batch, shape=(3, 5, 7)):
    return torch.arange(1.0, 1 + batch * np.prod(shape)).reshape(batch, *shape)


def mirrored(image):
    """Pixel by pixel."""
    width = image.shape[2]
    return np.stack([image[:, :, width - 1 - x] for x in range(width)], axis=2)


def window(image, top, left):
    """The image seen from `top` rows above and `left` columns before its corner, pixel by pixel."""
    channels, height, width = image.shape
    seen = np.zeros_like(image)
    for c, y, x in itertools.product(range(channels), range(height), range(width)):
        if 0 <= y - top < height and 0 <= x - left < width:
            seen[c, y, x] = image[c, y - top, x - left]
    return seen


def test_an_image_is_left_or_mirrored():
    images = pictures(60)
    done = flipped(images, generator()).numpy()
    kinds = set()
    for image, found in zip(images.numpy(), done, strict=True):
        is_mirrored = bool((found == mirrored(image)).all())
        assert is_mirrored or (found == image).all()
        kinds.add(is_mirrored)
    assert kinds == {True, False}


def test_half_of_the_images_are_mirrored():
    images = pictures(20_000, (1, 1, 2))
    share = (flipped(images, generator()) != images).any(dim=(1, 2, 3)).float().mean().item()
    assert share == pytest.approx(0.5, abs=4 * 0.5 / 20_000**0.5)


@pytest.mark.parametrize("pixels", [1, 3])
def test_a_crop_is_a_window_of_the_padded_image(pixels):
    images = pictures(40, (2, 4, 5))
    done = cropped(images, pixels, generator()).numpy()
    span = range(-pixels, pixels + 1)
    windows = []
    for image, found in zip(images.numpy(), done, strict=True):
        (seen,) = [(t, x) for t, x in itertools.product(span, span) if (window(image, t, x) == found).all()]
        windows.append(seen)
    for axis in (0, 1):
        assert {w[axis] for w in windows} == set(span)
    assert any(t != x for t, x in windows)


def test_a_crop_may_show_reflections_beyond_the_image():
    images, pixels = pictures(40), 2
    done = Augmentation(AugmentationSettings(crop=pixels, crop_border="reflections"), seed=3)(images).numpy()
    plain = Augmentation(AugmentationSettings(crop=pixels), seed=3)(images).numpy()
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (pixels, pixels), (pixels, pixels)), mode="reflect")
    assert (done > 0).all()
    assert np.array_equal(np.where(plain > 0, done, 0), plain)  # the same windows
    for image, found in zip(padded, done, strict=True):
        windows = [image[:, y : y + 5, x : x + 7] for y, x in itertools.product(range(5), range(5))]
        assert sum(np.array_equal(window, found) for window in windows) == 1


def test_every_window_is_as_likely():
    batch, pixels = 45_000, 1
    images = pictures(1, (1, 3, 3)).repeat(batch, 1, 1, 1)
    centres = Counter(cropped(images, pixels, generator())[:, 0, 1, 1].tolist())
    assert set(centres) == set(range(1, 10))
    # Chi squared with 8 degrees of freedom: 26.1 is exceeded once in a thousand.
    assert sum((n - batch / 9) ** 2 / (batch / 9) for n in centres.values()) < 26.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_precision_and_what_was_given_stay(dtype):
    images = pictures(16, (1, 4, 4)).to(dtype)
    before = images.clone()
    done = Augmentation(AugmentationSettings(flip=True, crop=2), seed=1)(images)
    assert (done.dtype, done.shape) == (dtype, images.shape)
    assert torch.equal(images, before)
    assert not torch.equal(done, before)
    single = Augmentation(AugmentationSettings(flip=True, crop=2), seed=1)(before.float())
    assert torch.equal(done.float(), single)


def test_equal_seeds_draw_the_same_and_every_minibatch_anew():
    images = pictures(32)
    settings = AugmentationSettings(flip=True, crop=1)
    one, same, other = (Augmentation(settings, seed=seed) for seed in (5, 5, 6))
    first, second = one(images), one(images)
    assert torch.equal(first, same(images))
    assert torch.equal(second, same(images))
    assert not torch.equal(first, second)
    assert not torch.equal(first, other(images))


def test_arms_share_the_draws_of_what_they_share():
    images = pictures(32)
    flips, crops, both = (
        Augmentation(AugmentationSettings(flip=f, crop=c), seed=5) for f, c in ((True, 0), (False, 1), (True, 1))
    )
    for _ in range(3):
        assert torch.equal(crops(flips(images)), both(images))


def test_the_global_generator_is_left_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    Augmentation(AugmentationSettings(flip=True, crop=1), seed=5)(pictures(8))
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_nothing_waits_for_the_host_on_a_gpu():
    images = pictures(16, (1, 4, 4)).cuda()
    augmentation = Augmentation(AugmentationSettings(flip=True, crop=1), seed=5)
    augmentation(images)
    torch.cuda.set_sync_debug_mode("error")
    try:
        done = augmentation(images)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert (done.device, done.shape) == (images.device, images.shape)


def seeds_of(seeds):
    return [int(s) for s in np.random.SeedSequence(seeds.augmentation).generate_state(2, np.uint32)]


def bare(seeds):
    """Losses by epoch of a training with flips and crops of 2, image by image, without ablate's execution."""
    source = ablate.data.digits(limit=200, val_size=40, test_size=60)
    rows = np.random.default_rng(seeds.split).permutation(200)[100:]
    x, y = source.pool.inputs.double()[rows], source.pool.targets[rows]
    network = ResNet(inputs=(1, 8, 8), outputs=10, width=4, depth=2, skip_span=1)
    network.initialise(seeds.initialisation)
    network.double()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    order = generator(seeds.order)
    flips, shifts = (generator(seed) for seed in seeds_of(seeds))
    epochs = []
    for _ in range(2):
        losses = []
        for batch in torch.randperm(100, generator=order).split(20):
            mirror = torch.randint(2, (20, 1, 1, 1), generator=flips).flatten().tolist()
            tops, lefts = torch.randint(5, (2, 20, 1), generator=shifts).flatten(1).tolist()
            images = [
                window(mirrored(image) if m else image, 2 - top, 2 - left)
                for image, m, top, left in zip(x[batch].numpy(), mirror, tops, lefts, strict=True)
            ]
            loss = nn.functional.cross_entropy(network(torch.from_numpy(np.stack(images))), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        epochs.append(sum(losses) / len(losses))
    return epochs


def test_a_trial_trains_as_a_loop_over_images_does(resolve, train):
    sgd = ("optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9", "trainer.precision=64-true")
    done = train(resolve(*SMALL, *sgd, *BOTH), streams(3, 1))
    curve = [line.split(",") for line in done.curve.splitlines()]
    place = curve[0].index("train/loss")
    assert [float(line[place]) for line in curve[1:]] == pytest.approx(bare(streams(3, 1)), rel=trained_64(10))


NET = """
    from torch import nn


    class Net(nn.Sequential):
        def __init__(self, inputs, outputs):
            super().__init__(nn.Flatten(), nn.Dropout(0.3), nn.Linear(64, outputs))
"""


def test_order_and_dropout_are_drawn_as_without(plain, resolve, train, monkeypatch):
    plain(NET, inputs=[1, 8, 8], outputs=10)
    without, augmented = (train(resolve(*more, study="plain")).weights for more in ((), BOTH))
    assert not all(torch.equal(without[name], augmented[name]) for name in without)
    monkeypatch.setattr(Augmentation, "__call__", lambda self, images: images)
    idle = train(resolve(*BOTH, study="plain")).weights
    assert all(torch.equal(without[name], idle[name]) for name in without)


def test_only_minibatches_that_train_are_augmented(resolve, train):
    plain, augmented = (prepare(resolve(*SMALL, *more), streams(0, 0)) for more in ((), BOTH))
    assert plain.module.augmentation is None
    for one, other in zip(plain.module.probe(16), augmented.module.probe(16), strict=True):
        assert torch.equal(one, other)
    augmented.network.load_state_dict(plain.network.state_dict())
    seen = []
    augmented.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
    augmented.module.take_steps(augmented.module.configure_optimizers(), torch.arange(20).reshape(1, 20))
    assert not torch.equal(seen[0], augmented.module.train_inputs[:20])
    augmented.module.log = augmented.module.log_dict = lambda *_, **__: None
    augmented.module.validation_step(torch.arange(20), 0)
    assert torch.equal(seen[1], augmented.module.val_inputs[:20])


def test_a_sweep_gives_records_that_differ_and_trials_without_are_those_of_old(here, listener):
    words = ("smoke", *SMALL, "engine=inline", "study.factors=[]")
    study.run([*words, "data.augmentation.flip=false,true", "data.augmentation.crop=0,2"], observer=listener, cwd=here)
    found = {(*record.levels.values(), record.replicate): record for record in listener.records}
    arms = (("False", "0"), ("True", "0"), ("False", "2"))
    assert set(found) == {(*arm, replicate) for arm in arms for replicate in (0, 1)}
    assert {record.state for record in found.values()} == {"complete"}
    for replicate in (0, 1):
        assert len({found[*arm, replicate].responses["train/loss"] for arm in arms}) == 3
    plain = study.plan([*words, "model.norm=none,layer"], cwd=here).trials
    old = {t.replicate: t.id for t in plain if t.point.levels == {"model.norm": "none"}}
    assert {replicate: found["False", "0", replicate].id for replicate in (0, 1)} == old
    assert found["True", "0", 0].id not in {t.id for t in plain}


def test_a_factors_levels_may_be_augmentations(project, here):
    levels = "{none: [], flips: [data.augmentation.flip=true], crops: [data.augmentation.crop=1]}"
    project("conf/factor/view.yaml", f"view:\n  reference: none\n  levels: {levels}\n")
    words = ["head", "study.factors=[view]", "study.claims=[]", "replicates=2"]
    trials = study.plan(words, cwd=here).trials
    others = {"crop_border": "zeros", "cutout": 0, "mixup": 0.0}
    assert [t.config.data["augmentation"] for t in trials[:3]] == [
        {"flip": False, "crop": 0, **others},
        {"flip": True, "crop": 0, **others},
        {"flip": False, "crop": 1, **others},
    ]
    assert len({t.streams.augmentation for t in trials[:3]}) == len({t.streams.augmentation for t in trials[3:]}) == 1
    assert trials[0].streams.augmentation != trials[3].streams.augmentation


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("data.augmentation.crop=8",), "crop=8 would cut windows without a pixel of an image of 8×8; valid: 0,"),
        (("data.augmentation.crop=-1",), "crop=-1 is a number of pixels; valid: 0, for none, to 7"),
        (("data.augmentation.crop=x",), "data.augmentation.crop: expected `int`, got `str`"),
        (
            ("data.augmentation.crop_border=reflections",),
            "crop_border=reflections would be ignored: no image is cropped",
        ),
        (
            ("data.augmentation.crop=1", "data.augmentation.crop_border=mirror"),
            "Unknown data.augmentation.crop_border 'mirror'. Valid: reflections, zeros.",
        ),
        (("data.augmentation.flip=maybe",), "data.augmentation.flip: expected `bool`, got `str`"),
        (("+data.augmentation.flop=true",), "Did you mean 'data.augmentation.flip'?"),
        (("data.augmentation=3",), "data.augmentation is an int: write settings, such as {flip: true, crop: 1}"),
        (
            ("data=synthetic", "objective=regression", "study.response=test/mse", "data.augmentation.flip=true"),
            "one example of ablate.data.synthetic has shape [10]. Take it out: data.augmentation=null.",
        ),
    ],
)
def test_what_cannot_be_is_said_before_training(here, words, says):
    loaded = load(["smoke", "study.factors=[]", *words], here)
    configs = [loaded.resolve({}, [])]
    with pytest.raises(ConfigError) as caught:
        examine(loaded.spec, [DesignPoint(levels={})], configs)
    assert says in str(caught.value)


def test_a_second_arm_is_looked_at_too(here):
    planned = study.plan(["smoke", "study.factors=[]", "data.augmentation.crop=0,1,8"], cwd=here)
    with pytest.raises(ConfigError, match=r"data\.augmentation\.crop=8 would cut"):
        examine(planned.spec, planned.layout.points, planned.configs)


def test_null_is_none(resolve):
    (without, null), flips = (resolve(), resolve("data.augmentation=null")), resolve("data.augmentation.flip=true")
    assert trial_id(without, seed=0, replicate=0) == trial_id(null, seed=0, replicate=0)
    assert trial_id(without, seed=0, replicate=0) != trial_id(flips, seed=0, replicate=0)
    assert prepare(null, streams(0, 0)).module.augmentation is None


def test_a_loop_of_ones_own_augments_itself(own, resolve):
    config = resolve("data.augmentation.flip=true", study=own[0])
    with pytest.raises(ConfigError, match=r"own\.Net is a LightningModule, whose LightningDataModule augments"):
        prepare(config, streams(0, 0))


AUGMENTING = """
    from own import Data as Plain

    class Data(Plain):
        def __init__(self, examples: int = 60, batch_size: int = 10, augmentation: str | dict = "weak"):
            super().__init__(examples, batch_size)
            self.augmentation = augmentation
"""


@pytest.mark.parametrize(
    ("line", "given"),
    [("", "weak"), ("augmentation: strong", "strong"), ("augmentation: {rotate: 5}", {"rotate": 5})],
)
def test_data_of_ones_own_may_have_a_setting_of_that_name(own, project, resolve, line, given):
    project("augmenting.py", AUGMENTING)
    project("conf/data/own.yaml", f"_target_: augmenting.Data\nexamples: 60\nbatch_size: 10\n{line}\n")
    assert prepare(resolve(study=own[0]), streams(0, 0)).data["datamodule"].augmentation == given


@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_a_cutout_is_a_square_whose_middle_is_anywhere(pixels):
    images = torch.ones(400, 2, 4, 6)
    done = cut_out(images, pixels, generator())
    squares = set()
    for image in done:
        assert torch.equal(image[0], image[1])
        rows, columns = torch.nonzero(image[0] == 0).T.tolist()
        corner = (min(rows), max(rows), min(columns), max(columns))
        assert len(rows) == (corner[1] - corner[0] + 1) * (corner[3] - corner[2] + 1) <= pixels**2
        squares.add(corner)
    assert len(squares) == 24  # one for each pixel that may be its middle


def test_a_mixture_is_of_two_examples_and_of_their_classes():
    settings = AugmentationSettings(mixup=0.4)
    inputs, classes = torch.randn(6, 1, 5, dtype=torch.float64), torch.tensor([0, 1, 2, 0, 1, 2])
    augmentation, again = Augmentation(settings, seed=3, classes=3), Augmentation(settings, seed=3, classes=3)
    assert augmentation(inputs) is inputs
    shares = set()
    for _ in range(5):
        mixed, targets = augmentation.mixed(inputs, classes)
        assert all(map(torch.equal, (mixed, targets), again.mixed(inputs, classes)))
        share = targets[1, 1].item()
        shares.add(share)
        assert 0 < share < 1
        torch.testing.assert_close(mixed[1], share * inputs[1] + (1 - share) * inputs[0])
        torch.testing.assert_close(mixed[0], share * inputs[0] + (1 - share) * inputs[-1])
        torch.testing.assert_close(targets.sum(1), torch.ones(6, dtype=torch.float64))
    assert len(shares) == 5
    values = torch.randn(6, 1, dtype=torch.float64)
    assert augmentation.mixed(inputs, values)[1].shape == (6, 1)


def test_mixed_examples_train_alone_and_change_the_training(here, train, resolve):
    sequences = ("data=motifs", "data.examples=200", "data.val_size=40", "data.test_size=40", "data.limit=null")
    plain, mixed = train(resolve(*sequences)), train(resolve(*sequences, "data.augmentation.mixup=0.3"))
    assert mixed.responses["train/loss"] != plain.responses["train/loss"]
    assert mixed.responses.keys() == plain.responses.keys()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("data.augmentation.cutout=-1",), "data.augmentation.cutout=-1 is the side of a square in pixels"),
        (("data.augmentation.cutout=16",), "valid: 0, for none, to 15"),
        (("data.augmentation.mixup=-0.1",), "data.augmentation.mixup=-0.1 must be more than 0"),
        (("data=motifs", "data.augmentation.cutout=2"), "mixup takes any shape"),
        (
            ("data.augmentation.mixup=0.2", "objective=categorical_hinge"),
            "the loss MultiMarginLoss does not take them",
        ),
    ],
)
def test_what_cannot_be_cut_out_or_mixed_is_refused(here, words, says):
    composed = load(["smoke", "study.factors=[]", "data.limit=200"], here)
    with pytest.raises(ConfigError, match=says):
        examine(composed.spec, [DesignPoint(levels={})], [composed.resolve({}, words)])
