"""How a network is trained; what is trained is `landmarks.settings.NetworkSettings`."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from landmarks.errors import InvalidTraining
from landmarks.settings import RankingSettings, RetrievalSettings


@dataclass(frozen=True, kw_only=True)
class AugmentationSettings:
    """How far an augmented view strays from its image; 0 everywhere leaves images alone."""

    min_crop: float = 0.6  # least side of the crop, as a share of the image's side
    brightness: float = 0.2  # added to every value, of the range [0, 1]
    contrast: float = 0.3  # the factor strays this far from 1
    colour: float = 0.15  # each channel's gain strays this far from 1
    noise: float = 0.03  # standard deviation of the noise added to each value
    occlusion: float = 0.35  # largest side of the blanked rectangle, as a share of the image's side


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """Epochs at one size of images; ``batch`` counts the images of one forward pass, over all devices."""

    size_px: int
    epochs: int
    batch: int
    learning_rate: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """What is made of the images on disk.

    They are kept as the JPEG that the network sees, in memory up to ``cache_bytes``; what does not fit is kept in
    ``cache_folder`` if one is named, else read again each epoch. The first ``tried`` images of a shuffled order, all
    where there are fewer, are decoded before training starts. Images that are missing or unreadable are left out, up
    to the share ``tolerated``; 0 makes any of them an error. ``jpeg_quality`` is that of `EmbeddingSettings`.
    """

    cache_bytes: int = 4_000_000_000
    cache_folder: Path | None = None
    tried: int = 20_000
    tolerated: float = 0.01
    threads: int = 4
    jpeg_quality: int = 100


@dataclass(frozen=True, kw_only=True)
class ValidationSettings:
    """What is held out of training, and how it is judged: by the pipeline's own retrieval and ranking.

    The share ``share`` of the images, at most ``max_queries``, is held out as queries; up to ``max_gallery`` images
    that are trained on are the gallery. The share ``distractors`` of the landmarks with a single image is held out
    too, as queries that show no landmark of the gallery. It is done every ``every_epochs`` epochs, and after a stage's
    last.
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
    """One training run; the defaults are those of the solution's write-up, at 384 px and then at 512.

    The rate of a stage rises from 0 over the share ``warmup`` of its steps, and falls to 0 along half a cosine. A step
    averages the gradients of ``accumulate`` batches, clipped to the global norm ``clip_norm``. ``label_smoothing`` is
    the share of a label that all classes get alike. After ``patience`` validations without a better one a stage ends.
    ``balance`` leads from a landmark's images drawn as often as they are, at 0, to all landmarks drawn equally often,
    at 1: see `landmarks.training.sampling`. Steps end ``reserve_minutes`` before the notebook's ``budget_hours``
    are over, since validation, checkpoint and output take their time.
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
    # After a loss that is not finite: how often the last good checkpoint is taken up again, with the rate times this.
    retries: int = 3
    retry_rate: float = 0.5
    # Keras's 0.99 needs hundreds of steps to forget the first statistics.
    normalisation_momentum: float = 0.99
    branch_dropout: float = 1.0  # factor on the backbone's own rates of skipping a residual branch; 0 never skips
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    data: DataSettings = field(default_factory=DataSettings)
    validation: ValidationSettings = field(default_factory=ValidationSettings)

    def check(self) -> None:
        """Name all that cannot be trained with.

        Raises
        ------
        InvalidTraining
            There is no stage, or a number is not above 0.
        """
        named = {"accumulate": self.accumulate, "validation.every_epochs": self.validation.every_epochs}
        for place, stage in enumerate(self.stages):
            named |= {f"stages[{place}].{name}": value for name, value in asdict(stage).items()}
        problems = [f"{name} = {value}; write a number above 0" for name, value in named.items() if value <= 0]
        if not self.stages:
            problems.append("stages is empty; name at least one StageSettings")
        if problems:
            raise InvalidTraining("\n  ".join(["TrainingSettings:", *problems]))
