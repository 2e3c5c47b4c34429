"""``wheels/<image>.lock``: names, versions and hashes of what one image lacks; never an address."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename
from pydantic import ConfigDict, Field

from kernelwright.errors import WheelsUnavailable
from kernelwright.image.kaggle_image import Image
from kernelwright.project import parsing
from kernelwright.wheels.requirements import Requirements

FORMAT = 1
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One distribution of a lock.

    Attributes
    ----------
    name, version : str
        The name normalized.
    wheels : mapping of str to str
        File name to sha256: the best wheel for the image's Python, and for each other Python a rehearsal may run on.
    sdist : mapping of str to str
        File name to sha256 of what its wheel was built from; empty where it was not.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    version: str
    wheels: dict[str, Sha256] = field(default_factory=dict)
    sdist: dict[str, Sha256] = field(default_factory=dict)

    def best(self, ranks: Mapping[Tag, int]) -> str | None:
        """Return the file name of the wheel that fits best, given each fitting tag's rank; None where none does."""
        ranked = [(_rank(file, ranks), file) for file in self.wheels]
        fitting = [(rank, file) for rank, file in ranked if rank is not None]
        return min(fitting)[1] if fitting else None


def _rank(file: str, ranks: Mapping[Tag, int]) -> int | None:
    return min((ranks[tag] for tag in parse_wheel_filename(file)[3] if tag in ranks), default=None)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What one image lacks, pinned.

    Attributes
    ----------
    format : int
        Of the file.
    image : str
        Its name.
    inputs : str
        Digest of what it was resolved from.
    needs : tuple of str
        The image's distributions that the pinned ones require.
    distribution : tuple of Distribution
        Sorted by name.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    format: int
    image: str
    inputs: str
    needs: tuple[str, ...] = ()
    distribution: tuple[Distribution, ...] = ()


def place(root: Path, requirements: str, image: str) -> Path:
    """Return where an image's lock lies: beside the requirements file, and named after it if that has another name."""
    file = root / requirements
    return file.with_name(f"{image}.lock" if file.stem == "requirements" else f"{file.stem}-{image}.lock")


def inputs(requirements: Requirements, image: Image, allow_sdist: Sequence[str]) -> str:
    """Return the digest of everything a resolution starts from."""
    told = [FORMAT, requirements.lines, image.python_full, image.glibc, dict(image.distributions), sorted(allow_sdist)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def read(file: Path) -> Lock | None:
    """Read a lock; None where there is none.

    Raises
    ------
    WheelsUnavailable
        It was edited into something else.
    """
    if not file.is_file():
        return None
    try:
        parsed = parsing.parse(Lock, tomllib.loads(file.read_text("utf-8")), file=file.name)
        for wheel in (wheel for distribution in parsed.distribution for wheel in distribution.wheels):
            parse_wheel_filename(wheel)
    except ValueError as error:
        raise WheelsUnavailable(f"{error}\ndelete {file.name} and run `kernelwright wheels` again") from None
    return parsed


def write(lock: Lock) -> bytes:
    """Return the lock's text, the same for the same lock."""
    head = [
        f"# What the image {lock.image} lacks, by `kernelwright wheels`: edit the requirements, not this.",
        f"format = {lock.format}",
        f'image = "{lock.image}"',
        f'inputs = "{lock.inputs}"',
        f"needs = {json.dumps(lock.needs)}",
    ]
    blocks = [line for distribution in lock.distribution for line in ("", *_block(distribution))]
    return ("\n".join([*head, *blocks]) + "\n").encode()


def _block(distribution: Distribution) -> list[str]:
    tables = {"wheels": distribution.wheels, "sdist": distribution.sdist}
    lines = ["[[distribution]]", f'name = "{distribution.name}"', f'version = "{distribution.version}"']
    for title, table in tables.items():
        entries = [f'"{file}" = "{sha256}"' for file, sha256 in sorted(table.items())]
        lines += [f"[distribution.{title}]", *entries] if entries else []
    return lines
