"""The modules of a baseline that a study leaves out one by one, in training or in evaluation."""

from collections.abc import Mapping, Sequence

from torch import nn

from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.examine.cost import example_of
from ablate.execute.examine.passes import Pass, passes
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.targets.target import error_text
from ablate.execute.targets.user_errors import as_user_errors
from ablate.execute.train.editing.selection import is_glob, modules, select
from ablate.execute.train.network import network
from ablate.plan.lesions import LESION_KEY, Lesions

WHERE = "study.components"


@user_modules_last()
def components(
    selectors: Sequence[str], config: TrialConfig, *, seed: int
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """The selected modules that can be left out: those whose output has the shape of their input.

    Args:
        selectors: Paths, globs or types. A module that a path names must be one that can be left out; of the modules
            that a glob or a type selects, the others are left in.
        config: The configuration of the full network.
        seed: The seed of the initialisation.

    Returns:
        Their paths, in the network's order; and path → reason, for each selected module that cannot be left out.

    Raises:
        ConfigError: a selector selects nothing, a path names what cannot be left out, nothing can be, one is within
            another, or the network fails.
    """
    with as_user_errors(), isolated_process(threads=1, repeats_output=False):
        built = network(config, seed=seed)
        selected: dict[str, nn.Module] = {}
        stated: set[str] = set()
        for selector in selectors:
            found = select(built, selector, WHERE)
            stated |= {selector} if not is_glob(selector) and selector in found else set()
            selected |= found
        found = _passes(built, config)
        refused = {} if found is None else _refused(selected, found)
    if wrong := next((path for path in selected if path in refused and path in stated), None):
        raise ConfigError(f"{WHERE}: {wrong} cannot be left out: {refused[wrong]}. Leave it out of the list.")
    kept = [path for path in modules(built) if path in selected and path not in refused]
    if not kept:
        (path, why), *others = refused.items()
        more = f" {len(others)} more cannot either." if others else ""
        raise ConfigError(f"{WHERE}: none of what is selected can be left out. {path}: {why}.{more}")
    for path in kept:
        if outer := next((other for other in kept if path.startswith(f"{other}.")), None):
            raise ConfigError(
                f"{WHERE}: {path} is within {outer}: leaving out both is leaving out one. Select modules beside each "
                "other; in a glob, * stands for a part of one name and ** for any number of names."
            )
    return tuple(kept), refused


def check_lesioned(lesions: Lesions, config: TrialConfig, *, seed: int) -> None:
    """Checks that the outputs of modules can be replaced: that each is called, and gives a tensor.

    Nothing is checked where the network has no example. Whatever cannot be evaluated then is named after the training.

    Args:
        lesions: Of a study.
        config: The configuration of the full network.
        seed: The seed of the initialisation.

    Raises:
        ConfigError: names the arm, the module, and what it gives.
    """
    built = network(config, seed=seed)
    if (found := _passes(built, config)) is None:
        return
    for arm, selectors in lesions.arms.items():
        selected = {path: each for name in selectors for path, each in select(built, name, LESION_KEY).items()}
        for path, module in selected.items():
            passed = found.get(module)
            if passed is None or not passed.is_tensor:
                what = "is not called" if passed is None else "does not give a tensor alone"
                raise ConfigError(
                    f"{LESION_KEY}: {path}, which {arm} leaves out, {what}, so that its output cannot be replaced in "
                    "the trained network. Name a module in it that gives one tensor; or leave lesions out: "
                    f"{LESION_KEY}=false."
                )


def _passes(built: nn.Module, config: TrialConfig) -> Mapping[nn.Module, Pass] | None:
    """None: the network has no example."""
    example = example_of(built, config)
    if example is None:
        return None
    try:
        return passes(built, example)
    except Exception as error:
        raise ConfigError(
            f"{WHERE}: the baseline's network does not take inputs of shape {list(example.shape)}: {error_text(error)}."
        ) from error


def _refused(selected: Mapping[str, nn.Module], found: Mapping[nn.Module, Pass]) -> dict[str, str]:
    """Path → the reason why the module cannot be left out."""
    refused: dict[str, str] = {}
    for path, module in selected.items():
        passed = found.get(module)
        if passed is None:
            refused[path] = "its forward is not called: nothing would change"
        elif passed.inputs is None or not passed.is_tensor:
            refused[path] = "it does not map one tensor to one tensor"
        elif passed.inputs != passed.output:
            refused[path] = f"it turns {_text(passed.inputs)} into {_text(passed.output or ())}"
    return refused


def _text(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
