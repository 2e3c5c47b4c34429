"""What one image lacks: requirements -> pinned distributions with the files that serve each Python, by uv.

The image's distributions are left out of the resolution and stay as they are: their pins contradict one another, and a
resolver that had to keep them all would find nothing. `conflicts` compares the outcome with them afterwards.
"""

import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kernelwright.errors import WheelsUnavailable
from kernelwright.image.kaggle_image import Image, tags_for
from kernelwright.wheels import tools
from kernelwright.wheels.lockfile import Distribution
from kernelwright.wheels.requirements import Requirements

PYTHONS = ("3.11", "3.12", "3.13")
"""The Pythons a rehearsal may run on: a lock names a wheel for each, where there is one."""


@dataclass(frozen=True, kw_only=True)
class ResolveRequest:
    """What to resolve, for which image, and what may be built from source."""

    requirements: Requirements
    image: Image
    allow_sdist: Sequence[str] = ()

    @property
    def flags(self) -> list[str]:
        """The options of uv that every call takes."""
        built = [flag for name in self.allow_sdist for flag in ("--no-binary", name)]
        # Told which Python runs it, uv does not search the machine for the one that is resolved for.
        return ["--only-binary", ":all:", *built, "--no-header", "--no-annotate", "--python", sys.executable]


def resolve(request: ResolveRequest, kept: Sequence[str] = ()) -> tuple[Distribution, ...]:
    """Pin what the image lacks; ``kept`` are pins to prefer, as ``name==version``.

    Raises `WheelsUnavailable`: no such distribution, none that fits, or none that is allowed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        pins = _pins(request, folder, kept)
        packages = _files(request, folder, pins)
    return tuple(_distribution(pin, request.image, packages) for pin in pins)


def _pins(request: ResolveRequest, folder: Path, kept: Sequence[str]) -> list[str]:
    """Return ``name==version`` of each distribution the image lacks."""
    wanted, excluded, pinned = (folder / name for name in ("wanted.in", "excluded.txt", "pinned.txt"))
    lines = [*request.requirements.option_lines(), *map(str, request.requirements.wanted)]
    wanted.write_text("\n".join(lines) + "\n", "utf-8")
    excluded.write_text("\n".join(request.image.distributions) + "\n", "utf-8")
    pinned.write_text("\n".join(kept) + "\n", "utf-8")
    platform = f"x86_64-manylinux_{request.image.glibc.replace('.', '_')}"
    target = ["--python-version", request.image.python, "--python-platform", platform]
    source = ["pip", "compile", str(wanted), "--excludes", str(excluded), "-o", str(pinned)]
    process = tools.uv([*source, *request.flags, *target])
    if process.returncode:
        raise WheelsUnavailable(_explanation(request, process.stderr))
    lines = pinned.read_text("utf-8").splitlines()
    return [line for line in lines if re.match(r"[a-z0-9]", line)]


def _explanation(request: ResolveRequest, stderr: str) -> str:
    image = request.image
    reasons = [line.strip().removeprefix("cause: ") for line in stderr.splitlines() if line.strip()]
    text = "\n".join(f"  {line}" for line in reasons if not line.startswith("error: No solution"))
    head = f"{request.requirements.name}: nothing fits {image.name} (Python {image.python}, glibc {image.glibc}):"
    names = sorted(set(re.findall(r"Wheels are required for `([^`]+)`", stderr)))
    fix = f"\nto build {', '.join(names)} from source, add to allow_sdist in pyproject.toml" if names else ""
    return f"{head}\n{text}{fix}"


def _files(request: ResolveRequest, folder: Path, pins: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the files of each pinned distribution, for any Python there may be: normalized name to uv's table."""
    pinned = folder / "pins.in"
    pinned.write_text("\n".join([*request.requirements.option_lines(), *pins]) + "\n", "utf-8")
    command = ["pip", "compile", str(pinned), "--no-deps", "--universal", "--format", "pylock.toml", *request.flags]
    process = tools.uv([*command, "--python-version", PYTHONS[0]])
    if process.returncode:  # one of them is for newer Pythons only
        process = tools.uv([*command, "--python-version", request.image.python])
    if process.returncode:
        raise WheelsUnavailable(_explanation(request, process.stderr))
    return {package["name"]: package for package in tomllib.loads(process.stdout)["packages"]}


def _distribution(pin: str, image: Image, packages: Mapping[str, Mapping[str, Any]]) -> Distribution:
    name, _, version = pin.partition("==")
    offered = dict(_hashes(packages[name].get("wheels", [])))
    every = Distribution(name=name, version=version, wheels=offered)
    ranks = [image.tags, *(tags_for(python, image.platforms) for python in PYTHONS)]
    chosen = {best: offered[best] for best in map(every.best, ranks) if best}
    sdist = packages[name].get("sdist")
    if every.best(image.tags) or not sdist:
        return replace(every, wheels=chosen)
    return replace(every, wheels={}, sdist=dict(_hashes([sdist])))


def _hashes(files: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for file in files:
        place = file.get("url") or file["path"]
        yield unquote(place.rpartition("/")[2]), file["hashes"]["sha256"]
