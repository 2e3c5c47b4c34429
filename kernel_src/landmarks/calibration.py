"""Offline fitting of models that the kernel applies: probabilities and whitening. Needs images with true labels."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from landmarks.retrieval import l2_normalise
from landmarks.settings import LogisticSettings


def fit_logistic(features: NDArray[np.float64], right: NDArray[np.bool_], *, penalty: float = 1e-3) -> LogisticSettings:
    """Fit a logistic regression by penalised maximum likelihood.

    Parameters
    ----------
    features : ndarray, float64, shape (n, d)
        The features that the kernel passes to `landmarks.ranking.logistic_probability`, in the same order.
    right : ndarray, bool, shape (n,)
        The target: whether a pair shows the same landmark, or a prediction is correct. Both values must occur.
    penalty : float
        L2 penalty on the weights of the standardised features. Without it, the weights of separable classes diverge.

    Returns
    -------
    LogisticSettings
        Intercept and weights for features that are not standardised.

    Raises
    ------
    ValueError
        If ``right`` is all true or all false.
    """
    if right.all() or not right.any():
        raise ValueError(f"{int(right.sum())} of {len(right)} are right; a fit needs both right and wrong examples")
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-12)
    standard = (features - mean) / scale

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = parameters[0] + standard @ parameters[1:]
        errors = expit(logits) - right
        value = np.mean(np.logaddexp(0.0, logits) - right * logits) + penalty * np.sum(parameters[1:] ** 2)
        slopes = standard.T @ errors / len(right) + 2 * penalty * parameters[1:]
        return float(value), np.concatenate([[errors.mean()], slopes])

    fitted = minimize(loss, np.zeros(1 + features.shape[1]), jac=True, method="BFGS").x
    weights = fitted[1:] / scale
    return LogisticSettings(intercept=float(fitted[0] - weights @ mean), weights=tuple(weights.tolist()))


def fit_whitening(
    vectors: NDArray[np.float32], labels: Sequence[Hashable], *, values: int, shrinkage: float = 0.1
) -> dict[str, NDArray[np.float32]]:
    """Fit a learned whitening: whiten the covariance within landmarks, then keep the principal components.

    Parameters
    ----------
    vectors : ndarray, float32, shape (n, d)
        Embeddings of gallery images, with any norm.
    labels : sequence
        The landmark of each image.
    values : int
        Length k of a whitened embedding; at most d.
    shrinkage : float
        Share of the mean variance that is added to the variance in every direction. It regularises directions whose
        variance is small and poorly estimated.

    Returns
    -------
    dict
        The arrays of the whitening's npz file: ``mean``, shape (d,), and ``projection``, shape (d, k), both float32.

    References
    ----------
    Mikolajczyk and Matas, "Improving descriptors for fast tree matching by optimal linear projection", ICCV 2007.
    """
    units = l2_normalise(vectors).astype(np.float64)
    mean = units.mean(axis=0)
    places = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    of_image = np.array([places[label] for label in labels])
    sums = np.zeros((len(places), units.shape[1]))
    np.add.at(sums, of_image, units)
    within = units - (sums / np.bincount(of_image)[:, None])[of_image]
    covariance = within.T @ within / len(units)
    covariance += shrinkage * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    variances, axes = np.linalg.eigh(covariance)
    whiten = axes / np.sqrt(variances)
    _, _, directions = np.linalg.svd((units - mean) @ whiten, full_matrices=False)
    projection = whiten @ directions[:values].T
    return {"mean": mean.astype(np.float32), "projection": projection.astype(np.float32)}
