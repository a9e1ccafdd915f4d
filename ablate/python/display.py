"""Messages and progress on standard error while a study runs."""

from typing import TYPE_CHECKING

from ablate.report.live.message import note
from ablate.report.live.progress import Progress

if TYPE_CHECKING:
    from types import TracebackType

    from ablate.store import Record
    from ablate.study import Plan


class Display:
    """An observer that writes messages and the progress of trials to standard error."""

    def __init__(self) -> None:
        self.total = self.done = 0
        self.noun = "trial"
        self.is_budget_spent = False
        """Whether `engine.budget_h` has ended the study while trials were missing."""
        self._progress: Progress | None = None

    def on_message(self, message: str) -> None:
        """Shows a message."""
        note(message)

    def on_start(self, planned: "Plan", already: int) -> None:
        """Opens a progress bar, unless nothing is to be trained. Closes that of the tuning trials before."""
        self.close()
        self.total, self.done = len(planned.trials), already
        self.noun = "tuning trial" if planned.is_tuning else "trial"
        self._response = planned.spec.response.name
        if self.done < self.total:
            from ablate.report.text.point_name import PointNames

            baseline = {factor.name: factor.reference for factor in planned.spec.factors}
            names = PointNames([point.levels for point in planned.layout.points], baseline)
            self._progress = Progress(self.total, already, self._response, name=names.of, noun=self.noun)
            self._progress.__enter__()

    def on_schedule(self, seconds: float | None) -> None:
        """Shows the expected time."""
        assert self._progress is not None
        self._progress.expect(seconds)

    def on_trial(self, record: "Record") -> None:
        """Counts one more trial."""
        assert self._progress is not None
        self.done += record.state != "failed"
        value = record.value(self._response)
        self._progress.finished(record.levels, record.replicate, record.state, value, record.seconds)

    def on_budget_spent(self, message: str) -> None:
        """Shows that a budget has ended the study, and notes it."""
        self.is_budget_spent = True
        self.close()
        note(message)

    def close(self) -> None:
        """Closes the progress bar, if it is open."""
        if self._progress is not None:
            progress, self._progress = self._progress, None
            progress.__exit__(None, None, None)

    def __enter__(self) -> "Display":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()
