"""Shell completion of a request: studies, groups, their options, and keys."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ablate.config.catalog import Catalog


def complete_request(ctx: typer.Context, incomplete: str) -> list[str]:
    """What may follow in `ablate run …`: a study, `group=option`, or `key=`.

    An error gives no completions: a shell that waits for them cannot show a message.
    """
    try:
        from ablate.config.catalog import GROUPS, Catalog

        catalog = Catalog(Path.cwd())
        *words, current = _rejoined([*(ctx.params.get("words") or []), incomplete])
        if not incomplete and words and words[-1] in set(GROUPS) - set(catalog.names("study")):
            current = f"{words.pop()}="
        has = len(current) - len(incomplete)
        return sorted(w[has:] for w in _candidates(catalog, words, current) if w.startswith(current))
    except Exception:
        return []


def complete_model(ctx: typer.Context, incomplete: str) -> list[str]:
    """What may follow in `ablate inspect …`: a model, and what may follow in `ablate run …`."""
    try:
        from ablate.config.catalog import Catalog

        models = [] if ctx.params.get("words") else Catalog(Path.cwd()).names("model")
        return sorted({*complete_request(ctx, incomplete), *(name for name in models if name.startswith(incomplete))})
    except Exception:
        return []


def complete_results(ctx: typer.Context, incomplete: str) -> list[str]:
    """The studies that have results."""
    root = Path(ctx.params.get("results_dir") or "results")
    return sorted(p.parent.name for p in root.glob("*/study.yaml") if p.parent.name.startswith(incomplete))


def complete_tag(incomplete: str) -> list[str]:
    """The tags of all studies."""
    from ablate.config.catalog import Catalog

    tags = {tag for study in Catalog(Path.cwd()).options("study") for tag in study.tags}
    return sorted(tag for tag in tags if tag.startswith(incomplete))


def complete_format(incomplete: str) -> list[str]:
    """The output formats, with those that installed packages bring."""
    from ablate.report.formats.installed import installed
    from ablate.report.formats.registry import FORMATS

    return [name for name in (*FORMATS, *installed()) if name.startswith(incomplete)]


def complete_table(incomplete: str) -> list[str]:
    """The tables of a study."""
    from ablate.report.tables.registry import ALL, TABLES

    return [name for name in (*TABLES, ALL) if name.startswith(incomplete)]


def _rejoined(pieces: Sequence[str]) -> list[str]:
    """The words as typed: bash splits `model=mlp` into three, and Typer drops an equals sign at the end."""
    words: list[str] = []
    joins = False
    for piece in pieces:
        if words and (joins or piece == "="):
            words[-1] += piece
        else:
            words.append(piece)
        joins = piece == "="
    return words


def _candidates(catalog: "Catalog", words: Sequence[str], current: str) -> Iterator[str]:
    from ablate.config.catalog import GROUPS
    from ablate.config.spec import is_override

    studies = [w for w in words if not is_override(w)]
    group, equals, _ = current.partition("=")
    if equals:
        yield from (f"{group}={option}" for option in (catalog.names(group) if group in GROUPS else ()))
        return
    if "." in current:
        from ablate.config.composer import Composer

        chosen = [w for w in words if w.partition("=")[0] in GROUPS]
        yield from (f"{key}=" for key in Composer(Path.cwd()).keys([*(f"study={s}" for s in studies[:1]), *chosen]))
        return
    if not studies:
        yield from catalog.names("study")
    groups = [g for g in GROUPS if g != "factor"]  # a study chooses its factors
    yield from (f"{g}=" for g in groups)
    yield from (f"{g}." for g in groups)
    yield from ("replicates=", "seed=", "results_dir=")
