"""A program that runs a Ray cluster of several nodes, for tests. Each line of its input is a command; it ends with it.

It adopts and kills the processes that its nodes leave behind, and no others.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import psutil

from ablate.execute.engines.ray import local_instance

STARTS = 2
"""Of a node, at most: Ray gives it 30 s, and its agents 15 s, without a setting. That can be too short."""


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)
    local_instance.adopt_orphans()

    def answer(content):
        os.write(answers, json.dumps(content).encode() + b"\n")

    folder = tempfile.mkdtemp(prefix="ablate-ray-", dir="/tmp")  # Ray's default may hold the address of another cluster
    os.environ["RAY_TMPDIR"] = folder
    (Path(folder) / "ray").mkdir()  # Ray writes the cluster's address there, and does not create the folder

    from ray.cluster_utils import Cluster

    options, head = ({"temp_dir": folder, **json.loads(word)} for word in sys.argv[1:])
    cluster, nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **options, **head}), []
    answer(cluster.address)
    for line in sys.stdin:
        command, argument = json.loads(line)
        if command == "add":
            if (node := added(cluster, argument | options)) is not None:
                nodes.append(node)
        else:
            cluster.remove_node(nodes[argument], allow_graceful=False)
        answer(len(nodes))
    local_instance.kill_all()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def added(cluster, options):
    """A node; None: it does not start."""
    for _ in range(STARTS):
        before = psutil.Process().children()
        try:
            return cluster.add_node(**options)
        except Exception:
            for process in psutil.Process().children():
                if process not in before:
                    process.kill()
    return None


if __name__ == "__main__":
    main()
