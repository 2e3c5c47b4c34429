"""All stages in order: from the competition's folder to predictions, before and after verification.

Where time runs short, work is left out in this order: candidates of a query, all but the best; fine local features;
the verification of queries whose prediction it can change least; gallery images of landmarks that others show; queries,
the last ids first. What was left out is logged, and recorded with the stages.
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
from landmarks.index.attached import attached
from landmarks.index.search import Match, Part, nearest
from landmarks.local_features import FeatureCache
from landmarks.matching import match
from landmarks.prefetch import in_time
from landmarks.ranking import Neighbour
from landmarks.results import Data, Ranked, Step
from landmarks.run import Run, Work
from landmarks.settings import Settings, WeightsSettings
from landmarks.weights import load_embedding_model

log = logging.getLogger(__name__)

RETRIEVAL_SHARE = 0.02  # of the time left when embedding begins, for the comparison that follows it
REPLAN_EVERY = 64  # images between two looks at the clock


def recognise(
    root: Path,
    settings: Settings,
    *,
    queries: int | None = None,
    models: Sequence[Model] | None = None,
    keep_going: bool = False,
) -> Iterator[Step]:
    """Recognise the landmarks of the test images; yield the predictions of each step as soon as they are complete.

    Parameters
    ----------
    root : Path
        The competition's folder.
    settings : Settings
        ``verify = False`` ends after retrieval.
    queries : int, optional
        The guard's count: try only this many, against a gallery of ``settings.max_images`` images, or else of
        ``settings.smoke_gallery``; 0 for all of both splits. Without it, ``settings.max_images`` of each split.
    models : sequence of Model, optional
        The global models; else those of ``settings.models`` are loaded from where they are attached. Where none
        is, local features alone rank the gallery.
    keep_going : bool
        Leave out what fails (a model, rows of ``train.csv``, gallery images beyond what can be ranked) and log it,
        rather than raise.

    Raises
    ------
    InvalidData
        If the folder does not hold what the competition promises.
    NothingRecognised
        If no query or no gallery image can be used, or not in time.
    GalleryTooLarge
        If there is no global model, and the gallery is too large to do without.
    WrongModelFile, WrongWeights
        If attached weights do not fit, or give no usable embedding.
    WrongIndex
        If the index of the settings is damaged, or of other weights or settings.
    InputNotFound
        If only some of an ensemble's weights are attached.
    WrongReference
        If an npz of non-landmarks or of a whitening is damaged, or of other embeddings.
    ImagesFailed
        After the last step: if single images failed in a way that nobody expects.
    """
    run = Run(settings=settings, keep_going=keep_going, deadline=budget.deadline(settings.deadline_hours))
    data = load(root, settings, queries=queries, keep_going=keep_going)
    features, models = _loaded(run, models)
    ranked, by_models = _retrieve(data, models, features, run)
    if not ranked:
        raise NothingRecognised("time ran out before a query was compared with the gallery")
    # The confidence is fitted to verified scores.
    retrieved = replace(settings, ranking=replace(settings.ranking, confidence=None))
    yield _step("retrieval", data, ranked, retrieved)
    if settings.verify and features:
        judge = settings.verification if by_models else replace(settings.verification, distinct=True)
        verified = reranking.verify_all(
            data, ranked, features, replace(run, settings=replace(settings, verification=judge))
        )
        yield _step("verification", data, verified, settings)
    if not keep_going:
        run.faults.raise_unexpected()


def load(root: Path, settings: Settings, *, queries: int | None = None, keep_going: bool = False) -> Data:
    """List the competition's images and read its labels; gallery images without a label are counted and left out.

    Parameters
    ----------
    root, settings, queries, keep_going
        As `recognise` takes them.
    """
    labels = dataset.read_labels(root / "train.csv", keep_going=keep_going)
    most_queries, most_gallery = settings.max_images, settings.max_images
    if queries is not None:
        most_queries, most_gallery = (
            queries or None,
            (settings.max_images or settings.smoke_gallery) if queries else None,
        )
    test = dataset.list_images(root / "test", most_queries)
    train = dataset.list_images(root / "train", most_gallery)
    gallery = [photo for photo in train if photo.id in labels]
    if len(gallery) < len(train):
        unlabelled = len(train) - len(gallery)
        log.warning("skipped: %d of %d gallery images have no label in train.csv", unlabelled, len(train))
    ids = dataset.submission_ids(root, test, keep_going=keep_going)
    return Data(queries=test, gallery=gallery, labels=labels, ids=ids)


def attached_models(settings: Settings, *, keep_going: bool = False) -> list[Model]:
    """Load the models of the settings; none if no input of theirs is attached.

    Raises
    ------
    InputNotFound, WrongModelFile, WrongWeights
        If a model of several is not attached, or its file does not fit; with ``keep_going`` it is left out, and logged.
    """
    slugs = global_slugs(settings)
    if not any(map(_is_attached, slugs)):
        if slugs:
            log.warning("no global weights are attached (%s): local features alone rank the gallery", ", ".join(slugs))
        return []
    loaders: list[Callable[[], Model]] = [
        *([partial(_delg_global, settings)] if settings.delg_global else []),
        *(partial(_network, weights, keep_going=keep_going) for weights in settings.models),
    ]
    models = []
    for slug, load_model in zip(slugs, loaders, strict=True):
        try:
            models.append(load_model())
        except Exception as error:
            if not keep_going:
                raise
            log.error("%s is left out: %s", slug, error)  # noqa: TRY400 - its message says it all
    return models


def global_slugs(settings: Settings) -> list[str]:
    """Return the slugs of all global models, in the order of their parts of an embedding."""
    delg_slug = [settings.local.delg.slug] if settings.delg_global else []
    return delg_slug + [weights.slug for weights in settings.models]


def by_embeddings(data: Data, models: Sequence[Model], run: Run) -> Ranked:
    """Rank the gallery by cosine similarity to each query; photos that cannot be read are left out.

    Raises
    ------
    NothingRecognised
        If no query or no gallery image can be embedded.
    """
    index = attached(data, run.settings, models=len(models), find=inputs.find)
    lacking = replace(data, gallery=[photo for photo in data.gallery if photo.id not in index.labels])
    embedder = Embedder(models, run.settings.embedding, run.faults, keep_going=run.keep_going)
    until = run.share(1 - RETRIEVAL_SHARE)
    photos = [*lacking.queries, *lacking.gallery]
    work = Work(photos, embedder(_as_time_allows(lacking, until), until), until)
    embedded = stages.stage("embed", work, until=until)
    vectors = {photo: vector for photo, vector in embedded if vector is not None}
    queries = [photo for photo in data.queries if photo in vectors]
    gallery = [photo for photo in lacking.gallery if photo in vectors]
    _require(queries, [*gallery, *index.labels], data)
    query_vectors = np.stack([vectors[photo] for photo in queries])
    width = query_vectors.shape[1]
    index.require_width(width)
    gallery_vectors = np.array([vectors[photo] for photo in gallery], np.float32).reshape(-1, width)
    parts = [Part(ids=[photo.id for photo in gallery], vectors=gallery_vectors)]
    parts += [index.part] if index.labels else []
    labels = ChainMap(data.labels, index.labels)
    ranked = {}
    pairs = Work(queries, zip(queries, _neighbours(query_vectors, parts, run), strict=True))
    # A SIGTERM that ended embedding must not end this: what is embedded would be good for nothing.
    compared = stages.stage("retrieve", pairs, until=None if budget.terminated() else run.deadline)
    for query, neighbours in compared:
        ranked[query] = [Neighbour(image_id, labels[image_id], cosine) for image_id, cosine in neighbours]
    return ranked


def _neighbours(vectors: NDArray[np.float32], parts: Sequence[Part], run: Run) -> Iterator[list[Match]]:
    try:
        return refinement.neighbours(vectors, parts, run.settings, inputs.find)
    except (WrongReference, InputNotFound) as error:
        if not run.keep_going:
            raise
        log.error("neighbours are those of the plain comparison: %s", error)  # noqa: TRY400 - its message says it all
        return nearest(vectors, parts, run.settings.retrieval)


def by_local_features(data: Data, features: FeatureCache, run: Run) -> Ranked:
    """Rank the gallery by the share of a query's descriptors that match; images without a match are left out.

    Raises
    ------
    GalleryTooLarge
        If the gallery holds more images than ``settings.local_only.max_gallery``. A gallery that is only tried,
        of which ``train.csv`` names more, is warned of; with ``run.keep_going`` only so many images are ranked.
    NothingRecognised
        If no query or no gallery image can be read.
    """
    gallery = _small_enough(data, run)
    photos = [*gallery, *data.queries]
    until = run.share(0.5)
    work = Work(photos, zip(photos, run.ahead(features, photos), strict=True), until)
    described = {photo for photo, _ in stages.stage("extract", work, until=until)}
    usable = described - run.faults.photos
    gallery = [photo for photo in gallery if photo in described]
    _require(
        [photo for photo in data.queries if photo in usable], [photo for photo in gallery if photo in usable], data
    )
    rank = partial(_matched, data=data, gallery=gallery, features=features, settings=run.settings)
    until = run.share(0.5)
    rankings = Work(data.queries, run.ahead(rank, data.queries), until)
    with threadpool_limits(1, "blas"):  # its own threads would contend with those of the run for the same cores
        return dict(zip(data.queries, stages.stage("retrieve", rankings, until=until), strict=False))


def _loaded(run: Run, models: Sequence[Model] | None) -> tuple[FeatureCache | None, Sequence[Model]]:
    """Return the extractor of local features and the global models; those that are not given are loaded."""

    def load_all() -> Iterator[tuple[FeatureCache | None, Sequence[Model]]]:
        features = _feature_cache(run)
        yield features, attached_models(run.settings, keep_going=run.keep_going) if models is None else models

    for loaded in in_time(load_all(), run.deadline):
        return loaded
    raise NothingRecognised("nothing was recognised: time ran out before the models were loaded")


def _feature_cache(run: Run) -> FeatureCache | None:
    try:
        return FeatureCache(run.settings.local, run.faults)
    except KernelwrightError as error:
        if not run.keep_going:
            raise
        log.error("there are no local features, nothing is verified: %s", error)  # noqa: TRY400 - it says it all
        return None


def _retrieve(data: Data, models: Sequence[Model], features: FeatureCache | None, run: Run) -> tuple[Ranked, bool]:
    """Return the first ranking, and whether global models made it."""
    if models:
        try:
            return by_embeddings(data, models, run), True
        except (WrongIndex, InputNotFound) as error:
            if not run.keep_going or run.settings.index is None:
                raise
            log.error("the index is not used: %s", error)  # noqa: TRY400 - its message says it all
            return _retrieve(data, models, features, replace(run, settings=replace(run.settings, index=None)))
        except WrongWeights as error:
            if not run.keep_going:
                raise
            log.error("local features alone rank the gallery: %s", error)  # noqa: TRY400 - its message says it all
    if features is None:
        raise NothingRecognised("neither a global model nor local features are usable; attach the weights")
    return by_local_features(data, features, run), False


def _as_time_allows(data: Data, until: float) -> Iterator[Photo]:
    """Yield queries, then the gallery; once the pace shows that not all fits, an image of each landmark in turn."""
    started, yielded = time.time(), len(data.queries)
    yield from data.queries
    left, in_turns = data.gallery, False
    while left:
        now = time.time()
        if not in_turns and yielded and (now - started) / yielded * len(left) > until - now:
            log.warning("short of time: of %d gallery images left, one of each landmark comes first", len(left))
            left, in_turns = _in_turns(left, data.labels), True
        yield from left[:REPLAN_EVERY]
        yielded += len(left[:REPLAN_EVERY])
        left = left[REPLAN_EVERY:]


def _in_turns(gallery: Iterable[Photo], labels: dict[str, str]) -> list[Photo]:
    """Return the first image of each landmark, then the second of each, and so on."""
    by_label: dict[str, list[Photo]] = defaultdict(list)
    for photo in gallery:
        by_label[labels[photo.id]].append(photo)
    return [photo for photo in chain.from_iterable(zip_longest(*by_label.values())) if photo]


def _require(queries: Collection[Photo], gallery: Collection[object], data: Data) -> None:
    if not queries or not gallery:
        raise NothingRecognised(
            f"nothing was recognised: of {len(data.queries)} queries {len(queries)}, of {len(data.gallery)} labelled "
            f"gallery images {len(gallery)} could be read in time; attach the competition's images and train.csv"
        )


def _small_enough(data: Data, run: Run) -> list[Photo]:
    """Return the gallery that local features rank; warn of one that is too large where only a part of it is tried."""
    most, labelled = run.settings.local_only.max_gallery, len(data.gallery)
    count = labelled if labelled > most else len(data.labels)
    message = (
        f"{count} gallery images are more than local features alone can rank "
        f"(local_only.max_gallery = {most}); attach the global weights: {', '.join(global_slugs(run.settings))}"
    )
    if labelled > most and not run.keep_going:
        raise GalleryTooLarge(message)
    if labelled > most:
        log.error("only %d images are ranked, of each landmark in turn: %s", most, message)
        return sorted(_in_turns(data.gallery, data.labels)[:most])
    if count > most:
        log.warning("the run on all data will stop: %s", message)
    return data.gallery


def _is_attached(slug: str) -> bool:
    try:
        return inputs.find(slug).is_dir()
    except InputNotFound:
        return False


def _network(weights: WeightsSettings, *, keep_going: bool) -> Model:
    model, network = load_embedding_model(inputs.find(weights.slug), weights, keep_going=keep_going)
    return model, network


def _delg_global(settings: Settings) -> Model:
    return DelgGlobal(delg=delg.attached(settings.local.delg), exif_rotation=settings.local.exif_rotation)


def _matched(
    query: Photo, data: Data, gallery: Sequence[Photo], features: FeatureCache, settings: Settings
) -> list[Neighbour]:
    described, bound = features(query).descriptors, settings.local.chosen.max_distance
    counts = [len(match(described, features(photo).descriptors, max_distance=bound)) for photo in gallery]
    pairs = zip(gallery, counts, strict=True)
    neighbours = [_neighbour(data, photo, count / len(described)) for photo, count in pairs if count]
    return sorted(neighbours, key=lambda neighbour: -neighbour.score)[: settings.local_only.candidates]


def _neighbour(data: Data, photo: Photo, score: float) -> Neighbour:
    return Neighbour(photo.id, data.labels[photo.id], score)


def _step(name: str, data: Data, ranked: Ranked, settings: Settings) -> Step:
    votes = {query.id: ranking.vote(neighbours, settings.ranking) for query, neighbours in ranked.items()}
    predictions = {image_id: prediction for image_id, prediction in votes.items() if prediction}
    predictions = ranking.without_frequent(predictions, settings.ranking)
    step = Step(name=name, data=data, neighbours=ranked, predictions=predictions)
    records.save_step(step)
    return step
