"""How the public data is recognised: the rows, bytes or sha256 of files that the project declares."""

import csv
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from kernelwright.runtime import csv_file, inputs
from kernelwright.runtime.errors import InputNotFound


def rows(path: Path) -> int:
    """Count the rows of a csv file, less the header."""
    return max(0, csv_file.count(path) - 1)


def size(path: Path) -> int:
    """Count the bytes of a file."""
    return path.stat().st_size


def sha256(path: Path) -> str:
    """Digest a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


MEASURES: dict[str, Callable[[Path], int | str]] = {"rows": rows, "bytes": size, "sha256": sha256}


def compare(public: Mapping[str, Mapping[str, int | str]]) -> tuple[bool, str]:
    """Return whether the mounted data is the public data, and the evidence.

    Everything declared must match: what is missing or unreadable is not taken for public.
    """
    matching = []
    for name, facts in public.items():
        slug, _, file = name.partition("/")
        for measure, declared in facts.items():
            try:
                path = inputs.find(slug) / file
                if path.exists() and not path.is_file():  # reading a named pipe would wait for ever
                    return False, f"{name} cannot be read (it is no file)"
                value = MEASURES[measure](path)
            except InputNotFound:
                return False, f"{name} is not mounted"
            except (OSError, csv.Error) as error:
                return False, f"{name} cannot be read ({getattr(error, 'strerror', error)})"
            if value != declared:
                return False, f"{name} has {_say(measure, value)}, the public one has {declared}"
            matching.append(f"{name} has the public {_say(measure, declared)}")
    return bool(matching), " and ".join(matching) or "no public fingerprint is declared"


def _say(measure: str, value: int | str) -> str:
    return f"{measure} {value}" if measure == "sha256" else f"{value} {measure}"
