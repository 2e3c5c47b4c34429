"""How many inliers a query and a gallery image have, by each way to match and to verify; kept once computed."""

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from landmarks.feature_types import LocalFeatures
from landmarks.images import local_pixels
from landmarks.reranking import match_and_verify
from landmarks.rootsift import RootSift
from landmarks.settings import MatchingSettings, RootSiftSettings, VerificationSettings

LOCAL = RootSiftSettings(longer_side_px=240, max_features=300)
"""One and a half times the size of the bed's photographs."""

_SEED, _MUTUAL = VerificationSettings(), VerificationSettings(matching=MatchingSettings(mutual=True))
WAYS = {
    "seed": _SEED,
    "distinct": replace(_SEED, distinct=True),
    "mutual": _MUTUAL,
    "ratio": VerificationSettings(matching=MatchingSettings(max_ratio=0.85)),
    "bounded": replace(_SEED, max_zoom=4.0, max_turn_deg=45.0),
    "magsac": replace(_SEED, estimator="magsac"),
    "accurate": replace(_SEED, estimator="accurate"),
    "mutual, bounded": replace(_MUTUAL, max_zoom=4.0, max_turn_deg=45.0),
    "mutual, bounded, magsac": replace(_MUTUAL, estimator="magsac", max_zoom=4.0, max_turn_deg=45.0),
}


class Pairs:
    """Inliers by query, gallery image and way.

    Parameters
    ----------
    folder : Path
        Where local features and inliers are kept.
    paths : mapping
        The file of each photograph, by its id.
    """

    def __init__(self, folder: Path, paths: dict[str, Path]) -> None:
        self._file = folder / "inliers.json"
        self._features = Features(folder / "features.npz", paths)
        self._counts: dict[str, dict[str, int]] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def add(self, pairs: Iterable[tuple[str, str]], way: str) -> None:
        """Verify the pairs of query and gallery image that are not known yet, and keep their inliers."""
        counts = self._counts.setdefault(way, {})
        new = sorted({pair for pair in pairs if "/".join(pair) not in counts})
        for query, image_id in new:
            ends = self._features[query], self._features[image_id]
            counts[f"{query}/{image_id}"] = match_and_verify(*ends, LOCAL.max_distance, WAYS[way])[1].count
        if new:
            beside = self._file.with_suffix(".partial")
            beside.write_text(json.dumps(self._counts))
            beside.replace(self._file)

    def inliers(self, query: str, image_id: str, way: str) -> int:
        """Return the inliers of a pair that was added."""
        return self._counts[way][f"{query}/{image_id}"]


class Features:
    """The local features of all photographs, described once; descriptors are kept as float16."""

    def __init__(self, file: Path, paths: dict[str, Path]) -> None:
        if not file.exists():
            self._write(file, paths)
        with np.load(file) as stored:
            self._starts = dict(zip(stored["ids"].tolist(), pairwise(stored["starts"].tolist()), strict=True))
            self._keypoints, self._descriptors = stored["keypoints"], stored["descriptors"]

    def __getitem__(self, image_id: str) -> LocalFeatures:
        start, end = self._starts[image_id]
        return LocalFeatures(self._keypoints[start:end], self._descriptors[start:end].astype(np.float32))

    def _write(self, file: Path, paths: dict[str, Path]) -> None:
        extract = RootSift(LOCAL)
        features = [extract(local_pixels(path)) for path in paths.values()]
        filled = [described for described in features if len(described.keypoints)]
        beside = file.with_suffix(".partial.npz")
        np.savez(
            beside,
            ids=np.array([*paths]),
            starts=np.cumsum([0, *(len(described.keypoints) for described in features)]),
            keypoints=np.concatenate([described.keypoints for described in filled]),
            descriptors=np.concatenate([described.descriptors for described in filled]).astype(np.float16),
        )
        beside.replace(file)
