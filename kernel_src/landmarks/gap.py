"""GAP, the competition's metric: global average precision, also called micro average precision.

Formula: Perronnin, Liu and Renders, "A family of contextual measures of similarity between distributions with
application to image retrieval", CVPR 2009; rules as in the public ``GlobalAveragePrecision`` of DELF.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from landmarks.dataset import read_predictions, read_truth
from landmarks.errors import InvalidPredictions

Scored = tuple[str, str, float]
"""Image id, label, score."""


def global_average_precision(
    predictions: Iterable[Scored], truth: Mapping[str, Collection[str]], *, ignore_without_truth: bool = False
) -> float:
    """Return the mean, over images that show a landmark, of the precision at each right prediction.

    Predictions are ordered by score descending, then id, then label. An image without a prediction takes no
    place in that order.

    Parameters
    ----------
    predictions : iterable of (id, label, score)
        At most one per image. Scores count by their order alone.
    truth : mapping of id to labels
        Several labels per image are allowed; none where the image shows no landmark.
    ignore_without_truth : bool
        Leave predictions for images without a landmark out of the order.

    Returns
    -------
    float
        0 to 1; 0 where no image shows a landmark.

    Raises
    ------
    InvalidPredictions
        A ValueError; if an id is repeated or not in the truth, or a score is not a number.
    """
    ranked = precision_by_rank(predictions, truth, ignore_without_truth=ignore_without_truth)
    shown = sum(1 for labels in truth.values() if labels)
    return sum(precision for is_right, precision in ranked if is_right) / shown if shown else 0.0


def precision_by_rank(
    predictions: Iterable[Scored], truth: Mapping[str, Collection[str]], *, ignore_without_truth: bool = False
) -> list[tuple[bool, float]]:
    """Return, for each prediction from the surest on, whether it is right, and the precision up to it.

    Parameters and errors are those of `global_average_precision`.
    """
    listed = list(predictions)
    _check(listed, truth)
    ranked = sorted(listed, key=lambda scored: (-scored[2], scored[0], scored[1]))
    if ignore_without_truth:
        ranked = [scored for scored in ranked if truth[scored[0]]]
    points: list[tuple[bool, float]] = []
    right = 0
    for place, (image_id, label, _) in enumerate(ranked, 1):
        is_right = label in truth[image_id]
        right += is_right
        points.append((is_right, right / place))
    return points


def score(submission: Path, truth: Path) -> dict[str, float]:
    """Return the GAP of a submission, as ``{"GAP": value}``.

    Parameters
    ----------
    submission : Path
        CSV with the columns ``id`` and ``landmarks``: a label and a score, or nothing.
    truth : Path
        CSV with the columns ``id`` and ``landmarks``: labels separated by spaces, or nothing.

    Raises
    ------
    InvalidData
        If a file is not such a CSV.
    InvalidPredictions
        If a row is not a prediction, or as for `global_average_precision`.
    """
    return {"GAP": global_average_precision(parse(submission), read_truth(truth))}


def parse(submission: Path) -> list[Scored]:
    """Return the predictions of a submission; rows without one are left out.

    Raises
    ------
    InvalidPredictions
        Naming each line that does not hold exactly a label and a score.
    """
    rows = [(image_id, cell.split(), line) for image_id, cell, line in read_predictions(submission)]
    problems = [
        f"{submission}:{line}: {' '.join(words)!r} is not a label and a score"
        for _, words, line in rows
        if words and not (len(words) == 2 and _is_number(words[1]))
    ]
    if problems:
        raise InvalidPredictions("\n".join(problems))
    return [(image_id, words[0], float(words[1])) for image_id, words, _ in rows if words]


def _check(predictions: list[Scored], truth: Mapping[str, Collection[str]]) -> None:
    seen: set[str] = set()
    problems = []
    for image_id, _, value in predictions:
        problems += [f"id {image_id} is repeated"] if image_id in seen else []
        problems += [f"id {image_id} is not in the truth"] if image_id not in truth else []
        problems += [f"id {image_id}: the score is not a number"] if math.isnan(value) else []
        seen.add(image_id)
    if problems:
        raise InvalidPredictions("\n".join(problems))


def _is_number(word: str) -> bool:
    try:
        return not math.isnan(float(word))
    except ValueError:
        return False
