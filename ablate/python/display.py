"""Messages and progress on standard error while a study runs."""

import sys
from typing import TYPE_CHECKING

from ablate.report.live.message import note
from ablate.report.live.progress import Progress

if TYPE_CHECKING:
    from types import TracebackType

    from ablate.plan import Schedule
    from ablate.report.live.board import Board
    from ablate.report.text.point_name import PointNames
    from ablate.store import Record
    from ablate.study import Plan


class Display:
    """An observer that writes messages and the progress of trials to standard error."""

    def __init__(self) -> None:
        self.total = self.done = 0
        self.is_budget_spent = False
        """Whether `engine.budget_h` has ended the study while trials were missing."""
        self.so_far = "before the first trial"
        """The progress against the plan, once the display is closed."""
        self._progress: Progress | None = None
        self._planned: Plan | None = None

    def on_message(self, message: str) -> None:
        """Shows a message."""
        note(message)

    def on_preparation(self, planned: "Plan") -> None:
        """Opens the progress of a study that is to be trained."""
        self._open(planned)

    def on_start(self, planned: "Plan", already: int) -> None:
        """Takes over the trials of a plan. Closes the progress of another plan, such as of tuning trials."""
        if planned is not self._planned:
            self.close()
        self.total, self.done = len(planned.trials), already
        self._planned = planned

    def on_schedule(self, schedule: "Schedule") -> None:
        """Shows what is trained in which order, and the expected time."""
        assert self._planned is not None
        progress = self._progress or self._open(self._planned)
        bundles = ((trial.id for trial in bundle.trials) for bundle in schedule.bundles)
        progress.expect(schedule.seconds, bundles, workers=schedule.workers)

    def on_trial(self, record: "Record") -> None:
        """Counts one more trial."""
        from ablate.plan.seeds import replicate_name

        assert self._progress is not None
        self.done += record.state != "failed"
        name = f"{replicate_name(record.replicate)}, {self._names.of(record.levels)}"
        value = record.value(self._response)
        trial = sys.intern(record.id)  # the one that the records hold, not another copy for each trial
        self._progress.finished(trial, record.state, value, name, seconds=record.seconds)

    def on_budget_spent(self, message: str) -> None:
        """Shows that a budget has ended the study, and notes it."""
        self.is_budget_spent = True
        self.close()
        note(message)

    def close(self) -> None:
        """Closes the progress, if it is open."""
        if self._progress is not None:
            progress, self._progress = self._progress, None
            if self.total:
                self.so_far = progress.so_far(self.done)
            progress.__exit__(None, None, None)

    def __enter__(self) -> "Display":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def _open(self, planned: "Plan") -> Progress:
        from ablate.report.text.point_name import PointNames

        self.close()
        baseline = {factor.name: factor.reference for factor in planned.spec.factors}
        self._names = PointNames([point.levels for point in planned.layout.points], baseline)
        self._planned, self._response = planned, planned.spec.response.name
        noun = "tuning trial" if planned.is_tuning else "trial"
        self._progress = Progress(
            _board(planned, self._names), title=planned.spec.directory, response=self._response, noun=noun
        )
        return self._progress.__enter__()


def _board(planned: "Plan", names: "PointNames") -> "Board":
    """The trials of a plan by design point, with the results that are there."""
    from ablate.design.point import Cell, cell
    from ablate.plan import Trial
    from ablate.report.live.board import Board, Row
    from ablate.report.text.visible import visible

    trials: dict[Cell, list[Trial]] = {}
    for trial in planned.trials:
        trials.setdefault(cell(trial.point.levels), []).append(trial)
    board = Board(
        Row(name=visible(names.of(each[0].point.levels)), trials=tuple(trial.id for trial in each))
        for each in trials.values()
    )
    for record in sorted(planned.records, key=lambda record: record.started):
        if record.state != "failed":
            value = record.value(planned.spec.response.name) if record.state == "complete" else None
            board.end(record.id, record.state, value)
    return board
