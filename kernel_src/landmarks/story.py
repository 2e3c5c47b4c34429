"""What the driver shows its readers: pictures where somebody looks, and none that ends a run."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kernelwright.runtime import budget
from kernelwright.runtime.phase import Name
from landmarks import faults
from landmarks.prefetch import in_time
from landmarks.settings import Settings

if TYPE_CHECKING:
    from landmarks.results import Step
    from landmarks.visualise.canvas import Figure


class Story:
    """The pictures of a run; each method returns what its cell shows.

    That is nothing in the rerun, which nobody sees, and in a script without a notebook. A fault is logged. At the
    deadline of the settings a picture is left.

    Parameters
    ----------
    phase : Name
        Of the run.
    settings : Settings
        Its settings.
    """

    def __init__(self, phase: Name, settings: Settings) -> None:
        self._is_seen = phase is not Name.RERUN and _is_notebook()
        self._settings = settings

    def data(self) -> "Figure | None":
        """Show a few landmarks, and how many photographs landmarks have."""
        return self._shown(lambda scenes: scenes.data(self._settings))

    def neighbours(self, steps: "Sequence[Step]") -> "Figure | None":
        """Show queries beside what the first look finds."""
        return self._shown(lambda scenes: scenes.neighbours(self._settings, steps))

    def pairs(self, steps: "Sequence[Step]") -> "Figure | None":
        """Show the matches of a pair that the second look accepts, and of one that it refuses."""
        return self._shown(lambda scenes: scenes.pairs(self._settings, steps))

    def mistakes(self, steps: "Sequence[Step]") -> "Figure | None":
        """Show the surest wrong answers; without a truth, the least sure ones."""
        return self._shown(lambda scenes: scenes.mistakes(self._settings, steps))

    def gap(self, steps: "Sequence[Step]") -> "Figure | None":
        """Show precision among the surest answers, where there is a truth."""
        return self._shown(lambda scenes: scenes.gap_curve(self._settings, steps))

    def _shown(self, draw: "Callable[[Any], Figure]") -> "Figure | None":
        figure = None
        with faults.submission_stands(keep_going=True):
            if self._is_seen:
                # TensorFlow is behind this import: it takes longer than the first submission should wait for.
                from landmarks.visualise import canvas, scenes  # noqa: PLC0415

                late = canvas.Figure("No time is left for this picture.")
                figure = canvas.Figure("This picture could not be drawn; the log says why.")
                figure = next(in_time(map(draw, [scenes]), budget.deadline(self._settings.deadline_hours)), late)
        return figure


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None
