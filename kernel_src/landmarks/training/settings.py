"""How a network is trained; what is trained is `landmarks.settings.NetworkSettings`."""

from dataclasses import dataclass, field


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
class TrainingSettings:
    """One training run; the defaults are those of the solution's write-up, at 384 px and then at 512.

    The rate of a stage rises from 0 over the share ``warmup`` of its steps, and falls to 0 along half a cosine. A step
    averages the gradients of ``accumulate`` batches, clipped to the global norm ``clip_norm``. After ``patience``
    epochs without a better validation a stage ends.
    """

    stages: tuple[StageSettings, ...] = (
        StageSettings(size_px=384, epochs=9, batch=32),
        StageSettings(size_px=512, epochs=3, batch=16, learning_rate=2e-5),
    )
    warmup: float = 0.1
    seed: int = 2021
    clip_norm: float | None = 10.0
    accumulate: int = 1
    mixed_precision: bool = True
    validation_share: float = 0.1
    balanced: bool = False
    patience: int | None = None
    budget_hours: float = 11.5
    checkpoint_every_minutes: float = 15.0
    checkpoint_every_steps: int | None = None
    # After a loss that is not finite: how often the last good checkpoint is taken up again, with the rate times this.
    retries: int = 3
    retry_rate: float = 0.5
    # Keras's 0.99 needs hundreds of steps to forget the first statistics.
    normalisation_momentum: float = 0.99
    branch_dropout: float = 1.0  # factor on the backbone's own rates of skipping a residual branch; 0 never skips
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
