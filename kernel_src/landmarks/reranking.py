"""Re-ranking of each query's neighbours by geometric verification of local features."""

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from kernelwright.runtime import stages
from landmarks import ranking, records, verification_levels
from landmarks.dataset import Photo
from landmarks.feature_types import NO_FEATURES, LocalFeatures
from landmarks.local_features import FeatureCache
from landmarks.matching import Matches, filter_matches, match
from landmarks.ranking import Neighbour
from landmarks.results import Data, Rankings
from landmarks.run import Run, SizedResults
from landmarks.settings import VerificationSettings
from landmarks.verification import Inliers, verify
from landmarks.verification_levels import VerificationLevel
from landmarks.verification_workers import VerificationPool

Verifier = Callable[[NDArray[np.float32], NDArray[np.float32], VerificationSettings], Inliers]

log = logging.getLogger(__name__)


def rerank(data: Data, ranked: Rankings, features: FeatureCache, run: Run) -> Rankings:
    """Rescore and re-rank the neighbours of each query by their inliers.

    Queries whose prediction can change most are verified first. If time runs short, later queries are verified at a
    lower level (`landmarks.verification_levels`); if time is left at the end, they are verified again in full. Queries
    that fail, or are not reached before the deadline, are ranked as if they had no inliers.

    Parameters
    ----------
    data : Data
        The competition's data.
    ranked : dict
        The neighbours of each query after retrieval.
    features : FeatureCache
        Extracts local features.
    run : Run
        Settings, deadline and failed images.

    Returns
    -------
    dict
        The rescored neighbours of each query, best first, in the order of ``ranked``.
    """
    gallery = {photo.id: photo for photo in data.gallery}
    settings, max_distance = run.settings, run.settings.local.chosen.max_distance
    enough = settings.verification.enough_inliers or float("inf")

    def unverified(query: Photo) -> list[Neighbour]:
        return ranking.rescore(ranked[query], [0] * len(ranked[query]), settings.ranking)

    def verified(planned: tuple[Photo, VerificationLevel]) -> tuple[list[Neighbour], VerificationLevel] | None:
        query, level = planned
        candidates = ranked[query][: level.candidates]
        try:
            pairs, results = [], []
            for candidate in candidates:
                if run.is_out_of_time():  # the result would be discarded, and the end of the run waits for it
                    return None
                photo = gallery.get(candidate.id)  # an index may contain ids without an image here
                train = features(photo, coarse=level.coarse) if photo else NO_FEATURES
                pairs.append((features(query, coarse=level.coarse), train))
                results.append(match_and_verify(*pairs[-1], max_distance, settings.verification, verifier=verifier))
                if results[-1][1].count >= enough:
                    break
            records.save_matches(query, [candidate.id for candidate in candidates[: len(results)]], pairs, results)
        except Exception as error:  # noqa: BLE001 - one failing query must not prevent the verification of the others
            run.faults.add("keeps its retrieval score", query, error)
            return unverified(query), level
        counts = [inliers.count for _, inliers in results] + [0] * (len(ranked[query]) - len(results))
        return ranking.rescore(ranked[query], counts, settings.ranking), level

    order = sorted(ranked, key=lambda query: ranking.verification_priority(ranked[query], settings.ranking))
    full, *lower = verification_levels.degradation_levels(max(map(len, ranked.values()), default=1))
    in_flight = 2 * settings.local.threads  # as many as run.prefetch computes in advance
    plan = verification_levels.assign_levels(order, [full, *lower], until=run.deadline, in_flight=in_flight)
    # BLAS threads would compete with the run's threads for the same cores.
    with threadpool_limits(1, "blas"), VerificationPool() as verifier:
        work = SizedResults(order, zip(order, run.prefetch(verified, plan), strict=True), run.deadline)
        rescored = {query: result for query, result in stages.stage("verify", work, until=run.deadline) if result}
        if partial := [query for query, (_, level) in rescored.items() if level != full]:
            again = zip(partial, run.prefetch(verified, ((query, full) for query in partial)), strict=True)
            in_full = stages.stage("verify in full", SizedResults(partial, again, run.deadline), until=run.deadline)
            rescored |= {query: result for query, result in in_full if result}
    if in_part := sum(level != full for _, level in rescored.values()):
        log.warning("out of time: %d of %d queries are verified in part", in_part, len(order))
    if len(rescored) < len(order):
        log.warning("out of time: %d of %d queries keep their retrieval score", len(order) - len(rescored), len(order))
    return {query: rescored[query][0] if query in rescored else unverified(query) for query in ranked}


def match_and_verify(
    query: LocalFeatures,
    train: LocalFeatures,
    max_distance: float,
    settings: VerificationSettings,
    *,
    verifier: Verifier = verify,
) -> tuple[Matches, Inliers]:
    """Match the descriptors of two images, and find the matches that are inliers of a homography.

    Parameters
    ----------
    query, train : LocalFeatures
        Features of the query and of the gallery image.
    max_distance : float
        Maximum Euclidean distance of matching descriptors (exclusive). Descriptors have norm 1.
    settings : VerificationSettings
        Filters on the matches, and estimation of the homography.
    verifier : callable
        `verification.verify`, or an equivalent such as `VerificationPool`.

    Returns
    -------
    matches : ndarray, int64, shape (n, 2)
        Row of the query's keypoints, row of the gallery image's keypoints.
    inliers : Inliers
        Which of the matches are inliers.
    """
    matches = match(query.descriptors, train.descriptors, max_distance=max_distance)
    matches = filter_matches(matches, query.descriptors, train.descriptors, settings.matching)
    return matches, verifier(query.keypoints[matches[:, 0]], train.keypoints[matches[:, 1]], settings)
