"""Private names of the standard library: for each, why it is used, and since which version it exists."""

from multiprocessing import forkserver


def fork_server_pid() -> int | None:
    """The process id of multiprocessing's fork server; None where it has not started, or where Python has no such name.

    Why: multiprocessing ends its server by closing a pipe, which the server reads once it has imported what it
    preloads: seconds after a driver that is gone. Nothing public names the process that is to be ended.

    Since: `ForkServer._forkserver_pid` of the instance `forkserver._forkserver`, Python 3.6.3; unchanged in 3.14.
    """
    server = getattr(forkserver, "_forkserver", None)
    pid: int | None = getattr(server, "_forkserver_pid", None)
    return pid
