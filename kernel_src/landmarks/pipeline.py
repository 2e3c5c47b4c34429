"""The whole pipeline: from the competition's folder to predictions after retrieval and after verification.

If time runs short, work is dropped in this order:

1. candidates of a query, except the best;
2. fine local features;
3. verification of the queries whose prediction it is least likely to change;
4. gallery images of landmarks that other images show;
5. queries, the last ids first.

Dropped work is logged and recorded with the stages.
"""

import logging
import time
from collections import ChainMap, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from kernelwright.runtime import budget, inputs, stages
from kernelwright.runtime.errors import InputNotFound, KernelwrightError
from landmarks import dataset, delg, ranking, records, refinement, reranking
from landmarks.dataset import Photo
from landmarks.embedding import DelgGlobal, Embedder, Model
from landmarks.errors import GalleryTooLarge, NothingRecognised, WrongIndex, WrongReference, WrongWeights
from landmarks.index.reading import open_attached
from landmarks.index.search import Match, Part, nearest
from landmarks.local_features import FeatureCache
from landmarks.matching import match
from landmarks.prefetch import iterate_until
from landmarks.ranking import Neighbour
from landmarks.results import Data, Rankings, Step
from landmarks.run import Run, SizedResults
from landmarks.settings import Settings, WeightsSettings
from landmarks.weights import load_embedding_model

log = logging.getLogger(__name__)

RETRIEVAL_SHARE = 0.02  # share of the time left before embedding that is reserved for retrieval
REPLAN_EVERY = 64  # images between two checks of the remaining time


def recognise(
    root: Path,
    settings: Settings,
    *,
    queries: int | None = None,
    models: Sequence[Model] | None = None,
    keep_going: bool = False,
) -> Iterator[Step]:
    """Recognise the landmarks of the test images, and yield the result of each step as soon as it is complete.

    Parameters
    ----------
    root : Path
        The competition's folder.
    settings : Settings
        All settings. With ``verify = False``, only the result of retrieval is yielded.
    queries : int, optional
        The guard's count of queries. A positive count limits the queries to that many and the gallery to
        ``settings.max_images`` or, without it, ``settings.smoke_gallery`` images. With 0, both splits are used in full.
        With None, both splits are limited to ``settings.max_images``.
    models : sequence of Model, optional
        The global models. By default, the attached models of ``settings.models`` are loaded. If none is attached,
        local features alone rank the gallery.
    keep_going : bool
        Log a failure and skip the failed part (a model, rows of ``train.csv``, gallery images beyond the number that
        can be ranked) instead of raising an error.

    Yields
    ------
    Step
        The result of retrieval, then that of verification.

    Raises
    ------
    InvalidData
        If the folder does not have the competition's structure.
    NothingRecognised
        If no query or no gallery image is usable, or time runs out before the first query is compared.
    GalleryTooLarge
        If there is no global model and the gallery is too large to be ranked by local features alone.
    WrongModelFile, WrongWeights
        If attached weights do not fit the network, or produce no usable embeddings.
    WrongIndex
        If the index is damaged, or was built with other weights or settings.
    InputNotFound
        If only some of the weights of an ensemble are attached.
    WrongReference
        If the npz file of the non-landmarks or of the whitening is damaged, or does not fit the embeddings.
    ImagesFailed
        After the last step, if single images failed with an unexpected exception.
    """
    run = Run(settings=settings, keep_going=keep_going, deadline=budget.deadline(settings.deadline_hours))
    data = load_data(root, settings, queries=queries, keep_going=keep_going)
    features, models = _load_features_and_models(run, models)
    ranked, by_models = _retrieve(data, models, features, run)
    if not ranked:
        raise NothingRecognised("time ran out before a query was compared with the gallery")
    # Without the confidence model, which is fitted to scores after verification.
    retrieved = replace(settings, ranking=replace(settings.ranking, confidence=None))
    yield _predict("retrieval", data, ranked, retrieved)
    if settings.verify and features:
        # A ranking by matches favours pairs with many matches to one keypoint, which must not count as many inliers.
        verification = settings.verification if by_models else replace(settings.verification, distinct=True)
        verified = reranking.rerank(
            data, ranked, features, replace(run, settings=replace(settings, verification=verification))
        )
        yield _predict("verification", data, verified, settings)
    if not keep_going:
        run.faults.raise_unexpected()


def load_data(root: Path, settings: Settings, *, queries: int | None = None, keep_going: bool = False) -> Data:
    """List the competition's images and read its labels. Gallery images without a label are skipped.

    Parameters
    ----------
    root, settings, queries, keep_going
        As in `recognise`.

    Raises
    ------
    InvalidData
        As in `recognise`.
    """
    labels = dataset.read_labels(root / "train.csv", keep_going=keep_going)
    max_queries = max_gallery = settings.max_images
    if queries:  # only a few queries are tried
        max_queries, max_gallery = queries, settings.max_images or settings.smoke_gallery
    elif queries == 0:  # hidden data, which is used in full
        max_queries = max_gallery = None
    test = dataset.list_images(root / "test", max_queries)
    train = dataset.list_images(root / "train", max_gallery)
    gallery = [photo for photo in train if photo.id in labels]
    if len(gallery) < len(train):
        unlabelled = len(train) - len(gallery)
        log.warning("skipped: %d of %d gallery images have no label in train.csv", unlabelled, len(train))
    ids = dataset.submission_ids(root, test, keep_going=keep_going)
    return Data(queries=test, gallery=gallery, labels=labels, ids=ids)


def load_models(settings: Settings, *, keep_going: bool = False) -> list[Model]:
    """Load the attached global models of the settings; an empty list if none of them is attached.

    Raises
    ------
    InputNotFound, WrongModelFile, WrongWeights
        If only some of the models are attached, or a file does not fit. With ``keep_going``, such a model is logged
        and skipped.
    """
    slugs = model_slugs(settings)
    if not any(map(_is_attached, slugs)):
        if slugs:
            log.warning("no global weights are attached (%s): local features alone rank the gallery", ", ".join(slugs))
        return []
    loaders: list[Callable[[], Model]] = [
        *([partial(_load_delg, settings)] if settings.delg_global else []),
        *(partial(_load_network, weights, keep_going=keep_going) for weights in settings.models),
    ]
    models = []
    for slug, load_model in zip(slugs, loaders, strict=True):
        try:
            models.append(load_model())
        except Exception as error:
            if not keep_going:
                raise
            log.error("%s is left out: %s", slug, error)  # noqa: TRY400 - the message suffices
    return models


def model_slugs(settings: Settings) -> list[str]:
    """Return the slugs of all global models, in the order in which their embeddings are concatenated."""
    delg_slug = [settings.local.delg.slug] if settings.delg_global else []
    return delg_slug + [weights.slug for weights in settings.models]


def rank_by_embeddings(data: Data, models: Sequence[Model], run: Run) -> Rankings:
    """Rank the gallery by cosine similarity to each query. Images that cannot be read are skipped.

    Raises
    ------
    NothingRecognised
        If no query or no gallery image can be embedded.
    """
    index = open_attached(data, run.settings, models=len(models), find=inputs.find)
    not_indexed = replace(data, gallery=[photo for photo in data.gallery if photo.id not in index.labels])
    vectors = _embed(not_indexed, models, run)
    queries = [photo for photo in data.queries if photo in vectors]
    gallery = [photo for photo in not_indexed.gallery if photo in vectors]
    _require_images(queries, [*gallery, *index.labels], data)
    query_vectors = np.stack([vectors[photo] for photo in queries])
    width = query_vectors.shape[1]
    index.require_width(width)
    gallery_vectors = np.array([vectors[photo] for photo in gallery], np.float32).reshape(-1, width)
    parts = [Part(ids=[photo.id for photo in gallery], vectors=gallery_vectors)]
    parts += [index.part] if index.labels else []
    labels = ChainMap(data.labels, index.labels)
    ranked = {}
    pairs = SizedResults(queries, zip(queries, _neighbours(query_vectors, parts, run), strict=True))
    # After a SIGTERM during embedding, this stage must still run: without it, the embeddings would be useless.
    compared = stages.stage("retrieve", pairs, until=None if budget.terminated() else run.deadline)
    for query, neighbours in compared:
        ranked[query] = [Neighbour(image_id, labels[image_id], cosine) for image_id, cosine in neighbours]
    return ranked


def _embed(data: Data, models: Sequence[Model], run: Run) -> dict[Photo, NDArray[np.float32]]:
    """Return the embeddings of all queries and gallery images that can be read and embedded in time."""
    embedder = Embedder(models, run.settings.embedding, run.faults, keep_going=run.keep_going)
    until = run.deadline_after(1 - RETRIEVAL_SHARE)
    photos = [*data.queries, *data.gallery]
    results = SizedResults(photos, embedder(_as_time_allows(data, until), until), until)
    return {photo: vector for photo, vector in stages.stage("embed", results, until=until) if vector is not None}


def _neighbours(vectors: NDArray[np.float32], parts: Sequence[Part], run: Run) -> Iterator[list[Match]]:
    try:
        return refinement.neighbours(vectors, parts, run.settings, inputs.find)
    except (WrongReference, InputNotFound) as error:
        if not run.keep_going:
            raise
        log.error("retrieval without refinements: %s", error)  # noqa: TRY400 - the message suffices
        return nearest(vectors, parts, run.settings.retrieval)


def rank_by_local_features(data: Data, features: FeatureCache, run: Run) -> Rankings:
    """Rank the gallery by the share of each query's descriptors that match. Images without a match are skipped.

    Raises
    ------
    GalleryTooLarge
        If the gallery has more than ``settings.local_only.max_gallery`` images. With ``run.keep_going``, only that
        many images are ranked. If only a part of the gallery is tried, but ``train.csv`` lists more images than the
        limit, a warning is logged.
    NothingRecognised
        If no query or no gallery image can be read.
    """
    gallery = _limit_gallery(data, run)
    photos = [*gallery, *data.queries]
    until = run.deadline_after(0.5)
    results = SizedResults(photos, zip(photos, run.prefetch(features, photos), strict=True), until)
    extracted = {photo for photo, _ in stages.stage("extract", results, until=until)}
    usable = extracted - run.faults.photos
    gallery = [photo for photo in gallery if photo in extracted]
    _require_images(
        [photo for photo in data.queries if photo in usable], [photo for photo in gallery if photo in usable], data
    )
    rank = partial(_rank_by_matches, data=data, gallery=gallery, features=features, settings=run.settings)
    until = run.deadline_after(0.5)
    rankings = SizedResults(data.queries, run.prefetch(rank, data.queries), until)
    with threadpool_limits(1, "blas"):  # BLAS threads would compete with the run's threads for the same cores
        return dict(zip(data.queries, stages.stage("retrieve", rankings, until=until), strict=False))


def _load_features_and_models(run: Run, models: Sequence[Model] | None) -> tuple[FeatureCache | None, Sequence[Model]]:
    """Load the local features' extractor and, unless they are given, the global models; abandon it at the deadline."""

    def load_all() -> Iterator[tuple[FeatureCache | None, Sequence[Model]]]:
        features = _feature_cache(run)
        yield features, load_models(run.settings, keep_going=run.keep_going) if models is None else models

    for loaded in iterate_until(load_all(), run.deadline):
        return loaded
    raise NothingRecognised("nothing was recognised: time ran out before the models were loaded")


def _feature_cache(run: Run) -> FeatureCache | None:
    try:
        return FeatureCache(run.settings.local, run.faults)
    except KernelwrightError as error:
        if not run.keep_going:
            raise
        log.error("local features cannot be extracted, so nothing is verified: %s", error)  # noqa: TRY400 - the message suffices
        return None


def _retrieve(data: Data, models: Sequence[Model], features: FeatureCache | None, run: Run) -> tuple[Rankings, bool]:
    """Return the ranking by retrieval, and whether global models computed it."""
    if models:
        try:
            return rank_by_embeddings(data, models, run), True
        except (WrongIndex, InputNotFound) as error:
            if not run.keep_going or run.settings.index is None:
                raise
            log.error("the index is not used: %s", error)  # noqa: TRY400 - the message suffices
            return _retrieve(data, models, features, replace(run, settings=replace(run.settings, index=None)))
        except WrongWeights as error:
            if not run.keep_going:
                raise
            log.error("local features alone rank the gallery: %s", error)  # noqa: TRY400 - the message suffices
    if features is None:
        raise NothingRecognised("neither a global model nor local features are usable; attach the weights")
    return rank_by_local_features(data, features, run), False


def _as_time_allows(data: Data, until: float) -> Iterator[Photo]:
    """Yield queries, then the gallery, in round-robin order of landmarks if the measured speed is too low for all."""
    started, yielded = time.time(), len(data.queries)
    yield from data.queries
    remaining, is_reordered = data.gallery, False
    while remaining:
        now = time.time()
        if not is_reordered and yielded and (now - started) / yielded * len(remaining) > until - now:
            log.warning("short of time: of %d gallery images left, one of each landmark comes first", len(remaining))
            remaining, is_reordered = _round_robin(remaining, data.labels), True
        yield from remaining[:REPLAN_EVERY]
        yielded += len(remaining[:REPLAN_EVERY])
        remaining = remaining[REPLAN_EVERY:]


def _round_robin(gallery: Iterable[Photo], labels: dict[str, str]) -> list[Photo]:
    """Return the first image of each landmark, then the second image of each, and so on."""
    by_label: dict[str, list[Photo]] = defaultdict(list)
    for photo in gallery:
        by_label[labels[photo.id]].append(photo)
    return [photo for photo in chain.from_iterable(zip_longest(*by_label.values())) if photo]


def _require_images(queries: Collection[Photo], gallery: Collection[object], data: Data) -> None:
    if not queries or not gallery:
        raise NothingRecognised(
            f"nothing was recognised: of {len(data.queries)} queries {len(queries)}, of {len(data.gallery)} labelled "
            f"gallery images {len(gallery)} could be read in time; attach the competition's images and train.csv"
        )


def _limit_gallery(data: Data, run: Run) -> list[Photo]:
    """Return the gallery that local features can rank; warn if the whole gallery would be too large."""
    limit, labelled = run.settings.local_only.max_gallery, len(data.gallery)
    count = labelled if labelled > limit else len(data.labels)
    message = (
        f"{count} gallery images are more than local features alone can rank "
        f"(local_only.max_gallery = {limit}); attach the global weights: {', '.join(model_slugs(run.settings))}"
    )
    if labelled > limit and not run.keep_going:
        raise GalleryTooLarge(message)
    if labelled > limit:
        log.error("only %d images are ranked, of each landmark in turn: %s", limit, message)
        return sorted(_round_robin(data.gallery, data.labels)[:limit])
    if count > limit:
        log.warning("the run on all data will stop: %s", message)
    return data.gallery


def _is_attached(slug: str) -> bool:
    try:
        return inputs.find(slug).is_dir()
    except InputNotFound:
        return False


def _load_network(weights: WeightsSettings, *, keep_going: bool) -> Model:
    model, network = load_embedding_model(inputs.find(weights.slug), weights, keep_going=keep_going)
    return model, network


def _load_delg(settings: Settings) -> Model:
    return DelgGlobal(delg=delg.attached(settings.local.delg), exif_rotation=settings.local.exif_rotation)


def _rank_by_matches(
    query: Photo, data: Data, gallery: Sequence[Photo], features: FeatureCache, settings: Settings
) -> list[Neighbour]:
    descriptors, max_distance = features(query).descriptors, settings.local.chosen.max_distance
    neighbours = []
    for photo in gallery:
        matches = match(descriptors, features(photo).descriptors, max_distance=max_distance)
        if len(matches):
            neighbours.append(Neighbour(photo.id, data.labels[photo.id], len(matches) / len(descriptors)))
    return sorted(neighbours, key=lambda neighbour: -neighbour.score)[: settings.local_only.candidates]


def _predict(name: str, data: Data, ranked: Rankings, settings: Settings) -> Step:
    votes = {query.id: ranking.vote(neighbours, settings.ranking) for query, neighbours in ranked.items()}
    predictions = {image_id: prediction for image_id, prediction in votes.items() if prediction}
    predictions = ranking.drop_frequent_labels(predictions, settings.ranking)
    step = Step(name=name, data=data, neighbours=ranked, predictions=predictions)
    records.save_step(step)
    return step
