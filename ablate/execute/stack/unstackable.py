"""What cannot be stacked, and why: it trains alone, and nobody is stopped by it."""


class Unstackable(Exception):
    """Trials that cannot train as one with equal results. The message is the reason, as `ablate plan` prints it."""
