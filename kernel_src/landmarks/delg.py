"""DELG: local features and a global descriptor from one network.

Both export formats are supported: a SavedModel in TF1 format, whose tensors are accessed by name with ``prune``, and
one in TF2 format, whose tensors are accessed through its signature.

References
----------
Cao, Araujo and Sim, "Unifying deep local and global features for image search", ECCV 2020.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kernelwright.runtime import inputs
from landmarks.errors import WrongModelFile
from landmarks.feature_types import NO_FEATURES, LocalFeatures
from landmarks.settings import DelgSettings

Feeds = dict[str, Any]
_GLOBAL_FEEDS = ("input_image", "input_scales", "input_abs_thres")
_LOCAL_FEEDS = (*_GLOBAL_FEEDS, "input_max_feature_num")


class Delg:
    """The DELG network. Thread-safe.

    Parameters
    ----------
    folder : Path
        A SavedModel.
    settings : DelgSettings
        Scales, thresholds and enlargement.

    Raises
    ------
    WrongModelFile
        If the folder is not a SavedModel, or the model does not have DELG's tensors.
    """

    def __init__(self, folder: Path, settings: DelgSettings) -> None:
        self._settings = settings
        model = _loaded(folder)
        try:
            self._local = _function(model, _LOCAL_FEEDS, ("boxes", "features"))
            self._global = _function(model, _GLOBAL_FEEDS, ("global_descriptors",))
        except (KeyError, ValueError) as error:
            raise WrongModelFile(f"{folder}: not DELG's tensors: {error}; attach a DELG SavedModel") from error

    def local(self, image: NDArray[np.uint8]) -> LocalFeatures:
        """Extract the local features of an image.

        Parameters
        ----------
        image : ndarray, uint8, shape (height, width, 3)
            RGB.

        Returns
        -------
        LocalFeatures
            At most ``max_features``, sorted by attention. Keypoints are the centres of the features' boxes, (y, x) in
            pixels of the enlarged image. Descriptors have 128 values and norm 1. An image may have no features.
        """
        enlarged = enlarge(image, self._settings.enlarge)
        boxes, features = self._local(self._fed(enlarged))
        if not len(boxes):
            return NO_FEATURES
        keypoints = (boxes[:, :2] + boxes[:, 2:]) / 2.0
        return LocalFeatures(keypoints.numpy(), _unit(features, axis=1), self._settings.enlarge)

    def describe(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the global descriptor of an image: the normalised sum over all scales.

        Parameters
        ----------
        image : ndarray, uint8, shape (height, width, 3)
            RGB, not enlarged.

        Returns
        -------
        ndarray, float32, shape (2048,)
            Norm 1.
        """
        (by_scale,) = self._global(self._fed(image))
        return _unit(tf.reduce_sum(by_scale, axis=0), axis=0)

    def _fed(self, image: NDArray[np.uint8]) -> Feeds:
        return {
            "input_image": tf.convert_to_tensor(image),
            "input_scales": tf.constant(self._settings.scales, tf.float32),
            "input_abs_thres": tf.constant(self._settings.score_threshold, tf.float32),
            "input_max_feature_num": tf.constant(self._settings.max_features, tf.int32),
        }


def attached(settings: DelgSettings) -> Delg:
    """Load the attached DELG network. Later calls with the same settings return the same object.

    Raises
    ------
    InputNotFound
        If the slug of the settings is not attached.
    WrongModelFile
        As in `Delg`.
    """
    return _shared(inputs.find(settings.slug) / settings.folder, settings)


def enlarge(image: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Enlarge an image bilinearly. Its size in pixels and its values are truncated to integers, not rounded.

    Parameters
    ----------
    image : ndarray, uint8, shape (height, width, channels)
        Any image.
    factor : float
        Factor of both sides.

    Returns
    -------
    ndarray, uint8, shape (int(factor * height), int(factor * width), channels)
        The enlarged image.
    """
    sides = tf.cast(factor * tf.cast(image.shape[:2], tf.float32), tf.int32)
    enlarged: NDArray[np.uint8] = tf.cast(tf.image.resize(image, sides), tf.uint8).numpy()
    return enlarged


@functools.lru_cache(maxsize=1)
def _loaded(folder: Path) -> Any:
    try:
        return tf.saved_model.load(str(folder))
    except (OSError, ValueError, RuntimeError) as error:
        raise WrongModelFile(f"{folder}: not a SavedModel ({error}); attach a DELG SavedModel") from error


def _function(model: Any, feeds: Sequence[str], fetches: Sequence[str]) -> Callable[[Feeds], list[Any]]:
    """Return a function from named inputs to the outputs ``fetches``, for either export format."""
    if hasattr(model, "prune"):
        pruned = model.prune([f"{name}:0" for name in feeds], [f"{name}:0" for name in fetches])
        return lambda fed: list(pruned(*(fed[name] for name in feeds)))
    signature = model.signatures["serving_default"]
    inputs_of_signature = set(signature.structured_input_signature[1])
    if missing := set(fetches) - set(signature.structured_outputs):
        raise KeyError(f"no output {', '.join(sorted(missing))}")
    if unknown := inputs_of_signature - set(_LOCAL_FEEDS):
        raise KeyError(f"unknown input {', '.join(sorted(unknown))}")

    def call(fed: Feeds) -> list[Any]:
        outputs = signature(**{name: fed[name] for name in inputs_of_signature})
        return [outputs[name] for name in fetches]

    return call


_shared = functools.lru_cache(maxsize=2)(Delg)  # one for all scales, one for coarse features


def _unit(vectors: Any, axis: int) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = tf.nn.l2_normalize(vectors, axis=axis).numpy()
    return unit
