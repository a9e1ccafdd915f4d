"""Two nodes of Ray on this machine: they are lost, share no disk, and have GPUs that are only declared to Ray."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from ablate.errors import EngineError
from ablate.execute.engines.ray import connection
from ablate.passed_objects import PassedObject, bound
from ablate.plan.machine import Cluster
from ablate.store import StudyDirectory

pytestmark = pytest.mark.slow

NODE = {"include_dashboard": False, "object_store_memory": connection.OBJECT_STORE_BYTES}


class Nodes:
    """Several nodes, run by the program `cluster.py`. With a server for Ray's client, its address is the server's."""

    def __init__(self, *, serves_client):
        program = Path(__file__).with_name("cluster.py")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        head = {"ray_client_server_port": port} if serves_client else {}
        command = [sys.executable, str(program), json.dumps(NODE), json.dumps(head)]
        environment = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.added = 0
        self.address = self.answer()
        if serves_client:
            self.address = f"ray://127.0.0.1:{port}"

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the program that holds the nodes has ended"
        return json.loads(line)

    def ask(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def add(self, **options):
        self.added += 1
        assert self.ask("add", options) == self.added, "the node does not start"

    def lose(self, number):
        self.ask("lose", number)


@pytest.fixture
def cluster(request, ray_variables, tmp_path_factory):
    """A head that trains nothing. Nodes are added to it."""
    connection.disconnect()
    serves_client = getattr(request, "param", None) == "client"
    # Each server for clients starts others on the first port from 23000 on that is free, and two may choose the same.
    servers = FileLock(tmp_path_factory.getbasetemp().parent / "ray-client.lock")
    with servers if serves_client else nullcontext():
        made = Nodes(serves_client=serves_client)
        yield made
        connection.disconnect()
        made.process.communicate()


@pytest.fixture
def make_ray(cluster, make_engine):
    made = []

    def make(**changes):
        made.append(make_engine("ray", address=cluster.address, **changes))
        made[-1].said = []
        made[-1].on_message = made[-1].said.append
        return made[-1]

    yield make
    for engine in made:
        engine.close()


with_and_without_client = pytest.mark.parametrize("cluster", ["node", "client"], indirect=True)
"""Is the command on a node of the cluster, or is it connected by Ray's client (`ray://`)?"""


def run(engine, jobs):
    return [record for records in engine.run(jobs) for record in records]


@with_and_without_client
def test_a_node_that_is_lost_costs_its_trial_a_retry(cluster, make_ray, make_job, place, watch, capfd):
    for _ in range(2):
        cluster.add(num_cpus=1)
    engine = make_ray()
    jobs = [make_job("wait", 0), make_job("wait", 1), make_job("none", 2)]

    def lose_a_node():
        watch.wait_for(lambda: len(watch.trained_in(place)) >= 2, "a training on each node")
        training = watch.trained_in(place)
        cluster.lose(1)
        # Its training would otherwise end before the node's processes do.
        watch.wait_for(lambda: not all(map(watch.is_alive, training)), "the end of the training on the lost node")
        (place / "waited-for").touch()

    losing = threading.Thread(target=lose_a_node)
    losing.start()
    records = run(engine, jobs)
    losing.join()
    assert Counter(r.id for r in records) == Counter(job.bundle.trials[0].id for job in jobs)
    assert {r.state for r in records} == {"complete"}
    assert StudyDirectory(place / "study").contents().records == {r.id: r for r in records}
    assert capfd.readouterr().out == "", "Ray prints what its daemons say"
    (said,) = engine.said
    assert said.startswith("The worker of trial ")
    assert "node" in said.partition(" died: ")[2]
    assert said.endswith(" was lost. It is trained again.")


@with_and_without_client
def test_without_shared_storage_code_is_sent_and_records_are_brought_back(
    cluster, make_ray, make_engine, make_job, join, place
):
    cluster.add(num_cpus=2)
    (place / "results").mkdir()
    (place / "results" / "large").write_text("not sent")
    jobs = [make_job(replicate=0), make_job("raise", 1), join([make_job(replicate=r, width=8) for r in range(2, 5)])]

    def build(**arguments):  # in no module: it is sent whole
        import trouble

        return trouble.Net(**arguments)

    passed = make_job(replicate=5, **{"_target_": "ablate.given.build"})
    with bound([PassedObject(name="build", value=build, digest="1")]):
        records = run(make_ray(storage="none"), [*jobs, passed])
    assert not (place / "pids").exists(), "it was built in the copy that was sent, not here"
    assert StudyDirectory(place / "study").contents().records == {r.id: r for r in records}
    assert Counter(r.state for r in records) == {"complete": 5, "failed": 1}
    folders = {r.id: StudyDirectory(place / "study").trial(r.id) for r in records}
    for record in records:
        assert [*StudyDirectory(place / "study").damaged_files(record)] == []
        assert (folders[record.id] / "traceback.txt").exists() is (record.state == "failed")
    alone = run(make_engine("inline"), [jobs[0]])
    assert [r.responses for r in records if r.replicate == 0] == [alone[0].responses]


def test_without_shared_storage_a_killed_training_goes_on_from_its_checkpoint(
    cluster, make_ray, make_engine, make_job, place
):
    cluster.add(num_cpus=1)
    job = replace(make_job("kill late", epochs=6), checkpoint_min=1e-9)
    engine = make_ray(storage="none")
    (record,) = run(engine, [job])
    assert len(engine.said) == 1
    assert engine.said[0].endswith("It goes on from its checkpoint after epoch 3.")
    (alone,) = run(make_engine("inline"), [replace(make_job(epochs=6), directory=place / "alone")])
    assert (record.state, record.responses, record.counts) == ("complete", alone.responses, alone.counts)
    assert not [*place.rglob("checkpoint.*")], "a record takes the place of a checkpoint"


def test_a_share_of_a_gpu_puts_workers_beside_each_other(cluster, make_ray, make_job, place, watch, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    cluster.add(num_cpus=4, num_gpus=2)
    engine = make_ray(gpus=0.5, workers="auto")
    assert engine.workers == 4
    (place / "waited-for").touch()
    records = run(engine, [make_job("wait", replicate) for replicate in range(4)])
    assert {r.state for r in records} == {"complete"}
    seen = {int(path.name): path.read_text() for path in (place / "pids").glob("*")}
    assert {seen[pid] for pid in watch.trained_in(place)} <= {"0", "1"}
    assert (engine.cluster, engine.gpus_per_worker) == (Cluster(machines=1, gpus=2), 0.5)
    assert make_ray(gpus=0.0, workers="auto").workers == 4
    auto = make_ray(gpus="auto", workers="auto")
    assert (auto.workers, auto.cluster, auto.gpus_per_worker) == (2, Cluster(machines=1, gpus=2), 1.0)
    auto.may_use_gpus = False
    assert (auto.workers, auto.cluster, auto.gpus_per_worker) == (4, Cluster(machines=1), None)


def test_after_a_shortage_of_memory_fewer_workers_share_the_gpu(cluster, make_ray, make_job, place, monkeypatch):
    cluster.add(num_cpus=2, num_gpus=1)
    (place / "says").write_text("CUDA error: out of memory")
    engine = make_ray(gpus=0.5)
    jobs = [make_job("wait", 0), make_job("crowded", 1), make_job("none", 2)]
    records = run(engine, jobs)
    assert {r.replicate: r.state for r in records} == dict.fromkeys(range(3), "complete")
    assert records[-1].replicate == 1, "once more, alone"
    assert engine.said[1:] == ["From now on 1 worker trains on that GPU."]


def test_a_cluster_without_room_says_what_it_waits_for(cluster, make_ray, make_job):
    engine = make_ray(threads=2, workers=1)
    adding = threading.Timer(5.0, lambda: cluster.add(num_cpus=2))
    adding.start()
    records = run(engine, [make_job()])
    adding.join()
    assert [r.state for r in records] == ["complete"]
    assert "Ray has no room yet for a worker, which needs 2 CPU. The study waits." in engine.said[0]


def test_nodes_with_another_version_are_refused(cluster, make_ray, make_job, monkeypatch):
    cluster.add(num_cpus=1)
    monkeypatch.setattr("ablate.__version__", "0.0.0+another")
    with pytest.raises(EngineError, match=r"and this machine 0\.0\.0\+another\. Install the same on every node"):
        run(make_ray(), [make_job()])


@pytest.mark.parametrize("cluster", ["client"], indirect=True)
def test_a_client_that_loses_its_connection_says_so(cluster, make_ray, make_job, place, watch, monkeypatch):
    monkeypatch.setenv("RAY_CLIENT_RECONNECT_GRACE_PERIOD", "0")
    cluster.add(num_cpus=1)

    def lose_the_server():
        watch.wait_for(lambda: watch.trained_in(place), "a training")
        for process in psutil.Process(cluster.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if "ray.util.client.server" in process.cmdline():
                    process.kill()

    losing = threading.Thread(target=lose_the_server)
    losing.start()
    # On a busy machine Ray gives up the server that it starts for a client, before there is a connection to lose.
    for _ in range(5):
        with pytest.raises(EngineError) as ended:
            run(make_ray(workers=1), [make_job("wait")])
        if "cannot connect" not in str(ended.value):
            break
    ended.match(r"has lost its connection to Ray at ray://.* the same command trains the rest")
    losing.join()
