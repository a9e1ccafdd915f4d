"""`ablate inspect`: the modules of a model, or of a study's baseline."""

from typing import Annotated

import typer

from ablate.cli.arguments import AsciiOption, FormatOption
from ablate.cli.completion import complete_model
from ablate.cli.exits import reported


@reported
def inspect(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL [OVERRIDES]...",
            help="A model's name, or a study's for its baseline, and Hydra overrides: data=cifar10 model.width=32 "
            "'model.edit={replace: {ReLU: GELU}}'.",
            autocompletion=complete_model,
            show_default=False,
        ),
    ],
    *,
    depth: Annotated[
        int | None, typer.Option(help="Show modules down to this many names of a path.", min=0, show_default=False)
    ] = None,
    format: FormatOption = "table",
    ascii_only: AsciiOption = False,
) -> None:
    """Print the tree of a network's modules: paths, types, shapes, parameters, FLOPs.

    It trains nothing, but it imports and calls what the configuration names: a configuration is code.
    """
    from ablate import study
    from ablate.report.formats import registry
    from ablate.report.module_tree import show_module_tree

    registry.check(format, ascii_only=ascii_only)
    show_module_tree(study.inspect(words), format, depth=depth, ascii_only=ascii_only)
