"""How fast the trials of a study end, and how long the rest will take, against what was planned."""


class Pace:
    """Counts trials that end. All times are seconds of one clock."""

    def __init__(self, started: float) -> None:
        self.started = self.latest = started
        """When the first training began, and when the latest ended."""
        self.trained = 0
        """Trials that have ended since."""
        self.planned: float | None = None
        """Seconds that the trainings are expected to take; None: not known."""

    def expect(self, seconds: float | None, at: float) -> None:
        """Adds the planned time of a part of the trials, in seconds. Time counts from the start of the first part."""
        if not self.trained:
            self.started = self.latest = at
        if seconds is not None:
            self.planned = (self.planned or 0.0) + seconds

    def count(self, at: float) -> None:
        """Counts a trial that has ended; not one that ended before the first training began."""
        if at >= self.started:
            self.trained += 1
            self.latest = max(self.latest, at)

    @property
    def per_s(self) -> float | None:
        """Trials per second, up to the latest; None before one has ended."""
        elapsed = self.latest - self.started
        return self.trained / elapsed if self.trained and elapsed > 0 else None

    def left(self, trials: int, now: float) -> float | None:
        """Seconds that so many trials will take: at the measured pace, or as planned before one has ended.

        The trials of a bundle end together, after a long time in which none does. So the time since the latest trial is
        subtracted from the estimate; if that leaves nothing, the pace is measured up to now instead.

        Returns:
            None: no trial has ended, and there is no plan, or the planned time is over.
        """
        if self.per_s is not None:
            left = trials / self.per_s - (now - self.latest)
            return left if left > 0 else trials * (now - self.started) / self.trained
        left = -1.0 if self.planned is None else self.planned - (now - self.started)
        return left if left > 0 else None
