"""What is known along the pipeline: the data on disk, and the answers after each step."""

from collections.abc import Mapping
from dataclasses import dataclass

from landmarks.dataset import Photo
from landmarks.ranking import Neighbour, Prediction

Ranked = dict[Photo, list[Neighbour]]
"""The neighbours of each query, best first."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """What is on disk: queries, the labelled gallery, and the ids that a submission must hold."""

    queries: list[Photo]
    gallery: list[Photo]
    labels: dict[str, str]
    ids: list[str]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is known after a step: ``retrieval`` or ``verification``."""

    name: str
    data: Data
    neighbours: Ranked
    predictions: Mapping[str, Prediction]

    def rows(self) -> list[tuple[str, str]]:
        """Return the submission's rows: id and ``label score``; an id without a prediction has an empty cell."""
        return [(one, str(self.predictions.get(one, ""))) for one in self.data.ids]
