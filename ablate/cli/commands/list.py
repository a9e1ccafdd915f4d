"""`ablate list`: the names of everything that can be chosen, one line each."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli.completion import complete_tag
from ablate.cli.exits import reported

if TYPE_CHECKING:
    from ablate.config.catalog import Catalog


class Kind(StrEnum):
    """What can be listed; the value is what the command line says."""

    studies = "studies"
    factors = "factors"
    models = "models"
    data = "data"
    objectives = "objectives"
    optimizers = "optimizers"
    schedulers = "schedulers"
    engines = "engines"
    formats = "formats"
    tables = "tables"


GROUP = {
    "studies": "study",
    "factors": "factor",
    "models": "model",
    "data": "data",
    "objectives": "objective",
    "optimizers": "optimizer",
    "schedulers": "scheduler",
    "engines": "engine",
}
"""The group of configurations that a kind is; the others are built in, or brought by packages."""


@reported
def list_(
    kind: Annotated[Kind | None, typer.Argument(help="What to list (default: everything).", show_default=False)] = None,
    tag: Annotated[
        str | None,
        typer.Option(help="Only the studies with this tag.", autocompletion=complete_tag, show_default=False),
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Print only names, one per line.")] = False,
) -> None:
    """List studies, factors, models, data, objectives, optimizers, schedulers, engines, formats or tables."""
    from ablate.config.catalog import Catalog
    from ablate.errors import ConfigError, unknown
    from ablate.report.formats.terminal import terminal
    from ablate.report.tables.listing import listing
    from ablate.report.text.visible import visible

    if tag is not None and kind not in (None, Kind.studies):
        raise ConfigError(f"--tag chooses among studies; {kind} have no tags: 'ablate list studies --tag {tag}'.")
    catalog = Catalog(Path.cwd())
    tags = sorted({tag for study in catalog.options("study") for tag in study.tags})
    if tag is not None and tag not in tags:
        raise ConfigError(unknown("tag", tag, tags))
    kinds = [Kind.studies] if tag is not None else [kind] if kind is not None else list(Kind)
    found = {k: _described(k, catalog, tag) for k in kinds}
    if names:
        sys.stdout.writelines(f"{visible(name)}\n" for described in found.values() for name in described)
        return
    tables = [
        listing(
            k.value if tag is None else f"{k} ({tag})",
            described,
            notes=(f"Tags: {', '.join(tags)}.",) if k is Kind.studies and tags and tag is None else (),
        )
        for k, described in found.items()
    ]
    sys.stdout.write(terminal(tables, sys.stdout, None))


def _described(kind: Kind, catalog: "Catalog", tag: str | None) -> Mapping[str, str]:
    """Name → what it is, in a line."""
    if kind is Kind.formats:
        from ablate.report.formats.registry import described

        return described()
    if kind is Kind.tables:
        from ablate.report.tables.registry import TABLES

        return {name: table.about for name, table in TABLES.items()}
    options = catalog.options(GROUP[kind.value])
    return {option.name: option.about for option in options if tag is None or tag in option.tags}
