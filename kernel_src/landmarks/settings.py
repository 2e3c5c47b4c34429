"""All constants of the pipeline, with units. docs/seed.md maps the names of the original notebook to them."""

from dataclasses import dataclass, field
from enum import StrEnum

PUBLIC_TRAIN_IMAGES = 1_580_470
"""Rows of the public train.csv, which ``[tool.kernelwright.public]`` declares to the guard."""
PUBLIC_TEST_IMAGES = 10_345
"""Images of the public test split of the 2021 competition."""


@dataclass(frozen=True, kw_only=True)
class HeadSettings:
    """The classification head that the embedding is trained with.

    Attributes
    ----------
    kind : str
        ``arcface``, or ``softmax``, which has no margin and serves as a baseline.
    scale : float
        Factor on the cosines (radius of the hypersphere).
    margin_rad : float
        Angular margin of the true class, in radians.
    easy_margin, label_smoothing
        As `landmarks.heads.ArcMarginProduct` takes them; ``label_smoothing`` is its ``ls_eps``.
    sub_centres : int
        Weight vectors per class.
    margin_range_rad : pair of float, optional
        Margins that depend on the number of images of a class, in radians: that of the most frequent class, then that
        of the rarest.
    sampled_classes : int, optional
        How many columns of the class matrix a training step uses. None uses all of them.
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
    """One global model. ``model.json`` beside the weights overrides backbone, sizes, classes, embedding and pooling.

    Attributes
    ----------
    backbone : str
        A key of `landmarks.network.BACKBONES`.
    resize_px, input_px : int
        Side of the square that images are resized to before they are compressed as JPEG, and side of the model's input.
    classes : int
        Number of landmarks that the head distinguishes.
    embedding : int
        Length of an embedding.
    pooling : str
        ``average`` or ``gem`` (generalised mean).
    dropout : float
        Dropout rate before the embedding layer.
    learning_rate : float
        Learning rate that the classifier is compiled with.
    head : HeadSettings
        The classification head.
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
    """Slug and file name of the attached weights of a global model, and the network they belong to."""

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
"""The output of the training kernel, `kernel_src/train.py`, attached as a kernel source."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingSettings:
    """How images are embedded.

    Attributes
    ----------
    batch : int
        Images per forward pass. It is halved for the rest of the run whenever memory runs out. If there are several
        GPUs, each of them embeds a part of the batch.
    decode_threads : int
        Threads that read and decode images.
    jpeg_quality : int
        Quality of the JPEG that an image is compressed to before it is embedded, 0 to 100.
    precision : str
        Precision of the backbone: ``float32``, ``mixed_float16`` or ``mixed_bfloat16``.
    flip : bool
        Also embed the mirror image of each view.
    zooms : tuple of float
        One view per factor: the centre of the image, enlarged by that factor. 1 is the whole image. The embedding of
        several views is the sum of their normalised embeddings. The embedding of a single view is left as it is.
    weights : tuple of float, optional
        The norm of each model's embedding in the concatenation of several models. Without it, embeddings are
        concatenated as they are.
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
    """RootSIFT features. The defaults were tuned on photographs.

    Attributes
    ----------
    longer_side_px : int
        Length of the longer side that images are scaled to. Coarse features are the most repeatable.
    max_features : int
        Maximum number of features per image.
    upright : bool
        Ignore the orientation of keypoints, since landmarks are photographed upright.
    max_distance : float
        A query descriptor matches its nearest gallery descriptor if their Euclidean distance is strictly below this.
        Descriptors have norm 1. Unrelated RootSIFT descriptors are about 0.6 apart, so 0.75, which is right for DELG,
        would accept all matches.
    """

    longer_side_px: int = 640
    max_features: int = 2000
    upright: bool = True
    max_distance: float = 0.4


@dataclass(frozen=True, kw_only=True)
class DelgSettings:
    """The DELG network, a SavedModel.

    Attributes
    ----------
    slug, folder : str
        The attached source, and the folder in it that holds the SavedModel.
    scales : tuple of float
        Scales of the image pyramid.
    score_threshold : float
        Minimum attention of a local feature.
    max_features : int
        Maximum number of local features per image.
    enlarge : float
        Factor by which the sides of an image are enlarged before local features are extracted.
    max_distance : float
        A query descriptor matches its nearest gallery descriptor if their Euclidean distance is strictly below this.
        Descriptors have norm 1.
    """

    slug: str = "delg-saved-models"
    folder: str = "local_and_global"
    scales: tuple[float, ...] = (0.70710677, 1.0, 2.0)
    score_threshold: float = 375.0
    max_features: int = 1000
    enlarge: float = 2**0.6
    max_distance: float = 0.75


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """Local features: the keypoints and descriptors of an image.

    Attributes
    ----------
    extractor : str
        ``rootsift`` or ``delg``.
    rootsift, delg : settings
        Settings of each extractor.
    exif_rotation : bool
        Apply the EXIF orientation to images that are read with PIL, for local features and DELG's global descriptor.
        OpenCV always applies it for the other global models. The original notebook does not apply it here.
    cache_bytes : int
        Size of the cache in memory.
    store : str, optional
        A folder that keeps features for later runs. Without it, no features are stored on disk.
    store_bytes : int
        Size limit of that folder.
    threads : int
        Threads that extract, match and verify.
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
        """Settings of the extractor in use.

        Raises
        ------
        ValueError
            If ``extractor`` is unknown.
        """
        extractors: dict[str, RootSiftSettings | DelgSettings] = {"rootsift": self.rootsift, "delg": self.delg}
        if self.extractor not in extractors:
            raise ValueError(f"LocalSettings.extractor = {self.extractor!r}; write one of {', '.join(extractors)}")
        return extractors[self.extractor]


@dataclass(frozen=True, kw_only=True)
class LocalOnlySettings:
    """Ranking by local features alone, which is used if no global weights are usable.

    ``max_gallery`` is the largest gallery that is ranked in this way. ``candidates`` are kept per query.
    """

    max_gallery: int = 2000
    candidates: int = 10


@dataclass(frozen=True, kw_only=True)
class RetrievalSettings:
    """Nearest neighbours in the gallery by cosine similarity.

    ``neighbours`` are kept per query. ``batch`` queries and ``tile`` gallery rows are compared at a time, which takes 4
    bytes of memory per pair.
    """

    neighbours: int = 3
    batch: int = 2048
    tile: int = 4096


@dataclass(frozen=True, kw_only=True)
class WhiteningSettings:
    """The attached whitening: an npz file with the arrays ``mean``, shape (d,), and ``projection``, shape (d, k)."""

    slug: str = "whitening"
    file: str = "whitening.npz"


@dataclass(frozen=True, kw_only=True)
class ExpansionSettings:
    """Alpha query expansion: the weighted sum of an embedding and its ``neighbours`` nearest gallery embeddings.

    The weight of a neighbour is its cosine to the power of ``power``.

    References
    ----------
    Radenovic, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation", TPAMI 2019.
    """

    neighbours: int = 3
    power: float = 3.0


@dataclass(frozen=True, kw_only=True)
class NonLandmarkSettings:
    """Penalty for similarity to non-landmarks, which come from an npz file with ``embeddings``, shape (n, d).

    Attributes
    ----------
    slug, file : str
        The attached source, and the npz file in it.
    candidates : int
        How many of the nearest gallery images are penalised and re-ranked. The best ``RetrievalSettings.neighbours`` of
        them are kept.
    gallery_nearest, gallery_weight
        ``gallery_weight`` times the mean of the ``gallery_nearest`` highest cosines between the gallery image and
        non-landmarks is subtracted from its score.
    query_nearest, query_weight
        The same for the query.
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
    """Filters on descriptor matches.

    Attributes
    ----------
    mutual : bool
        Keep a match only if each descriptor is the nearest of the other.
    max_ratio : float, optional
        Keep a match only if its distance, divided by the distance to the second nearest descriptor, is below this
        (Lowe, IJCV 2004).
    """

    mutual: bool = False
    max_ratio: float | None = None


@dataclass(frozen=True, kw_only=True)
class VerificationSettings:
    """Estimation of the homography between two images.

    Attributes
    ----------
    matching : MatchingSettings
        Which matches are used.
    estimator : str
        ``degensac`` (pydegensac), or ``magsac`` or ``accurate`` (OpenCV).
    max_reprojection_error_px : float
        Inlier threshold, in pixels of the scaled image.
    confidence : float
        Probability of finding the best model, 0 to 1.
    max_iterations : int
        Maximum number of RANSAC iterations.
    min_matches : int
        Pairs with fewer matches have no inliers.
    seed : int
        Seed of the random number generator (``degensac`` only).
    distinct : bool
        Count inliers with the same keypoint once, in the image where there are fewer distinct keypoints. Otherwise,
        many matches that share one keypoint agree on any homography that shrinks the query to that point.
    max_zoom, max_turn_deg : float, optional
        Reject homographies that enlarge or shrink by a larger factor, or rotate by a larger angle (in degrees), at the
        centroid of the inliers. If either is set, homographies that mirror are rejected too.
    enough_inliers : int, optional
        After a candidate with so many inliers, the remaining candidates of the query are not verified.
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
    """A fitted logistic regression: ``1 / (1 + exp(-(intercept + sum(weights * features))))``."""

    intercept: float
    weights: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class RankingSettings:
    """How neighbours are scored, and how they vote for a label.

    Without the fitted models (None), scores follow the rules of the original notebook.

    Attributes
    ----------
    max_inliers : int
        Inliers add ``min(inliers, max_inliers) / max_inliers`` to the score of a neighbour.
    vote_over : int
        Number of neighbours that vote.
    vote_power : float
        A neighbour votes for its label with its score to this power.
    most_per_label : int, optional
        A label that is predicted for more queries than this is treated as a non-landmark: its predictions are dropped.
    inliers : LogisticSettings, optional
        Replaces the share that inliers add to a score, from the feature log(1 + inliers).
    pair : LogisticSettings, optional
        Replaces the score of a neighbour, from its retrieval score and log(1 + inliers).
    confidence : LogisticSettings, optional
        Replaces the score of a prediction, from the total of its label, the lead over the second label, and the score
        of its best neighbour.
    """

    max_inliers: int = 25
    vote_over: int = 3
    vote_power: float = 1.0
    most_per_label: int | None = None
    inliers: LogisticSettings | None = None
    pair: LogisticSettings | None = None
    confidence: LogisticSettings | None = None


class OnError(StrEnum):
    """What a run does when an error occurs."""

    BY_PHASE = "by-phase"
    """Continue in the hidden rerun, which nobody can restart; stop in a commit, in the editor and outside Kaggle."""
    CONTINUE = "continue"
    """Log the error, skip the failed part, and keep the last submission."""
    STOP = "stop"
    """Raise the error."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The whole pipeline.

    Attributes
    ----------
    competition : str
        Slug of the competition.
    models : tuple of WeightsSettings
        The global models. Their embeddings are concatenated in this order.
    delg_global : bool
        Put DELG's global descriptor before the embeddings of ``models``.
    embedding, local, local_only, retrieval, verification, ranking : settings
        Settings of each stage.
    whitening, gallery_expansion, query_expansion, non_landmarks : settings, optional
        Optional refinements of retrieval; see `landmarks.refinement`.
    verify : bool
        Verify the neighbours with local features.
    index : str, optional
        Slug of an attached index of embeddings. Only images that are not in it are embedded.
    index_enlarges_gallery : bool
        Add the images of the index that are not in train.csv to the gallery.
    max_images : int, optional
        Debugging: use only the first images of each split, by id. The guard's count of queries follows it. A rerun on
        hidden data uses all images regardless.
    smoke_gallery : int
        Size of the gallery in a run that tries only a few queries.
    deadline_hours : float
        Hours from the start of the notebook until work stops. Kaggle ends a notebook after 12 hours.
    on_error : OnError
        What a run does when an error occurs.
    onednn : bool
        Compute networks on a CPU with oneDNN, which takes half the time but rounds differently. The driver passes it
        to TensorFlow.
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
"""The original notebook. Its commented-out ensembles differ in ``models`` and ``delg_global``."""


BEST = Settings(
    embedding=EmbeddingSettings(flip=True, zooms=(1.0, 1.25)),
    retrieval=RetrievalSettings(neighbours=20),
    verification=VerificationSettings(matching=MatchingSettings(mutual=True), max_zoom=4.0, max_turn_deg=45.0),
    ranking=RankingSettings(vote_over=5, vote_power=3.0),
)
"""The best settings on validation data among those that need nothing but the weights; see docs/bench-accuracy.md."""
