"""How the processes of one training find each other on this machine, on its loopback interface alone."""

import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager

LOOPBACK = "127.0.0.1"

IS_STARTED = "LOCAL_RANK"
"""The variable that tells Lightning to start no process itself."""

READY = b"ready\n"
"""What each process but the first writes before its training begins."""

INTERFACES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
"""Variables for the network interface of Gloo and of NCCL. Unset, these may take one that other machines reach."""

STORE_IS_THERE = "TORCHELASTIC_USE_AGENT_STORE"
"""The variable that tells torch to connect to a store. The one that rank 0 would make listens on all interfaces."""


def environment(rank: int, *, world: int, port: int) -> dict[str, str]:
    """The variables by which Lightning and torch learn that the processes are started already, and connect them."""
    found = {
        "MASTER_ADDR": LOOPBACK,
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(world),
        "NODE_RANK": "0",
        IS_STARTED: str(rank),
        STORE_IS_THERE: "True",
    }
    return found | (dict.fromkeys(INTERFACES, "lo") if sys.platform == "linux" else {})


@contextmanager
def rendezvous() -> Generator[int]:
    """A store by which the processes find each other; the block gets its port."""
    # Here, as a torch that was built without `distributed` has none.
    from torch.distributed import TCPStore  # pyright: ignore[reportPrivateImportUsage] – documented, and in no __all__

    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        one.listen()
        port = int(one.getsockname()[1])
        store = TCPStore(LOOPBACK, port, is_master=True, wait_for_workers=False, master_listen_fd=one.detach())
    try:
        yield port
    finally:
        del store
