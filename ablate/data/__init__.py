"""Data sets as plain tensors: each is a function that returns a `Source`; `split` makes `Splits` of it."""

from ablate.data.autoregression import autoregression
from ablate.data.csv_file import csv
from ablate.data.curve import curve
from ablate.data.diabetes import diabetes
from ablate.data.digit_pairs import digit_pairs
from ablate.data.digit_sets import digit_sets
from ablate.data.digits import digits
from ablate.data.image_folder import image_folder
from ablate.data.images import cifar10, fashion_mnist, mnist
from ablate.data.mnist1d import mnist1d
from ablate.data.mnist1d_features import mnist1d_features
from ablate.data.moons import moons
from ablate.data.motifs import motifs
from ablate.data.recall import recall
from ablate.data.shifted_digits import shifted_digits
from ablate.data.source import Arrays, Best, Source, subset
from ablate.data.split import Splits, check, split
from ablate.data.synthetic import synthetic
from ablate.data.xor import xor

__all__ = [
    "Arrays",
    "Best",
    "Source",
    "Splits",
    "autoregression",
    "check",
    "cifar10",
    "csv",
    "curve",
    "diabetes",
    "digit_pairs",
    "digit_sets",
    "digits",
    "fashion_mnist",
    "image_folder",
    "mnist",
    "mnist1d",
    "mnist1d_features",
    "moons",
    "motifs",
    "recall",
    "shifted_digits",
    "split",
    "subset",
    "synthetic",
    "xor",
]
