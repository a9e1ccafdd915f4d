"""One whole trial on disk: what was trained, how it ended, what it yielded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ablate.config.diagnostic import SECONDS, measured_as
from ablate.plan.cost import NetworkCost

State = Literal["complete", "diverged", "failed", "timed_out"]
Sampling = Literal["redrawn", "official", "fresh"]
"""All splits are redrawn from one pool; the test set is one for all, and the others are redrawn; or each replicate has
a draw of its own."""
SCHEMA = 2
UNSEALED = (1,)
"""Older schemas: their records have no checksum, and do not say under which claims they were trained."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much was trained on what. `flops` is one example's forward pass."""

    epochs: int = 0
    steps: int = 0
    train_examples: int = 0
    val_examples: int = 0
    test_examples: int = 0
    parameters: int | None = None
    flops: int | None = None
    sampling: Sampling | None = None
    """What the replicates of the study have of each other's examples; None: not known, as in older records."""

    @property
    def cost(self) -> NetworkCost:
        """What the trial's network costs, as far as trials count it."""
        return NetworkCost(parameters=self.parameters, flops=self.flops)


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a record comes from: enough to explain a difference between two of them."""

    ablate: str
    python: str
    torch: str
    lightning: str
    host: str
    device: str
    threads: int
    engine: str
    source: str
    """Digest of the code that the trial's `_target_` entries name: not part of the trial's id."""
    commit: str | None = None
    steps: str | None = None
    """How steps were computed, where `trainer.compile` asked for more than the usual: compiled, or why not."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one trial yielded, or why it yielded nothing.

    `complete` and `diverged` are results. `failed` is the machine's or the code's fault, and is trained again by the
    next run. `timed_out` is censored: the trial did not end within `trainer.timeout_min`, which says nothing of what
    it would have yielded; it is trained again where `--retry timed_out` asks for that.
    """

    schema: int = SCHEMA
    id: str
    study: str
    levels: Mapping[str, str]
    replicate: int
    state: State
    responses: Mapping[str, float | None]
    """Response name → value at the end of the budget; None where it is not a finite number."""
    counts: Counts
    seconds: float
    """Wall seconds of the fit, validation included, start-up and test apart; of a stack, an equal share."""
    started: str
    """UTC, ISO 8601."""
    error: str | None = None
    """One line, unless it is complete; a failure's traceback is the file `traceback.txt` beside the record."""
    diagnostics: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Diagnostic → moment (`start`, `middle`, `end`) → value; what is not finite is left out."""
    unmeasured: str | None = None
    """One line: why diagnostics are missing or in part only."""
    trivial: Mapping[str, float] = field(default_factory=dict[str, float])
    """Response name → what the trivial predictor scores on this replicate's splits; empty where it is not known."""
    simple: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Predictor → response → what it scores on this replicate's splits: a simple one (`1-NN`, `least squares`), and the
    best rule that there is (`Bayes`), where the truth of the data is known."""
    provenance: Provenance | None = None
    stated: str | None = None
    """Digest of what the study stated when it was trained: `ablate.store.frozen.stated`."""
    files: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """Files beside the record → SHA-256 of their bytes."""
    config: dict[str, Any] = field(default_factory=dict[str, Any])

    def value(self, response: str) -> float | None:
        """What it yielded of a response, which may be measured, as `end/dead_units`; None: no finite number."""
        if response == SECONDS:
            return self.seconds
        if (measured := measured_as(response)) is None:
            return self.responses.get(response)
        moment, name = measured
        return self.diagnostics.get(name, {}).get(moment)

    @property
    def is_result(self) -> bool:
        """Whether it says how its training ends."""
        return self.state in ("complete", "diverged")
