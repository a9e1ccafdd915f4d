"""Steps as one compiled call: where that is asked for, can be done, computes the same, and is worth its time."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

import torch
from torch import Tensor

from ablate.execute.process.hardware import synchronize

Call = Callable[..., Tensor]
"""What of a step is compiled: it takes all that it needs as arguments, and gives a loss."""

COMPILED = "compiled"
TOO_FEW = "eager (its steps are too few to pay for a compilation)"
SLOWER = "eager (compiled steps are not faster)"
OTHERWISE = "eager (compiled steps compute something else)"
UNCOPIED = "eager (what it trains cannot be copied)"
FAILED = "eager (its compilation failed"

SAVED = 0.5
"""Of a step, what a compilation is expected to save before there is one: it does of a stack of small dense nets."""

SECONDS = 6.0
"""What a compilation is expected to take before this process has made one: of a small dense net, on a CPU."""

LIMIT = 64
"""Networks of which a process keeps the compiled steps. Beyond, steps are as they are."""

WARM, TIMED = 3, 5
"""Steps that are compared: a CUDA graph is warmed up by the first, recorded by the second. Steps that are timed."""

ROUNDING = {torch.float64: 1e-9, torch.float32: 1e-3, torch.bfloat16: 1e-1}
"""Of the largest number, the difference that another order of the operations explains."""


@dataclass(frozen=True, kw_only=True)
class Copies:
    """One step's arguments, on copies that nobody misses."""

    arguments: tuple[Any, ...]
    trained: Sequence[Tensor]
    """Of the arguments, what gets a gradient."""
    kind: str
    """Steps of one kind are compiled alike and take as long."""

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self.trained[0].device


class Compilation:
    """Decides about a training's steps, once, when it is on its device.

    Args:
        choice: `trainer.compile`. "auto": where the time that is saved is expected to be more than a compilation takes,
            and compiled steps have been seen to be faster.
        steps: Optimizer steps of the whole training.
    """

    def __init__(self, choice: bool | Literal["auto"], *, steps: int) -> None:
        self._choice, self._steps = choice, steps
        self._chosen: Call | None = None
        self.verdict: str | None = None
        """How its steps are computed; None: nobody asked, or there was no step yet."""

    def of(self, call: Call, copies: Callable[[], Copies]) -> Call:
        """The call, or what computes the same, compiled. To be asked where the steps are taken, under their autocast.

        Whatever goes wrong, the steps are taken as they are.
        """
        if self._choice is False:
            return call
        if self._chosen is None:
            self.verdict = self._judged(call, copies)
            self._chosen = self._guarded(call) if self.verdict == COMPILED else call
        return self._chosen

    def _judged(self, call: Call, copies: Callable[[], Copies]) -> str:
        try:
            mine, others = copies(), copies()
        except Exception:  # a network of a person's own may hold anything
            return UNCOPIED
        kind, is_measured = f"{call.__name__} {mine.kind}", self._choice == "auto"
        known = VERDICTS.get(kind, "")
        if known.startswith(FAILED) or known == OTHERWISE or (known == SLOWER and is_measured):
            return known
        is_measured = is_measured and known != COMPILED
        try:
            with _same_draws(mine.device):
                if is_measured and SAVED * self._steps * _seconds(call, others) < _TOOK[-1]:
                    return TOO_FEW
                verdict = _tried(_compiled(call, mine.device.type), mine, call, others, is_measured=is_measured)
        except Exception as error:
            verdict = f"{FAILED}: {type(error).__name__}: {' '.join(str(error).split())[:120]})"
        VERDICTS[kind] = verdict
        return verdict

    def _guarded(self, call: Call) -> Call:
        """The compiled call until it fails, as it may where a network changes while it trains."""

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
"""What this process has found, by kind: a replicate does not try again what has failed, nor time what was timed."""

_TOOK = [SECONDS]
"""Seconds that compilations have taken, the latest last."""


@cache
def _compiled(call: Call, device: str) -> Call:
    """Random numbers are drawn as they are without; on CUDA, where shapes never change, kernels become one graph."""
    bar = getattr(torch.hub, "tqdm", None)
    if multiprocessing.parent_process() is not None and hasattr(bar, "set_lock"):
        # The bar that torch keeps, and does not show, would make a semaphore, and a worker ends without taking it down.
        cast(Any, bar).set_lock(threading.RLock())
    options: dict[str, Any] = {"fallback_random": True, "triton.cudagraphs": device == "cuda"}
    return cast(Call, torch.compile(call, dynamic=False, options=options))


def _tried(compiled: Call, mine: Copies, call: Call, others: Copies, *, is_measured: bool) -> str:
    """Compiles, and holds compiled steps against the others."""
    began = time.perf_counter()
    for number in range(WARM):
        with _same_draws(mine.device), _many_networks():
            found = _step(compiled, mine)
        if not number and (took := time.perf_counter() - began) > 1:  # else it was there already
            _TOOK.append(took)
        with _same_draws(mine.device):
            if not _equal(found, _step(call, others)):
                return OTHERWISE
    if is_measured:
        one, two, three, four = (
            _seconds(*s) for s in ((compiled, mine), (call, others), (call, others), (compiled, mine))
        )
        if min(one, four) >= min(two, three):
            return SLOWER
    return COMPILED


def _step(call: Call, copies: Copies) -> tuple[Tensor, Tensor]:
    """The loss and its gradient, in one row."""
    _begin(copies.device)
    loss = call(*copies.arguments)
    parts = torch.autograd.grad(loss.sum(), list(copies.trained), allow_unused=True)
    return loss.detach().clone(), torch.cat([part.flatten() for part in parts if part is not None])


def _seconds(call: Call, copies: Copies) -> float:
    """Of one step; the first is not timed."""
    _step(call, copies)
    synchronize(copies.device)
    began = time.perf_counter()
    for _ in range(TIMED):
        _step(call, copies)
    synchronize(copies.device)
    return (time.perf_counter() - began) / TIMED


def _begin(device: torch.device) -> None:
    """Says that what the last step's graph has computed may be overwritten."""
    if device.type == "cuda":
        torch.compiler.cudagraph_mark_step_begin()


def _equal(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> bool:
    for mine, theirs in zip(one, other, strict=True):
        is_mixed = torch.is_autocast_enabled(mine.device.type)
        rounding = ROUNDING.get(torch.bfloat16 if is_mixed else mine.dtype, 0.0)
        largest = float(theirs.nan_to_num().abs().max())
        if not torch.allclose(mine, theirs, rtol=0.0, atol=rounding * largest, equal_nan=True):
            return False
    return True


@contextmanager
def _same_draws(device: torch.device) -> Iterator[None]:
    """Leaves the generators as they were."""
    devices = [torch.cuda.current_device() if device.index is None else device.index] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices, device_type="cuda"):
        yield


@contextmanager
def _many_networks() -> Iterator[None]:
    """Lets dynamo keep more than its eight variants of one call, and say where it keeps no more."""
    from torch._dynamo import config  # takes its time to import

    with config.patch(cache_size_limit=LIMIT, fail_on_cache_limit_hit=True):
        yield
