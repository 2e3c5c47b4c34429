"""Compute sha256 digests as hexadecimal text."""

import hashlib
from pathlib import Path


def sha256(data: bytes | str) -> str:
    """Return the digest of bytes, or of a text encoded as UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the digest of a file's content without reading all of it into memory; raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
