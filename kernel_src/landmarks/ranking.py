"""From neighbours to a prediction: local evidence joins the score, then the best vote."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from landmarks.settings import LogisticSettings, RankingSettings

HEADER = ("id", "landmarks")


@dataclass(frozen=True)
class Neighbour:
    """A gallery image with its label and its score; higher is better."""

    id: str
    label: str
    score: float


@dataclass(frozen=True)
class Prediction:
    """The landmark of a query, with a score that orders predictions over all queries."""

    label: str
    score: float

    def __str__(self) -> str:
        """Return the submission's cell."""
        return f"{self.label} {self.score}"


def rescore(neighbours: Sequence[Neighbour], inliers: Sequence[int], settings: RankingSettings) -> list[Neighbour]:
    """Let the inliers join each score; best first, equal ones in their old order.

    They add ``min(inliers, max_inliers) / max_inliers``, or the probability that ``settings.inliers`` gives. With
    ``settings.pair`` a score becomes the probability that both images show the same landmark. A neighbour that was not
    verified has no inliers.
    """
    scored = [
        replace(old, score=_joint(old.score, count, settings)) for old, count in zip(neighbours, inliers, strict=True)
    ]
    return sorted(scored, key=lambda neighbour: -neighbour.score)


def vote(neighbours: Sequence[Neighbour], settings: RankingSettings) -> Prediction | None:
    """Sum the votes of the first ``vote_over`` neighbours by label; of equal sums the label met first wins.

    The score is the sum, or with ``settings.confidence`` the probability that the label is right. None where there is
    no neighbour.
    """
    sums = votes(neighbours, settings)
    if not sums:
        return None
    label = max(sums, key=sums.__getitem__)
    if settings.confidence is None:
        return Prediction(label, sums[label])
    return Prediction(label, probability(settings.confidence, *confidence_features(neighbours, sums, label)))


def votes(neighbours: Sequence[Neighbour], settings: RankingSettings) -> dict[str, float]:
    """Return the sum of votes of each label among the first ``vote_over`` neighbours, the label met first first."""
    sums: dict[str, float] = {}
    for neighbour in neighbours[: settings.vote_over]:
        sums[neighbour.label] = sums.get(neighbour.label, 0.0) + _power(neighbour.score, settings.vote_power)
    return sums


def confidence_features(
    neighbours: Sequence[Neighbour], sums: Mapping[str, float], label: str
) -> tuple[float, float, float]:
    """Return what says how sure a label is: its votes, its lead over the next label, its best neighbour's score."""
    second = max((total for other, total in sums.items() if other != label), default=0.0)
    best = max(neighbour.score for neighbour in neighbours if neighbour.label == label)
    return sums[label], sums[label] - second, best


def without_frequent(predictions: Mapping[str, Prediction], settings: RankingSettings) -> dict[str, Prediction]:
    """Return predictions without those of a label predicted more than ``most_per_label`` times.

    What is predicted everywhere is not a landmark that is photographed often but one that looks like nothing.
    """
    counts = Counter(prediction.label for prediction in predictions.values())
    most = math.inf if settings.most_per_label is None else settings.most_per_label
    return {query: prediction for query, prediction in predictions.items() if counts[prediction.label] <= most}


def probability(model: LogisticSettings, *features: float) -> float:
    """Return the probability that a fitted model gives features, 0 to 1."""
    logit = model.intercept + sum(weight * value for weight, value in zip(model.weights, features, strict=True))
    return 0.5 * (1.0 + math.tanh(0.5 * logit))  # the logistic function, without its overflow


def _joint(score: float, inliers: int, settings: RankingSettings) -> float:
    if settings.pair:
        return probability(settings.pair, score, math.log1p(inliers))
    if settings.inliers:
        return score + probability(settings.inliers, math.log1p(inliers))
    return score + min(inliers, settings.max_inliers) / settings.max_inliers


def _power(score: float, power: float) -> float:
    return score if power == 1.0 else max(score, 0.0) ** power


def verification_order(neighbours: Sequence[Neighbour], settings: RankingSettings) -> tuple[bool, float]:
    """Return the key that sorts queries: first those whose prediction verification can change most.

    Where the voting neighbours agree on a label, verification moves the score alone; where they do not, it chooses
    the label too. Among equals the surest comes first: the top of the order weighs most in the metric.
    """
    voting = neighbours[: settings.vote_over]
    return len({neighbour.label for neighbour in voting}) < 2, -sum(neighbour.score for neighbour in voting)
