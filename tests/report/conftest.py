"""Summaries made by hand, with numbers from numpy and scipy: what must be shown is known beforehand."""

import csv
import functools
import io
import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from ablate.analysis.summary import (
    Contrast,
    Failure,
    Interval,
    Paired,
    PointSummary,
    Proportion,
    SignFlip,
    Summary,
)
from ablate.report.formats.registry import show

CORE = {
    "skip_span": ("two", "one"),
    "output_activation": ("linear", "relu"),
    "head": ("fc", "gap"),
    "hidden_activation": ("relu", "softmax"),
    "init": ("he", "naive"),
}
SCOPE = "Scope: training randomness on this data set and budget, not other data sets."


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """A terminal that asks for nothing in particular, whatever the tests run in."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture(scope="session")
def written():
    """What a format writes of a summary, or of one of its tables."""

    def of(summary, format="table", **more):
        out = io.StringIO()
        show(summary, format, out, **more)
        return out.getvalue()

    return of


@pytest.fixture(scope="session")
def rows_of(written):
    """The rows of one table of a summary, as CSV has them."""

    def of(summary, table, **more):
        return list(csv.DictReader(io.StringIO(written(summary, "csv", table=table, **more)), strict=True))

    return of


def proportion(k, n):
    if n == 0:
        return Proportion(k=0, n=0, interval=None)
    low, high = scipy.stats.binomtest(k, n).proportion_ci(method="exact")
    share = Interval(value=k / n, low=float(low), high=float(high), method="clopper-pearson")
    return Proportion(k=k, n=n, interval=share)


def t_interval(values, level=0.95):
    values = np.asarray(values, dtype=float)
    if len(values) == 0:
        return None
    if len(values) < 3 or np.ptp(values) == 0:
        return Interval(value=float(values.mean()))
    low, high = scipy.stats.t.interval(level, len(values) - 1, values.mean(), scipy.stats.sem(values))
    return Interval(value=float(values.mean()), low=float(low), high=float(high))


def paired(arm, reference, dropped=0):
    a, b = np.asarray(arm, dtype=float), np.asarray(reference, dtype=float)
    d, n = a - b, len(a)
    identical = n > 1 and np.ptp(d) == 0
    tested = n >= 5 and not identical
    wins, ties = int((d > 0).sum()), int((d == 0).sum())
    correlation = float(np.corrcoef(a, b)[0, 1]) if n >= 3 and np.ptp(a) and np.ptp(b) else None
    return Paired(
        n=n,
        dropped=dropped,
        replicates=tuple(range(n)),
        arm=tuple(a.tolist()),
        reference=tuple(b.tolist()),
        differences=tuple(d.tolist()),
        mean_arm=float(a.mean()) if n else None,
        mean_reference=float(b.mean()) if n else None,
        difference=t_interval(d),
        sd=float(d.std(ddof=1)) if n >= 3 else None,
        correlation=correlation,
        wins=wins,
        ties=ties,
        losses=n - wins - ties,
        superiority=proportion(wins, n - ties) if n >= 3 else Proportion(k=wins, n=n - ties, interval=None),
        t=float(scipy.stats.ttest_rel(a, b).statistic) if tested else None,
        p=float(scipy.stats.ttest_rel(a, b).pvalue) if tested else None,
        sign_flip=sign_flip(d) if tested else None,
        detectable=1.68 * float(d.std(ddof=1)) if tested else None,
        welch=welch(a, b) if correlation is not None and correlation < 0 else None,
        identical=bool(identical),
    )


def sign_flip(d):
    flips = np.array(list(itertools.product((-1, 1), repeat=len(d)))) @ d
    p = float(np.mean(np.abs(flips) >= abs(d.sum()) - 1e-12))
    return SignFlip(p=p, floor=2 / 2 ** len(d), exact=True)


def welch(a, b):
    low, high = scipy.stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    return Interval(value=float(a.mean() - b.mean()), low=float(low), high=float(high), method="welch")


def contrast(arm, reference, levels, against, held=None, kind="main effect", **more):
    changes = {"survivors": None, "diverged_arm": 0, "diverged_reference": 0} | more
    name = ", ".join(f"{factor}: {levels[factor]} vs {against[factor]}" for factor in levels)
    return Contrast(
        name=name,
        kind=kind,
        levels=levels,
        against=against,
        held=held or {},
        paired=arm if isinstance(arm, Paired) else paired(arm, reference),
        **changes,
    )


@pytest.fixture
def compare():
    """The builder of a `Contrast` from two lists of responses."""
    return contrast


@pytest.fixture
def pair():
    """The builder of a `Paired` from two lists of responses."""
    return paired


def study(factors, replicates, seed=0):
    """A full factorial of these factors (its first level is the reference), with made-up responses."""
    rng = np.random.default_rng(seed)
    baseline = {factor: levels[0] for factor, levels in factors.items()}
    cells = [dict(zip(factors, levels, strict=True)) for levels in itertools.product(*factors.values())]
    block = rng.normal(0, 0.004, replicates)
    values = {}
    for cell in cells:
        shift = sum(0.02 * (i + 1) * (cell[f] != baseline[f]) for i, f in enumerate(factors))
        values[*cell.values()] = 0.97 - shift + block + rng.normal(0, 0.006, replicates)
    reference = values[*baseline.values()]
    points = tuple(
        PointSummary(
            levels=cell,
            baseline=cell == baseline,
            planned=replicates,
            values=tuple(values[*cell.values()].tolist()),
            replicates=tuple(range(replicates)),
            mean=t_interval(values[*cell.values()]),
            sd=float(np.std(values[*cell.values()], ddof=1)) if replicates > 2 else None,
            difference=None
            if cell == baseline
            else contrast(
                values[*cell.values()],
                reference,
                {f: cell[f] for f in factors if cell[f] != baseline[f]},
                {f: baseline[f] for f in factors if cell[f] != baseline[f]},
                kind="point",
            ),
            diverged=proportion(0, replicates),
            failed=0,
            missing=0,
            parameters=26_122 - 97 * i,
            flops=1_214_000 + 10_000 * i,
            seconds=12.34 + 0.1 * i,
        )
        for i, cell in enumerate(cells)
    )
    contrasts = tuple(
        contrast(
            np.mean([values[*c.values()] for c in cells if c[f] == level], axis=0),
            np.mean([values[*c.values()] for c in cells if c[f] == levels[0]], axis=0),
            {f: level},
            {f: levels[0]},
        )
        for f, levels in factors.items()
        for level in levels[1:]
    )
    return Summary(
        study="core",
        question="Which of five architecture choices matter for a small residual net?",
        design="factorial",
        response="test/accuracy",
        better="higher",
        replicates=replicates,
        planned=len(cells) * replicates,
        complete=len(cells) * replicates,
        diverged=0,
        failed=0,
        missing=0,
        points=points,
        contrasts=contrasts,
        failures=(),
        notes=("Every design point shares its random streams with the others of its replicate.",),
        scope=SCOPE,
    )


@pytest.fixture(scope="session")
def core():
    """Five factors at two levels, 32 design points, 5 replicates."""
    return study(CORE, 5)


@pytest.fixture(scope="session")
def single():
    """One factor at three levels, by number of replicates."""

    @functools.cache
    def made(replicates):
        return replace(study({"skip_span": ("two", "one", "none")}, replicates), study="skip_span")

    return made


@pytest.fixture(scope="session")
def troubled(single):
    """Six replicates of which some diverged, failed, are missing or are all alike."""
    summary = single(6)
    arm, reference = (0.1, 0.93, 0.94, 0.92, 0.95, 0.93), (0.97, 0.96, 0.95, 0.98, 0.96, 0.97)
    broken = contrast(
        arm,
        reference,
        {"skip_span": "one"},
        {"skip_span": "two"},
        survivors=paired(arm[1:], reference[1:]),
        diverged_arm=1,
    )
    same = contrast(paired((0.5,) * 5, (0.25,) * 5, dropped=1), None, {"skip_span": "none"}, {"skip_span": "two"})
    points = (
        summary.points[0],
        replace(summary.points[1], values=arm, difference=broken, mean=t_interval(arm), diverged=proportion(1, 6)),
        replace(summary.points[2], values=(0.5,) * 5, mean=t_interval((0.5,) * 5), difference=same, failed=1),
    )
    failures = (
        Failure(
            id="3f9a2c71d0e4",
            levels={"skip_span": "one"},
            replicate=0,
            state="diverged",
            error="the loss left its bounds at step 12: 3.4e+38",
            traceback=None,
        ),
        Failure(
            id="77aa01bc9d2e",
            levels={"skip_span": "none"},
            replicate=5,
            state="failed",
            error="RuntimeError: CUDA error: an illegal memory access was met, said in a long message",
            traceback="trials/77aa01bc9d2e/traceback.txt",
        ),
    )
    return replace(
        summary,
        complete=16,
        diverged=1,
        failed=1,
        points=points,
        contrasts=(broken, same),
        failures=failures,
    )
