"""The competition's metric: global average precision (GAP), also called micro average precision.

The rules follow the public ``GlobalAveragePrecision`` of DELF.

References
----------
Perronnin, Liu and Renders, "A family of contextual measures of similarity between distributions with application to
image retrieval", CVPR 2009.
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
    """Return the precision at the rank of each correct prediction, averaged over the images that show a landmark.

    Predictions are sorted by descending score, then id, then label. Images without a prediction have no rank.

    Parameters
    ----------
    predictions : iterable of (id, label, score)
        At most one per image. Only the order of the scores matters.
    truth : mapping of id to labels
        An image may have several labels, or none if it shows no landmark.
    ignore_without_truth : bool
        Ignore predictions for images without a landmark.

    Returns
    -------
    float
        0 to 1; 0 if no image shows a landmark.

    Raises
    ------
    InvalidPredictions
        A ValueError. If an id is repeated or not in ``truth``, or a score is not a number.
    """
    ranked = precision_by_rank(predictions, truth, ignore_without_truth=ignore_without_truth)
    with_landmark = sum(1 for labels in truth.values() if labels)
    return sum(precision for is_right, precision in ranked if is_right) / with_landmark if with_landmark else 0.0


def precision_by_rank(
    predictions: Iterable[Scored], truth: Mapping[str, Collection[str]], *, ignore_without_truth: bool = False
) -> list[tuple[bool, float]]:
    """Return correctness and precision so far of each prediction, from the highest score to the lowest.

    Parameters and errors are those of `global_average_precision`.

    Returns
    -------
    list of (bool, float)
        Correctness, and precision among the predictions up to this rank.
    """
    predictions = list(predictions)
    _check(predictions, truth)
    ranked = sorted(predictions, key=lambda scored: (-scored[2], scored[0], scored[1]))
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
    """Return the GAP of a submission as ``{"GAP": value}``.

    Parameters
    ----------
    submission : Path
        CSV file with the columns ``id`` and ``landmarks`` (a label and a score, or nothing).
    truth : Path
        CSV file with the columns ``id`` and ``landmarks`` (labels separated by spaces, or nothing).

    Raises
    ------
    InvalidData
        If a file does not have this format.
    InvalidPredictions
        If a row is not a prediction, or as in `global_average_precision`.
    """
    return {"GAP": global_average_precision(read_scores(submission), read_truth(truth))}


def read_scores(submission: Path) -> list[Scored]:
    """Return the predictions of a submission. Rows without a prediction are skipped.

    Raises
    ------
    InvalidPredictions
        If a cell is neither empty nor a label and a score. The message names each such line.
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
