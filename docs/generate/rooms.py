"""architecture.md: the map of rooms, as the import contract in pyproject.toml has it."""

import ast
import tomllib
from pathlib import Path


def rooms(repository: Path) -> str:
    """A table of the rooms from top to bottom, and one of the wings of each room that has them."""
    contracts = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    layers = [c for c in contracts["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    shown = [(_path(repository, name), name) for name in _names(layers[0]["layers"])]
    parts = [table("room", shown, repository)]
    for contract in layers[1:]:
        (container,) = contract["containers"]
        wings = [(name, f"{container}.{name}") for name in _names(contract["layers"])]
        heading = f"Inside `{_path(repository, container)}`, from top to bottom:"
        parts.append(f"{heading}\n\n{table('wing', wings, repository)}")
    return "\n\n".join(parts)


def table(heading: str, modules: list[tuple[str, str]], repository: Path) -> str:
    """Each module under its shown name, with the first sentence of its docstring."""
    rows = [f"| `{shown}` | {_sentence(repository / name.replace('.', '/'))} |" for shown, name in modules]
    return "\n".join([f"| {heading} | what it is for |", "|---|---|", *rows])


def _names(layers: list[str]) -> list[str]:
    return [name.strip() for layer in layers for name in layer.replace("|", ":").split(":")]


def _path(repository: Path, module: str) -> str:
    """A package with a slash at its end, a module with that of its file."""
    path = module.replace(".", "/")
    return f"{path}/" if (repository / path).is_dir() else f"{path}.py"


def _sentence(place: Path) -> str:
    """The first paragraph of a module's docstring on one line."""
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(said.partition("\n\n")[0].split()).replace("|", "\\|")
