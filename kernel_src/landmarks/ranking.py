"""From neighbours to a prediction: rescoring by inliers, and voting."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from landmarks.settings import LogisticSettings, RankingSettings

HEADER = ("id", "landmarks")


@dataclass(frozen=True)
class Neighbour:
    """A gallery image with its label and its score. Higher scores are better."""

    id: str
    label: str
    score: float


@dataclass(frozen=True)
class Prediction:
    """The predicted landmark of a query, with a score that is comparable between queries."""

    label: str
    score: float

    def __str__(self) -> str:
        """Return the submission's cell."""
        return f"{self.label} {self.score}"


def rescore(neighbours: Sequence[Neighbour], inliers: Sequence[int], settings: RankingSettings) -> list[Neighbour]:
    """Combine each neighbour's score with its number of inliers, and sort stably by the result, best first.

    By default, ``min(inliers, max_inliers) / max_inliers`` is added to the score. With ``settings.inliers``, the
    probability of that model is added instead. With ``settings.pair``, the score becomes the probability that both
    images show the same landmark.

    Parameters
    ----------
    neighbours : sequence of Neighbour
        With their retrieval scores.
    inliers : sequence of int
        One per neighbour; 0 for a neighbour that was not verified.
    settings : RankingSettings
        How the score is computed.
    """
    scored = [
        replace(old, score=_combined_score(old.score, count, settings))
        for old, count in zip(neighbours, inliers, strict=True)
    ]
    return sorted(scored, key=lambda neighbour: -neighbour.score)


def vote(neighbours: Sequence[Neighbour], settings: RankingSettings) -> Prediction | None:
    """Return the label with the highest total vote among the first ``vote_over`` neighbours.

    Of equal totals, the label of the better neighbour wins. The score is the total or, with ``settings.confidence``,
    the probability that the label is correct. None if there are no neighbours.
    """
    sums = sum_votes(neighbours, settings)
    if not sums:
        return None
    label = max(sums, key=sums.__getitem__)
    if settings.confidence is None:
        return Prediction(label, sums[label])
    return Prediction(label, logistic_probability(settings.confidence, *confidence_features(neighbours, sums, label)))


def sum_votes(neighbours: Sequence[Neighbour], settings: RankingSettings) -> dict[str, float]:
    """Return the total vote per label of the first ``vote_over`` neighbours, in order of first appearance."""
    sums: dict[str, float] = {}
    for neighbour in neighbours[: settings.vote_over]:
        # A negative score has no real power; at 1 the original rule applies, by which it lowers the total.
        power = settings.vote_power
        weight = neighbour.score if power == 1.0 else max(neighbour.score, 0.0) ** power
        sums[neighbour.label] = sums.get(neighbour.label, 0.0) + weight
    return sums


def confidence_features(
    neighbours: Sequence[Neighbour], sums: Mapping[str, float], label: str
) -> tuple[float, float, float]:
    """Return the features of the confidence model.

    They are the label's total vote, its lead over the second label, and the score of its best neighbour.
    """
    second = max((total for other, total in sums.items() if other != label), default=0.0)
    best = max(neighbour.score for neighbour in neighbours if neighbour.label == label)
    return sums[label], sums[label] - second, best


def drop_frequent_labels(predictions: Mapping[str, Prediction], settings: RankingSettings) -> dict[str, Prediction]:
    """Drop the predictions of labels that are predicted more than ``most_per_label`` times.

    A label that is predicted for very many queries is usually no popular landmark, but one whose photographs resemble
    everything.
    """
    counts = Counter(prediction.label for prediction in predictions.values())
    most = math.inf if settings.most_per_label is None else settings.most_per_label
    return {query: prediction for query, prediction in predictions.items() if counts[prediction.label] <= most}


def logistic_probability(model: LogisticSettings, *features: float) -> float:
    """Return the probability, 0 to 1, that a fitted logistic regression assigns to the features."""
    logit = model.intercept + sum(weight * value for weight, value in zip(model.weights, features, strict=True))
    return 0.5 * (1.0 + math.tanh(0.5 * logit))  # the logistic function, written so that it cannot overflow


def _combined_score(score: float, inliers: int, settings: RankingSettings) -> float:
    if settings.pair:
        return logistic_probability(settings.pair, score, math.log1p(inliers))
    if settings.inliers:
        return score + logistic_probability(settings.inliers, math.log1p(inliers))
    return score + min(inliers, settings.max_inliers) / settings.max_inliers


def verification_priority(neighbours: Sequence[Neighbour], settings: RankingSettings) -> tuple[bool, float]:
    """Return a sort key that puts the queries first whose prediction verification can change most.

    If all voting neighbours have the same label, verification changes only the score. Otherwise, it can change the
    label too. Among equals, the query with the highest total comes first, because the metric weights top ranks most.
    """
    voting = neighbours[: settings.vote_over]
    return len({neighbour.label for neighbour in voting}) < 2, -sum(neighbour.score for neighbour in voting)
