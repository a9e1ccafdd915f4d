"""The modules of a network and their costs, for `ablate inspect`."""

from torch import nn

from ablate.config.trial import TrialConfig
from ablate.errors import DataError
from ablate.execute.examine.cost import example_of
from ablate.execute.examine.passes import Pass, passes
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.targets.lightning_package import is_lightning_module
from ablate.execute.targets.target import error_text
from ablate.execute.targets.user_errors import as_user_errors
from ablate.execute.train.network import network
from ablate.plan.module_tree import ModuleTree, Part


@user_modules_last()
def module_tree(config: TrialConfig, *, seed: int) -> ModuleTree:
    """Builds the network of a configuration, and makes a forward pass of one example where it can.

    Args:
        config: The configuration of a trial. If its data are missing, FLOPs and shapes are not known.
        seed: The seed of the initialisation.

    Raises:
        ConfigError, ModelError: the network does not build, or an edit does not apply.
    """
    with as_user_errors(), isolated_process(threads=1, repeats_output=False):
        built = network(config, seed=seed)
        notes: list[str] = []
        found, inputs = _passes(built, config, notes)
        return ModuleTree(
            parts=tuple(_part(path, module, found.get(module)) for path, module in built.named_modules()),
            inputs=inputs,
            edits=tuple(map(str, config.model.edits)),
            notes=tuple(notes),
        )


def _passes(
    built: nn.Module, config: TrialConfig, notes: list[str]
) -> tuple[dict[nn.Module, Pass], tuple[int, ...] | None]:
    try:
        example = example_of(built, config)
    except DataError as error:
        notes.append(f"FLOPs and shapes are not known, without data: {error}")
        return {}, None
    if example is None:
        why = (
            "example_input_array is None: set it to a tensor" if is_lightning_module(built) else "inputs are no tensor"
        )
        notes.append(f"FLOPs and shapes are not known: {why}.")
        return {}, None
    try:
        return passes(built, example), tuple(example.shape)
    except Exception as error:
        shape = list(example.shape)
        remedy = "" if is_lightning_module(built) else " With data=NAME it is called with an example of those data."
        notes.append(
            f"FLOPs and shapes are not known: it does not take inputs of shape {shape}: {error_text(error)}.{remedy}"
        )
        return {}, tuple(example.shape)


def _part(path: str, module: nn.Module, passed: Pass | None) -> Part:
    parameters = list(module.parameters())
    return Part(
        path=path,
        kind=type(module).__name__,
        parameters=sum(p.numel() for p in parameters),
        frozen=sum(p.numel() for p in parameters if not p.requires_grad),
        flops=None if passed is None else passed.flops,
        output=None if passed is None else passed.output,
    )
