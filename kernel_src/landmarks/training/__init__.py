"""Training of the global network in stages of growing image size. An interrupted run can be resumed at any step."""

from landmarks.training.loop import TrainingResult, train
from landmarks.training.settings import (
    AugmentationSettings,
    DataSettings,
    StageSettings,
    TrainingSettings,
    ValidationSettings,
)

__all__ = [
    "AugmentationSettings",
    "DataSettings",
    "StageSettings",
    "TrainingResult",
    "TrainingSettings",
    "ValidationSettings",
    "train",
]
