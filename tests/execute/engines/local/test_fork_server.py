import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ablate.execute.engines.local import fork_server
from ablate.execute.process.stdlib_private import fork_server_pid


@pytest.mark.parametrize(
    ("words", "starts"),
    [
        ((), True),
        (("core", "model.width=8", "engine.workers=1"), True),
        (("engine=local",), True),
        (("engine=inline",), False),
        (("engine=local", "engine=inline"), False),
    ],
)
def test_a_request_that_workers_will_train_starts_the_server_early(words, starts, monkeypatch):
    started = []
    monkeypatch.setattr(fork_server, "start", lambda: started.append(True))
    fork_server.start_early(words)
    assert started == [True] * starts


def test_starting_it_leaves_ctrl_c_as_it_was_and_is_done_once():
    pids = set()
    for _ in range(2):
        fork_server.start()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        pids.add(fork_server_pid())
    assert len(pids) == 1
    assert None not in pids


def test_a_server_that_is_killed_while_it_loads_is_started_again(tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    script = """
from ablate.execute.engines.local import fork_server
fork_server.LOADED = "killed"
fork_server.ready("local")
print("ready")
"""
    for kills, said in (2, "ready"), (1000, "engine=local cannot start a process here"):
        (tmp_path / "kills").write_text(str(kills))
        command = [sys.executable, "-c", script]
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
        assert said in done.stdout + done.stderr


KILLED = """
import os
from pathlib import Path
left = int(Path("kills").read_text())
if left:
    Path("kills").write_text(str(left - 1))
    os.kill(os.getpid(), 9)
"""


def test_a_server_that_replaces_a_killed_one_ends_with_its_driver_too_and_ignores_ctrl_c(tmp_path):
    """Multiprocessing starts it by itself, with the next process. What it loads here takes an hour."""
    (tmp_path / "endless.py").write_text(ENDLESS)
    script = """
import os, signal, threading, time
from pathlib import Path
from ablate.execute.engines.local import fork_server
from ablate.execute.process.stdlib_private import fork_server_pid
fork_server.LOADED = "endless"
fork_server.start()
os.kill(fork_server_pid(), signal.SIGKILL)
os.waitid(os.P_PID, fork_server_pid(), os.WEXITED | os.WNOWAIT)
Path("loading").unlink(missing_ok=True)
process = fork_server.context().Process()
threading.Thread(target=process.start, daemon=True).start()
while not Path("loading").exists():
    time.sleep(0.01)
print(fork_server_pid(), flush=True)
time.sleep(3600)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        os.kill(pid, signal.SIGINT)
        time.sleep(0.2)
        assert is_alive(pid)
        process.kill()
    check_gone(pid)


def test_a_server_ignores_ctrl_c_from_its_first_instruction_on(tmp_path):
    """Until it has loaded everything, it would print a traceback; one that replaces a killed server, too."""
    (tmp_path / "noting.py").write_text(NOTING)
    script = """
import os, signal
from ablate.execute.engines.local import fork_server
from ablate.execute.process.stdlib_private import fork_server_pid
fork_server.ENDS_WITH_DRIVER = "noting"
for _ in range(2):
    process = fork_server.context().Process()
    process.start()
    process.join()
    os.kill(fork_server_pid(), signal.SIGKILL)
    os.waitid(os.P_PID, fork_server_pid(), os.WEXITED | os.WNOWAIT)
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": "."}, check=True)
    assert (tmp_path / "noted").read_text() == "ignored\nignored\n"


NOTING = """
import signal
with open("noted", "a") as file:
    file.write("ignored\\n" if signal.getsignal(signal.SIGINT) == signal.SIG_IGN else "not ignored\\n")
"""

HANG_S = 300
"""How long a process that has been killed may take to be gone; a test waits as long only where it was not."""


def check_gone(pid):
    until = time.monotonic() + HANG_S
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    try:
        assert not is_alive(pid)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


ENDLESS = """
import time
from pathlib import Path

Path("loading").touch()
time.sleep(3600)
"""

STARTS = """
import time
from pathlib import Path
from ablate.execute.engines.local import fork_server
from ablate.execute.process.stdlib_private import fork_server_pid

fork_server.LOADED = "endless"
fork_server.start()
print(fork_server_pid(), flush=True)
while {waits} and not Path("loading").exists():
    time.sleep(0.01)
"""


@pytest.mark.parametrize("waits", [False, True], ids=["while it starts", "while it loads"])
def test_it_ends_at_once_with_the_process_that_has_started_it(waits, tmp_path):
    """However far it is with loading: who asks for help, or mistypes a name, leaves nothing behind that still does.

    What it loads here takes an hour: it has not ended because it had loaded everything.
    """
    (tmp_path / "endless.py").write_text(ENDLESS)
    command = [sys.executable, "-c", STARTS.format(waits=waits)]
    places = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": places}  # the server has no working directory on its path
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert process.wait() == 0
    check_gone(pid)


def test_starting_it_leaves_the_environment_as_it_was(here):
    code = (
        "import os; from ablate.execute.engines.local import fork_server; before = dict(os.environ);"
        "fork_server.start(); assert dict(os.environ) == before, set(os.environ.items()) ^ set(before.items())"
    )
    for safe_path in ({}, {fork_server.SAFE_PATH: ""}):
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, **safe_path})


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
