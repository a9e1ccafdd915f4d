"""A program that holds several nodes of Ray, for tests. A line of its input is a command; it ends with its input.

It adopts and kills whatever its nodes leave behind, and nothing else.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from ablate.execute.engines.ray import host


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)
    host.adopt_orphans()

    def answer(content):
        os.write(answers, json.dumps(content).encode() + b"\n")

    folder = tempfile.mkdtemp(prefix="ablate-ray-", dir="/tmp")  # not Ray's own, in which another Ray may be noted
    os.environ["RAY_TMPDIR"] = folder
    (Path(folder) / "ray").mkdir()  # where Ray notes the cluster, and does not make the folder

    from ray.cluster_utils import Cluster

    options = json.loads(sys.argv[1]) | {"temp_dir": folder}
    cluster, nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **options}), []
    answer(cluster.address)
    for line in sys.stdin:
        command, argument = json.loads(line)
        if command == "add":
            nodes.append(cluster.add_node(**argument, **options))
        else:
            cluster.remove_node(nodes[argument], allow_graceful=False)
        answer(len(nodes))
    host.kill_all()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
