"""Data sets as plain tensors: each is a function that returns a `Source`; `split` makes `Splits` of it."""

from ablate.data.diabetes import diabetes
from ablate.data.digits import digits
from ablate.data.images import cifar10, fashion_mnist, mnist
from ablate.data.source import Arrays, Source, subset
from ablate.data.split import Splits, check, split
from ablate.data.synthetic import synthetic

__all__ = [
    "Arrays",
    "Source",
    "Splits",
    "check",
    "cifar10",
    "diabetes",
    "digits",
    "fashion_mnist",
    "mnist",
    "split",
    "subset",
    "synthetic",
]
