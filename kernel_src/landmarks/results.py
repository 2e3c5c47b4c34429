"""The data passed between the stages of the pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass

from landmarks.dataset import Photo
from landmarks.ranking import Neighbour, Prediction

Rankings = dict[Photo, list[Neighbour]]
"""The neighbours of each query, best first."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """The competition's data on disk.

    Attributes
    ----------
    queries, gallery : list of Photo
        Sorted by id. Every gallery image has a label.
    labels : dict
        Label of each id of ``train.csv``. Ids are lower case.
    ids : list of str
        The ids that the submission must contain, spelled as they must be written.
    """

    queries: list[Photo]
    gallery: list[Photo]
    labels: dict[str, str]
    ids: list[str]


@dataclass(frozen=True, kw_only=True)
class Step:
    """The result of one stage.

    Attributes
    ----------
    name : str
        ``retrieval`` or ``verification``.
    data : Data
        The data that was recognised.
    neighbours : dict
        The neighbours of each query, best first.
    predictions : mapping
        Prediction by the id of the query.
    """

    name: str
    data: Data
    neighbours: Rankings
    predictions: Mapping[str, Prediction]

    def rows(self) -> list[tuple[str, str]]:
        """Return the rows of the submission: id and ``label score``. The cell is empty if there is no prediction."""
        return [(image_id, str(self.predictions.get(image_id.lower(), ""))) for image_id in self.data.ids]
