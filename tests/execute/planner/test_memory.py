import psutil
import torch

from ablate.execute.planner import memory


def test_a_share_of_what_is_free_is_planned_with(monkeypatch):
    monkeypatch.setattr(memory, "_machine", lambda: 1000)
    monkeypatch.setattr(memory, "_container", lambda: None)
    assert memory.available(torch.device("cpu")) == 800
    monkeypatch.setattr(memory, "_container", lambda: 500)
    assert memory.available(torch.device("cpu")) == 400
    monkeypatch.setattr(memory, "_container", lambda: 2000)
    assert memory.available(torch.device("cpu")) == 800
    assert memory.available(torch.device("meta")) is None


def test_the_machine_has_some_memory_and_not_all_of_it_is_free():
    assert 2**20 < memory._machine() < psutil.virtual_memory().total


def test_a_container_leaves_what_its_limit_leaves(tmp_path):
    (tmp_path / "memory.max").write_text("100\n")
    (tmp_path / "memory.current").write_text("30\n")
    (tmp_path / "memory.stat").write_text("anon 10\ninactive_file 15\n")
    assert memory._container(tmp_path) == 85
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._container(tmp_path) is None
    assert memory._container(tmp_path / "none") is None
