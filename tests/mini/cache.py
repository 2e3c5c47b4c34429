"""Whether the mini dataset on disk is the one the sources would make: a digest of all that decides its bytes."""

import hashlib
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIGEST = ".digest"
DISTRIBUTIONS = ("efficientnet", "keras", "numpy", "opencv-python-headless", "scikit-image", "tensorflow")
MODULES = ("dataset", "errors", "images", "network", "settings", "training", "weights")


def digest() -> str:
    """Return the digest of the sources and of the versions of what they use, in hexadecimal."""
    sources = [*sorted(Path(__file__).parent.glob("*.py"))]
    sources += [ROOT / "kernel_src" / "landmarks" / f"{name}.py" for name in MODULES]
    hashed = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for path in sources:
        hashed.update(f"{path.relative_to(ROOT)}:{path.stat().st_size}\n".encode() + path.read_bytes())
    for name in DISTRIBUTIONS:
        hashed.update(f"{name}=={metadata.version(name)}\n".encode())
    return hashed.hexdigest()


def is_current(folder: Path, wanted: str) -> bool:
    """Tell whether a folder was made by these sources: whole folders are renamed into place, digest and all."""
    mark = folder / DIGEST
    return mark.is_file() and mark.read_text() == wanted
