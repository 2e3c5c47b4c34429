"""Queries with their nearest gallery images."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from landmarks.dataset import Photo
from landmarks.results import Step
from landmarks.visualise import canvas
from landmarks.visualise.canvas import CAPTION_PX, GAP_PX, MARGIN_PX, TILE_PX, Colour, Corner

ROW_PX = TILE_PX[1] + CAPTION_PX + GAP_PX

Truth = Mapping[str, Collection[str]]


def draw(step: Step, queries: Sequence[Photo], truth: Truth | None = None) -> Image.Image:
    """Draw one row per query: the query, then its nearest gallery images.

    Parameters
    ----------
    step : Step
        A result of the pipeline.
    queries : sequence of Photo
        Queries of the step that have a neighbour and a prediction.
    truth : mapping of id to labels, optional
        With it, correct images have a green frame and wrong ones a red frame. Without it, images of the predicted label
        have a blue frame.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    sheet = canvas.sheet(len(queries) * ROW_PX - GAP_PX)
    for number, query in enumerate(queries):
        _draw_row(sheet, (MARGIN_PX, MARGIN_PX + number * ROW_PX), step, query, truth)
    return sheet


def highest_scores_first(step: Step) -> list[Photo]:
    """Return the queries with a neighbour and a prediction, sorted by descending score."""
    predicted = [query for query, neighbours in step.neighbours.items() if neighbours and query.id in step.predictions]
    return sorted(predicted, key=lambda query: -step.predictions[query.id].score)


def sample_evenly(photos: Sequence[Photo], most: int) -> list[Photo]:
    """Return at most ``most`` photos at equal intervals, including the first and the last."""
    places = np.linspace(0, len(photos) - 1, min(most, len(photos)))
    return [photos[round(place)] for place in places]


def _draw_row(sheet: Image.Image, corner: Corner, step: Step, query: Photo, truth: Truth | None) -> None:
    prediction, gallery = step.predictions[query.id], {photo.id: photo for photo in step.data.gallery}
    shows = f", true {' '.join(truth.get(query.id, ())) or 'none'}" if truth is not None else ""
    caption = f"predicted {prediction.label}{shows}"
    canvas.draw_tile(sheet, corner, query, (caption, f"query {query.id[:8]}, {prediction.score:.2f}"))
    for column, neighbour in enumerate(step.neighbours[query][: canvas.COLUMNS - 1], 1):
        place = (corner[0] + column * (TILE_PX[0] + GAP_PX), corner[1])
        photo = gallery.get(neighbour.id, Photo(neighbour.id, Path(neighbour.id)))
        lines = (f"landmark {neighbour.label}", f"{neighbour.id[:8]}, {neighbour.score:.2f}")
        frame = _frame(neighbour.label, prediction.label, None if truth is None else truth.get(query.id, ()))
        canvas.draw_tile(sheet, place, photo, lines, frame)


def _frame(label: str, predicted: str, right: Collection[str] | None) -> Colour | None:
    if right is not None:
        return canvas.RIGHT if label in right else canvas.WRONG
    return canvas.NEUTRAL if label == predicted else None
