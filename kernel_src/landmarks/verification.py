"""Geometric verification: counting the matches that are inliers of one homography."""

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
    """The inliers of a homography.

    Attributes
    ----------
    count : int
        Number of inliers, or of distinct inliers with ``VerificationSettings.distinct``.
    mask : ndarray, bool, shape (matches,)
        Which matches are inliers.
    """

    count: int
    mask: NDArray[np.bool_]


def verify(
    query_points: NDArray[np.float32], train_points: NDArray[np.float32], settings: VerificationSettings
) -> Inliers:
    """Count the matches that are inliers of a homography from query to train. There are none if no homography is found.

    The default estimator is pydegensac's LO-RANSAC with degeneracy checks. The result is deterministic for a seed.

    Parameters
    ----------
    query_points, train_points : ndarray, float32, shape (matches, 2)
        Matched points (y, x), in pixels of each scaled image.
    settings : VerificationSettings
        Estimator and thresholds. With fewer than ``min_matches`` matches, there are no inliers.

    Returns
    -------
    Inliers
        Count and mask.

    Raises
    ------
    ValueError
        If ``settings.estimator`` is unknown.

    References
    ----------
    Chum, Werner and Matas, "Two-view geometry estimation unaffected by a dominant plane", CVPR 2005.
    """
    none = Inliers(0, np.zeros(len(query_points), bool))
    if len(query_points) < settings.min_matches:
        return none
    query, train = (np.ascontiguousarray(points, np.float64) for points in (query_points, train_points))
    homography, mask = _estimate(query, train, settings)
    is_bounded = settings.max_zoom is not None or settings.max_turn_deg is not None
    if is_bounded and not _is_plausible(homography, query[mask], settings):
        return none
    if settings.distinct:
        return Inliers(min(len(np.unique(points[mask], axis=0)) for points in (query, train)), mask)
    return Inliers(int(mask.sum()), mask)


def _estimate(
    query: NDArray[np.float64], train: NDArray[np.float64], settings: VerificationSettings
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_]]:
    """Return the homography, or None, and the inlier mask."""
    limits = settings.max_reprojection_error_px, settings.confidence, settings.max_iterations
    none = np.zeros(len(query), bool)
    if settings.estimator == "degensac":
        try:
            homography, mask = pydegensac.findHomography(query, train, *limits, seed=settings.seed)
        except np.linalg.LinAlgError:
            return None, none
        return homography, np.asarray(mask, bool)
    if settings.estimator not in OPENCV:
        estimators = ", ".join(["degensac", *OPENCV])
        raise ValueError(f"VerificationSettings.estimator = {settings.estimator!r}; write one of {estimators}")
    error_px, confidence, iterations = limits
    homography, mask = cv2.findHomography(
        query, train, OPENCV[settings.estimator], error_px, maxIters=iterations, confidence=confidence
    )
    # If OpenCV finds no homography, its mask is undefined.
    return homography, none if homography is None else mask.ravel().astype(bool)


def _is_plausible(
    homography: NDArray[np.float64] | None, points: NDArray[np.float64], settings: VerificationSettings
) -> bool:
    """Return whether a homography keeps the bounds on zoom and rotation at the centroid of points.

    Zoom and rotation are those of its Jacobian there, the local affine approximation, which must not mirror.
    """
    if homography is None or not len(points):
        return False
    mapped = homography @ np.append(points.mean(axis=0), 1.0)
    jacobian = (homography[:2, :2] - np.outer(mapped[:2] / mapped[2], homography[2, :2])) / mapped[2]
    determinant = np.linalg.det(jacobian)
    if not determinant > 0:  # written so that NaN is rejected too
        return False
    zoom = np.sqrt(determinant)
    turn_deg = np.degrees(abs(np.arctan2(jacobian[1, 0] - jacobian[0, 1], jacobian[0, 0] + jacobian[1, 1])))
    most_zoom = np.inf if settings.max_zoom is None else settings.max_zoom
    most_turn_deg = 180.0 if settings.max_turn_deg is None else settings.max_turn_deg
    return bool(max(zoom, 1 / zoom) <= most_zoom and turn_deg <= most_turn_deg)
