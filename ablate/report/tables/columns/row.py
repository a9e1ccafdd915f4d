"""The cells of a row for programs: what estimates and levels spread over columns."""

from collections.abc import Collection, Mapping

from ablate.analysis.summary import TEST_FROM, Interval, Paired, Proportion

Cell = str | int | float | bool | None
Row = dict[str, Cell]
"""Column → cell, in the order of the columns."""


def paired(prefix: str, pair: Paired) -> Row:
    """The comparison of two arms; no p below five replicates."""
    tested = pair.n >= TEST_FROM
    flip = pair.sign_flip if tested else None
    cells: Row = {
        "n": pair.n,
        "dropped": pair.dropped,
        "sd": pair.sd,
        "correlation": pair.correlation,
        "wins": pair.wins,
        "ties": pair.ties,
        "losses": pair.losses,
        "t": pair.t if tested else None,
        "p": pair.p if tested else None,
        "sign_flip_p": flip.p if flip else None,
        "sign_flip_floor": flip.floor if flip else None,
        "sign_flip_exact": flip.exact if flip else None,
        "detectable": pair.detectable,
        "identical": pair.identical,
    }
    return (
        interval(prefix, pair.difference)
        | {f"{prefix}_{name}": cell for name, cell in cells.items()}
        | proportion(f"{prefix}_better", pair.superiority)
        | interval(f"{prefix}_welch", pair.welch)
    )


def levels(settings: Mapping[str, str], taken: Collection[str]) -> Row:
    """A column for each factor, under its name; prefixed with `factor.` where another column has that name.

    Args:
        settings: factor → level.
        taken: the names of the table's other columns.
    """
    return {f"factor.{factor}" if factor in taken else factor: level for factor, level in settings.items()}


def interval(prefix: str, estimate: Interval | None) -> Row:
    """A point, its bounds and their level."""
    bounded = estimate is not None and estimate.low is not None
    return {
        prefix: estimate.value if estimate else None,
        f"{prefix}_low": estimate.low if estimate else None,
        f"{prefix}_high": estimate.high if estimate else None,
        f"{prefix}_level": estimate.level if estimate and bounded else None,
    }


def proportion(prefix: str, share: Proportion) -> Row:
    """A count, what it is of, and their ratio."""
    return {f"{prefix}_k": share.k, f"{prefix}_n": share.n} | interval(f"{prefix}_share", share.interval)
