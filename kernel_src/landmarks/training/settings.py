"""Settings of training. Settings of the network are in `landmarks.settings`."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from landmarks.errors import InvalidTraining
from landmarks.settings import RankingSettings, RetrievalSettings


@dataclass(frozen=True, kw_only=True)
class AugmentationSettings:
    """Strength of the augmentations. Images are not changed if ``min_crop`` is 1 and everything else is 0."""

    min_crop: float = 0.6  # minimum side of the crop, as a share of the image's side
    brightness: float = 0.2  # maximum offset, for values in [0, 1]
    contrast: float = 0.3  # maximum deviation of the factor from 1
    colour: float = 0.15  # maximum deviation of each channel's factor from 1
    noise: float = 0.03  # standard deviation of Gaussian noise
    occlusion: float = 0.35  # maximum side of the occluded rectangle, as a share of the image's side


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """Epochs at one image size. ``batch`` is the number of images per forward pass over all devices."""

    size_px: int
    epochs: int
    batch: int
    learning_rate: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """How images are read.

    Attributes
    ----------
    cache_bytes : int
        Size of the cache of resized images in memory.
    cache_folder : Path, optional
        A folder for images that do not fit into memory. Without it, they are read again in each epoch.
    tried : int
        Number of randomly chosen images that are decoded before training starts.
    tolerated : float
        Maximum share of missing or unreadable images, which are skipped. With 0, each of them is an error.
    threads : int
        Threads that decode these images.
    jpeg_quality : int
        As in `landmarks.settings.EmbeddingSettings`.
    """

    cache_bytes: int = 4_000_000_000
    cache_folder: Path | None = None
    tried: int = 20_000
    tolerated: float = 0.01
    threads: int = 4
    jpeg_quality: int = 100


@dataclass(frozen=True, kw_only=True)
class ValidationSettings:
    """Validation on held-out images, with the retrieval and ranking of the recognition pipeline.

    Attributes
    ----------
    share : float
        Share of the images that are held out as queries.
    every_epochs : int
        Number of epochs between evaluations. The last epoch of a stage is always evaluated.
    max_queries, max_gallery : int
        Maximum number of queries, and of training images that form the gallery.
    distractors : float
        Share of the landmarks with a single image that are held out as queries without a landmark in the gallery.
    retrieval, ranking : settings
        As in `landmarks.settings.Settings`.
    """

    share: float = 0.1
    every_epochs: int = 1
    max_queries: int = 2000
    max_gallery: int = 20_000
    distractors: float = 0.0
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    ranking: RankingSettings = field(default_factory=RankingSettings)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings of a training run. The defaults follow the write-up of the original solution.

    Attributes
    ----------
    stages : tuple of StageSettings
        Stages with growing image size.
    warmup : float
        Share of a stage's steps over which the learning rate rises; then it falls along half a cosine.
    seed : int
        Seed of weights, split, order and augmentation.
    clip_norm : float, optional
        Maximum global norm of the gradients.
    label_smoothing : float
        Share of the target distribution that is uniform over all classes.
    accumulate : int
        Number of batches whose gradients are averaged in one step.
    mixed_precision : bool
        Use the fastest precision of the device.
    balance : float
        0 draws each image once per epoch, 1 draws all landmarks equally often; see `landmarks.training.sampling`.
    patience : int, optional
        A stage ends after this many evaluations without an improvement.
    budget_hours, reserve_minutes : float
        Training steps end ``reserve_minutes`` before ``budget_hours`` have passed since the start of the notebook. The
        reserve is for validation, the last checkpoint, and the output.
    checkpoint_every_minutes, checkpoint_every_steps
        Time, and optionally number of steps, between checkpoints.
    retries, retry_rate
        If the loss is not finite, the run returns to the last checkpoint up to ``retries`` times, each time with the
        learning rate multiplied by ``retry_rate``.
    normalisation_momentum : float
        Momentum of batch normalisation. With Keras's default of 0.99, hundreds of steps pass before the initial
        statistics are forgotten.
    branch_dropout : float
        Factor on the backbone's rates of stochastic depth; 0 disables it.
    augmentation, data, validation : settings
        Settings of each part.
    """

    stages: tuple[StageSettings, ...] = (
        StageSettings(size_px=384, epochs=9, batch=32),
        StageSettings(size_px=512, epochs=3, batch=16, learning_rate=2e-5),
    )
    warmup: float = 0.1
    seed: int = 2021
    clip_norm: float | None = 10.0
    label_smoothing: float = 0.0
    accumulate: int = 1
    mixed_precision: bool = True
    balance: float = 0.0
    patience: int | None = None
    budget_hours: float = 11.5
    reserve_minutes: float = 10.0
    checkpoint_every_minutes: float = 15.0
    checkpoint_every_steps: int | None = None
    retries: int = 3
    retry_rate: float = 0.5
    normalisation_momentum: float = 0.99
    branch_dropout: float = 1.0
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    data: DataSettings = field(default_factory=DataSettings)
    validation: ValidationSettings = field(default_factory=ValidationSettings)

    def check(self) -> None:
        """Check the settings.

        Raises
        ------
        InvalidTraining
            If there is no stage, or a number is not above 0. The message names all problems.
        """
        named = {"accumulate": self.accumulate, "validation.every_epochs": self.validation.every_epochs}
        for place, stage in enumerate(self.stages):
            named |= {f"stages[{place}].{name}": value for name, value in asdict(stage).items()}
        problems = [f"{name} = {value}; write a number above 0" for name, value in named.items() if value <= 0]
        if not self.stages:
            problems.append("stages is empty; name at least one StageSettings")
        if problems:
            raise InvalidTraining("\n  ".join(["TrainingSettings:", *problems]))
