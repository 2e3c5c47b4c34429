"""One wheel file: read, and held against its own name and its own record."""

import base64
import binascii
import csv
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from kernelwright.errors import WheelsUnavailable

_UNRECORDED = (".dist-info/RECORD", ".dist-info/RECORD.jws", ".dist-info/RECORD.p7s")
_NAME = re.compile(r"[\w.!+-]+")


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel that is what its name says.

    Attributes
    ----------
    path : Path
        The file.
    name, version : str
        The name normalized.
    tags : frozenset of Tag
        What it fits.
    requires : tuple of Requirement
        Its ``Requires-Dist``.
    modules : tuple of str
        The top-level names it brings.
    licence : str
        What its metadata says of the licence.
    licences : tuple of (str, str)
        Its licence files: name, text.
    """

    path: Path
    name: str
    version: str
    tags: frozenset[Tag]
    requires: tuple[Requirement, ...]
    modules: tuple[str, ...]
    licence: str
    licences: tuple[tuple[str, str], ...]


def sha256(path: Path) -> str:
    """Return the hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path) -> Wheel:
    """Read a wheel whole.

    Raises
    ------
    WheelsUnavailable
        It is corrupt, edited or renamed.
    """
    name, version, tags = _named(path)
    try:
        with zipfile.ZipFile(path) as archive:
            info = _dist_info(archive, path)
            headers = Parser().parsestr(archive.read(f"{info}/METADATA").decode("utf-8", "replace"))
            _hold_against_name(path, headers, name, version)
            _hold_against_record(path, archive, info)
            return Wheel(
                path=path,
                name=name,
                version=str(version),
                tags=tags,
                requires=_requires(path, headers),
                modules=_modules(archive),
                licence=headers.get("License-Expression") or headers.get("License") or "",
                licences=_licences(archive, info),
            )
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, binascii.Error) as error:
        raise WheelsUnavailable(f"{path.name}: corrupt: {error}; fetch it again") from None


def _named(path: Path) -> tuple[str, Version, frozenset[Tag]]:
    fault = WheelsUnavailable(f"{path.name}: not the name of a wheel; give it back its own")
    if not _NAME.fullmatch(path.name):  # a copy's, as "x (1).whl", passes for a platform otherwise
        raise fault
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except (InvalidWheelFilename, InvalidVersion):
        raise fault from None
    return name, version, tags


def _dist_info(archive: zipfile.ZipFile, path: Path) -> str:
    found = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    if len(found) != 1:
        raise WheelsUnavailable(f"{path.name}: corrupt: {len(found)} .dist-info folders, not one; fetch it again")
    return found.pop()


def _hold_against_name(path: Path, headers: Message, name: str, version: Version) -> None:
    told = f"{headers['Name']} {headers['Version']}"
    try:
        same = canonicalize_name(str(headers["Name"])) == name and Version(str(headers["Version"])) == version
    except InvalidVersion:
        same = False
    if not same:
        raise WheelsUnavailable(f"{path.name}: renamed: inside it is {told}; give it back its own name")


def _hold_against_record(path: Path, archive: zipfile.ZipFile, info: str) -> None:
    recorded = {row[0]: row[1] for row in csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode())) if row}
    for name in archive.namelist():
        if name.endswith(("/", *_UNRECORDED)):
            continue
        algorithm, _, expected = recorded.get(name, "").partition("=")
        if algorithm not in hashlib.algorithms_guaranteed:
            raise WheelsUnavailable(f"{path.name}: edited: {name} is not in its record; fetch it again")
        digest = hashlib.new(algorithm, archive.read(name)).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != expected.rstrip("="):
            raise WheelsUnavailable(f"{path.name}: edited: {name} is not what its record says; fetch it again")


def _requires(path: Path, headers: Message) -> tuple[Requirement, ...]:
    try:
        return tuple(Requirement(text) for text in headers.get_all("Requires-Dist", []))
    except InvalidRequirement as error:
        raise WheelsUnavailable(f"{path.name}: a requirement of its own cannot be read: {error}") from None


def _modules(archive: zipfile.ZipFile) -> tuple[str, ...]:
    return tuple(sorted({name for entry in archive.namelist() if (name := _module(PurePosixPath(entry).parts))}))


def _module(parts: tuple[str, ...]) -> str:
    """Return the top-level name that a file makes importable, or nothing."""
    if len(parts) == 2:
        package, file = parts
        return package if package.isidentifier() and file.startswith("__init__.") else ""
    name, _, rest = parts[0].partition(".")
    return name if len(parts) == 1 and name.isidentifier() and (rest == "py" or rest.endswith("so")) else ""


def _licences(archive: zipfile.ZipFile, info: str) -> tuple[tuple[str, str], ...]:
    telling = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
    names = [name for name in archive.namelist() if name.startswith(f"{info}/") and not name.endswith("/")]
    chosen = [name for name in names if PurePosixPath(name).name.upper().startswith(telling)]
    return tuple((name.removeprefix(f"{info}/"), archive.read(name).decode("utf-8", "replace")) for name in chosen)
