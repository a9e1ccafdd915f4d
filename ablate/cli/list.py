"""`ablate list`: what there is, one line each."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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
) -> None:
    """List studies, factors, models, data sets and engines, your own among them, one line each."""
    from ablate.config.catalog import Catalog
    from ablate.report.listing import listing
    from ablate.report.terminal import terminal

    catalog = Catalog(Path.cwd())
    tables = [
        listing(k.value, {option.name: option.about for option in catalog.options(GROUP[k.value])})
        for k in ([kind] if kind is not None else Kind)
    ]
    sys.stdout.write(terminal(tables, sys.stdout, None))
