import pytest

from ablate.execute.targets.sources import code, sources


def names(target):
    return sorted(file.name for file in sources(target))


def test_installed_packages_and_the_standard_library_count_by_their_version():
    for target in ("torch.nn.Linear", "collections.OrderedDict", "sklearn.svm.SVC", "sys.exit", "nowhere.Net"):
        assert sources(target) == frozenset()


def test_ablates_own_targets_count_with_their_package():
    assert {"mlp.py", "resnet.py", "hidden.py"} <= set(names("ablate.models.MLP"))
    assert "errors.py" not in names("ablate.models.MLP")
    assert "digits.py" in names("ablate.data.digits")


@pytest.fixture
def project_of_modules(project):
    project("net.py", "import blocks\nimport torch\nfrom ablate.errors import AblateError\n")
    project("blocks.py", "def late():\n    from shapes import area\n")
    project("shapes.py", "area = 1\n")
    project("unrelated.py", "")
    return project


def test_what_a_module_imports_counts_wherever_it_does(project_of_modules):
    assert names("net.Net") == ["blocks.py", "net.py", "shapes.py"]


def test_modules_that_import_each_other_end(project_of_modules):
    project_of_modules("shapes.py", "import net")
    assert names("net.Net") == ["blocks.py", "net.py", "shapes.py"]


@pytest.mark.parametrize("with_init", [True, False])
def test_relative_imports_are_followed(project, with_init):
    if with_init:
        project("lab/__init__.py", "")
        project("lab/models/__init__.py", "")
    project("lab/models/net.py", "from ..layers import attention\nfrom .norm import Norm\nfrom .. import top\n")
    project("lab/models/norm.py", "")
    project("lab/layers/attention.py", "")
    project("lab/layers/unused.py", "")
    project("lab/top.py", "")
    found = {n for n in names("lab.models.net.Net") if n != "__init__.py"}
    assert found == {"net.py", "norm.py", "attention.py", "top.py"}


def test_code_that_does_not_parse_counts_as_it_is(project):
    path = project("net.py", "def f(:\n")
    assert names("net.Net") == ["net.py"]
    assert code(path) == path.read_bytes()
    assert code(project("fine.py", "x = 1  # one\n")) == b"x = 1"
