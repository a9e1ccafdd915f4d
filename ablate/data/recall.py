"""Key–value recall: a list of pairs and one of its keys; the class is that key's value."""

import numpy as np
import torch

from ablate.data.generator import generators, is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset


def recall(
    *,
    pairs: int = 16,
    values: int = 8,
    key_size: int = 8,
    examples: int = 2600,
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 400,
) -> Source:
    """Lists of shape (2 key_size + values, pairs): each step is a pair, its channels are key, query, value.

    Keys are uniform on the unit sphere, the value is a number in one-hot form, both independent of everything else.
    The query is one of the list's keys, each equally likely, and the same at every step: the right key is where the
    first `key_size` channels equal the next, and the only one whose inner product with the query is 1. So an
    accuracy of 1 can be reached. Without the keys the best guess is the list's most frequent value.

    What a pooling of the values can do, by simulation at the default sizes, reading off the largest entry of
    Σ w_i value_i: equal weights .263; w_i the inner product of key i and query, .73, or its positive part, .84; the
    softmax over the list of 8 times that product, 1.00. Chance is 1/values.

    Args:
        pairs: Pairs of one list.
        values: How many values there are.
        key_size: Length of one key, 2 or more.
        examples: How many lists to generate.
        data_seed: Fixes the lists: every replicate splits the same examples. None: a fresh draw for each replicate.
        replicate_seed: Of the replicate, which ablate gives; None: a draw that belongs to none.
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split.

    Raises:
        DataError: a number is out of its range.
    """
    check_at_least(1, pairs=pairs, values=values, examples=examples)
    check_at_least(2, key_size=key_size)
    for_keys, for_values, for_queries = generators(data_seed, 3, replicate_seed=replicate_seed)
    keys = for_keys.standard_normal((examples, key_size, pairs))
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    held = for_values.integers(0, values, (examples, pairs))
    asked = for_queries.integers(0, pairs, (examples, 1))
    queries = np.take_along_axis(keys, asked[:, None], axis=2).repeat(pairs, axis=2)
    lists = np.concatenate([keys, queries, np.eye(values)[held].transpose(0, 2, 1)], axis=1)
    pool = Arrays(
        inputs=torch.tensor(lists, dtype=torch.float32),
        targets=torch.tensor(np.take_along_axis(held, asked, axis=1)[:, 0], dtype=torch.int64),
    ).at(subset(examples, limit))
    return Source(pool=pool, val_size=val_size, test_size=test_size, is_fresh=is_fresh(data_seed, replicate_seed))
