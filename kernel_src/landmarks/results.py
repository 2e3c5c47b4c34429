"""What is known along the pipeline: the data on disk, and the predictions after each step."""

from collections.abc import Mapping
from dataclasses import dataclass

from landmarks.dataset import Photo
from landmarks.ranking import Neighbour, Prediction

Ranked = dict[Photo, list[Neighbour]]
"""The neighbours of each query, best first."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """What is on disk.

    Attributes
    ----------
    queries, gallery : list of Photo
        Sorted by id; gallery images have a label.
    labels : dict
        Label of each id of ``train.csv``, ids in lower case.
    ids : list of str
        The ids that a submission must hold, as they are to be written.
    """

    queries: list[Photo]
    gallery: list[Photo]
    labels: dict[str, str]
    ids: list[str]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is known after a step: ``retrieval`` or ``verification``; predictions by the id of the query's photo."""

    name: str
    data: Data
    neighbours: Ranked
    predictions: Mapping[str, Prediction]

    def rows(self) -> list[tuple[str, str]]:
        """Return the submission's rows: id and ``label score``; an id without a prediction has an empty cell."""
        return [(image_id, str(self.predictions.get(image_id.lower(), ""))) for image_id in self.data.ids]
