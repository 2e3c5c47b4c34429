"""The figures of the recognition notebook, drawn only where a reader can see them."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kernelwright.runtime import budget
from kernelwright.runtime.phase import Name
from landmarks import faults
from landmarks.prefetch import iterate_until
from landmarks.settings import Settings

if TYPE_CHECKING:
    from landmarks.results import Step
    from landmarks.visualise.canvas import Figure


class NotebookFigures:
    """The figures of a run. Each method returns the value of a notebook cell.

    The methods return None in the rerun, which nobody sees, and outside a notebook. An error while drawing is logged
    and does not end the run. Drawing stops at the deadline of the settings.

    Parameters
    ----------
    phase : Name
        The phase of the run.
    settings : Settings
        The settings of the run.
    """

    def __init__(self, phase: Name, settings: Settings) -> None:
        self._is_visible = phase is not Name.RERUN and _is_notebook()
        self._settings = settings

    def data(self) -> "Figure | None":
        """Show photographs of some landmarks, and the distribution of photographs per landmark."""
        return self._draw(lambda figures: figures.data(self._settings))

    def neighbours(self, steps: "Sequence[Step]") -> "Figure | None":
        """Show queries and their nearest neighbours after retrieval."""
        return self._draw(lambda figures: figures.neighbours(self._settings, steps))

    def pairs(self, steps: "Sequence[Step]") -> "Figure | None":
        """Show the matches of the pairs with the most and with the fewest inliers."""
        return self._draw(lambda figures: figures.pairs(self._settings, steps))

    def mistakes(self, steps: "Sequence[Step]") -> "Figure | None":
        """Show the wrong predictions with the highest scores; without a truth, the predictions with the lowest."""
        return self._draw(lambda figures: figures.mistakes(self._settings, steps))

    def gap(self, steps: "Sequence[Step]") -> "Figure | None":
        """Show precision by rank, if the true labels are available."""
        return self._draw(lambda figures: figures.gap_curve(self._settings, steps))

    def _draw(self, draw: "Callable[[Any], Figure]") -> "Figure | None":
        figure = None
        with faults.log_errors(keep_going=True):
            if self._is_visible:
                # Imported here because it imports TensorFlow, and the first submission must not wait for that.
                from landmarks.visualise import canvas, figures  # noqa: PLC0415

                late = canvas.Figure("No time is left for this picture.")
                figure = canvas.Figure("This picture could not be drawn; the log says why.")
                figure = next(iterate_until(map(draw, [figures]), budget.deadline(self._settings.deadline_hours)), late)
        return figure


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None
