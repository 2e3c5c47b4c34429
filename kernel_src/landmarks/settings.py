"""Every constant of the pipeline, named with its unit; docs/seed.md maps the names of the original notebook."""

from dataclasses import dataclass, field
from enum import StrEnum

PUBLIC_TRAIN_IMAGES = 1_580_470
"""Rows of the public train.csv: what ``[tool.kernelwright.public]`` declares to the guard."""
PUBLIC_TEST_IMAGES = 10_345
"""Images of the public test split, of the 2021 competition."""


@dataclass(frozen=True, kw_only=True)
class HeadSettings:
    """The head: what the embedding is trained against.

    ``kind`` is ``arcface`` or ``softmax``, which has no margin and is there to compare with. ``margin_range_rad`` gives
    each class a margin of its own, from the second for the rarest class to the first for the most frequent.
    ``sampled_classes`` is how many columns of the class matrix a step looks at; None is all.
    """

    kind: str = "arcface"
    scale: float = 64.0
    margin_rad: float = 0.15
    easy_margin: bool = False
    label_smoothing: float = 0.0
    sub_centres: int = 1
    margin_range_rad: tuple[float, float] | None = None
    sampled_classes: int | None = None


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """One global model. ``model.json`` beside the weights overrides backbone, sizes, classes and embedding.

    ``pooling`` is ``average`` or ``gem``.
    """

    backbone: str = "efficientnet-b7"
    resize_px: int = 384
    input_px: int = 512
    classes: int = 81_313
    embedding: int = 512
    pooling: str = "average"
    dropout: float = 0.3
    learning_rate: float = 1e-4
    head: HeadSettings = field(default_factory=HeadSettings)


@dataclass(frozen=True, kw_only=True)
class WeightsSettings:
    """Where a global model's weights are attached, and the network they belong to."""

    slug: str
    file: str
    network: NetworkSettings = field(default_factory=NetworkSettings)


B7 = WeightsSettings(slug="effb7-512-ep12", file="effb7model512-12.h5")
B6 = WeightsSettings(
    slug="effb6-512-ep18",
    file="effb6model512-18.h5",
    network=NetworkSettings(backbone="efficientnet-b6"),
)

TRAINED = WeightsSettings(slug="landmark-training", file="model.h5")
"""What the kernel `kernel_src/train.py` leaves, attached as a kernel source."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingSettings:
    """How images reach the global models; ``batch`` is halved for the rest of a run where memory ends.

    Of several GPUs, each embeds its share of a batch. ``precision`` is that of the backbone's layers: ``float32``,
    ``mixed_float16`` or ``mixed_bfloat16``.

    A network's embedding is the sum of its unit embeddings of several views: with ``flip`` of the mirror image too, and
    for each of ``zooms`` of the middle of the image, enlarged by so much. One view is left as it is.

    The embeddings of several models stand side by side as they are, or with the norms of ``weights``, one per model.
    """

    batch: int = 16
    decode_threads: int = 4
    jpeg_quality: int = 100
    precision: str = "float32"
    flip: bool = False
    zooms: tuple[float, ...] = (1.0,)
    weights: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class RootSiftSettings:
    """RootSIFT, tuned on photographs: landmarks stand upright, and their coarse features repeat best.

    A query descriptor matches its nearest gallery descriptor strictly under ``max_distance``, Euclidean between
    vectors of norm 1. Unrelated RootSIFT descriptors lie about 0.6 apart, so that 0.75, right for DELG, would match
    all of them.
    """

    longer_side_px: int = 640
    max_features: int = 2000
    upright: bool = True
    max_distance: float = 0.4


@dataclass(frozen=True, kw_only=True)
class DelgSettings:
    """The DELG network, as a SavedModel; ``enlarge`` is a factor of the image's sides, before local features."""

    slug: str = "delg-saved-models"
    folder: str = "local_and_global"
    scales: tuple[float, ...] = (0.70710677, 1.0, 2.0)
    score_threshold: float = 375.0
    max_features: int = 1000
    enlarge: float = 2**0.6
    max_distance: float = 0.75


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """Local features: keypoints and descriptors of one image.

    ``extractor`` is ``rootsift`` or ``delg``. ``exif_rotation`` turns what PIL reads (local features, DELG's global
    descriptor) as EXIF says, as cv2 always does for the global models; the original notebook does not. ``store`` is a
    folder that keeps the features of up to ``store_bytes`` for later runs; without it, none are kept.
    """

    extractor: str = "rootsift"
    rootsift: RootSiftSettings = field(default_factory=RootSiftSettings)
    delg: DelgSettings = field(default_factory=DelgSettings)
    exif_rotation: bool = False
    cache_bytes: int = 2_000_000_000
    store: str | None = None
    store_bytes: int = 10_000_000_000
    threads: int = 4

    @property
    def chosen(self) -> RootSiftSettings | DelgSettings:
        """The settings of the extractor in use; its ``max_distance`` is in the space of its descriptors.

        Raises
        ------
        ValueError
            If ``extractor`` names none.
        """
        extractors: dict[str, RootSiftSettings | DelgSettings] = {"rootsift": self.rootsift, "delg": self.delg}
        if self.extractor not in extractors:
            raise ValueError(f"LocalSettings.extractor = {self.extractor!r}; write one of {', '.join(extractors)}")
        return extractors[self.extractor]


@dataclass(frozen=True, kw_only=True)
class LocalOnlySettings:
    """What is done where no global weights are usable: local features alone rank the whole gallery."""

    max_gallery: int = 2000
    candidates: int = 10


@dataclass(frozen=True, kw_only=True)
class RetrievalSettings:
    """Cosine nearest neighbours in the gallery.

    ``batch`` queries are compared with ``tile`` rows of the gallery at a time, which takes 4 bytes for each pair.
    """

    neighbours: int = 3
    batch: int = 2048
    tile: int = 4096


@dataclass(frozen=True, kw_only=True)
class WhiteningSettings:
    """Where a whitening of the embeddings is attached: an npz of ``mean``, shape (d,), and ``projection``, (d, k)."""

    slug: str = "whitening"
    file: str = "whitening.npz"


@dataclass(frozen=True, kw_only=True)
class ExpansionSettings:
    """An embedding joined by those of its ``neighbours`` nearest in the gallery, each weighted by its cosine^``power``.

    Radenovic, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation", TPAMI 2019 (alpha-QE).
    """

    neighbours: int = 3
    power: float = 3.0


@dataclass(frozen=True, kw_only=True)
class NonLandmarkSettings:
    """How far an image looks like what is no landmark: an attached npz of ``embeddings``, shape (n, d).

    Of each of the ``candidates`` nearest gallery images, ``gallery_weight`` times the mean of its ``gallery_nearest``
    highest cosines to non-landmarks is taken off the score, and ``query_weight`` times that of the query's
    ``query_nearest``; the best ``RetrievalSettings.neighbours`` are kept.
    """

    slug: str = "non-landmarks"
    file: str = "non-landmarks.npz"
    candidates: int = 50
    gallery_nearest: int = 5
    gallery_weight: float = 1.0
    query_nearest: int = 10
    query_weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class MatchingSettings:
    """Which matches of descriptors are kept: with ``mutual``, those that are nearest from both sides.

    ``max_ratio`` is that of the distance to the nearest descriptor over that to the second nearest (Lowe, IJCV 2004).
    """

    mutual: bool = False
    max_ratio: float | None = None


@dataclass(frozen=True, kw_only=True)
class VerificationSettings:
    """The homography that matches must agree on.

    ``estimator`` is ``degensac`` (pydegensac), or OpenCV's ``magsac`` or ``accurate``. ``distinct`` counts an inlier
    once per distinct point, in the image where these are fewer: many matches that end in one point agree on any
    homography that shrinks the query to it. ``max_zoom`` and ``max_turn_deg`` bound what a homography may do in the
    middle of its inliers: one that enlarges or shrinks more, turns more, or mirrors, has none. The candidates after
    one that has ``enough_inliers`` are not verified.
    """

    matching: MatchingSettings = field(default_factory=MatchingSettings)
    estimator: str = "degensac"

    max_reprojection_error_px: float = 7.0
    confidence: float = 0.99
    max_iterations: int = 10_000
    min_matches: int = 5
    seed: int = 2021
    distinct: bool = False
    max_zoom: float | None = None
    max_turn_deg: float | None = None
    enough_inliers: int | None = None


@dataclass(frozen=True, kw_only=True)
class LogisticSettings:
    """A fitted probability: ``1 / (1 + exp(-(intercept + sum(weights * features))))``."""

    intercept: float
    weights: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class RankingSettings:
    """How inliers and similarity make a score, how many neighbours vote, and how sure a prediction is.

    A neighbour adds its score^``vote_power`` to its label. A label predicted for more than ``most_per_label`` queries
    is taken for none: its predictions are left out. The fitted models are None where the original's rule holds:
    ``inliers`` gives the share that inliers add, of log(1 + inliers); ``pair`` a neighbour's whole score, of its
    retrieval score and log(1 + inliers); ``confidence`` that of a prediction, of the label's votes, its lead over the
    next label, and its best neighbour's score.
    """

    max_inliers: int = 25
    vote_over: int = 3
    vote_power: float = 1.0
    most_per_label: int | None = None
    inliers: LogisticSettings | None = None
    pair: LogisticSettings | None = None
    confidence: LogisticSettings | None = None


class OnError(StrEnum):
    """What happens to a run that meets an error."""

    BY_PHASE = "by-phase"
    """Go on in the hidden rerun, where nobody can retry; end red in a commit, in the editor and off Kaggle."""
    GO_ON = "go-on"
    """Leave out what fails, and end green with the best submission so far."""
    STOP = "stop"
    """End red."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The whole pipeline.

    An embedding is DELG's global descriptor if ``delg_global``, then each model's of ``models``, side by side.
    ``max_images`` is the debug subset: the first images of each split in the order of their ids. The guard's count of
    queries follows it, and a rerun on hidden data takes all images all the same. ``deadline_hours`` counts from the
    start of the notebook; Kaggle ends it after 12. ``index`` is the slug of an attached index of embeddings: only what
    it lacks is embedded. With ``index_enlarges_gallery`` its ids that are not in train.csv join the gallery. ``onednn``
    has a processor compute networks by oneDNN, in half the time and with other last bits; the driver passes it on.
    """

    competition: str = "landmark-recognition-2021"
    models: tuple[WeightsSettings, ...] = (B7,)
    delg_global: bool = False
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    local_only: LocalOnlySettings = field(default_factory=LocalOnlySettings)
    whitening: WhiteningSettings | None = None
    gallery_expansion: ExpansionSettings | None = None
    query_expansion: ExpansionSettings | None = None
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    non_landmarks: NonLandmarkSettings | None = None
    verification: VerificationSettings = field(default_factory=VerificationSettings)
    ranking: RankingSettings = field(default_factory=RankingSettings)
    verify: bool = True
    index: str | None = None
    index_enlarges_gallery: bool = False
    max_images: int | None = None
    smoke_gallery: int = 64
    deadline_hours: float = 11.5
    on_error: OnError = OnError.BY_PHASE
    onednn: bool = True


SEED = Settings(local=LocalSettings(extractor="delg"), onednn=False)
"""What the original notebook computes; its commented-out ensembles differ in ``models`` and ``delg_global``."""


BEST = Settings(
    embedding=EmbeddingSettings(flip=True, zooms=(1.0, 1.25)),
    retrieval=RetrievalSettings(neighbours=20),
    verification=VerificationSettings(matching=MatchingSettings(mutual=True), max_zoom=4.0, max_turn_deg=45.0),
    ranking=RankingSettings(vote_over=5, vote_power=3.0),
)
"""What gains most on validation data, of what needs nothing but the weights: docs/bench-accuracy.md."""
