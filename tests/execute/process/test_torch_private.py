import ast
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import ablate
from ablate.execute.process import torch_private

ROOT = Path(ablate.__file__).parent
HOME = ROOT / "execute/process/torch_private.py"
OF_MODULES = {name for name in vars(nn.Module()) if name.startswith("_")}
"""What torch's modules keep under private names."""


def private(tree: ast.AST) -> Iterator[str]:
    """Names of torch with a leading underscore: imported, reached from `torch`, or kept by modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "torch":
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.partition(".")[0] == "torch"]
        elif isinstance(node, ast.Attribute):
            is_private = node.attr in OF_MODULES and not (isinstance(node.value, ast.Name) and node.value.id == "self")
            path = ast.unparse(node)
            names = [path] if is_private or path.startswith("torch.") else []
        else:
            continue
        yield from (name for name in names if any(p.startswith("_") and p[:2] != "__" for p in name.split(".")))


def test_private_names_of_torch_are_in_one_file():
    found = {file: sorted(set(private(ast.parse(file.read_text())))) for file in ROOT.rglob("*.py")}
    assert {"torch._foreach_copy_", "torch._dynamo.config", "module._buffers"} <= set(found.pop(HOME))
    assert {str(file.relative_to(ROOT)): names for file, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    ["torch._foreach_copy_([], [])", "from torch._dynamo import config", "from torch.utils import _pytree",
     "network._parameters.values()", "import torch._dynamo", "x = torch.utils._pytree.tree_leaves(y)"],
)  # fmt: skip
def test_private_names_are_recognised(line):
    assert list(private(ast.parse(line)))


def test_all_tensors_are_copied_into_their_places():
    places = torch.zeros(2, 5)
    parts = [part.view(2, *shape) for part, shape in zip(places.split([2, 3], 1), [(2,), (3,)], strict=True)]
    torch_private.copy_all([torch.ones(2, 2), torch.full((3, 2), 2.0).T], to=parts)
    assert places.tolist() == [[1, 1, 2, 2, 2]] * 2


def test_casts_are_told_from_other_operations():
    seen = []

    class Mode(torch_private.DispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(torch_private.is_cast(func))
            return func(*args, **(kwargs or {}))

    x = torch.ones(2)
    with Mode():
        (x + x).to(torch.float64)
    assert seen == [False, True]


def test_leaves_of_nested_outputs_are_found_in_order():
    Pair = namedtuple("Pair", "a b")
    assert torch_private.tree_leaves({"x": [1, (2, 3)], "y": Pair(4, {"z": 5})}) == [1, 2, 3, 4, 5]


def test_a_modules_own_parameters_and_buffers_leave_those_of_its_parts_out():
    network = nn.Sequential(nn.BatchNorm1d(2))
    assert (torch_private.own_parameters(network), torch_private.own_buffers(network)) == ({}, {})
    assert list(torch_private.own_parameters(network[0])) == ["weight", "bias"]
    assert list(torch_private.own_buffers(network[0])) == ["running_mean", "running_var", "num_batches_tracked"]
    torch_private.own_buffers(network[0]).clear()
    assert list(network.buffers()) == []


@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
def test_hooks_are_seen_until_they_are_removed(register):
    layer = nn.Linear(1, 1)
    assert not torch_private.has_forward_hooks(layer)
    handle = getattr(layer, register)(lambda *_: None)
    assert torch_private.has_forward_hooks(layer)
    handle.remove()
    assert not torch_private.has_forward_hooks(layer)


def test_the_compiler_keeps_as_many_variants_as_it_is_told_and_then_raises():
    def keeps(count):
        torch.compiler.reset()
        compiled = torch.compile(lambda x, n: x + n, dynamic=False, backend="eager")
        for number in range(count):
            compiled(torch.ones(2), float(number) + 0.5)
            compiled(torch.ones(number + 3), 0.5)

    with torch_private.recompilation_limit(64):
        keeps(12)
    with torch_private.recompilation_limit(3), pytest.raises(Exception, match=r"(?i)limit"):
        keeps(12)
    torch.compiler.reset()
