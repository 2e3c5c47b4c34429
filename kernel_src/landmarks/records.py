"""Records for the report of a rehearsal. Nothing is written unless a record folder is set."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kernelwright.runtime import record

if TYPE_CHECKING:  # the report reads these records without importing TensorFlow
    from landmarks.dataset import Photo
    from landmarks.feature_types import LocalFeatures
    from landmarks.matching import Matches
    from landmarks.results import Step
    from landmarks.verification import Inliers

MATCHES = "matches"
MAX_LINES = 40  # per pair of images; more would hide them


def save_step(step: "Step") -> None:
    """Record the neighbours and the prediction of each query in ``<step>.json``."""
    if folder := record.folder():
        queries = [_query(step, query) for query in step.data.queries]
        record.replace(folder / f"{step.name}.json", json.dumps({"queries": queries}).encode())


def save_matches(
    query: "Photo",
    gallery: Sequence[str],
    pairs: "Sequence[tuple[LocalFeatures, LocalFeatures]]",
    results: "Sequence[tuple[Matches, Inliers]]",
) -> None:
    """Record the inliers between a query and each of its neighbours in ``matches/<query>.json``.

    Each line holds (y, x) in the query and (y, x) in the gallery image, in pixels of the stored images.

    Parameters
    ----------
    query : Photo
        The query.
    gallery : sequence of str
        The ids of its neighbours.
    pairs : sequence of (LocalFeatures, LocalFeatures)
        The features of the query and of each neighbour.
    results : sequence of (Matches, Inliers)
        As `landmarks.reranking.match_and_verify` returns them, for each neighbour.
    """
    folder = record.folder()
    if folder is None:
        return
    matches_by_id = {
        image_id: {"matches": len(matches), "inliers": inliers.count, "lines": _lines(pair, matches[inliers.mask])}
        for image_id, pair, (matches, inliers) in zip(gallery, pairs, results, strict=True)
    }
    (folder / MATCHES).mkdir(exist_ok=True)
    record.replace(folder / MATCHES / f"{query.id}.json", json.dumps(matches_by_id).encode())


def _query(step: "Step", query: "Photo") -> dict[str, Any]:
    prediction = step.predictions.get(query.id)
    return {
        "id": query.id,
        "prediction": {"label": prediction.label, "score": float(prediction.score)} if prediction else None,
        "neighbours": [
            {"id": neighbour.id, "label": neighbour.label, "score": float(neighbour.score)}
            for neighbour in step.neighbours.get(query, [])
        ],
    }


def _lines(pair: "tuple[LocalFeatures, LocalFeatures]", matches: "Matches") -> list[list[float]]:
    shown = matches[np.linspace(0, len(matches) - 1, min(MAX_LINES, len(matches))).round().astype(int)]
    ends = [features.keypoints[shown[:, side]] / features.scale for side, features in enumerate(pair)]
    lines: list[list[float]] = np.concatenate(ends, axis=1).round(1).tolist()
    return lines
