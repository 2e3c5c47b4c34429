"""What may be done to embeddings and cosines beyond the plain comparison: each step only where the settings name it."""

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
    """Yield each query's neighbours, best first: whitened, expanded and penalised as the settings say.

    By default they are those of `landmarks.index.search.nearest`.

    Parameters
    ----------
    queries : ndarray, float32, shape (q, d)
        Embeddings.
    parts : sequence of Part
        The gallery's.
    settings : Settings
        ``whitening``, ``gallery_expansion``, ``query_expansion``, ``retrieval``, ``non_landmarks``.
    find : callable
        Returns the folder of a slug.

    Raises
    ------
    WrongReference
        If an attached npz lacks an array, or its shape does not fit.
    InputNotFound
        If an npz is not attached.
    """
    penalty = _penalty(settings, queries.shape[1], find)
    if settings.whitening:
        whitening = Whitening(find(settings.whitening.slug) / settings.whitening.file, queries.shape[1])
        queries, parts = whitening(queries), [whitening.part(part) for part in parts]
        penalty = penalty and replace(penalty, non_landmarks=whitening(penalty.non_landmarks))
    if settings.gallery_expansion:
        parts = [*_expanded_gallery(parts, settings.gallery_expansion, settings.retrieval)]
    if settings.query_expansion:
        queries = _expanded_queries(queries, parts, settings.query_expansion, settings.retrieval)
    if penalty is None:
        return nearest(queries, parts, settings.retrieval)
    return penalty.applied(queries, parts, settings.retrieval)


class Whitening:
    """A linear map after which no direction of embeddings outweighs the others.

    Parameters
    ----------
    file : Path
        An npz of ``mean``, shape (d,), and ``projection``, shape (d, k).
    width : int
        The length d of the embeddings.
    """

    def __init__(self, file: Path, width: int) -> None:
        arrays = _arrays(file, ("mean", "projection"))
        self._mean, self._projection = arrays["mean"], arrays["projection"]
        if self._mean.shape != (width,) or self._projection.shape[:1] != (width,):
            shapes = f"mean of shape {self._mean.shape} and projection of shape {self._projection.shape}"
            raise WrongReference(f"{file}: {shapes} do not fit embeddings of {width} values; fit it anew")

    def __call__(self, vectors: NDArray[np.floating[Any]]) -> Vectors:
        """Return whitened embeddings of norm 1, float32 of shape (n, k)."""
        return l2_normalise((l2_normalise(vectors) - self._mean) @ self._projection)

    def part(self, part: Part) -> Part:
        """Return a part of the gallery whose rows are whitened as they are read."""
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
    """What is taken off a cosine, for looking like no landmark.

    Attributes
    ----------
    non_landmarks : ndarray, float32, shape (n, d)
        Their embeddings, of norm 1.
    settings : NonLandmarkSettings
        Weights, and how many of the highest cosines are averaged.
    """

    non_landmarks: Vectors
    settings: NonLandmarkSettings
    _of_gallery: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def applied(self, queries: Vectors, parts: Sequence[Part], retrieval: RetrievalSettings) -> Iterator[list[Match]]:
        """Yield each query's neighbours, best first by ``max(cosine, 0)`` less the penalties of both images."""
        settings = self.settings
        wider = replace(retrieval, neighbours=max(settings.candidates, retrieval.neighbours))
        for query, near in zip(queries, nearest(queries, parts, wider), strict=True):
            self._look_up([image_id for image_id, _ in near if image_id not in self._of_gallery], parts)
            own = settings.query_weight * float(self.likeness(query[None], settings.query_nearest)[0])
            scored = [(image_id, max(cosine, 0.0) - self._of_gallery[image_id] - own) for image_id, cosine in near]
            yield sorted(scored, key=lambda match: -match[1])[: retrieval.neighbours]

    def likeness(self, vectors: NDArray[np.floating[Any]], count: int) -> Vectors:
        """Return the mean of each vector's ``count`` highest cosines to non-landmarks, shape (n,)."""
        cosines = l2_normalise(vectors) @ self.non_landmarks.T
        place = max(cosines.shape[1] - count, 0)
        likeness: Vectors = np.partition(cosines, place, axis=1)[:, place:].mean(axis=1)
        return likeness

    def _look_up(self, ids: Sequence[str], parts: Sequence[Part]) -> None:
        if ids:
            likeness = self.likeness(rows(ids, parts), self.settings.gallery_nearest)
            weight = self.settings.gallery_weight
            self._of_gallery.update(zip(ids, (weight * likeness).tolist(), strict=True))


def expanded(
    vectors: Vectors, near: Iterable[Sequence[Match]], parts: Sequence[Part], settings: ExpansionSettings
) -> Vectors:
    """Return each embedding joined by its neighbours', each weighted by ``max(cosine, 0)^power``; of norm 1.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Embeddings, of any norm.
    near : iterable of sequence of Match
        The neighbours of each.
    parts : sequence of Part
        Where their embeddings are.
    settings : ExpansionSettings
        The power.
    """
    joined = l2_normalise(vectors)
    for row, matches in enumerate(near):
        if matches:
            weights = np.array([max(cosine, 0.0) for _, cosine in matches]) ** settings.power
            joined[row] += weights.astype(np.float32) @ l2_normalise(rows([image_id for image_id, _ in matches], parts))
    return l2_normalise(joined)


def rows(ids: Sequence[str], parts: Sequence[Part]) -> Vectors:
    """Return the embeddings of some ids, shape (len(ids), d); each stands in one of the parts."""
    found: list[NDArray[np.floating[Any]]] = []
    for image_id in ids:
        for part in parts:
            row = bisect_left(part.ids, image_id)
            if row < len(part.ids) and part.ids[row] == image_id:
                found.append(part.vectors[row : row + 1][0])
                break
    return np.array(found, np.float32)


def _expanded_queries(
    queries: Vectors, parts: Sequence[Part], settings: ExpansionSettings, retrieval: RetrievalSettings
) -> Vectors:
    near = nearest(queries, parts, replace(retrieval, neighbours=settings.neighbours))
    return expanded(queries, near, parts, settings)


def _expanded_gallery(
    parts: Sequence[Part], settings: ExpansionSettings, retrieval: RetrievalSettings
) -> Iterator[Part]:
    """Yield the parts with each image joined by others: the nearest is the image itself, and left out."""
    for part in parts:
        vectors = np.asarray(part.vectors[:], np.float32)
        near = nearest(vectors, parts, replace(retrieval, neighbours=settings.neighbours + 1))
        others = (
            [match for match in matches if match[0] != own][: settings.neighbours]
            for own, matches in zip(part.ids, near, strict=True)
        )
        yield replace(part, vectors=expanded(vectors, others, parts, settings))


def _penalty(settings: Settings, width: int, find: Callable[[str], Path]) -> Penalty | None:
    wanted = settings.non_landmarks
    if wanted is None:
        return None
    file = find(wanted.slug) / wanted.file
    vectors = _arrays(file, ("embeddings",))["embeddings"]
    if vectors.ndim != 2 or not len(vectors) or vectors.shape[1] != width:
        raise WrongReference(f"{file}: embeddings of shape {vectors.shape}, and those of the run have {width} values")
    return Penalty(non_landmarks=l2_normalise(vectors), settings=wanted)


def _arrays(file: Path, names: Sequence[str]) -> Mapping[str, Vectors]:
    try:
        with np.load(file) as stored:
            return {name: np.asarray(stored[name], np.float32) for name in names}
    except (OSError, ValueError, KeyError) as error:
        wanted = " and ".join(names)
        raise WrongReference(f"{file}: cannot be read ({error}); attach an npz of the arrays {wanted}") from error
