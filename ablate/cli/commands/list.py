"""`ablate list`: what there is, one line each."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ablate.cli.completion import complete_tag
from ablate.cli.exits import reported


class Kind(StrEnum):
    """What can be listed; the value is what the command line says."""

    studies = "studies"
    factors = "factors"
    models = "models"
    data = "data"
    engines = "engines"


GROUP = {"studies": "study", "factors": "factor", "models": "model", "data": "data", "engines": "engine"}


@reported
def list_(
    kind: Annotated[Kind | None, typer.Argument(help="What to list (default: everything).", show_default=False)] = None,
    tag: Annotated[
        str | None,
        typer.Option(help="Only the studies with this tag.", autocompletion=complete_tag, show_default=False),
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Names alone, one a line, for a script.")] = False,
) -> None:
    """List studies, factors, models, data sets and engines, your own among them, one line each."""
    from ablate.config.catalog import Catalog
    from ablate.errors import ConfigError, unknown
    from ablate.report.formats.terminal import terminal
    from ablate.report.tables.listing import listing

    if tag is not None and kind not in (None, Kind.studies):
        raise ConfigError(f"--tag chooses among studies; {kind} have no tags: 'ablate list studies --tag {tag}'.")
    catalog = Catalog(Path.cwd())
    tags = sorted({tag for study in catalog.options("study") for tag in study.tags})
    if tag is not None and tag not in tags:
        raise ConfigError(unknown("tag", tag, tags))
    kinds = [Kind.studies] if tag is not None else [kind] if kind is not None else list(Kind)
    found = {k: [o for o in catalog.options(GROUP[k.value]) if tag is None or tag in o.tags] for k in kinds}
    if names:
        sys.stdout.writelines(f"{option.name}\n" for options in found.values() for option in options)
        return
    tables = [
        listing(
            k.value if tag is None else f"{k} ({tag})",
            {option.name: option.about for option in options},
            notes=(f"Tags: {', '.join(tags)}.",) if k is Kind.studies and tags and tag is None else (),
        )
        for k, options in found.items()
    ]
    sys.stdout.write(terminal(tables, sys.stdout, None))
