"""Training of the global network: stages of growing size against the head, resumed wherever they were ended."""

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
