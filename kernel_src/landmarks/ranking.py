"""From neighbours to a prediction: local evidence joins the score, then the best vote."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from landmarks.settings import RankingSettings

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
    """Add ``min(inliers, max_inliers) / max_inliers`` to each score; best first, equal ones in their old order.

    The scores were cosines, so the sum lies between -1 and 2.
    """
    shares = [min(count, settings.max_inliers) / settings.max_inliers for count in inliers]
    scored = [replace(old, score=old.score + share) for old, share in zip(neighbours, shares, strict=True)]
    return sorted(scored, key=lambda neighbour: -neighbour.score)


def vote(neighbours: Sequence[Neighbour], settings: RankingSettings) -> Prediction | None:
    """Sum the scores of the first ``vote_over`` neighbours by label; of equal sums the label met first wins.

    None where there is no neighbour.
    """
    sums: dict[str, float] = {}
    for neighbour in neighbours[: settings.vote_over]:
        sums[neighbour.label] = sums.get(neighbour.label, 0.0) + neighbour.score
    if not sums:
        return None
    label = max(sums, key=sums.__getitem__)
    return Prediction(label, sums[label])


def verification_order(neighbours: Sequence[Neighbour], settings: RankingSettings) -> tuple[bool, float]:
    """Return the key that sorts queries: first those whose prediction verification can change most.

    Where the voting neighbours agree on a label, verification moves the score alone; where they do not, it chooses
    the label too. Among equals the surest comes first: the top of the order weighs most in the metric.
    """
    voting = neighbours[: settings.vote_over]
    return len({neighbour.label for neighbour in voting}) < 2, -sum(neighbour.score for neighbour in voting)
