"""The results of a study: data frames, verdicts, figures and trained networks."""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ablate.analysis.summary import Summary, Verdict
from ablate.passed_objects import PassedObject

if TYPE_CHECKING:
    from pandas import DataFrame
    from torch.nn import Module

    from ablate.python.plot import Plot
    from ablate.report.tables.kind import Results

NOTEBOOK_WIDTH = 100
"""Characters of a line."""

Kind = Literal["forest", "effects", "interaction", "curves", "tuning"]
"""The kinds of figures."""


class Tables:
    """A summary as data frames and figures, and as a notebook shows it."""

    summary: Summary

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts on the claims, in the claims' order.

        Verdicts on exploratory claims, which were stated after the first trials, come last.
        """
        return (*self.summary.verdicts, *self.summary.later)

    def trials(self) -> "DataFrame":
        """One row for each training: its levels, replicate, state, responses by their names, and costs.

        A factor whose levels are all numbers has a column of numbers.
        """
        return self.table("trials")

    def contrasts(self) -> "DataFrame":
        """One row for each contrast: the difference with its interval, and what it rests on."""
        return self.table("contrasts")

    def points(self) -> "DataFrame":
        """One row for each design point: its mean with its interval, and what its network costs."""
        return self.table("points")

    def table(self, name: str) -> "DataFrame":
        """One table of `ablate show --table`, at full precision.

        Raises:
            ConfigError: there is no such table; or it has no rows, as one of all tables.
        """
        from ablate.python.frames import frame
        from ablate.report.content import content

        found = content(self._results(), name)
        return frame(found.rows(), columns=found.columns, numbers=tuple(self.summary.levels))

    def plot(self, kind: Kind = "forest", **options: Any) -> "Plot":
        """A figure, which a notebook shows and `save("figure.pdf")` writes.

        Args:
            kind: `forest`: the difference that each claim is about, with its interval and margin; where no claim has a
                verdict, as `effects`. `effects`: the difference of each contrast with its interval. `interaction`: the
                mean response over each pair of crossed factors. `curves`: a metric over the epochs. `tuning`: the
                validation metric of each candidate setting.
            **options: `factors=["depth", "norm"]` of `interaction`, `metric="val/loss"` of `curves`.

        Raises:
            ConfigError: the kind or the option is unknown, or the study has nothing of that kind to draw.
        """
        from ablate.python.plot import plot

        return plot(kind, self.summary, self._epochs() if kind == "curves" else None, options)

    def _epochs(self) -> Sequence[dict[str, Any]]:
        """A row for each trial and epoch; none where something else has trained."""
        return ()

    def _results(self) -> "Results":
        raise NotImplementedError

    def __str__(self) -> str:
        """The first screen, as `ablate show` writes it."""
        return self._written(None)

    def _written(self, width: int | None) -> str:
        from ablate.report.content import content
        from ablate.report.formats.output import Output
        from ablate.report.formats.terminal import write_terminal

        return write_terminal(content(self._results()), Output(stream=io.StringIO(), width=width))

    def _repr_html_(self) -> str:
        """What a notebook shows: the first screen."""
        return f'<pre style="line-height:1.2">{html.escape(self._written(NOTEBOOK_WIDTH))}</pre>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """For a notebook, and for a terminal of IPython."""
        return {"text/plain": self._written(NOTEBOOK_WIDTH), "text/html": self._repr_html_()}


@dataclass(frozen=True, kw_only=True)
class Result(Tables):
    """The results of a study on disk. Tables, curves and weights are read when they are asked for."""

    summary: Summary
    path: Path
    """The study's directory, absolute."""
    notes: tuple[str, ...] = ()
    """Which records are left out, and which files are damaged."""
    objects: tuple[PassedObject, ...] = field(default=(), repr=False)
    """The objects passed from Python that its networks are built from."""

    def with_objects(self, objects: Sequence[PassedObject]) -> "Result":
        """The same results, with the objects that its networks are built from."""
        return replace(self, objects=tuple(objects))

    def curves(self) -> "DataFrame":
        """One row for each trial and epoch: its levels, replicate, state, and responses by their names."""
        from ablate.python.frames import frame

        return frame(self._epochs(), numbers=tuple(self.summary.levels))

    def module(
        self, *levels: str, replicate: int = 0, stale: Literal["keep"] | None = None, **by_factor: Any
    ) -> "Module":
        """A trained network, in evaluation mode on the CPU, of a study that ran with `keep=weights`.

        `module("softmax", replicate=0)`: at the level `softmax`, and at the reference of every other factor.

        Args:
            *levels: Names of levels, each of one factor.
            replicate: Which training of that design point.
            stale: `keep`: builds the network even if its code has changed since it was trained.
            **by_factor: Factor → its level; one whose name has a dot goes by `**{"model.width": 8}`.

        Raises:
            StoreError: there is no such level, design point or training; its weights were not kept; its code has
                changed; or this process lacks an object passed from Python.
            AblateError: the network cannot be built.
        """
        from ablate.python.trained import module, point

        return module(self.path, point(self.path, levels, by_factor), replicate, objects=self.objects, stale=stale)

    def _epochs(self) -> Sequence[dict[str, Any]]:
        from ablate.study.measurements import curves

        return curves(self.path, self.summary.levels)

    def _results(self) -> "Results":
        from ablate.report.tables.kind import Results
        from ablate.study import records

        return Results(summary=self.summary, name=self.path.name, trials=lambda: records(self.path))

    def __repr__(self) -> str:
        """Its name and how many trials are complete."""
        found = self.summary
        return f"<ablate.Result {self.path.name!r}: {found.complete} of {found.planned} trials complete>"
