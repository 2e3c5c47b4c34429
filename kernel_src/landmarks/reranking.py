"""The second look at each query: its neighbours rescored by the local features that agree on a homography."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from kernelwright.runtime import stages
from landmarks import effort, ranking, records
from landmarks.dataset import Photo
from landmarks.effort import Effort
from landmarks.feature_types import NONE, LocalFeatures
from landmarks.local_features import FeatureCache
from landmarks.matching import Matches, match, unambiguous
from landmarks.ranking import Neighbour
from landmarks.results import Data, Ranked
from landmarks.run import Run, Work
from landmarks.settings import VerificationSettings
from landmarks.verification import Inliers, verify
from landmarks.verification_workers import Verifiers

Verifier = Callable[[NDArray[np.float32], NDArray[np.float32], VerificationSettings], Inliers]

log = logging.getLogger(__name__)


def verify_all(data: Data, ranked: Ranked, features: FeatureCache, run: Run) -> Ranked:
    """Rescore and re-rank the neighbours of each query by the matches that agree on a homography.

    Queries whose prediction this can change most come first. Where time runs short, fewer candidates are verified, then
    with coarse local features; where some is left at the end, these queries are verified again, in full. Those that
    fail, or are left when time runs out, are ranked as if nothing had matched.
    """
    gallery = {photo.id: photo for photo in data.gallery}
    settings, bound = run.settings, run.settings.local.chosen.max_distance
    enough = settings.verification.enough_inliers or float("inf")

    def unverified(query: Photo) -> list[Neighbour]:
        return ranking.rescore(ranked[query], [0] * len(ranked[query]), settings.ranking)

    def verified(planned: tuple[Photo, Effort]) -> tuple[list[Neighbour], Effort] | None:
        query, spent = planned
        tried = ranked[query][: spent.candidates]
        try:
            pairs, agreed = [], []
            for neighbour in tried:
                if run.is_over():  # only the end of the run waits for this query now
                    return None
                photo = gallery.get(neighbour.id)  # an index may hold more than there are images
                train = features(photo, coarse=spent.coarse) if photo else NONE
                pairs.append((features(query, coarse=spent.coarse), train))
                agreed.append(agreeing(*pairs[-1], bound, settings.verification, verifier=verifiers))
                if agreed[-1][1].count >= enough:
                    break
            records.save_matches(query, [neighbour.id for neighbour in tried[: len(agreed)]], pairs, agreed)
        except Exception as error:  # noqa: BLE001 - whatever one query does to the matching, the others are verified
            run.faults.add("keeps its retrieval score", query, error)
            return unverified(query), spent
        counts = [inliers.count for _, inliers in agreed] + [0] * (len(ranked[query]) - len(agreed))
        return ranking.rescore(ranked[query], counts, settings.ranking), spent

    order = sorted(ranked, key=lambda query: ranking.verification_order(ranked[query], settings.ranking))
    full, *less = effort.levels(max(map(len, ranked.values()), default=1))
    plan = effort.as_time_allows(order, [full, *less], until=run.deadline, in_flight=2 * settings.local.threads)
    # The threads of BLAS would contend with those of the run for the same cores.
    with threadpool_limits(1, "blas"), Verifiers() as verifiers:
        work = Work(order, zip(order, run.ahead(verified, plan), strict=True), run.deadline)
        rescored = {query: result for query, result in stages.stage("verify", work, until=run.deadline) if result}
        if short := [query for query, (_, spent) in rescored.items() if spent != full]:
            again = zip(short, run.ahead(verified, ((query, full) for query in short)), strict=True)
            in_full = stages.stage("verify in full", Work(short, again, run.deadline), until=run.deadline)
            rescored |= {query: result for query, result in in_full if result}
    _log_left([spent for _, spent in rescored.values()], full, len(order))
    return {query: rescored[query][0] if query in rescored else unverified(query) for query in ranked}


def agreeing(
    query: LocalFeatures,
    train: LocalFeatures,
    max_distance: float,
    settings: VerificationSettings,
    *,
    verifier: Verifier = verify,
) -> tuple[Matches, Inliers]:
    """Match two images, and find the matches that agree on a homography.

    Parameters
    ----------
    query, train : LocalFeatures
        Of the query, and of the gallery image.
    max_distance : float
        Euclidean, between descriptors of norm 1; matches lie strictly under it.
    settings : VerificationSettings
        Which matches are kept, and the homography.
    verifier : callable
        `verification.verify`, or what gives the same inliers.
    """
    matches = match(query.descriptors, train.descriptors, max_distance=max_distance)
    matches = unambiguous(matches, query.descriptors, train.descriptors, settings.matching)
    return matches, verifier(query.keypoints[matches[:, 0]], train.keypoints[matches[:, 1]], settings)


def _log_left(spent: Sequence[Effort], full: Effort, queries: int) -> None:
    if in_part := sum(each != full for each in spent):
        log.warning("out of time: %d of %d queries are verified in part", in_part, queries)
    if len(spent) < queries:
        log.warning("out of time: %d of %d queries keep their retrieval score", queries - len(spent), queries)
