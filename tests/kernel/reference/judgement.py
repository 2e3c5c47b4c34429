"""From inliers to the metric, in plain Python."""

from fractions import Fraction


def total(cosine, inliers):
    return cosine + (1 if inliers >= 25 else inliers / 25)


def winner(labels_and_scores, over):
    """The label with the largest sum among the first, and that sum; of equal ones the first met."""
    first = labels_and_scores[:over]
    best = None
    for label, _ in first:
        votes = sum(score for other, score in first if other == label)
        if best is None or votes > best[1]:
            best = (label, votes)
    return best


def gap(predictions, truth):
    """Exact: a fraction. Each right prediction adds the precision of the list that it ends."""
    order = sorted(predictions, key=lambda one: (-one[2], one[0], one[1]))
    right = [label in truth[image] for image, label, _ in order]
    images = sum(bool(labels) for labels in truth.values())
    precisions = [Fraction(sum(right[: place + 1]), place + 1) for place, good in enumerate(right) if good]
    return sum(precisions, Fraction(0)) / images if images else Fraction(0)
