"""The reason why trials cannot be stacked. It is not shown as an error: they train alone."""


class Unstackable(Exception):
    """Trials cannot be stacked with equal results. The message is the reason, as `ablate plan` prints it."""
