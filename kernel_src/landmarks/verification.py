"""How many matches agree on one homography: the inliers."""

from dataclasses import dataclass

import cv2
import numpy as np
import pydegensac
from numpy.typing import NDArray

from landmarks.settings import VerificationSettings

OPENCV = {"magsac": cv2.USAC_MAGSAC, "accurate": cv2.USAC_ACCURATE}
"""OpenCV's estimators: MAGSAC++ (Barath et al., CVPR 2020), and graph-cut RANSAC (Barath and Matas, CVPR 2018)."""


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

    The default is LO-RANSAC with degeneracy checks: Chum, Werner and Matas, "Two-view geometry estimation
    unaffected by a dominant plane", CVPR 2005, as pydegensac implements it. The same seed gives the same inliers.

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
    homography, mask = _estimate(query, train, settings)
    if _is_bounded(settings) and not _is_plausible(homography, query[mask], settings):
        return none
    if settings.distinct:
        return Inliers(min(len(np.unique(points[mask], axis=0)) for points in (query, train)), mask)
    return Inliers(int(mask.sum()), mask)


def _estimate(
    query: NDArray[np.float64], train: NDArray[np.float64], settings: VerificationSettings
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_]]:
    """Return the homography by the estimator of the settings, and which matches agree on it."""
    limits = settings.max_reprojection_error_px, settings.confidence, settings.max_iterations
    none = np.zeros(len(query), bool)
    if settings.estimator == "degensac":
        try:
            homography, agreeing = pydegensac.findHomography(query, train, *limits, seed=settings.seed)
        except np.linalg.LinAlgError:
            return None, none
        return homography, np.asarray(agreeing, bool)
    if settings.estimator not in OPENCV:
        estimators = ", ".join(["degensac", *OPENCV])
        raise ValueError(f"VerificationSettings.estimator = {settings.estimator!r}; write one of {estimators}")
    error_px, confidence, iterations = limits
    homography, agreeing = cv2.findHomography(
        query, train, OPENCV[settings.estimator], error_px, maxIters=iterations, confidence=confidence
    )
    # OpenCV's mask means nothing where it found no homography.
    return homography, none if homography is None else agreeing.ravel().astype(bool)


def _is_bounded(settings: VerificationSettings) -> bool:
    return settings.max_zoom is not None or settings.max_turn_deg is not None


def _is_plausible(
    homography: NDArray[np.float64] | None, points: NDArray[np.float64], settings: VerificationSettings
) -> bool:
    """Tell whether a homography, in the middle of some points, keeps the bounds on zoom and turn, and does not mirror.

    Its Jacobian there is the affine map that it is nearly.
    """
    if homography is None or not len(points):
        return False
    middle = np.append(points.mean(axis=0), 1.0)
    mapped = homography @ middle
    jacobian = (homography[:2, :2] - np.outer(mapped[:2] / mapped[2], homography[2, :2])) / mapped[2]
    determinant = np.linalg.det(jacobian)
    if not determinant > 0:  # or not a number
        return False
    zoom = np.sqrt(determinant)
    turn_deg = np.degrees(abs(np.arctan2(jacobian[1, 0] - jacobian[0, 1], jacobian[0, 0] + jacobian[1, 1])))
    most_zoom = np.inf if settings.max_zoom is None else settings.max_zoom
    most_turn_deg = 180.0 if settings.max_turn_deg is None else settings.max_turn_deg
    return bool(max(zoom, 1 / zoom) <= most_zoom and turn_deg <= most_turn_deg)
