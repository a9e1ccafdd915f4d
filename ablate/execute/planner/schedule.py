"""Schedules the missing trials of a study, by timings of this machine."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch

from ablate.config.trial import TrialConfig
from ablate.execute.planner.arrangement import NO_MEMORY, Arrangement, cut
from ablate.execute.planner.candidate import Candidate, Candidates
from ablate.execute.planner.gpu_arrangement import MAX_PER_GPU, Groups, arrange
from ablate.execute.planner.memory import PROCESS_BYTES, available, describe
from ablate.execute.planner.pace import MIN_PACED_S, measure_paces
from ablate.execute.planner.sharing import Sharing
from ablate.execute.planner.timing_cache import TimingCache
from ablate.execute.process.hardware import cores, empty_cache
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.process.unseen_gpu import unseen_gpu
from ablate.execute.targets.user_errors import as_user_errors
from ablate.plan.bundle import Bundle, bundles
from ablate.plan.machine import Cluster, Machine
from ablate.plan.schedule import Schedule, on_accelerator
from ablate.plan.trial import Trial

MAX_THREADED_SHARE = 0.9
"""Several threads are used if they take at most this share of the time of one."""

MAX_CPU_SHARE = 0.9
"""With `trainer.accelerator=auto`, a study trains on the processor if that takes at most this share of a GPU's time."""

WORKER_FOR_EACH = "there is a worker for each trial"
"""Why trials train alone where nothing is gained by stacking them."""


@user_modules_last()
def schedule(
    planned: Iterable[Trial],
    missing: Iterable[Trial],
    *,
    workers: int,
    threads: int | None = 1,
    fixed: bool = True,
    pins: bool = False,
    machine: Machine | None = None,
    cluster: Cluster | None = None,
) -> Schedule:
    """Schedules the missing trials of a study.

    Whether a trial is stacked, where it trains, and the number of threads, depend on the whole study and on the timings
    of this machine, not on which trials are missing: a single missing trial of a stack is a stack of one. Another
    machine may have other timings; results then differ by rounding.

    Args:
        planned: The whole study.
        missing: The trials to train.
        workers: Jobs that may train at a time. On a CPU there is a bundle for each, if there are enough trials.
        threads: CPU threads of each worker; None: more than one where there are fewer trials than workers and that is
            faster.
        fixed: Whether the user has given the number of workers; else fewer of them may share a GPU.
        pins: Whether each worker trains on the GPU that it is given.
        machine: That of the GPUs; None: it is described as it is.
        cluster: The machines of the workers, each taken to be like this one; None: they share this one.

    Raises:
        AblateError: a network or its data cannot be built.
    """
    planned = tuple(planned)
    place = {trial.id: index for index, trial in enumerate(missing)}
    if not place:
        return Schedule(bundles=(), workers=workers, threads=threads or 1, seconds=0.0)
    cache = TimingCache()
    with as_user_errors():
        has_gpu = machine is not None or torch.accelerator.is_available()
        if has_gpu and (cluster is None or cluster.gpus):
            offered = _Offered(
                workers=workers, threads=threads, fixed=fixed, pins=pins, machine=machine, cluster=cluster
            )
            found = _with_gpu(planned, place, cache, offered)
        else:
            found = _on_cpu(planned, place, cache, workers=workers, threads=threads, cluster=cluster)
    cache.write()
    empty_cache()
    return found if cache.damage is None else replace(found, notes=(cache.damage, *found.notes))


@dataclass(frozen=True, kw_only=True)
class _Offered:
    """What an engine has, as in `schedule`."""

    workers: int
    threads: int | None
    fixed: bool
    pins: bool
    machine: Machine | None
    cluster: Cluster | None


def _on_cpu(
    planned: Sequence[Trial],
    place: dict[str, int],
    cache: TimingCache,
    *,
    workers: int,
    threads: int | None,
    cluster: Cluster | None,
) -> Schedule:
    count = threads or _threads(planned, workers, cache)
    with isolated_process(threads=count, repeats_output=False):
        made = _arrange(planned, place, cache, workers=workers, threads=count, cluster=cluster)
    return made.schedule(place, threads=count)


def _with_gpu(planned: Sequence[Trial], place: dict[str, int], cache: TimingCache, offered: _Offered) -> Schedule:
    """Schedules trials of a machine with a GPU. With `trainer.accelerator=auto`, all may train on the processor."""
    on_cpu = partial(_on_cpu, cache=cache, workers=offered.workers, threads=offered.threads, cluster=offered.cluster)
    configs = [trial.config for trial in {trial.config.trainer: trial for trial in planned}.values()]
    with isolated_process(threads=offered.threads or 1, repeats_output=False):
        on_gpu = _OnGpu.examined(planned, configs, cache, offered)
    if on_gpu is None:
        return on_cpu(planned, place)
    notes: tuple[str, ...] = ()
    if all(config.trainer.settings.accelerator == "auto" for config in configs):
        moved = on_accelerator(planned, "cpu")
        cpu_s = on_cpu(moved, {trial.id: index for index, trial in enumerate(planned)}).seconds
        whole = on_gpu.arranged(on_gpu.groups)
        if cpu_s is not None and whole.seconds is not None:
            is_cpu = cpu_s <= MAX_CPU_SHARE * whole.seconds
            notes = (_comparison(cpu_s, whole.seconds, gpus=whole.gpus, is_cpu=is_cpu),)
            if is_cpu:
                found = on_cpu(moved, place)
                return replace(found, accelerator="cpu", notes=(*notes, *found.notes))
    notes = (*notes, *on_gpu.notes)
    left = [(tuple(trial for trial in trials if trial.id in place), found) for trials, found in on_gpu.groups]
    found = on_gpu.arranged([(trials, found) for trials, found in left if trials])
    made = found.schedule(place, threads=offered.threads or 1)
    return replace(made, notes=(*notes, *made.notes), places=made.places if on_gpu.pins else ())


@dataclass(frozen=True, kw_only=True)
class _OnGpu:
    """A study that is to train on GPUs. `groups`: all of its trials; `pins`: whether its workers are given theirs."""

    groups: Groups
    machine: Machine
    sharing: Sharing
    offered: _Offered
    pins: bool
    notes: tuple[str, ...]

    @classmethod
    def examined(
        cls, planned: Sequence[Trial], configs: Sequence[TrialConfig], cache: TimingCache, offered: _Offered
    ) -> "_OnGpu | None":
        """Examines its trials; None: all of them train on the processor. `configs`: one for each trainer."""
        candidates = Candidates(cache, threads=offered.threads or 1)
        device = next((found for config in configs if (found := candidates.device(config)).type != "cpu"), None)
        if device is None:
            return None
        groups = [(group.trials, candidates.examine(group.trials)) for group in bundles(planned)]
        is_free = all(config.trainer.settings.devices in (1, "1") for config in configs)
        pins = offered.pins and is_free
        machine = offered.machine or describe(device, several=pins)
        if offered.cluster is not None:
            machine = offered.cluster.of(machine)
        empty_cache()
        return cls(
            groups=groups,
            machine=machine,
            sharing=_sharing(groups, cache, device=device, most=min(offered.workers, MAX_PER_GPU)),
            offered=offered,
            pins=pins,
            notes=(_unused(machine),) if is_free and machine.unused else (),
        )

    def arranged(self, groups: Groups) -> Arrangement:
        """What trains together of these."""
        offered = self.offered
        return arrange(groups, machine=self.machine, workers=offered.workers, fixed=offered.fixed, sharing=self.sharing)


def _unused(machine: Machine) -> str:
    """That the engine gives its trials one GPU, though there are others."""
    return (
        f"The study trains on the first of {1 + machine.unused} GPUs and on no other: this engine does not spread it. "
        "engine=local gives each worker a GPU of its own."
    )


def _comparison(cpu_s: float, gpu_s: float, *, gpus: int, is_cpu: bool) -> str:
    """Where the study trains, and why."""
    there = "the GPU" if gpus == 1 else f"{gpus} GPUs"
    chosen, other = ("the processor", "gpu takes the GPU") if is_cpu else (there, "cpu takes the processor")
    return (
        f"The study trains on {chosen}: all of it is expected to take {_rounded(cpu_s)} s on the processor and "
        f"{_rounded(gpu_s)} s on {there}. trainer.accelerator={other}."
    )


def _rounded(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"


def _sharing(groups: Groups, cache: TimingCache, *, device: torch.device, most: int) -> Sharing:
    """How processes share a GPU: measured of the trials that take the longest there, if that is worth its time."""
    timed = [
        (seconds, trials, found)
        for trials, found in groups
        if found.is_on_gpu and found.costs is not None and (seconds := found.costs.step_seconds(len(trials)))
    ]
    if most < 2 or not timed:
        return Sharing()
    _, _, longest = max(timed, key=lambda each: each[0])
    assert longest.costs is not None
    work = round(math.log2(max(longest.costs.timing.work, 1.0)))
    kind = f"{longest.family}; work: 2^{work}; width: {longest.width}"
    is_worth_it = sum(seconds for seconds, _, _ in timed) >= MIN_PACED_S

    def measure() -> dict[int, float] | None:
        return measure_paces(longest, device=device, counts={2, most}) if is_worth_it else None

    return Sharing(paces=cache.paces(kind, measure))


def _arrange(
    planned: Sequence[Trial],
    place: dict[str, int],
    cache: TimingCache,
    *,
    workers: int,
    threads: int,
    cluster: Cluster | None,
) -> Arrangement:
    """Arranges trials on the processor."""
    machines, host_bytes = (1, None) if cluster is None else (cluster.machines, cluster.host_bytes)
    candidates, alone, stacks = Candidates(cache, threads=threads), [], []
    reason = WORKER_FOR_EACH if len(planned) <= workers else ""
    groups: list[tuple[tuple[Trial, ...], Candidate, int | None]] = []
    for group in bundles(planned):
        if left := tuple(trial for trial in group.trials if trial.id in place):
            found = candidates.examine(group.trials, reason=reason)
            limit = (host_bytes or available(candidates.device(group.trials[0].config))) if found.bytes else None
            groups.append((left, found, limit))
    room = [machines * (limit // (PROCESS_BYTES + found.memory(1))) for _, found, limit in groups if limit is not None]
    fitting = max(1, min([workers, *room]))
    on_each = -(-fitting // machines)
    for left, found, limit in groups:
        width = found.width
        if limit is not None:
            width = found.width_in(limit // on_each - PROCESS_BYTES)
        if found.reason or (width < 2 <= found.width):
            reason = found.reason or NO_MEMORY
            alone += [(Bundle(trials=(trial,), reason=reason), found) for trial in left]
        else:
            stacks += [(piece, found) for piece in cut(left, -(-len(left) // width))]
    notes = () if fitting == workers else (f"There is memory for {fitting} of {workers} trials at a time.",)
    if (unseen := unseen_gpu()) and any(t.config.trainer.settings.accelerator == "auto" for t in planned):
        notes = (*notes, unseen)
    while stacks and len(stacks) + len(alone) < workers and len((largest := max(stacks, key=_members))[0]) > 1:
        stacks.remove(largest)
        stacks += [(piece, largest[1]) for piece in cut(largest[0], 2)]
    made = [
        *alone,
        *((Bundle(trials=piece, stacked=True, conv_as_matmul=found.conv_as_matmul), found) for piece, found in stacks),
    ]
    return Arrangement(
        bundles=tuple(bundle for bundle, _ in made),
        candidates=tuple(found for _, found in made),
        workers=fitting,
        notes=notes,
    )


def _threads(planned: Sequence[Trial], workers: int, cache: TimingCache) -> int:
    """Several threads for each trial, if there are fewer trials than workers and the first is faster with them."""
    many = min(workers // len(planned), cores())  # a machine of a cluster has no more
    if many < 2:
        return 1
    seconds: list[float | None] = []
    for count in (1, many):
        with isolated_process(threads=count, repeats_output=False):
            candidate = Candidates(cache, threads=count).examine(planned[:1], reason=WORKER_FOR_EACH)
            seconds.append(candidate.seconds(1))
    one, more = seconds
    return many if one is not None and more is not None and more < MAX_THREADED_SHARE * one else 1


def _members(stack: tuple[tuple[Trial, ...], Candidate]) -> int:
    return len(stack[0])
