"""The namespace of objects that are passed from Python: the `_target_` of one is `ablate.given.NAME`.

No other public name is defined here, so an object may have any name. `ablate.passed_objects` holds the objects.
"""

from ablate import passed_objects as _passed_objects


def __getattr__(name: str) -> object:
    """A passed object by its name.

    Raises:
        AttributeError: no object of that name is passed.
        ConfigError: it cannot be unpickled in this process.
    """
    try:
        return _passed_objects.value(name)
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
