"""A driver whose study is on a file system that is slow and shows late what jobs write, as that of a cluster may be."""

import os
import signal
import subprocess
import sys
import time
from ctypes.util import find_library
from pathlib import Path

import pytest

from ablate.store import StudyDirectory
from tests import REPOSITORY

pytestmark = [pytest.mark.slurm, pytest.mark.slow, pytest.mark.numeric]

LIMIT_S = 240

DRIVER = """
"$PYTHON" -m tests.network_disk "$1" "$1" & server=$!
for _ in $(seq 100); do mountpoint --quiet "$1" && break; sleep 0.1; done
mountpoint --quiet "$1" || exit 99
"$PYTHON" -m ablate run smoke results_dir="$1" replicates=4 engine=slurm engine.poll_s=0.5
code=$?
umount "$1"; wait $server
exit $code
"""
"""In a mount namespace of its own, so that the jobs see the folder itself, and the driver by way of the network."""


@pytest.fixture
def shared(tmp_path):
    if not Path("/dev/fuse").exists() or find_library("fuse3") is None:
        pytest.skip("needs FUSE: /dev/fuse, and Debian's package fuse3")
    unshared = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    if unshared.returncode != 0:
        pytest.skip(f"this machine lets nobody mount: {unshared.stderr.strip()}")
    (folder := tmp_path / "shared").mkdir()
    return folder


def start(shared):
    environment = os.environ | {"PYTHON": sys.executable, "PYTHONPATH": str(REPOSITORY)}
    command = ["unshare", "--mount", "bash", "-c", DRIVER, "driver", str(shared)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def records(results):
    (study,) = [folder for folder in results.iterdir() if folder.is_dir()]
    return StudyDirectory(study).contents().records


def test_a_driver_is_killed_and_the_next_collects_what_it_sees_late(shared, tmp_path):
    first = start(shared)
    try:
        until = time.monotonic() + LIMIT_S
        while not [*shared.glob("smoke/trials/*/record.json")]:
            assert first.poll() is None, first.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
    before = records(shared)
    second = start(shared)
    try:
        said, _ = second.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(second.pid, signal.SIGKILL)
        raise
    assert second.returncode == 0, said
    assert "8 planned: 8 complete" in said
    found = records(shared)
    assert {id: found[id].started for id in before} == {id: record.started for id, record in before.items()}
    assert not (shared / "smoke" / "slurm").exists()

    words = ["run", "smoke", "replicates=4", "engine=inline", f"results_dir={tmp_path}/here"]
    subprocess.run([sys.executable, "-m", "ablate", *words], cwd=REPOSITORY, capture_output=True, check=True)
    undisturbed = records(tmp_path / "here")
    assert found.keys() == undisturbed.keys()
    for id, record in undisturbed.items():
        assert found[id].state == record.state == "complete"
        assert found[id].responses == pytest.approx(record.responses, rel=1e-3)
