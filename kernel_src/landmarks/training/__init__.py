"""Training of the global network: stages of growing size against the head, resumed wherever they were ended."""

from landmarks.training.loop import train
from landmarks.training.settings import AugmentationSettings, StageSettings, TrainingSettings

__all__ = ["AugmentationSettings", "StageSettings", "TrainingSettings", "train"]
