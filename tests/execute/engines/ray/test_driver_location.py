"""Which files a worker shares with its driver."""

import os
from dataclasses import replace

import pytest

from ablate.execute.engines.ray.driver_location import driver_location, study_signature


def test_a_process_on_the_drivers_machine_shares_all(place):
    found = driver_location("auto", is_local=True)
    assert (found.shares_folder, found.shares_code(), found.shares_study(place / "study", None)) == (True, True, True)


@pytest.mark.parametrize("change", [{"machine": "another"}, {"machine": ""}, {"folder_id": (0, 0)}])
def test_one_on_another_machine_shares_a_study_on_shared_storage(place, change):
    found = replace(driver_location("auto", is_local=True), **change)
    assert (found.shares_folder, found.shares_code()) == (False, False)
    assert not found.shares_study(place / "study", None)
    (place / "study").mkdir()
    file = place / "study" / "study.yaml"
    file.write_text("name: shared")
    signature = study_signature(place / "study")
    assert found.shares_study(place / "study", signature)
    file.write_text("name: others")
    os.utime(file, ns=(1, 1))
    assert not found.shares_study(place / "study", signature), "another file of the same name"
    file.unlink()
    assert not found.shares_study(place / "study", signature)


@pytest.mark.parametrize(("storage", "expected"), [("shared", True), ("none", False)])
def test_a_setting_decides(place, storage, expected):
    found = replace(
        driver_location(storage, is_local=True),
        machine="" if expected else driver_location("auto", is_local=True).machine,
    )
    assert (found.shares_code(), found.shares_study(place / "study", None)) == (expected, expected)


def test_the_environment_is_sent_to_a_local_instance_alone(place, monkeypatch):
    monkeypatch.setenv("SECRET", "of the driver's user")
    assert driver_location("auto", is_local=True).environment["SECRET"] == "of the driver's user"
    assert driver_location("auto", is_local=False).environment is None
