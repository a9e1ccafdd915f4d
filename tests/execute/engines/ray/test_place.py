"""What a worker finds of its driver's place."""

import os
from dataclasses import replace

import pytest

from ablate.execute.engines.ray.place import here, mark_of


def test_a_process_beside_the_driver_sees_all(place):
    found = here("auto")
    assert (found.is_here, found.sees_code(), found.sees(place / "study", None)) == (True, True, True)


@pytest.mark.parametrize("change", [{"machine": "another"}, {"machine": ""}, {"folder_id": (0, 0)}])
def test_one_on_another_machine_sees_a_study_that_is_on_shared_storage(place, change):
    found = replace(here("auto"), **change)
    assert (found.is_here, found.sees_code()) == (False, False)
    assert not found.sees(place / "study", None)
    (place / "study").mkdir()
    file = place / "study" / "study.yaml"
    file.write_text("name: shared")
    mark = mark_of(place / "study")
    assert found.sees(place / "study", mark)
    file.write_text("name: others")
    os.utime(file, ns=(1, 1))
    assert not found.sees(place / "study", mark), "another file of the same name"
    file.unlink()
    assert not found.sees(place / "study", mark)


@pytest.mark.parametrize(("storage", "expected"), [("shared", True), ("none", False)])
def test_a_setting_decides(place, storage, expected):
    found = replace(here(storage), machine="" if expected else here("auto").machine)
    assert (found.sees_code(), found.sees(place / "study", None)) == (expected, expected)
