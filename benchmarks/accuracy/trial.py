"""What settings are worth on a part of the bed: the pipeline's own steps, on kept embeddings and inliers."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy import bed, networks
from benchmarks.accuracy.gains import Answers
from benchmarks.accuracy.pairs import WAYS, Pairs
from landmarks import calibration, ranking, refinement
from landmarks.index.search import Part
from landmarks.ranking import Neighbour, Prediction
from landmarks.retrieval import l2_normalise
from landmarks.settings import Settings


class Bench:
    """The bed with its networks' embeddings and the inliers of its pairs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._bed = folder, folder / "bed"
        self._shots = sorted(bed.read(self._bed), key=lambda shot: shot.id)
        self._labels = {shot.id: str(shot.landmark) for shot in self._shots if shot.role == "gallery"}
        self._pairs = Pairs(folder, {shot.id: self._bed / shot.path for shot in self._shots})
        self.neighbours = cache(self._neighbours)

    def answers(self, part: str, seed: int, settings: Settings) -> Answers:
        """Return what becomes of the queries of a part under the settings, by the network of a seed."""
        verified = self.verified(part, seed, settings)
        votes = {query: ranking.vote(near, settings.ranking) for query, near in verified.items()}
        predictions = {query: prediction for query, prediction in votes.items() if prediction}
        predictions = ranking.drop_frequent_labels(predictions, settings.ranking)
        truth = self.truth(part)
        none = Prediction("", -np.inf)
        listed = [predictions.get(query, none) for query in truth]
        return Answers(
            scores=np.array([prediction.score for prediction in listed]),
            right=np.array(
                [prediction.label == label for prediction, label in zip(listed, truth.values(), strict=True)]
            ),
            shown=sum(label is not None for label in truth.values()),
        )

    def verified(self, part: str, seed: int, settings: Settings) -> dict[str, list[Neighbour]]:
        """Return each query's neighbours, rescored by their inliers."""
        return {
            query: ranking.rescore(near, inliers + [0] * (len(near) - len(inliers)), settings.ranking)
            for query, near, inliers in self.evidence(part, seed, settings)
        }

    def pairs_per_query(self, part: str, seed: int, settings: Settings) -> float:
        """Return how many pairs of images are verified for a query, on average."""
        return float(np.mean([len(inliers) for _, _, inliers in self.evidence(part, seed, settings)]))

    def evidence(self, part: str, seed: int, settings: Settings) -> list[tuple[str, list[Neighbour], list[int]]]:
        """Return each query with its neighbours by embedding, and the inliers of those that are verified."""
        counted = replace(settings.verification, enough_inliers=None)
        (way,) = (name for name, verification in WAYS.items() if verification == counted)
        unverified = replace(settings, ranking=Settings().ranking, verification=Settings().verification)
        near = self.neighbours(part, seed, unverified)
        self._pairs.add(((query, neighbour.id) for query, all_near in near.items() for neighbour in all_near), way)
        enough = settings.verification.enough_inliers or np.inf
        evidence = []
        for query, all_near in near.items():
            inliers = [self._pairs.inliers(query, neighbour.id, way) for neighbour in all_near]
            tried = next((place for place, count in enumerate(inliers, 1) if count >= enough), len(inliers))
            evidence.append((query, all_near, inliers[:tried]))
        return evidence

    def truth(self, part: str) -> dict[str, str | None]:
        """Return the label of each query of a part, None where it shows no landmark; ids ascend."""
        return {
            shot.id: None if shot.landmark is None else str(shot.landmark) for shot in self._shots if shot.role == part
        }

    def _neighbours(self, part: str, seed: int, settings: Settings) -> dict[str, list[Neighbour]]:
        vectors, references = self._embeddings(seed, settings)
        ids = [image_id for image_id in self._labels if image_id in vectors]
        gallery = Part(ids=ids, vectors=np.stack([vectors[image_id] for image_id in ids]))
        queries = [query for query in self.truth(part) if query in vectors]
        found = refinement.neighbours(
            np.stack([vectors[query] for query in queries]), [gallery], settings, references.joinpath
        )
        return {
            query: [Neighbour(image_id, self._labels[image_id], score) for image_id, score in matches]
            for query, matches in zip(queries, found, strict=True)
        }

    def _embeddings(self, seed: int, settings: Settings) -> tuple[dict[str, NDArray[np.float32]], Path]:
        """Return embeddings by id with the folder of their references; an ensemble is of this and the next networks."""
        chosen = {"flip": settings.embedding.flip, "zooms": settings.embedding.zooms}
        plain = {"flip": False, "zooms": (1.0,)}
        (views,) = (name for name, changes in networks.VIEWS.items() if {**plain, **changes} == chosen)
        seeds = [(seed + after - 1) % len(networks.SEEDS) + 1 for after in range(len(settings.models))]
        folders = [self.folder / f"network-{each}" for each in seeds]
        parts = [networks.embeddings(self._bed, folder, views) for folder in folders]
        if len(parts) == 1:
            return parts[0], self._references(folders[0] / f"references-{views}", parts[0])
        weights = settings.embedding.weights or (1.0,) * len(parts)
        joined = {
            image_id: np.concatenate(
                [weight * l2_normalise(part[image_id][None])[0] for part, weight in zip(parts, weights, strict=True)]
            )
            for image_id in parts[0]
        }
        return joined, self._references(folders[0] / f"references-{views}-{len(parts)}-{weights}", joined)

    def _references(self, folder: Path, vectors: dict[str, NDArray[np.float32]]) -> Path:
        """Write what a run attaches: the embeddings of non-landmarks, and a whitening fitted to the gallery."""
        if not folder.exists():
            (folder / "non-landmarks").mkdir(parents=True)
            (folder / "whitening").mkdir()
            negatives = [vectors[shot.id] for shot in self._shots if shot.role == "non-landmarks"]
            np.savez(folder / "non-landmarks" / "non-landmarks.npz", embeddings=np.stack(negatives))
            gallery = np.stack([vectors[image_id] for image_id in self._labels])
            whitening = calibration.fit_whitening(gallery, [*self._labels.values()], values=128)
            np.savez(folder / "whitening" / "whitening.npz", **whitening)
        return folder
