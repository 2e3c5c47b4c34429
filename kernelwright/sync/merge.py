"""Three versions of a file -> one, by git."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kernelwright.errors import MergeFailed

_LABELS = ("here", "as built", "the notebook")


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The merged bytes, with conflict marks where both sides changed the same lines."""

    data: bytes
    clean: bool


def merge(here: bytes, base: bytes, there: bytes) -> Merged:
    """Merge what changed from ``base`` on both sides; raises `MergeFailed` where git cannot."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("here", "base", "there")]
        for file, data in zip(files, (here, base, there), strict=True):
            file.write_bytes(data)
        labels = [part for label in _LABELS for part in ("-L", label)]
        command = ["git", "merge-file", "--stdout", *labels, *map(str, files)]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        except OSError as error:
            raise MergeFailed(f"git merge-file: {error.strerror}; install git") from None
    if done.returncode > 127:
        raise MergeFailed(f"git merge-file: {done.stderr.decode('utf-8', 'replace').strip()}")
    return Merged(data=done.stdout, clean=done.returncode == 0)
