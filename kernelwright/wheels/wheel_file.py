"""Read a wheel file, and compare it with its name and its RECORD."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath

from installer.exceptions import InstallerError
from installer.records import InvalidRecordEntry
from installer.sources import WheelFile
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from kernelwright.errors import WheelsUnavailable
from kernelwright.wheels import requirements

_LARGEST_BYTES = 10 * 1024**3  # unpacked; a larger archive is refused before it is read
_NAME = re.compile(r"[\w.!+-]+")
_LICENCE_FILES = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
_CORRUPT = (
    *(zipfile.BadZipFile, zlib.error, InstallerError, InvalidRecordEntry),
    # A damaged archive and the library's own assertions raise these too.
    *(KeyError, ValueError, EOFError, OSError, NotImplementedError, RuntimeError, AssertionError),
)


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A verified wheel.

    Attributes
    ----------
    path : Path
        The file.
    name, version : str
        The normalized name, and the version.
    requires : tuple of Requirement
        The requirements in ``Requires-Dist``.
    modules : tuple of str
        The top-level names that the wheel makes importable.
    licence : str
        The licence as named in the metadata.
    licences : tuple of (str, str)
        Name and text of each licence file.
    """

    path: Path
    name: str
    version: str
    requires: tuple[Requirement, ...]
    modules: tuple[str, ...]
    licence: str
    licences: tuple[tuple[str, str], ...]


def read(path: Path) -> Wheel:
    """Read and verify a wheel; raises `WheelsUnavailable` if it is corrupt, edited or renamed."""
    name, version = _parse_name(path)
    try:
        with zipfile.ZipFile(path) as archive:
            if (size := sum(entry.file_size for entry in archive.infolist())) > _LARGEST_BYTES:
                raise zipfile.BadZipFile(f"{size:,} bytes unpacked, and at most {_LARGEST_BYTES:,} are read")
            source = WheelFile(archive)
            source.validate_record(validate_contents=True)
            info = {file: archive.read(f"{source.dist_info_dir}/{file}") for file in source.dist_info_filenames}
            modules = {_module(PurePosixPath(entry).parts) for entry in archive.namelist()}
    except _CORRUPT as error:
        first = next(iter(getattr(error, "issues", ())), str(error) or type(error).__name__)
        cause = " ".join(str(first).removeprefix(f"In {path}, ").split())
        raise WheelsUnavailable(f"{path.name}: corrupt or edited: {cause}; fetch it again") from None
    headers = Parser().parsestr(info.get("METADATA", b"").decode("utf-8", "replace"))
    licences = [
        (file, data.decode("utf-8", "replace"))
        for file, data in info.items()
        if PurePosixPath(file).name.upper().startswith(_LICENCE_FILES)
    ]
    _check_name(path, headers, name, version)
    try:
        requires = tuple(requirements.parse(text) for text in headers.get_all("Requires-Dist", []))
    except InvalidRequirement as error:
        raise WheelsUnavailable(f"{path.name}: a requirement of its own cannot be read: {error}") from None
    return Wheel(
        path=path,
        name=name,
        version=str(version),
        requires=requires,
        modules=tuple(sorted(modules - {""})),
        licence=headers.get("License-Expression") or headers.get("License") or "",
        licences=tuple(licences),
    )


def _parse_name(path: Path) -> tuple[str, Version]:
    usual = _NAME.fullmatch(path.name)  # otherwise the " (1)" of a copied file passes for part of the platform tag
    try:
        name, version, *_ = parse_wheel_filename(path.name if usual else "")
    except ValueError:  # the library's own errors are ValueErrors, and a version of 5,000 digits raises one too
        raise WheelsUnavailable(f"{path.name}: not the name of a wheel; give it back its own") from None
    return name, version


def _check_name(path: Path, headers: Message, name: str, version: Version) -> None:
    inside = (str(headers["Name"]), str(headers["Version"]))
    try:
        same = (canonicalize_name(inside[0]), Version(inside[1])) == (name, version)
    except ValueError:
        same = False
    if not same:
        raise WheelsUnavailable(f"{path.name}: renamed: inside it is {' '.join(inside)}; give it back its own name")


def _module(parts: tuple[str, ...]) -> str:
    """Return the top-level name that a file makes importable; empty if there is none."""
    if len(parts) == 2:
        package, file = parts
        return package if package.isidentifier() and file.startswith("__init__.") else ""
    name, _, rest = parts[0].partition(".")
    return name if len(parts) == 1 and name.isidentifier() and (rest == "py" or rest.endswith("so")) else ""
