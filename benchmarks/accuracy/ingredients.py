"""The ingredients: what each changes in the settings, and which of them the validation part chooses."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.accuracy.pairs import WAYS
from benchmarks.accuracy.trial import Bench
from landmarks import calibration, ranking
from landmarks.settings import (
    B7,
    SEED,
    ExpansionSettings,
    LocalSettings,
    NonLandmarkSettings,
    Settings,
    WhiteningSettings,
)

BASE = replace(SEED, local=LocalSettings())
"""The original's rules, on local features that need no network."""
WORTH = 0.005
"""The least mean gain on the validation part for which an ingredient is taken."""

Change = Callable[[Settings], Settings]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the validation part chose: the settings, and each step as ingredient and GAP, means over the networks."""

    settings: Settings
    steps: tuple[tuple[str, float], ...]


def portable() -> list[Mapping[str, Change]]:
    """Return the ingredients by name that any weights can take as they are; of one group at most one is chosen."""
    return [
        {
            "mirrored view": lambda s: replace(s, embedding=replace(s.embedding, flip=True)),
            "zoomed view": lambda s: replace(s, embedding=replace(s.embedding, zooms=(1.0, 1.25))),
            "both views": lambda s: replace(s, embedding=replace(s.embedding, flip=True, zooms=(1.0, 1.25))),
        },
        {
            "query expansion": lambda s: replace(s, query_expansion=ExpansionSettings(neighbours=2)),
            "gallery expansion": lambda s: replace(s, gallery_expansion=ExpansionSettings(neighbours=2)),
            "both expansions": lambda s: replace(
                s,
                query_expansion=ExpansionSettings(neighbours=2),
                gallery_expansion=ExpansionSettings(neighbours=2),
            ),
        },
        {
            f"{count} candidates": lambda s, count=count: replace(s, retrieval=replace(s.retrieval, neighbours=count))
            for count in (5, 10, 20)
        },
        {
            f"verified: {name}": lambda s, way=way: replace(s, verification=way)
            for name, way in WAYS.items()
            if name != "seed"
        },
        {f"at most {count} inliers count": partial(_ranked, max_inliers=count) for count in (12, 50)},
        {
            f"vote over {over}, power {power:g}": partial(_ranked, vote_over=over, vote_power=power)
            for over in (1, 3, 5, 10)
            for power in (1.0, 3.0)
            if (over, power) != (3, 1.0)
        },
        {f"at most {most} per label": partial(_ranked, most_per_label=most) for most in (8, 15)},
    ]


def fitted(bench: Bench, seeds: tuple[int, ...]) -> list[Mapping[str, Change]]:
    """Return those that need a file, or a fit, of the weights' own embeddings; fits are to what was chosen before."""
    return [
        {"learned whitening": lambda s: replace(s, whitening=WhiteningSettings())},
        {
            f"non-landmark penalty {gallery:g}, {query:g}": partial(_penalised, gallery=gallery, query=query)
            for gallery, query in ((0.5, 0.0), (1.0, 0.0), (0.0, 0.5), (0.5, 0.5), (1.0, 1.0))
        },
        {
            "inliers as a probability": partial(_inliers_fitted, bench=bench, seeds=seeds),
            "pair as a probability": partial(_pair_fitted, bench=bench, seeds=seeds),
        },
        {"confidence": partial(_confidence_fitted, bench=bench, seeds=seeds)},
    ]


def chosen(bench: Bench, seeds: tuple[int, ...], groups: Iterable[Mapping[str, Change]], start: Settings) -> Choice:
    """Go through the groups, and take of each the ingredient that gains most on the validation part, if any does."""
    settings, best = start, mean_gap(bench, "validation", seeds, start)
    steps = [("start", best)]
    for group in groups:
        tried = {name: change(settings) for name, change in group.items()}
        gaps = {name: mean_gap(bench, "validation", seeds, changed) for name, changed in tried.items()}
        name = max(gaps, key=gaps.__getitem__)
        if gaps[name] >= best + WORTH:
            settings, best = tried[name], gaps[name]
            steps.append((name, best))
    return Choice(settings=settings, steps=tuple(steps))


def beyond(settings: Settings) -> Mapping[str, Settings]:
    """Return what is measured on top of what was chosen: an early stop, and ensembles, which cost another network."""
    ensembles = {"two networks": (1.0, 1.0), "two, the second half": (1.0, 0.5), "three networks": (1.0, 1.0, 1.0)}
    return {
        f"stop at {count} inliers": replace(settings, verification=replace(settings.verification, enough_inliers=count))
        for count in (15, 30)
    } | {
        name: replace(settings, models=(B7,) * len(weights), embedding=replace(settings.embedding, weights=weights))
        for name, weights in ensembles.items()
    }


def mean_gap(bench: Bench, part: str, seeds: tuple[int, ...], settings: Settings) -> float:
    """Return the mean GAP over the networks."""
    return float(np.mean([bench.answers(part, seed, settings).gap for seed in seeds]))


def _penalised(settings: Settings, gallery: float, query: float) -> Settings:
    penalty = NonLandmarkSettings(gallery_weight=gallery, query_weight=query, candidates=50)
    return replace(settings, non_landmarks=penalty)


def _ranked(settings: Settings, **changes: float) -> Settings:
    return replace(settings, ranking=replace(settings.ranking, **changes))


def _inliers_fitted(settings: Settings, bench: Bench, seeds: tuple[int, ...]) -> Settings:
    features = np.array([[math.log1p(count)] for _, count, _ in _pairs(settings, bench, seeds)])
    right = np.array([same for _, _, same in _pairs(settings, bench, seeds)])
    return replace(settings, ranking=replace(settings.ranking, inliers=calibration.fit_logistic(features, right)))


def _pair_fitted(settings: Settings, bench: Bench, seeds: tuple[int, ...]) -> Settings:
    features = np.array([[score, math.log1p(count)] for score, count, _ in _pairs(settings, bench, seeds)])
    right = np.array([same for _, _, same in _pairs(settings, bench, seeds)])
    return replace(settings, ranking=replace(settings.ranking, pair=calibration.fit_logistic(features, right)))


def _pairs(settings: Settings, bench: Bench, seeds: tuple[int, ...]) -> Iterator[tuple[float, int, bool]]:
    """Yield the score, the inliers, and whether both images show one landmark, of each pair of the validation part."""
    truth = bench.truth("validation")
    for seed in seeds:
        for query, near, inliers in bench.evidence("validation", seed, settings):
            for neighbour, count in zip(near[: len(inliers)], inliers, strict=True):
                yield neighbour.score, count, neighbour.label == truth[query]


def _confidence_fitted(settings: Settings, bench: Bench, seeds: tuple[int, ...]) -> Settings:
    truth, features, right = bench.truth("validation"), [], []
    for seed in seeds:
        for query, near in bench.verified("validation", seed, settings).items():
            sums = ranking.sum_votes(near, settings.ranking)
            label = max(sums, key=sums.__getitem__)
            features.append(ranking.confidence_features(near, sums, label))
            right.append(label == truth[query])
    fitted = calibration.fit_logistic(np.array(features), np.array(right))
    return replace(settings, ranking=replace(settings.ranking, confidence=fitted))
