"""Reading and writing weights files.

Three formats are read: the legacy weights-only ``.h5`` format of Keras 2, which the original notebook used, whole
models in the legacy ``.h5`` format, and the ``.weights.h5`` format of Keras 3. Names in legacy files do not match those
of newer versions of Keras, so these weights are assigned in the order of the layers, after all shapes were checked.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import chain, count, takewhile, zip_longest
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from tensorflow import keras

from landmarks.errors import WrongModelFile, WrongWeights
from landmarks.heads import ClassMatrix
from landmarks.network import BACKBONES, POOLINGS, encoder
from landmarks.settings import NetworkSettings, WeightsSettings

MODEL_FILE = "model.json"
"""Describes the network that the weights in the same folder belong to."""

HEAD_NAME = "head/arc_margin"
"""Name of the head in the original notebook. Keras 3 does not accept a slash in a name."""

_MAXIMA = {"resize_px": 2048, "input_px": 2048, "classes": 10_000_000, "embedding": 65_536, "sub_centres": 100}
_CHOICES = {"backbone": tuple(BACKBONES), "pooling": POOLINGS}
_KEYS = ("backbone", "resize_px", "input_px", "classes", "embedding", "pooling", "sub_centres")
_MAX_LISTED = 5  # problems of one weights file that a message lists; a wrong backbone has hundreds

log = logging.getLogger(__name__)


def read_network(folder: Path, weights: WeightsSettings) -> NetworkSettings:
    """Return the settings of the network that the weights in a folder belong to.

    Parameters
    ----------
    folder : Path
        Contains ``weights.file`` and, optionally, ``model.json``. Its keys backbone, resize_px, input_px, classes,
        embedding, pooling and sub_centres override the settings.
    weights : WeightsSettings
        The name of the weights file, and the network's settings for keys that ``model.json`` does not define. If it
        does not define the number of classes, that is read from the head in the weights file, if there is one.

    Returns
    -------
    NetworkSettings
        The combined settings.

    Raises
    ------
    WrongModelFile
        If ``model.json`` is not an object with known keys and valid values. The message names all problems.
    WrongWeights
        If the weights file exists but is not an HDF5 file.
    """
    given = _read_model_file(folder / MODEL_FILE)
    if "classes" not in given and (folder / weights.file).exists():
        with _opened(folder / weights.file) as file:
            head = _stored_head(file)
        sub_centres = given.get("sub_centres", weights.network.head.sub_centres)
        given |= {} if head is None else {"classes": head.shape[1] // sub_centres}
    if "sub_centres" in given:
        given["head"] = replace(weights.network.head, sub_centres=given.pop("sub_centres"))
    return replace(weights.network, **given)


def describe_network(network: NetworkSettings) -> str:
    """Return the content of a ``model.json`` from which `read_network` reads the same network."""
    return json.dumps({key: _value(network, key) for key in _KEYS}, indent=1) + "\n"


def load_embedding_model(
    folder: Path, weights: WeightsSettings, *, keep_going: bool = False
) -> tuple[Any, NetworkSettings]:
    """Build the embedding model of a folder and load its weights.

    The weights of the head are not loaded, because retrieval does not use them. Only their shape is checked.

    Parameters
    ----------
    folder, weights
        As in `read_network`.
    keep_going : bool
        If the head does not fit, log it instead of raising an error, because the embedding does not depend on it.

    Returns
    -------
    model : keras.Model
        From images, float32 BGR of shape (batch, input_px, input_px, 3) in [0, 1], to embeddings, float32 of shape
        (batch, embedding).
    network : NetworkSettings
        The settings of the model.

    Raises
    ------
    WrongModelFile
        As in `read_network`.
    WrongWeights
        If the file is missing, is not a Keras weights file, a shape differs from the network's (the message names both
        shapes), or its values are not finite or all 0.
    """
    network = read_network(folder, weights)
    path = folder / weights.file
    with _opened(path) as file:
        model = encoder(network)
        pairs = list(_paired(model, file))
        head_misfits = [*_head_misfits(file, network)]
        if problems := [*_misfits(pairs), *([] if keep_going else head_misfits)]:
            raise WrongWeights(_complaint(path, network, problems))
        if head_misfits:
            log.warning("the head is not used: %s", _complaint(path, network, head_misfits))
        values = [_read(path, tensor) for _, tensor in pairs]
        if problems := [*_unusable([tensor.name for _, tensor in pairs], values)]:
            raise WrongWeights(_listed(f"{path}: its values are no trained weights; attach the file again:", problems))
        for (slot, _), value in zip(pairs, values, strict=True):
            slot.assign(value)
    return model, network


def save_legacy_h5(classifier: Any, path: Path) -> None:
    """Write a classifier's weights in the legacy format of Keras 2, which the original notebook used.

    The file has one group per layer; attributes contain the names and their order. The head is named `HEAD_NAME`, which
    HDF5 stores as a group within a group ``head``.

    Parameters
    ----------
    classifier : keras.Model
        A classifier of `landmarks.network`.
    path : Path
        The file, which is written atomically.
    """
    partial = path.with_name(f"{path.name}.partial")
    with h5py.File(partial, "w") as file:
        names = [HEAD_NAME if isinstance(layer, ClassMatrix) else str(layer.name) for layer in classifier.layers]
        file.attrs.update(layer_names=_encoded(names), backend=b"tensorflow", keras_version=b"2.4.0")
        for name, layer in zip(names, classifier.layers, strict=True):
            _write_layer(file.create_group(name), name, layer)
    partial.replace(path)


def _read_model_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WrongModelFile(f"{path}: not JSON: {error}") from error
    if not isinstance(given, dict):
        raise WrongModelFile(f"{path}: {given!r} is not an object; write {{{_example('backbone')}, ...}}")
    if problems := [problem for key, value in given.items() if (problem := _problem(key, value))]:
        raise WrongModelFile("\n  ".join([f"{path}:", *problems]))
    return given


def _problem(key: str, value: object) -> str | None:
    if key not in _KEYS:
        near = get_close_matches(key, _KEYS, 1)
        return f"{key}: {value!r}: unknown key; " + (f"write {near[0]}" if near else f"known are {', '.join(_KEYS)}")
    if key in _CHOICES:
        if isinstance(value, str) and value in _CHOICES[key]:
            return None
        return f"{key}: {value!r} is no {key}; write one of {', '.join(_CHOICES[key])}"
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return f"{key}: {value!r} is not a whole number above 0; write e.g. {_example(key)}"
    if value > _MAXIMA[key]:
        return f"{key}: {value} is above {_MAXIMA[key]}, the most that is taken; write e.g. {_example(key)}"
    return None


def _example(key: str) -> str:
    return f'"{key}": {json.dumps(_value(NetworkSettings(), key))}'


def _value(network: NetworkSettings, key: str) -> Any:
    return getattr(network.head if key == "sub_centres" else network, key)


def _opened(path: Path) -> h5py.File:
    if not path.exists():
        names = ", ".join(sorted(entry.name for entry in path.parent.glob("*"))) or "nothing"
        raise WrongWeights(f"{path}: no such file; its folder holds {names}; name the file in the settings")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise WrongWeights(f"{path}: not an HDF5 file ({error}); attach the weights again") from error


@dataclass(frozen=True)
class _Stored:
    """A layer of a legacy file with its tensors, trainable ones first."""

    name: str
    tensors: tuple[Any, ...]


def _legacy_layers(file: h5py.File) -> list[_Stored] | None:
    """Return the layers with weights, in the order of the network; None if the file has another format."""
    group = file.get("model_weights", file)
    names = _names(group, "layer_names")
    stored = [_Stored(name, tuple(map(group[name].get, _names(group[name], "weight_names")))) for name in names]
    return [layer for layer in stored if layer.tensors] if names else None


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """Read a list of names. Keras splits lists of more than 64 kB into numbered attributes."""
    numbered = (f"{attribute}{chunk}" for chunk in count())
    keys = [attribute] if attribute in group.attrs else takewhile(group.attrs.__contains__, numbered)
    names = chain.from_iterable(group.attrs[key] for key in keys)
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _paired(model: Any, file: h5py.File) -> Iterator[tuple[Any, Any]]:
    """Pair each variable of the embedding model with its tensor. A missing variable or tensor is None."""
    layers = _legacy_layers(file)
    if layers is not None:
        slots = chain.from_iterable(map(_ordered_weights, model.layers))
        head = _stored_head(file)
        tensors = chain.from_iterable(layer.tensors for layer in layers)
        return zip_longest(slots, (tensor for tensor in tensors if tensor != head))
    if "layers" in file:
        return ((slot, file.get(place)) for slot, place in _places(model, "layers"))
    raise WrongWeights(f"{file.filename}: holds no Keras weights; attach a file that Keras saved")


def _ordered_weights(layer: Any) -> list[Any]:
    """Return the weights of a layer in the order of legacy files: trainable weights first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _places(model: Any, group: str) -> Iterator[tuple[Any, str]]:
    """Yield each variable and its path in a Keras 3 file.

    A layer's path is its class name in snake case, followed by a number from its second occurrence on.
    """
    seen: Counter[str] = Counter()
    for layer in model.layers:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", type(layer).__name__).lower()
        place = f"{group}/{kind}_{seen[kind]}" if seen[kind] else f"{group}/{kind}"
        seen[kind] += 1
        if isinstance(layer, keras.Model):
            yield from _places(layer, f"{place}/layers")
        else:
            yield from ((slot, f"{place}/vars/{index}") for index, slot in enumerate(_ordered_weights(layer)))


def _stored_head(file: h5py.File) -> Any:
    """Return the head's matrix: the head is the only layer with a single, two-dimensional tensor."""
    layers = _legacy_layers(file)
    if layers is not None:
        groups = [layer.tensors for layer in layers]
    else:
        groups = [tuple(layer["vars"].values()) for layer in file.get("layers", {}).values() if "vars" in layer]
    single = [tensors[0] for tensors in groups if len(tensors) == 1 and len(tensors[0].shape) == 2]
    return single[-1] if single else None


def _misfits(pairs: list[tuple[Any, Any]]) -> Iterator[str]:
    for slot, tensor in pairs:
        if slot is None:
            yield f"{tensor.name}: shape {tensor.shape} in the file, nothing in the network"
        elif tensor is None:
            yield f"{slot.path}: nothing in the file, shape {tuple(slot.shape)} in the network"
        elif tensor.shape != tuple(slot.shape):
            yield f"{tensor.name}: shape {tensor.shape} in the file, {tuple(slot.shape)} in the network"


def _read(path: Path, tensor: h5py.Dataset) -> NDArray[Any]:
    try:
        return np.asarray(tensor)
    except OSError as error:  # opening a truncated file succeeds, but reading fails
        raise WrongWeights(f"{path}: {tensor.name} cannot be read ({error}); attach the weights again") from error


def _unusable(names: Sequence[str], values: Sequence[NDArray[Any]]) -> Iterator[str]:
    """Yield signs of weights that were not trained: values that are not finite, and kernels that are all 0."""
    for name, value in zip(names, values, strict=True):
        if not np.isfinite(value).all():
            yield f"{name}: {int((~np.isfinite(value)).sum())} of {value.size} values are not finite"
    if not any(value.any() for value in values if value.ndim > 1):
        yield "every kernel is 0"


def _head_misfits(file: h5py.File, network: NetworkSettings) -> Iterator[str]:
    head, shape = _stored_head(file), (network.embedding, network.classes * network.head.sub_centres)
    if head is not None and head.shape != shape:
        axes = "embedding, classes" + " * sub_centres" * (network.head.sub_centres > 1)
        yield f"{head.name}: shape {head.shape} in the file, {shape} in the network ({axes})"


def _complaint(path: Path, network: NetworkSettings, problems: list[str]) -> str:
    built = f"{network.backbone}, embedding {network.embedding}, {network.classes} classes"
    heading = f"{path}: does not fit {built}; attach its weights or describe these in {MODEL_FILE} beside them:"
    return _listed(heading, problems)


def _listed(heading: str, problems: list[str]) -> str:
    more = [f"and {len(problems) - _MAX_LISTED} more"] if len(problems) > _MAX_LISTED else []
    return "\n  ".join([heading, *problems[:_MAX_LISTED], *more])


def _write_layer(group: h5py.Group, name: str, layer: Any) -> None:
    weights = _ordered_weights(layer)
    names = [f"{weight.path.replace(layer.name, name, 1)}:0" for weight in weights]
    group.attrs["weight_names"] = _encoded(names)
    for weight, stored in zip(weights, names, strict=True):
        group.create_dataset(stored, data=weight.numpy())


def _encoded(names: list[str]) -> Any:
    return np.array([name.encode() for name in names], dtype="S" if names else float)
