import platform
import sys
from importlib.metadata import PackageNotFoundError

import pytest
import torch

from ablate.execute import doctor
from ablate.execute.doctor import Finding, examine_machine
from ablate.execute.engines import ENGINES


@pytest.fixture(scope="module")
def findings(tmp_path_factory) -> dict[str, Finding]:
    place = tmp_path_factory.mktemp("machine")
    return {f.what: f for f in examine_machine(place, place / "results")}


def test_nothing_is_bad_with_this_machine(findings):
    assert [f for f in findings.values() if f.state == "bad"] == []


def test_everything_is_looked_at(findings):
    assert {"ablate", "torch", "pytorch-lightning", "conf", "results", "data", "devices"} <= set(findings)
    assert {f"engine {name}" for name in ENGINES} <= set(findings)
    assert platform.python_version() in findings["ablate"].detail
    assert findings["torch"].detail == torch.__version__.split("+")[0] or findings["torch"].detail == torch.__version__
    assert "CPU cores" in findings["devices"].detail
    assert "process" in findings["engine local"].detail


def test_looking_makes_no_results_directory(tmp_path):
    list(examine_machine_without_workers(tmp_path, tmp_path / "results"))
    assert not (tmp_path / "results").exists()


def examine_machine_without_workers(directory, results_dir):
    for finding in examine_machine(directory, results_dir):
        yield finding
        if finding.what == "devices":
            return


def found(what, directory, results_dir) -> Finding:
    return next(f for f in examine_machine_without_workers(directory, results_dir) if f.what == what)


def test_a_results_directory_that_cannot_be_written_is_bad(tmp_path):
    (tmp_path / "file").write_text("")
    finding = found("results", tmp_path, tmp_path / "file" / "results")
    assert finding.state == "bad"
    assert "file" in finding.detail
    assert found("results", tmp_path, tmp_path).state == "ok"


def test_a_package_that_is_missing_is_bad_and_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("torch", "no-such-package-at-all"))
    finding = found("no-such-package-at-all", tmp_path, tmp_path)
    assert (finding.state, finding.detail) == ("bad", "not installed: pip install no-such-package-at-all")


def test_a_package_that_most_studies_do_without_is_a_warning(tmp_path, monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "PACKAGES", ("torchvision",))
    monkeypatch.setattr(doctor, "version", absent)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    findings = {f.what: f for f in examine_machine_without_workers(tmp_path, tmp_path)}
    assert findings["torchvision"].state == "warn"
    assert findings["torchvision"].detail.startswith("not installed: pip install torchvision; mnist, ")
    assert "import torchvision" not in findings


def test_a_package_that_is_there_and_does_not_import_is_bad(tmp_path, monkeypatch):
    def broken(name):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    finding = found("import torchvision", tmp_path, tmp_path)
    assert finding.state == "bad"
    assert "RuntimeError: operator torchvision::nms does not exist" in finding.detail


def test_data_that_are_not_there_are_a_warning(here, tmp_path_factory, monkeypatch):
    monkeypatch.delenv("ABLATE_DATA_DIR", raising=False)
    assert found("data", here, here).state == "warn"
    place = tmp_path_factory.mktemp("data")
    (place / "MNIST").mkdir()
    monkeypatch.setenv("ABLATE_DATA_DIR", str(place))
    assert found("data", here, here) == Finding(what="data", state="ok", detail=f"{place}: MNIST")


def test_ones_own_conf_is_named_first(here):
    (here / "conf").mkdir()
    first, _, rest = found("conf", here, here).detail.partition(", then ")
    assert first == str(here / "conf")
    assert rest
