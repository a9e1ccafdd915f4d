"""How the processes of one training find each other on this machine: Lightning's variables."""

import socket
import sys

LOOPBACK = "127.0.0.1"

IS_STARTED = "LOCAL_RANK"
"""The variable that tells Lightning to start no process itself."""

READY = b"ready\n"
"""What another process writes when it is about to fit."""

GLOO_INTERFACE = "GLOO_SOCKET_IFNAME"
"""The network interface of Gloo, which otherwise takes the one of the host's name, if that is known at all."""


def environment(rank: int, *, world: int, port: int) -> dict[str, str]:
    """The variables by which Lightning learns that its processes are started already, and connects them."""
    found = {
        "MASTER_ADDR": LOOPBACK,
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(world),
        "NODE_RANK": "0",
        IS_STARTED: str(rank),
    }
    return found | ({GLOO_INTERFACE: "lo"} if sys.platform == "linux" else {})


def free_port() -> int:
    """A port of the loopback interface that nothing listens on now."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return int(one.getsockname()[1])
