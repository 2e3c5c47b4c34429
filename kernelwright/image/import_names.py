"""Find the distribution that provides an imported name: opencv-python for cv2, scikit-learn for sklearn."""

from collections.abc import Iterator
from functools import cache
from importlib import resources

from packaging.utils import NormalizedName, canonicalize_name

from kernelwright.image.kaggle_image import Image


def distributions(name: str) -> tuple[NormalizedName, ...]:
    """Return the distributions that may provide ``name``, which may be dotted, the most likely first; never empty.

    A name that is not in the table is taken for the name of its distribution.
    """
    table = _table()
    listed = next((table[prefix] for prefix in _prefixes(name) if prefix in table), ())
    return listed or (canonicalize_name(name.partition(".")[0]),)


def provided(name: str, image: Image) -> NormalizedName | None:
    """Return the image's distribution that provides ``name``; None if none is known to."""
    candidates = distributions(name)
    # Distributions that share a namespace are often named after it: google.cloud.spanner is google-cloud-spanner.
    if name.partition(".")[0] in _namespaces():
        candidates = (*(canonicalize_name(prefix) for prefix in _prefixes(name) if "." in prefix), *candidates)
    return next((candidate for candidate in candidates if candidate in image.distributions), None)


def _prefixes(name: str) -> Iterator[str]:
    """Yield ``a.b.c``, ``a.b``, ``a`` for ``a.b.c``."""
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
    """Return the top-level names that several distributions share: those of the table's dotted names."""
    return frozenset(name.partition(".")[0] for name in _table() if "." in name)
