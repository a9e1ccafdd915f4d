"""Softmax keeps the order of the logits, and with it the class that wins."""

import torch

from ablate.identities.identity import Identity


def same_winner(
    *, classes: int = 10, examples: int = 10_000, scale: float = 5.0, seed: int = 0
) -> tuple[Identity, ...]:
    """Counts the examples in which the largest probability is not that of the largest logit.

    The exponential rises, and all of an example's exponentials are divided by the same sum. In single precision, large
    logits may come to the same probability; the class that wins is then not known from it.

    Args:
        classes: Logits of an example, 2 or more.
        examples: Of them.
        scale: SD of the logits, which are normal.
        seed: Of the logits.
    """
    random = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(examples, classes, generator=random, dtype=torch.float64)
    winner = logits.argmax(1)
    order = logits.argsort(1)
    large = torch.tensor([20.0, 40.0])
    return (
        Identity(
            statement=f"of {examples} examples, those in which softmax changes the class that wins",
            found=int((logits.softmax(1).argmax(1) != winner).sum()),
            expected=0,
        ),
        Identity(
            statement="those in which it changes the order of the classes",
            found=int((logits.softmax(1).argsort(1) != order).any(1).sum()),
            expected=0,
        ),
        Identity(
            statement="those in which a sigmoid for each class changes the class that wins",
            found=int((logits.sigmoid().argmax(1) != winner).sum()),
            expected=0,
        ),
        Identity(
            statement="in single precision, the difference of the sigmoids of the logits 20 and 40",
            found=float(large.sigmoid().diff()),
            expected=0.0,
        ),
    )
