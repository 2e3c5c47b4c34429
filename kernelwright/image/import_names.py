"""Which distribution brings a name that is imported: cv2 is opencv-python, sklearn is scikit-learn."""

from collections.abc import Iterator
from functools import cache
from importlib import resources

from packaging.utils import NormalizedName, canonicalize_name

from kernelwright.image.kaggle_image import Image


def distributions(name: str) -> tuple[NormalizedName, ...]:
    """Return the distributions that may bring ``name``, a dotted one too, the likeliest first; never empty."""
    table = _table()
    listed = next((table[prefix] for prefix in _prefixes(name) if prefix in table), ())
    return listed or (canonicalize_name(name.partition(".")[0]),)


def provided(name: str, image: Image) -> NormalizedName | None:
    """Return the image's distribution that brings ``name``, None where it has none that is known to."""
    candidates = distributions(name)
    if name.partition(".")[0] in _namespaces():  # google.cloud.spanner is google-cloud-spanner
        candidates = (*(canonicalize_name(prefix) for prefix in _prefixes(name) if "." in prefix), *candidates)
    return next((candidate for candidate in candidates if candidate in image.distributions), None)


def _prefixes(name: str) -> Iterator[str]:
    """Yield ``a.b.c``, ``a.b``, ``a``."""
    while name:
        yield name
        name = name.rpartition(".")[0]


@cache
def _table() -> dict[str, tuple[NormalizedName, ...]]:
    text = resources.files("kernelwright.image").joinpath("data/import_names.txt").read_text("utf-8")
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {name: tuple(map(canonicalize_name, brought)) for name, *brought in rows}


@cache
def _namespaces() -> frozenset[str]:
    """Return the top-level names that several distributions share."""
    return frozenset(name.partition(".")[0] for name in _table() if "." in name)
