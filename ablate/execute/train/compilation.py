"""Compiles the loss of a step, if that is asked for, possible, computes the same, and saves more time than it takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

import torch
from torch import Tensor

from ablate.execute.process.hardware import synchronize
from ablate.execute.process.torch_private import recompilation_limit, spare_semaphore

Call = Callable[..., Tensor]
"""The part of a step that is compiled: a function of its arguments alone, which returns a loss."""

COMPILED = "compiled"
TOO_FEW = "eager (its steps are too few to pay for a compilation)"
SLOWER = "eager (compiled steps are not faster)"
DIFFERENT = "eager (compiled steps compute something else)"
NOT_COPYABLE = "eager (its network cannot be copied)"
FAILED = "eager (its compilation failed"

EXPECTED_SAVING = 0.5
"""Share of a step that a compilation is expected to save, before it is measured: as for a stack of small networks."""

FIRST_COMPILATION_S = 6.0
"""Expected duration of a process's first compilation: as for a small dense network on a CPU."""

MAX_COMPILED_NETWORKS = 64
"""Networks whose compiled steps a process keeps. Further ones are not compiled."""

COMPARED_STEPS = 3
"""Steps that are compared. The first warms a CUDA graph up, the second records it."""

TIMED_STEPS = 5

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-3, torch.bfloat16: 1e-1}
"""Rounding error of a different order of operations, relative to the largest number."""


@dataclass(frozen=True, kw_only=True)
class CopiedStep:
    """One step on copies of a network and its loss. Taking it changes nothing but the copies."""

    take: Callable[[Call], tuple[Tensor, Tensor]]
    """Takes the step with a function for its loss; returns the loss, and the gradients in one row."""
    device: torch.device
    """Where the copies are."""
    kind: str
    """Steps of the same kind have the same compilation and the same duration."""


class Compilation:
    """Decides once whether a training takes compiled steps, when it is on its device.

    Args:
        choice: `trainer.compile`. "auto": if it is expected to save more time than the compilation takes, and compiled
            steps are measured to be faster.
        steps: Optimizer steps of the whole training.
    """

    def __init__(self, choice: bool | Literal["auto"], *, steps: int) -> None:
        self._choice, self._steps = choice, steps
        self._chosen: Call | None = None
        self.verdict: str | None = None
        """How its steps are computed; None: compilation was not asked for, or there was no step yet."""

    def choose(self, call: Call, copied: Callable[[], CopiedStep]) -> Call:
        """The call, or its compiled form. To be called where the steps are taken, under their autocast.

        If anything fails, it is the call.
        """
        if self._choice is False:
            return call
        if self._chosen is None:
            self.verdict = self._verdict_on(call, copied)
            self._chosen = self._guarded(call) if self.verdict == COMPILED else call
        return self._chosen

    def _verdict_on(self, call: Call, copied: Callable[[], CopiedStep]) -> str:
        try:
            compiled_copy, eager_copy = copied(), copied()
        except Exception:  # a user-defined network may hold anything
            return NOT_COPYABLE
        kind, is_measured = f"{call.__name__} {compiled_copy.kind}", self._choice == "auto"
        known = VERDICTS.get(kind, "")
        if known.startswith(FAILED) or known == DIFFERENT or (known == SLOWER and is_measured):
            return known
        is_measured = is_measured and known != COMPILED
        try:
            with _same_draws(compiled_copy.device):
                if is_measured and EXPECTED_SAVING * self._steps * _step_s(call, eager_copy) < _COMPILATIONS_S[-1]:
                    return TOO_FEW
                compiled = _compiled(call, compiled_copy.device.type)
                verdict = _compare(compiled, compiled_copy, call, eager_copy, is_measured=is_measured)
        except Exception as error:
            verdict = f"{FAILED}: {type(error).__name__}: {' '.join(str(error).split())[:120]})"
        VERDICTS[kind] = verdict
        return verdict

    def _guarded(self, call: Call) -> Call:
        """The compiled call until it fails, as it may when a network changes during training; then the call."""

        def step(*arguments: Any) -> Tensor:
            if self.verdict == COMPILED:
                try:
                    device = arguments[-1].device
                    _begin(device)
                    return _compiled(call, device.type)(*arguments)
                except Exception as error:
                    self.verdict = f"{FAILED} while it trained: {type(error).__name__})"
            return call(*arguments)

        return step


VERDICTS: dict[str, str] = {}
"""The verdicts of this process by kind: replicates do not repeat what has failed or was timed."""

_COMPILATIONS_S = [FIRST_COMPILATION_S]
"""Durations of the compilations of this process, the latest last."""


@cache
def _compiled(call: Call, device: str) -> Call:
    """Compiles a call. Random numbers are those of the eager call; on CUDA, all kernels become one graph."""
    spare_semaphore()
    options: dict[str, Any] = {"fallback_random": True, "triton.cudagraphs": device == "cuda"}
    return cast(Call, torch.compile(call, dynamic=False, options=options))


def _compare(
    compiled: Call, compiled_copy: CopiedStep, call: Call, eager_copy: CopiedStep, *, is_measured: bool
) -> str:
    """Compiles, and compares compiled steps with eager ones, each on a copy of its own."""
    began = time.perf_counter()
    for number in range(COMPARED_STEPS):
        with _same_draws(compiled_copy.device), recompilation_limit(MAX_COMPILED_NETWORKS):
            found = _step(compiled, compiled_copy)
        if not number and (took := time.perf_counter() - began) > 1:  # otherwise it was compiled before
            _COMPILATIONS_S.append(took)
        with _same_draws(compiled_copy.device):
            if not _equal(found, _step(call, eager_copy)):
                return DIFFERENT
    if is_measured:
        # The order, compiled, eager, eager, compiled, favours neither where the machine becomes slower or faster.
        compiled_s, eager_s = [_step_s(compiled, compiled_copy)], [_step_s(call, eager_copy)]
        eager_s.append(_step_s(call, eager_copy))
        compiled_s.append(_step_s(compiled, compiled_copy))
        if min(compiled_s) >= min(eager_s):
            return SLOWER
    return COMPILED


def _step(call: Call, copied: CopiedStep) -> tuple[Tensor, Tensor]:
    """The loss and its gradients."""

    def marked(*arguments: Any) -> Tensor:
        _begin(copied.device)
        return call(*arguments)

    loss, gradients = copied.take(marked)
    return loss.clone(), gradients


def _step_s(call: Call, copied: CopiedStep) -> float:
    """Seconds of one step, after a first one that is not timed."""
    _step(call, copied)
    synchronize(copied.device)
    began = time.perf_counter()
    for _ in range(TIMED_STEPS):
        _step(call, copied)
    synchronize(copied.device)
    return (time.perf_counter() - began) / TIMED_STEPS


def _begin(device: torch.device) -> None:
    """Tells torch that the results of the last step's CUDA graph may be overwritten."""
    if device.type == "cuda":
        torch.compiler.cudagraph_mark_step_begin()


def _equal(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> bool:
    for found, expected in zip(one, other, strict=True):
        is_mixed = torch.is_autocast_enabled(found.device.type)
        tolerance = TOLERANCES.get(torch.bfloat16 if is_mixed else found.dtype, 0.0)
        largest = float(expected.nan_to_num().abs().max())
        if not torch.allclose(found, expected, rtol=0.0, atol=tolerance * largest, equal_nan=True):
            return False
    return True


@contextmanager
def _same_draws(device: torch.device) -> Iterator[None]:
    """Restores the generators."""
    devices = [torch.cuda.current_device() if device.index is None else device.index] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices, device_type="cuda"):
        yield
