"""Small studies that together cover what a trial can be, and how far their numbers may be off."""

from dataclasses import dataclass

CPU = ("engine=inline", "trainer.accelerator=cpu")
DOUBLE = (*CPU, "trainer.precision=64-true")
THREE_STEPS = ("trainer.max_epochs=1", "+trainer.lightning.limit_train_batches=3")
TWO_SEEDS = ("replicates=2", "study.claims=[]")
FEW_TESTS = ("data.val_size=40", "data.test_size=60")
FEW_EXAMPLES = ("data.examples=300", *FEW_TESTS)
TINY_RESNET = ("model.width=4", "model.depth=2", "model.stem_stride=2")


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far two numbers may differ: by `relative` of the larger one, and by `absolute` beside it.

    Everything else (ids, levels, states, counts, outcomes of verdicts) must be equal.
    """

    relative: float
    absolute: float

    def allows(self, one: float, other: float) -> bool:
        return abs(one - other) <= self.absolute + self.relative * max(abs(one), abs(other))


FLOAT64 = Tolerance(relative=1e-6, absolute=1e-9)
"""Of trainings in float64. A processor, the libraries that it calls, and whether trials train as a stack decide in
which order a sum is taken: a step is off by about 1e-16 of its size. These trainings take 50 steps at most, and nothing
in them grows such an error but Adam, which divides a gradient by its size: where the gradient is 0 but for rounding, as
that of a bias before batch norm, a step is off by lr × 1e-16 / 1e-8. Found between instruction sets, and between stacks
and single trials: 4e-15 of a number, 7e-13 where a training overflows, 1.2e-10 with batch norm under Adam.

An accuracy, or a share of dead units, moves by whole examples or units, which is far more than is allowed: it must be
equal. It is, unless two outputs for one example agree to some ten digits."""

FLOAT32_START = Tolerance(relative=1e-5, absolute=1e-6)
"""Of user-defined networks that train in float64. Their layers draw their weights as torch does, in float32, and the
last of 24 bits hangs on the instruction set: each weight starts within 6e-8 of its size. Found: 2e-6 of a number."""

FLOAT32 = Tolerance(relative=1e-4, absolute=1e-5)
"""Of trainings in float32: off by 6e-8 of its size in each of five steps. Found: 2e-7 of a number. Shares must be equal
here, too. They are, unless two outputs for one of 400 examples agree to some six digits: they differ by about 1, so
that one study in some thousands has such an example, and this one has none."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request, as after `ablate run`, and what it is here for."""

    name: str
    words: tuple[str, ...]
    covers: str
    tolerance: Tolerance = FLOAT64
    stackable: bool = False
    """Has trials that may train as one: it is also trained with a logger, which makes each train alone. So are those
    cases that have something of their own to stack; more of them would add seconds only."""


CASES = (
    Case(
        name="smoke",
        words=("smoke", *CPU),
        covers="a shipped study as it is, in single precision",
        tolerance=FLOAT32,
    ),
    Case(
        name="worker_processes",
        words=("smoke", "engine=local", "engine.workers=2", "trainer.accelerator=cpu", "trainer.precision=64-true"),
        covers="the engine local",
    ),
    Case(
        name="sweep",
        words=("smoke", "seed=3", "model.width=4,8", "study.factors=[]", "optimizer=sgd", "optimizer.momentum=0.5",
               "optimizer.nesterov=true", *DOUBLE),
        covers="a sweep, another seed, SGD with momentum",
    ),
    Case(
        name="step_settings",
        words=("step_settings", *DOUBLE),
        tolerance=FLOAT32_START,
        covers="a user-defined nn.Module; dropout, learning rate, weight decay, label smoothing, clipping in a stack",
        stackable=True,
    ),
    Case(
        name="deep_stack",
        words=("deep_stack", *DOUBLE),
        covers="dense nets: every initialisation, every norm, shared weights; Adam",
        stackable=True,
    ),
    Case(
        name="gated",
        words=("gated", "replicates=5", "trainer.max_epochs=4", *DOUBLE),
        tolerance=FLOAT32_START,
        covers="capacity matched; a verdict of a user-defined nn.Module",
    ),
    Case(
        name="rings",
        words=("rings", *DOUBLE),
        tolerance=FLOAT32_START,
        covers="a user-defined LightningModule and LightningDataModule",
    ),
    Case(
        name="divergence",
        words=("divergence", *DOUBLE),
        covers="diverged trials, and a verdict on them; regression with MSE",
        stackable=True,
    ),
    Case(
        name="batch_norm",
        words=("zero_branches", "model.width=4", "model.depth=4", *TWO_SEEDS, *FEW_TESTS, *THREE_STEPS, *DOUBLE),
        covers="residual convolutional nets with and without batch norm; a full factorial",
        stackable=True,
    ),
    Case(
        name="augmentation",
        words=("spans", "study.factors=[{skip_span: [two, one]}]", "model.width=4", "model.stem_stride=2",
               "data.augmentation.crop=1", "data.augmentation.flip=true", "replicates=3", "study.claims=[]",
               *FEW_TESTS, *THREE_STEPS, *DOUBLE),
        covers="images that are flipped and cropped; shortcuts over one layer and over two",
        stackable=True,
    ),
    Case(
        name="branch_layers",
        words=("dense_branches", "model.width=2", "model.depth=2", *TWO_SEEDS, *FEW_TESTS, *THREE_STEPS, *DOUBLE),
        covers="residual branches with dense layers",
    ),
    Case(
        name="map_layers",
        words=("map_layers", "model.width=4", "data.val_size=40",
               "study.exclude=[{map_layer: local, test_places: unseen}]", *TWO_SEEDS, *THREE_STEPS, *DOUBLE),
        covers="convolutional, locally connected and dense maps with pooling; an excluded combination",
    ),
    Case(
        name="frozen_features",
        words=("parities", *FEW_EXAMPLES, *TWO_SEEDS, *THREE_STEPS, *DOUBLE),
        covers="a convolution that is never trained",
    ),
    Case(
        name="fraction",
        words=("five_factors", "study.design=fractional", "study.resolution=3", "replicates=1", "study.claims=[]",
               *TINY_RESNET, *FEW_TESTS, *THREE_STEPS, *DOUBLE),
        covers="a fraction: its generators, its aliases; one replicate, with Lenth's method",
    ),
    Case(
        name="leave_one_out",
        words=("five_factors", "study.design=leave_one_out", *TINY_RESNET, *TWO_SEEDS, *FEW_TESTS, *THREE_STEPS,
               *DOUBLE),
        covers="leave one out; softmax in hidden layers, global average pooling, N(0, .01²)",
    ),
    Case(
        name="pooled",
        words=("dying_units", "study.factors=[{hidden_activation: [relu, leaky_relu]}, lr, {init: [he, normal_1]}]",
               "study.pool_above=2", "model.depth=2", *TWO_SEEDS, *FEW_TESTS, *THREE_STEPS, *DOUBLE),
        covers="pool_above: interactions of three factors are noise; the variance table",
    ),
    Case(
        name="looks",
        words=("two_softmaxes", "replicates=8", "study.looks=[5,8]", "model.width=16", *FEW_TESTS, *THREE_STEPS,
               *DOUBLE),
        covers="a group-sequential plan of two looks; an identity beside a claim",
    ),
    Case(
        name="verdicts",
        words=("hidden_xor", "optimizer=sgd", "optimizer.lr=0.03", "trainer.max_epochs=5", *DOUBLE),
        covers="verdicts on three claims; two inputs, batch norm in a stack",
    ),
    Case(
        name="hinge",
        words=("binary_losses", *TWO_SEEDS, *THREE_STEPS, *DOUBLE),
        covers="hinge losses and binary cross-entropy; levels that change data and objective together",
    ),
    Case(
        name="calibration",
        words=("class_probabilities", "study.response=test/calibration_error", "model.width=16", *TWO_SEEDS, *FEW_TESTS,
               *THREE_STEPS, *DOUBLE),
        covers="calibration error and margin; one-hot targets",
    ),
    Case(
        name="regression",
        words=("regression_outputs", "study.factors=[{output_activation: [linear, relu]}, targets, regression_data]",
               "replicates=1", "study.claims=[]", "model.width=8", *THREE_STEPS, *DOUBLE),
        covers="regression on generated data and on scikit-learn's diabetes, with shifted targets",
    ),
    Case(
        name="approximation",
        words=("curve_widths", 'study.factors=[{width: ["4", "16"]}]', *TWO_SEEDS, *THREE_STEPS, *DOUBLE),
        covers="the largest error on a grid",
    ),
    Case(
        name="sequences",
        words=("sequences", *DOUBLE),
        covers="an LSTM, a temporal convolutional net and attention on one task",
        stackable=True,
    ),
    Case(
        name="attention",
        words=("attention", *FEW_EXAMPLES, *TWO_SEEDS, *THREE_STEPS, *DOUBLE),
        covers="attention with three poolings",
    ),
    Case(
        name="lengths",
        words=("lengths", "model.width=4", *FEW_EXAMPLES, *TWO_SEEDS, *THREE_STEPS, *DOUBLE),
        covers="sequences that are tested at other lengths, and padded",
    ),
    Case(
        name="autoregression",
        words=("series", "data.length=16", *FEW_EXAMPLES, *TWO_SEEDS, *THREE_STEPS, *DOUBLE),
        covers="an output per step; causal and centred padding",
    ),
    *(
        Case(name=name, words=(name, "engine=inline"), covers="identities, and nothing trained")
        for name in ("fc_as_conv", "lstm_units", "parameter_counts", "shared_weights", "softmax_dependence")
    ),
)  # fmt: skip
