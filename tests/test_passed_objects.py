"""Objects that are passed from Python: found by any name, in this process and in a worker."""

import pickle

import pytest

from ablate import passed_objects
from ablate.errors import ConfigError
from ablate.execute.targets.target import locate
from ablate.passed_objects import PassedObject, bound, missing, pickle_all, pickle_for_other_machines, receive

NAMES = ("Net", "files", "digest", "names", "bound", "receive", "missing", "pickle", "Path", "Any", "value")


def passed(name: str, value: object) -> PassedObject:
    return PassedObject(name=name, value=value, digest=f"digest of {name}")


@pytest.mark.parametrize("name", NAMES)
def test_a_target_finds_an_object_of_any_name(name):
    value = object()
    with bound([passed(name, value)]):
        assert locate(f"ablate.given.{name}", "model") is value
        assert passed_objects.digest(f"ablate.given.{name}") == f"digest of {name}"
    with pytest.raises(ConfigError, match=f"{name} was passed from Python, and this process does not have it"):
        locate(f"ablate.given.{name}", "model")


def test_a_worker_unpickles_them():
    with bound([passed(name, [name]) for name in NAMES]):
        pickled = pickle_all()
        with bound([]):
            receive(pickled)
            assert passed_objects.names() == NAMES
            assert [locate(f"ablate.given.{name}", "model") for name in NAMES] == [[name] for name in NAMES]


def test_they_travel_to_a_machine_that_does_not_see_the_files():
    with bound([passed(name, [name]) for name in NAMES]):
        pickled = pickle_for_other_machines()
    with bound([]):
        receive(pickled)
        assert pickle_for_other_machines() == pickled, "as an actor hands them to its worker"
        assert [locate(f"ablate.given.{name}", "model") for name in NAMES] == [[name] for name in NAMES]
        digests = {name: passed_objects.digest(f"ablate.given.{name}") for name in passed_objects.names()}
        assert digests == {name: f"digest of {name}" for name in NAMES}


def test_an_attribute_of_an_object_is_found_and_no_other_name():
    with bound([passed("text", "a b")]):
        assert locate("ablate.given.text.split", "model")() == ["a", "b"]
        assert missing("ablate.given.text.split") is None
        with pytest.raises(ImportError, match="cannot import name 'absent'"):
            from ablate.given import absent  # noqa: F401


def test_what_cannot_be_pickled_or_unpickled_is_refused(tmp_path):
    with (
        bound([passed("lines", (each for each in "ab"))]),
        pytest.raises(ConfigError, match=r"lines cannot be sent to a worker process: .*engine=inline"),
    ):
        pickle_all()
    (tmp_path / "0").write_bytes(pickle.dumps("text")[:-2])
    with bound([]):
        receive({"Net": (str(tmp_path / "0"), "")})
        with pytest.raises(ConfigError, match="Net cannot be loaded in a worker process"):
            passed_objects.value("Net")
