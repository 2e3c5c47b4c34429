"""Fit offline, on images whose truth is known, what the kernel applies: probabilities, and a whitening."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from landmarks.retrieval import l2_normalise
from landmarks.settings import LogisticSettings


def fit_logistic(features: NDArray[np.float64], right: NDArray[np.bool_], *, penalty: float = 1e-3) -> LogisticSettings:
    """Return the logistic regression of a truth on features, by maximum likelihood.

    Parameters
    ----------
    features : ndarray, float64, shape (n, d)
        What the kernel will hand to `landmarks.ranking.logistic_probability`, in that order.
    right : ndarray, bool, shape (n,)
        Whether the pair shows one landmark, or the prediction is right; both must occur.
    penalty : float
        On the squared weights of the standardised features: where two classes part cleanly, no weight is too large.

    Raises
    ------
    ValueError
        If all are right, or none is.
    """
    if right.all() or not right.any():
        raise ValueError(
            f"{int(right.sum())} of {len(right)} are right; a fit needs some that are and some that are not"
        )
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
    """Return the arrays of a whitening npz: differences within a landmark weigh alike, then the widest directions.

    Learned whitening of Mikolajczyk and Matas, "Improving descriptors for fast tree matching by optimal linear
    projection", ICCV 2007, as image retrieval uses it since.

    Parameters
    ----------
    vectors : ndarray, float32, shape (n, d)
        Embeddings of gallery images, of any norm.
    labels : sequence
        The landmark of each.
    values : int
        Length of a whitened embedding; at most d.
    shrinkage : float
        Share of the mean variance in every direction: few images say little of the narrow ones.
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
