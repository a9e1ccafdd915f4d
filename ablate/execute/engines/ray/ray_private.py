"""Every name of Ray that ablate uses and Ray does not document: why, since when, and what could replace it.

Since when: all of them are in Ray 2.60, the oldest that ablate supports. Where one is gone, nothing is changed.
"""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

PRINT_FUNCTION = "print_to_stdstream"
SWITCH = "ENABLE_RAY_CLUSTER"


def silence_daemons(ray: Any, undo: ExitStack) -> None:
    """Until `undo`, messages of Ray's daemons are not printed to stdout, which is for the output of a command.

    `ray._private.worker.print_to_stdstream`. Why: `ray.init(log_to_driver=False)` silences workers, not daemons.
    Instead: nothing public does.
    """
    module = getattr(getattr(ray, "_private", None), "worker", None)
    if (before := getattr(module, PRINT_FUNCTION, None)) is not None:
        undo.callback(setattr, module, PRINT_FUNCTION, before)
        setattr(module, PRINT_FUNCTION, lambda *_, **__: None)


def silence_repetitions(ray: Any, undo: ExitStack) -> None:
    """Until `undo`, Ray's client does not warn of many small messages, which jobs are.

    `ray.util.debug._disabled`. Why: `disable_log_once_globally` has an opposite, `enable_log_once_globally`, and
    nothing public says which of the two was in force. Instead: nothing.
    """
    if (before := getattr(ray.util.debug, "_disabled", None)) is not None:
        undo.callback(setattr, ray.util.debug, "_disabled", before)
    ray.util.debug.disable_log_once_globally()


def read_authentication() -> None:
    """Makes Ray read its authentication from the environment again: an earlier connection may have cached another.

    `ray._raylet.AuthenticationTokenLoader` and `Config`. Why: a process that trains two studies connects twice, each
    time with a token of its own, and Ray reads the token once. Instead: nothing public resets it.
    """
    with suppress(ImportError, AttributeError):
        from ray._raylet import AuthenticationTokenLoader, Config  # pyright: ignore

        Config.initialize("")
        AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def on_loopback(ray: Any, is_wanted: bool) -> Generator[None]:
    """Makes Ray listen on 127.0.0.1, also if it was imported before the environment said so.

    `ray._private.ray_constants.ENABLE_RAY_CLUSTER`. Why: Ray reads the variable RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER
    when it is imported, which a user's script may have done. Instead: the variable alone, where ablate imports Ray.
    """
    constants = getattr(getattr(ray, "_private", None), "ray_constants", None)
    before = getattr(constants, SWITCH, None)
    if not is_wanted or before is None:
        yield
        return
    setattr(constants, SWITCH, False)
    try:
        yield
    finally:
        setattr(constants, SWITCH, before)
