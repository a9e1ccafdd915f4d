"""Examples that were passed from Python: a `_target_` that has them."""

import torch

from ablate.data.reading.size import held
from ablate.data.source import Examples, Source, subset
from ablate.errors import DataError


class Passed:
    """Gives examples as a Source.

    It is what a configuration names by `ablate.given.NAME`; `content` is the digest of the examples, by which results
    of other examples are told from results of these.
    """

    def __init__(self, pool: Examples, test: Examples | None, *, content: str, val: Examples | None = None) -> None:
        self._pool, self._val, self._test, self.content = pool, val, test, content

    @property
    def count(self) -> int:
        """How many examples there are, official validation and test sets apart."""
        return len(self._pool)

    @property
    def has_val(self) -> bool:
        """Whether there is an official validation set."""
        return self._val is not None

    @property
    def has_test(self) -> bool:
        """Whether there is an official test set."""
        return self._test is not None

    @property
    def position_axes(self) -> int:
        """Axes of the places of an example that have a class each: 1 of tokens, 2 of pixels; 0: it has one class."""
        return self._pool.targets.ndim - 1 if self._pool.has_classes else 0

    def __call__(
        self,
        *,
        content: str,
        val_size: int | None,
        test_size: int | None = None,
        limit: int | None = None,
        standardise_inputs: bool = False,
        standardise_targets: bool = False,
    ) -> Source:
        """The examples, with sizes of their splits.

        Raises:
            DataError: these are not the examples that the configuration speaks of, or there are not that many.
        """
        if content != self.content:
            raise DataError(
                f"The examples have the digest {self.content}, and the configuration speaks of {content}: they are "
                "others. Pass those that the study was made with, or make a study of another name."
            )
        pool = self._pool if limit is None else self._pool.at(subset(len(self._pool), limit))
        return Source(
            pool=pool,
            val=self._val,
            test=self._test,
            val_size=val_size,
            test_size=test_size,
            standardise_inputs=standardise_inputs,
            standardise_targets=standardise_targets,
            held=held([one for one in (pool, self._val, self._test) if one], "data", limit_gib=None),
        )

    def description(self) -> dict[str, object]:
        """What `data` says of them to the other groups: the shape of an example, the outputs, the chance accuracy.

        The chance is the share of the most frequent class, which a constant guess scores.
        """
        targets = self._pool.targets
        layout = self._pool.layout
        described: dict[str, object] = {"inputs": list(self._pool.shape) if layout is None else layout.described}
        if not self._pool.has_classes:
            return {**described, "outputs": targets[0].numel(), "chance": None}
        every = torch.cat([one.targets.flatten() for one in (self._pool, self._val, self._test) if one is not None])
        known = targets[targets >= 0]  # negative numbers are no classes: the loss may ignore them
        if not len(known):
            raise DataError("The targets hold no class: valid class numbers are 0 and above.")
        counts = torch.bincount(known)
        chance = float(counts.max() / counts.sum())
        return {**described, "outputs": int(every.max()) + 1, "chance": round(chance, 4)}
