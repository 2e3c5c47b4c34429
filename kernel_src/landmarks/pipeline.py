"""All stages in order: from the competition's folder to predictions, before and after verification."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from kernelwright.runtime import inputs, stages
from kernelwright.runtime.errors import InputNotFound
from landmarks import dataset, delg, ranking, records, retrieval
from landmarks.dataset import Photo
from landmarks.embedding import DelgGlobal, Embedder, Model, Vector
from landmarks.errors import GalleryTooLarge
from landmarks.feature_types import LocalFeatures
from landmarks.local_features import FeatureCache
from landmarks.matching import Matches, match
from landmarks.prefetch import ahead
from landmarks.ranking import Neighbour
from landmarks.results import Data, Ranked, Step
from landmarks.settings import Settings, VerificationSettings
from landmarks.verification import Inliers, verify
from landmarks.weights import load_embedding_model

log = logging.getLogger(__name__)

Item = TypeVar("Item")


def recognise(
    root: Path, settings: Settings, *, queries: int | None = None, models: Sequence[Model] | None = None
) -> Iterator[Step]:
    """Recognise the landmarks of the test images; yield the predictions of each step as soon as they are there.

    Parameters
    ----------
    root : Path
        The competition's folder.
    settings : Settings
        ``verify = False`` ends after retrieval.
    queries : int, optional
        What the guard says: try only this many, against a gallery of ``settings.max_images`` images, or else of
        ``settings.smoke_gallery``; 0 for all of both splits. Without it, ``settings.max_images`` of each split.
    models : sequence of Model, optional
        The global models; else those of ``settings.models`` are loaded from where they are attached. Where none
        is, local features alone rank the gallery.

    Raises
    ------
    InvalidData
        If the folder does not hold what the competition promises.
    GalleryTooLarge
        If there is no global model, and the gallery is too large to do without.
    WrongModelFile, WrongWeights
        If attached weights do not fit.
    InputNotFound
        If only some of an ensemble's weights are attached.
    """
    data = load(root, settings, queries=queries)
    features = FeatureCache(settings.local)
    models = attached_models(settings) if models is None else models
    ranked = by_embeddings(data, models, settings) if models else by_local_features(data, features, settings)
    yield _step("retrieval", data, ranked, settings)
    if settings.verify:
        judge = settings.verification if models else replace(settings.verification, distinct=True)
        verified = verify_all(data, ranked, features, replace(settings, verification=judge))
        yield _step("verification", data, verified, settings)


def load(root: Path, settings: Settings, *, queries: int | None = None) -> Data:
    """List the competition's images and read its labels; gallery images without a label are counted and left out."""
    labels = dataset.read_labels(root / "train.csv")
    most_queries, most_gallery = _subset(settings, queries)
    found = dataset.list_images(root / "test", most_queries)
    train = dataset.list_images(root / "train", most_gallery)
    gallery = [photo for photo in train if photo.id in labels]
    if len(gallery) < len(train):
        log.warning(
            "skipped: %d of %d gallery images have no label in train.csv", len(train) - len(gallery), len(train)
        )
    return Data(queries=found, gallery=gallery, labels=labels, ids=dataset.submission_ids(root, found))


def attached_models(settings: Settings) -> list[Model]:
    """Load the models of the settings; none if no input of theirs is attached."""
    slugs = global_slugs(settings)
    if not any(map(_is_attached, slugs)):
        if slugs:
            log.warning("no global weights are attached (%s): local features alone rank the gallery", ", ".join(slugs))
        return []
    networks = [load_embedding_model(inputs.find(weights.slug), weights) for weights in settings.models]
    return [*_delg_global(settings), *networks]


def global_slugs(settings: Settings) -> list[str]:
    """Return the slugs of all global models, in the order of their parts of an embedding."""
    delg_slug = [settings.local.delg.slug] if settings.delg_global else []
    return delg_slug + [weights.slug for weights in settings.models]


def _delg_global(settings: Settings) -> list[Model]:
    if not settings.delg_global:
        return []
    loaded = delg.attached(settings.local.delg)
    return [DelgGlobal(delg=loaded, exif_rotation=settings.local.exif_rotation)]


def by_embeddings(data: Data, models: Sequence[Model], settings: Settings) -> Ranked:
    """Rank the gallery by cosine similarity to each query; photos that cannot be read are left out."""
    embedder = Embedder(models, settings.embedding)
    embedded = _embed([*data.queries, *data.gallery], embedder)
    queries = [photo for photo in data.queries if photo in embedded]
    gallery = [photo for photo in data.gallery if photo in embedded]
    if not queries or not gallery:
        return {}
    vectors, rows = ([embedded[photo] for photo in split] for split in (queries, gallery))
    found = retrieval.nearest(np.stack(vectors), np.stack(rows), settings.retrieval)
    ranked = {}
    for query, nearest in stages.stage("retrieve", _Work(queries, zip(queries, found, strict=True))):
        pairs = zip(nearest.indices, nearest.cosines, strict=True)
        ranked[query] = [_neighbour(data, gallery[row], float(cosine)) for row, cosine in pairs]
    return ranked


def by_local_features(data: Data, features: FeatureCache, settings: Settings) -> Ranked:
    """Rank the gallery by the share of a query's descriptors that match; images without a match are left out.

    Raises
    ------
    GalleryTooLarge
        If the gallery holds more images than ``settings.local_only.max_gallery``. A gallery that is only tried,
        of which ``train.csv`` names more, is warned of.
    """
    _check_size(data, settings)
    photos = [*data.gallery, *data.queries]
    for _ in stages.stage("extract", _Work(photos, _ahead(features, photos, settings))):
        pass
    rank = partial(_matched, data=data, features=features, settings=settings)
    found = stages.stage("retrieve", _Work(data.queries, _ahead(rank, data.queries, settings)))
    return dict(zip(data.queries, found, strict=True))


def verify_all(data: Data, ranked: Ranked, features: FeatureCache, settings: Settings) -> Ranked:
    """Rescore and re-rank the neighbours of each query by the matches that agree on a homography."""
    gallery = {photo.id: photo for photo in data.gallery}

    def verified(query: Photo) -> list[Neighbour]:
        pairs = [(features(query), features(gallery[one.id])) for one in ranked[query]]
        agreed = [agreeing(*pair, settings.max_distance, settings.verification) for pair in pairs]
        records.save_matches(query, [one.id for one in ranked[query]], pairs, agreed)
        return ranking.rescore(ranked[query], [inliers.count for _, inliers in agreed], settings.ranking)

    found = stages.stage("verify", _Work(ranked, _ahead(verified, ranked, settings)))
    return dict(zip(ranked, found, strict=True))


def agreeing(
    query: LocalFeatures, train: LocalFeatures, max_distance: float, settings: VerificationSettings
) -> tuple[Matches, Inliers]:
    """Match two images and say which matches agree on a homography."""
    matches = match(query.descriptors, train.descriptors, max_distance=max_distance)
    return matches, verify(query.keypoints[matches[:, 0]], train.keypoints[matches[:, 1]], settings)


def _check_size(data: Data, settings: Settings) -> None:
    """Refuse a gallery too large to rank by local features; warn of it where only a part of it is tried."""
    most, here = settings.local_only.max_gallery, len(data.gallery)
    count = here if here > most else len(data.labels)
    message = (
        f"{count} gallery images are more than local features alone can rank "
        f"(local_only.max_gallery = {most}); attach the global weights: {', '.join(global_slugs(settings))}"
    )
    if here > most:
        raise GalleryTooLarge(message)
    if count > most:
        log.warning("the run on all data will stop: %s", message)


class _Work(Generic[Item]):
    """Results whose number is known before they are there: what a progress bar needs."""

    def __init__(self, sources: Iterable[object], results: Iterable[Item]) -> None:
        self._count, self._results = len([*sources]), results

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        return iter(self._results)


def _ahead(work: Callable[[Photo], Item], photos: Iterable[Photo], settings: Settings) -> Iterator[Item]:
    threads = settings.local.threads
    return ahead(work, photos, threads=threads, depth=2 * threads)


def _subset(settings: Settings, queries: int | None) -> tuple[int | None, int | None]:
    """Return how many images of each split are taken, queries first; None is all."""
    if queries is None:
        return settings.max_images, settings.max_images
    return (queries, settings.max_images or settings.smoke_gallery) if queries else (None, None)


def _is_attached(slug: str) -> bool:
    try:
        return inputs.find(slug).is_dir()
    except InputNotFound:
        return False


def _embed(photos: list[Photo], embedder: Embedder) -> dict[Photo, Vector]:
    embedded = stages.stage("embed", _Work(photos, embedder(photos)))
    return {photo: vector for photo, vector in embedded if vector is not None}


def _matched(query: Photo, data: Data, features: FeatureCache, settings: Settings) -> list[Neighbour]:
    described = features(query).descriptors
    matches = [
        len(match(described, features(photo).descriptors, max_distance=settings.max_distance)) for photo in data.gallery
    ]
    pairs = zip(data.gallery, matches, strict=True)
    found = [_neighbour(data, photo, count / len(described)) for photo, count in pairs if count]
    return sorted(found, key=lambda one: -one.score)[: settings.local_only.candidates]


def _neighbour(data: Data, photo: Photo, score: float) -> Neighbour:
    return Neighbour(photo.id, data.labels[photo.id], score)


def _step(name: str, data: Data, ranked: Ranked, settings: Settings) -> Step:
    votes = {query.id: ranking.vote(found, settings.ranking) for query, found in ranked.items()}
    predictions = {one: prediction for one, prediction in votes.items() if prediction}
    step = Step(name=name, data=data, neighbours=ranked, predictions=predictions)
    records.save_step(step)
    return step
