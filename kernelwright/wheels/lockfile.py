"""Read and write ``wheels/pylock.<image>.toml``, the PEP 751 lock of one image. It holds hashes but no addresses."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tomli_w
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock, PylockValidationError
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from kernelwright.errors import InvalidProject, Problem
from kernelwright.image.kaggle_image import Image
from kernelwright.support.hashing import sha256
from kernelwright.wheels.requirements import Requirements

_FORMAT = 2
"""Version of the lock's table ``tool.kernelwright``. It is part of the inputs, so a lock of another format is stale."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One locked distribution.

    Attributes
    ----------
    name, version : str
        The normalized name, and the version.
    wheels : mapping of str to str
        File name -> sha256 of the best wheel for the image's Python and for each Python that a rehearsal may run on.
    sdist : mapping of str to str
        File name -> sha256 of the sdist from which the wheel was built; empty if it was not built.
    """

    name: str
    version: str
    wheels: Mapping[str, str] = field(default_factory=dict)
    sdist: Mapping[str, str] = field(default_factory=dict)

    def best(self, ranks: Mapping[Tag, int]) -> str | None:
        """Return the file name of the wheel that fits best; None if none fits.

        ``ranks`` maps each tag that fits to its rank, the lowest being the best.
        """
        ranked = [(ranks[tag], file) for file in self.wheels for tag in parse_wheel_filename(file)[3] if tag in ranks]
        return min(ranked)[1] if ranked else None


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The lock of one image: the distributions that it lacks, pinned.

    Attributes
    ----------
    image : str
        Name of the image.
    inputs : str
        Digest of the inputs from which the lock was resolved.
    needs : tuple of str
        The image's distributions that the locked ones require.
    distributions : tuple of Distribution
        The locked distributions, sorted by name.
    """

    image: str
    inputs: str
    needs: tuple[str, ...] = ()
    distributions: tuple[Distribution, ...] = ()


def place(root: Path, requirements: str, image: str) -> Path:
    """Return the path of an image's lock, beside the requirements file.

    The name contains that file's stem, unless the stem is ``requirements``.
    """
    file = root / requirements
    name = image if file.stem == "requirements" else f"{file.stem}-{image}"
    return file.with_name(f"pylock.{name.replace('.', '-')}.toml")  # PEP 751 allows no other dot in the name


def earlier_place(root: Path, requirements: str, image: str) -> Path:
    """Return the path that the lock had in earlier versions, before PEP 751."""
    file = root / requirements
    return file.with_name(f"{image}.lock" if file.stem == "requirements" else f"{file.stem}-{image}.lock")


def inputs(requirements: Requirements, image: Image, allow_sdist: Sequence[str]) -> str:
    """Return the digest of all inputs of a resolution."""
    parts = [_FORMAT, requirements.lines, image.python_full, image.glibc, dict(image.distributions)]
    return sha256(json.dumps([*parts, sorted(allow_sdist)]))


def read(file: Path) -> Lock | None:
    """Read a lock; None if there is no file. Raises `InvalidProject` if the file is not a valid lock."""
    if not file.is_file():
        return None
    try:
        parsed = Pylock.from_dict(tomllib.loads(file.read_text("utf-8")))
        own = dict((parsed.tool or {})["kernelwright"])
        return Lock(
            image=str(own["image"]),
            inputs=str(own["inputs"]),
            needs=tuple(map(str, own["needs"])),
            distributions=tuple(map(_distribution, parsed.packages)),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError, PylockValidationError) as error:
        cause = f"no {error} in tool.kernelwright" if isinstance(error, KeyError) else str(error)
        message, fix = f"not a lock of kernelwright's: {cause}", "delete it and run `kernelwright wheels` again"
        raise InvalidProject([Problem(code="KW306", file=file.name, message=message, fix=fix)]) from None


def _distribution(package: Package) -> Distribution:
    if package.version is None:  # PEP 751 allows it
        raise ValueError(f"{package.name} has no version")
    wheels = {str(wheel.path): wheel.hashes["sha256"] for wheel in package.wheels or ()}
    for file in wheels:
        parse_wheel_filename(file)
    sdist = {str(package.sdist.path): package.sdist.hashes["sha256"]} if package.sdist else {}
    return Distribution(name=package.name, version=str(package.version), wheels=wheels, sdist=sdist)


def write(lock: Lock) -> bytes:
    """Return the lock as the bytes of a TOML file. Equal locks give equal bytes."""
    packages = []
    for distribution in lock.distributions:
        sdists = [PackageSdist(path=file, hashes={"sha256": digest}) for file, digest in distribution.sdist.items()]
        files = sorted(distribution.wheels.items())
        packages.append(
            Package(
                name=canonicalize_name(distribution.name),
                version=Version(distribution.version),
                sdist=next(iter(sdists), None),
                wheels=[PackageWheel(path=file, hashes={"sha256": digest}) for file, digest in files],
            )
        )
    own = {"image": lock.image, "inputs": lock.inputs, "needs": list(lock.needs)}
    pylock = Pylock(
        lock_version=Version("1.0"), created_by="kernelwright", packages=packages, tool={"kernelwright": own}
    )
    head = f"# What the image {lock.image} lacks, by `kernelwright wheels`: edit the requirements, not this.\n"
    return (head + tomli_w.dumps(dict(pylock.to_dict()))).encode()
