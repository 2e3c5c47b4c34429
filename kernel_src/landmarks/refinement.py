"""Optional refinements of retrieval: whitening, query and gallery expansion, and a penalty for non-landmarks."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.errors import WrongReference
from landmarks.index.search import Match, Part, nearest
from landmarks.retrieval import Matrix, l2_normalise
from landmarks.settings import ExpansionSettings, NonLandmarkSettings, RetrievalSettings, Settings

Vectors = NDArray[np.float32]


def neighbours(
    queries: Vectors, parts: Sequence[Part], settings: Settings, find: Callable[[str], Path]
) -> Iterator[list[Match]]:
    """Yield the neighbours of each query, best first, after the refinements of the settings.

    Without refinements, the result is that of `landmarks.index.search.nearest`.

    Parameters
    ----------
    queries : ndarray, float32, shape (q, d)
        Embeddings of the queries.
    parts : sequence of Part
        Embeddings of the gallery.
    settings : Settings
        ``whitening``, ``gallery_expansion``, ``query_expansion``, ``retrieval`` and ``non_landmarks`` are used.
    find : callable
        Returns the folder of a slug.

    Raises
    ------
    WrongReference
        If an array is missing in an attached npz file, or its shape does not fit.
    InputNotFound
        If an npz file is not attached.
    """
    penalty = _penalty(settings, queries.shape[1], find)
    if settings.whitening:
        whitening = Whitening(find(settings.whitening.slug) / settings.whitening.file, queries.shape[1])
        queries, parts = whitening(queries), [whitening.part(part) for part in parts]
        penalty = penalty and replace(penalty, non_landmarks=whitening(penalty.non_landmarks))
    if settings.gallery_expansion:
        parts = [*_expanded_gallery(parts, settings.gallery_expansion, settings.retrieval)]
    if settings.query_expansion:
        expansion = settings.query_expansion
        near = nearest(queries, parts, replace(settings.retrieval, neighbours=expansion.neighbours))
        queries = expand(queries, near, parts, expansion)
    if penalty is None:
        return nearest(queries, parts, settings.retrieval)
    return penalty.rerank(queries, parts, settings.retrieval)


class Whitening:
    """A learned whitening: subtract the mean, project, and normalise.

    Parameters
    ----------
    file : Path
        An npz file with ``mean``, shape (d,), and ``projection``, shape (d, k).
    width : int
        The length d of an embedding.

    Raises
    ------
    WrongReference
        If the file cannot be read, or does not fit embeddings of this length.
    """

    def __init__(self, file: Path, width: int) -> None:
        arrays = _arrays(file, ("mean", "projection"))
        self._mean, self._projection = arrays["mean"], arrays["projection"]
        if self._mean.shape != (width,) or self._projection.shape[:1] != (width,):
            shapes = f"mean of shape {self._mean.shape} and projection of shape {self._projection.shape}"
            raise WrongReference(f"{file}: {shapes} do not fit embeddings of {width} values; fit it anew")

    def __call__(self, vectors: NDArray[np.floating[Any]]) -> Vectors:
        """Whiten embeddings of shape (n, d). Returns float32 of shape (n, k) with norm 1."""
        return l2_normalise((l2_normalise(vectors) - self._mean) @ self._projection)

    def part(self, part: Part) -> Part:
        """Return a part of the gallery whose rows are whitened when they are read."""
        return replace(part, vectors=_Whitened(part.vectors, self, self._projection.shape[1]))


@dataclass(frozen=True)
class _Whitened:
    vectors: Matrix
    whitening: Whitening
    width: int

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self.vectors), self.width

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, rows: Any, /) -> Vectors:
        return self.whitening(self.vectors[rows])


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """A penalty on cosines for similarity to non-landmarks.

    Attributes
    ----------
    non_landmarks : ndarray, float32, shape (n, d)
        Embeddings with norm 1.
    settings : NonLandmarkSettings
        Weights, and number of the highest cosines that are averaged.
    """

    non_landmarks: Vectors
    settings: NonLandmarkSettings
    _of_gallery: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def rerank(self, queries: Vectors, parts: Sequence[Part], retrieval: RetrievalSettings) -> Iterator[list[Match]]:
        """Yield the neighbours of each query, sorted by ``max(cosine, 0)`` minus the penalties of both images."""
        settings = self.settings
        wider = replace(retrieval, neighbours=max(settings.candidates, retrieval.neighbours))
        for query, near in zip(queries, nearest(queries, parts, wider), strict=True):
            self._update_gallery_penalties(
                [image_id for image_id, _ in near if image_id not in self._of_gallery], parts
            )
            query_penalty = settings.query_weight * float(self.likeness(query[None], settings.query_nearest)[0])
            scored = [
                (image_id, max(cosine, 0.0) - self._of_gallery[image_id] - query_penalty) for image_id, cosine in near
            ]
            yield sorted(scored, key=lambda match: -match[1])[: retrieval.neighbours]

    def likeness(self, vectors: NDArray[np.floating[Any]], count: int) -> Vectors:
        """Return the mean of the ``count`` highest cosines between each vector and non-landmarks, shape (n,)."""
        cosines = l2_normalise(vectors) @ self.non_landmarks.T
        first = max(cosines.shape[1] - count, 0)
        likeness: Vectors = np.partition(cosines, first, axis=1)[:, first:].mean(axis=1)
        return likeness

    def _update_gallery_penalties(self, ids: Sequence[str], parts: Sequence[Part]) -> None:
        if ids:
            likeness = self.likeness(embeddings_of(ids, parts), self.settings.gallery_nearest)
            weight = self.settings.gallery_weight
            self._of_gallery.update(zip(ids, (weight * likeness).tolist(), strict=True))


def expand(
    vectors: Vectors, near: Iterable[Sequence[Match]], parts: Sequence[Part], settings: ExpansionSettings
) -> Vectors:
    """Add to each embedding those of its neighbours, weighted by ``max(cosine, 0)^power``, and normalise the sum.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Embeddings with any norm.
    near : iterable of sequence of Match
        The neighbours of each embedding.
    parts : sequence of Part
        The gallery, which contains the neighbours.
    settings : ExpansionSettings
        The power.

    Returns
    -------
    ndarray, float32, shape (n, d)
        Embeddings with norm 1.
    """
    joined = l2_normalise(vectors)
    for row, matches in enumerate(near):
        if matches:
            weights = np.array([max(cosine, 0.0) for _, cosine in matches]) ** settings.power
            vectors_near = embeddings_of([image_id for image_id, _ in matches], parts)
            joined[row] += weights.astype(np.float32) @ l2_normalise(vectors_near)
    return l2_normalise(joined)


def embeddings_of(ids: Sequence[str], parts: Sequence[Part]) -> Vectors:
    """Return the embeddings of ids, float32 of shape (len(ids), d). Each id must be in one of the parts."""
    vectors: list[NDArray[np.floating[Any]]] = []
    for image_id in ids:
        for part in parts:
            row = bisect_left(part.ids, image_id)
            if row < len(part.ids) and part.ids[row] == image_id:
                vectors.append(part.vectors[row : row + 1][0])
                break
    return np.array(vectors, np.float32)


def _expanded_gallery(
    parts: Sequence[Part], settings: ExpansionSettings, retrieval: RetrievalSettings
) -> Iterator[Part]:
    """Yield the parts of the gallery with expanded embeddings. Each image is excluded from its own neighbours."""
    for part in parts:
        vectors = np.asarray(part.vectors[:], np.float32)
        near = nearest(vectors, parts, replace(retrieval, neighbours=settings.neighbours + 1))
        others = (
            [match for match in matches if match[0] != image_id][: settings.neighbours]
            for image_id, matches in zip(part.ids, near, strict=True)
        )
        yield replace(part, vectors=expand(vectors, others, parts, settings))


def _penalty(settings: Settings, width: int, find: Callable[[str], Path]) -> Penalty | None:
    penalty = settings.non_landmarks
    if penalty is None:
        return None
    file = find(penalty.slug) / penalty.file
    vectors = _arrays(file, ("embeddings",))["embeddings"]
    if vectors.ndim != 2 or not len(vectors) or vectors.shape[1] != width:
        raise WrongReference(
            f"{file}: embeddings of shape {vectors.shape} do not fit embeddings of {width} values; attach others"
        )
    return Penalty(non_landmarks=l2_normalise(vectors), settings=penalty)


def _arrays(file: Path, names: Sequence[str]) -> Mapping[str, Vectors]:
    try:
        with np.load(file) as stored:
            return {name: np.asarray(stored[name], np.float32) for name in names}
    except (OSError, ValueError, KeyError) as error:
        wanted = " and ".join(names)
        raise WrongReference(
            f"{file}: cannot be read ({error}); attach an npz file with the arrays {wanted}"
        ) from error
