"""Convolutional features of MNIST-1D's sequences, by a network that was trained on other classes and is then kept."""

from functools import cache

import torch
from jaxtyping import Float32, Float64
from torch import Tensor, nn

from ablate.data.mnist1d import PUBLISHED_SEED, mnist1d
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset

KNOWN = 5
"""Classes below it train the network; the others are the task."""
EPOCHS, BATCH, RATE = 20, 100, 0.01


def mnist1d_features(
    *,
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    feature_seed: int = 0,
    limit: int | None = None,
    val_size: int = 300,
    test_size: int = 1000,
) -> Source:
    """2500 examples of 125 features, standardised, in five equally frequent classes: MNIST-1D's classes 5 to 9.

    The features are the last maps of the convolutional net of Greydanus and Kobak (arXiv 2011.14439), flattened. It was
    trained on the classes 0 to 4 of the published draw, and has seen no example of the others.

    Args:
        data_seed: Of the draw of sequences; 42 is the published one. None: a fresh draw for each replicate.
        replicate_seed: Of the replicate, which ablate gives; None: the published draw.
        feature_seed: Of the network's start, and of the order in which it sees its examples.
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split.

    Raises:
        DataError: as `mnist1d`, or a number is out of its range.
    """
    check_at_least(0, feature_seed=feature_seed)
    drawn = mnist1d(data_seed=data_seed, replicate_seed=replicate_seed)
    sequences = _of_classes(drawn, known=False)
    pool = Arrays(inputs=_features(_trained(feature_seed), sequences.inputs), targets=sequences.targets - KNOWN)
    return Source(
        pool=pool.at(subset(len(pool), limit)),
        val_size=val_size,
        test_size=test_size,
        standardise_inputs=True,
        is_fresh=drawn.is_fresh,
    )


def _of_classes(source: Source, *, known: bool) -> Arrays:
    """All examples of the classes that train the network, or of the others; the test set's, too."""
    assert isinstance(source.pool, Arrays)
    assert isinstance(source.test, Arrays)
    both = Arrays(
        inputs=torch.cat([source.pool.inputs, source.test.inputs]),
        targets=torch.cat([source.pool.targets, source.test.targets]),
    )
    return both.at(torch.nonzero((both.targets < KNOWN) == known)[:, 0])


@cache
def _trained(seed: int) -> nn.Sequential:
    """The network without its last layer, trained once in a process.

    In double precision: rounding, which differs between processors and numbers of threads, is then far below that of
    the features in single precision. Global random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(seed)
        examples = _of_classes(mnist1d(data_seed=PUBLISHED_SEED), known=True)
        features = nn.Sequential(
            nn.Conv1d(1, 25, 5, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv1d(25, 25, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv1d(25, 25, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        network = nn.Sequential(features, nn.Linear(125, KNOWN)).double()
        loss, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(network.parameters(), lr=RATE)
        steps = EPOCHS * -(-len(examples) // BATCH)
        scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(examples)).split(BATCH):
                optimizer.zero_grad()
                loss(network(examples.inputs[batch].double()), examples.targets[batch]).backward()
                optimizer.step()
                scheduler.step()
    return features.requires_grad_(False)


def _features(
    network: nn.Sequential, inputs: Float32[Tensor, "examples 1 steps"]
) -> Float32[Tensor, "examples features"]:
    found: Float64[Tensor, "examples features"] = network(inputs.double())
    return found.float()
