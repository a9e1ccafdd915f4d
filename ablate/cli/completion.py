"""Shell completion of a request: studies, groups, their options, and keys."""

from collections.abc import Iterator
from pathlib import Path

import typer


def complete_request(ctx: typer.Context, incomplete: str) -> list[str]:
    """What may follow in `ablate run …`: a study, `group=option`, or `key=`.

    Errors are swallowed: a shell that waits for completions can show none.
    """
    words = [w for w in (ctx.params.get("words") or []) if w != incomplete]
    try:
        return sorted(w for w in _candidates(words, incomplete) if w.startswith(incomplete))
    except Exception:
        return []


def complete_results(ctx: typer.Context, incomplete: str) -> list[str]:
    """The studies that have results."""
    root = Path(ctx.params.get("results_dir") or "results")
    return sorted(p.parent.name for p in root.glob("*/study.yaml") if p.parent.name.startswith(incomplete))


def _candidates(words: list[str], incomplete: str) -> Iterator[str]:
    from ablate.config.catalog import GROUPS, Catalog

    catalog = Catalog(Path.cwd())
    chosen = [w for w in words if "=" not in w and not w.startswith(("+", "~"))]
    group, equals, _ = incomplete.partition("=")
    if equals:
        yield from (f"{group}={option}" for option in (catalog.names(group) if group in GROUPS else ()))
        return
    if "." in incomplete:
        from ablate.config.composer import Composer

        groups = [w for w in words if w.partition("=")[0] in GROUPS]
        keys = Composer(Path.cwd()).keys([*(f"study={s}" for s in chosen[:1]), *groups])
        yield from (f"{key}=" for key in keys)
        return
    if not chosen:
        yield from catalog.names("study")
    yield from (f"{g}=" for g in GROUPS if g != "factor")
    yield from (f"{g}." for g in GROUPS)
    yield from ("replicates=", "seed=", "results_dir=")
