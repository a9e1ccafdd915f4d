"""Evaluates a study's identities in this process, with one thread."""

import math
import platform
import unicodedata
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import ablate
from ablate.config.spec import StudySpec, TargetNode
from ablate.errors import ConfigError, kind
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.targets.target import build, check
from ablate.execute.targets.user_errors import as_user_errors
from ablate.identities import Identity
from ablate.store.identity_results import IdentityResults


@user_modules_last()
def check_identities(spec: StudySpec) -> None:
    """Checks that each target can be called with what the study gives it, and calls none.

    Raises:
        ConfigError: a target that is not there, or a key that it does not take.
    """
    with as_user_errors(), isolated_process(threads=1, repeats_output=False):
        for node, where in _nodes(spec):
            check(node, where)


@user_modules_last()
def evaluate(spec: StudySpec) -> IdentityResults:
    """Finds the numbers of all identities of a study, in their order.

    Raises:
        ConfigError: as `check_identities`; a target that fails, or gives something else than identities.
    """
    check_identities(spec)
    with as_user_errors(), isolated_process(threads=1, repeats_output=False):
        found = [identity for node, where in _nodes(spec) for identity in _identities(node, where)]
    versions = f"ablate {ablate.__version__}, torch {version('torch')}, Python {platform.python_version()}"
    return IdentityResults(identities=tuple(found), made_by=versions)


def _nodes(spec: StudySpec) -> list[tuple[TargetNode, str]]:
    return [(node, f"study.identities[{i}]") for i, node in enumerate(spec.identities)]


def _identities(node: TargetNode, where: str) -> Sequence[Identity]:
    given = build(node, where)
    if not isinstance(given, Sequence) or not given or not all(isinstance(item, Identity) for item in given):
        raise ConfigError(
            f"{where}: {node['_target_']} gives {_kind(given)}. Return a list or tuple of one or more values of "
            "ablate.identities.Identity."
        )
    return [_plain(item, f"{where}: {node['_target_']}") for item in given]


def _plain(identity: Identity, where: str) -> Identity:
    """The same with plain numbers and text that any table can show.

    User-defined numbers may be of torch or NumPy, and what they found may be none.
    """
    statement = _text(identity.statement, "statement", where)
    saying = _text(identity.saying, "saying", where)
    if not statement:
        raise ConfigError(f"{where}: an identity has an empty statement. Say in words what must be equal.")
    where = f"{where}: {statement!r}"
    found = None if identity.found is None else _number(identity.found, "found", where)
    expected = _number(identity.expected, "expected", where)
    tolerance = _number(identity.tolerance, "tolerance", where)
    said = None if identity.said is None else _number(identity.said, "said", where)
    if not (math.isfinite(expected) and 0 <= tolerance < math.inf and math.isfinite(0.0 if said is None else said)):
        raise ConfigError(
            f"{where} has expected={expected}, tolerance={tolerance}, said={said}: they must be finite, and a "
            "tolerance 0 or more."
        )
    finite = found if found is not None and math.isfinite(found) else None
    return Identity(statement=statement, found=finite, expected=expected, tolerance=tolerance, said=said, saying=saying)


def _text(value: Any, name: str, where: str) -> str:
    """In one line, control characters spelt out: it goes to terminals and into tables as it is.

    Raises:
        ConfigError: it is no text, or text that no file can hold.
    """
    if not isinstance(value, str):
        empty = ", and '' where there is none" if name == "saying" else ""
        raise ConfigError(f"{where}: {name} is {value!r}, {kind(value)}. It must be text{empty}.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{where}: {name} {value!r} cannot be written as UTF-8: {error.reason}.") from error
    lines = " ".join(line.strip() for line in value.splitlines()).replace("\t", " ").strip()
    return "".join(repr(c)[1:-1] if unicodedata.category(c) == "Cc" else c for c in lines)


def _number(value: Any, name: str, where: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise ConfigError(f"{where}: {name} is {kind(value)} that is not a finite number: {error}.") from error
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"{where}: {name} is {kind(value)} that is not a number: {error}.") from error


def _kind(given: Any) -> str:
    if isinstance(given, Sequence) and not isinstance(given, str):
        odd = next((kind(item) for item in given if not isinstance(item, Identity)), None)
        return f"{kind(given)} with {odd} in it" if odd else f"an empty {type(given).__name__}"
    return kind(given)
