"""The recipe of embeddings: everything they depend on. Only embeddings with equal recipes are comparable."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kernelwright.runtime import fingerprints
from landmarks.settings import Settings
from landmarks.weights import read_network

Recipe = Mapping[str, str | int | bool]
"""Values by key, of types that JSON preserves."""

_OF_THE_NETWORK = ("backbone", "resize_px", "input_px", "embedding", "pooling")


def recipe(settings: Settings, folders: Sequence[Path]) -> Recipe:
    """Return the recipe of the embeddings that the settings define.

    Parameters
    ----------
    settings : Settings
        ``models``, ``delg_global`` and ``embedding`` are used.
    folders : sequence of Path
        The folder of each model's weights, in the order of ``settings.models``.

    Returns
    -------
    mapping
        Settings of each network and digest of its weights, JPEG quality, and settings that differ from their defaults.

    Raises
    ------
    WrongModelFile, WrongWeights
        As in `landmarks.weights.read_network`.
    OSError
        If a weights file cannot be read.
    """
    values: dict[str, str | int | bool] = {
        "jpeg_quality": settings.embedding.jpeg_quality,
        "delg_global": settings.delg_global,
    }
    if settings.embedding.precision != "float32":
        values["precision"] = settings.embedding.precision
    if settings.embedding.flip:
        values["flip"] = True
    if settings.embedding.zooms != (1.0,):
        values["zooms"] = str(settings.embedding.zooms)
    if settings.embedding.weights:
        values["weights"] = str(settings.embedding.weights)
    for number, (weights, folder) in enumerate(zip(settings.models, folders, strict=True), 1):
        network = read_network(folder, weights)
        values |= {f"model {number} {key}": getattr(network, key) for key in _OF_THE_NETWORK}
        values[f"model {number} sha256"] = fingerprints.sha256(folder / weights.file)
    return values


def width(values: Recipe) -> int:
    """Return the length of an embedding: the sum over all networks."""
    return sum(int(value) for key, value in values.items() if key.endswith(" embedding"))


def differences(stored: Recipe, wanted: Recipe, *, names: tuple[str, str]) -> Iterator[str]:
    """Yield each key whose values differ, with both values. ``names`` describes their origins."""
    for key in sorted({*stored, *wanted}):
        if stored.get(key) != wanted.get(key):
            yield f"{key}: {stored.get(key)!r} {names[0]}, {wanted.get(key)!r} {names[1]}"
