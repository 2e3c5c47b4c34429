"""How many matches agree on one homography: the inliers."""

from dataclasses import dataclass

import numpy as np
import pydegensac
from numpy.typing import NDArray

from landmarks.settings import VerificationSettings


@dataclass(frozen=True)
class Inliers:
    """Which matches agree, and how many they count for.

    Attributes
    ----------
    count : int
        What ranking reads.
    mask : ndarray, bool, shape (matches,)
        The matches that agree; what a drawing shows.
    """

    count: int
    mask: NDArray[np.bool_]


def verify(
    query_points: NDArray[np.float32], train_points: NDArray[np.float32], settings: VerificationSettings
) -> Inliers:
    """Count the matches that a homography from query to train explains; none where there is no homography.

    LO-RANSAC with degeneracy checks: Chum, Werner and Matas, "Two-view geometry estimation unaffected by a
    dominant plane", CVPR 2005, as pydegensac implements it. The same seed gives the same inliers.

    Parameters
    ----------
    query_points, train_points : ndarray, float32, shape (matches, 2)
        Matched points (y, x), in pixels of each image.
    settings : VerificationSettings
        Fewer than ``min_matches`` have no inliers.
    """
    none = Inliers(0, np.zeros(len(query_points), bool))
    if len(query_points) < settings.min_matches:
        return none
    query, train = (np.ascontiguousarray(points, np.float64) for points in (query_points, train_points))
    try:
        _, agreeing = pydegensac.findHomography(
            query,
            train,
            settings.max_reprojection_error_px,
            settings.confidence,
            settings.max_iterations,
            seed=settings.seed,
        )
    except np.linalg.LinAlgError:
        return none
    mask = np.asarray(agreeing, bool)
    if settings.distinct:
        return Inliers(min(len(np.unique(points[mask], axis=0)) for points in (query, train)), mask)
    return Inliers(int(mask.sum()), mask)
