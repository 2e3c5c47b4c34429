"""Resolve requirements with uv: pin the distributions that one image lacks, and list their files for each Python.

The image's distributions are excluded from the resolution and keep their versions. Their pins contradict one another,
so a resolver that had to keep them all would find no solution. `conflicts` compares the result with them afterwards.
"""

import re
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kernelwright.errors import WheelsUnavailable
from kernelwright.image.kaggle_image import Image, tags_for
from kernelwright.wheels import tools
from kernelwright.wheels.lockfile import Distribution
from kernelwright.wheels.requirements import Requirements

PYTHONS = ("3.11", "3.12", "3.13")
"""The Python versions that a rehearsal may run on. A lock names a wheel for each of them if there is one."""


def resolve(
    requirements: Requirements, image: Image, *, allow_sdist: Sequence[str] = (), kept: Sequence[str] = ()
) -> tuple[Distribution, ...]:
    """Pin the distributions that the image lacks.

    Parameters
    ----------
    requirements : Requirements
        The requirements to resolve.
    image : Image
        The image to resolve them for.
    allow_sdist : sequence of str
        Names of the distributions that may be built from source.
    kept : sequence of str
        Pins to prefer, as ``name==version``.

    Raises
    ------
    WheelsUnavailable
        If a distribution does not exist, does not fit, or is only available as an sdist that is not allowed.
    """
    built = [flag for name in allow_sdist for flag in ("--no-binary", name)]
    # With --python, uv does not search the machine for the Python version that it resolves for.
    flags = ["--only-binary", ":all:", *built, "--no-header", "--no-annotate", "--python", sys.executable]
    options = requirements.option_lines()
    with tempfile.TemporaryDirectory() as scratch:
        wanted, excluded, pinned = (Path(scratch, name) for name in ("wanted.in", "excluded.txt", "pinned.txt"))
        wanted.write_text("\n".join([*options, *map(str, requirements.wanted)]) + "\n", "utf-8")
        excluded.write_text("\n".join(image.distributions) + "\n", "utf-8")
        pinned.write_text("\n".join(kept) + "\n", "utf-8")  # uv prefers the pins in an existing output file
        platform = f"x86_64-manylinux_{image.glibc.replace('.', '_')}"
        target = ["--python-version", image.python, "--python-platform", platform]
        source = ["pip", "compile", str(wanted), "--excludes", str(excluded), "-o", str(pinned)]
        process = tools.uv([*source, *flags, *target])
        if process.returncode:
            raise WheelsUnavailable(_explanation(requirements, image, process.stderr))
        # Lines that begin otherwise are comments and options.
        pins = [line for line in pinned.read_text("utf-8").splitlines() if re.match(r"[a-z0-9]", line)]

        # A second, universal resolution of the pins lists their files for all Python versions.
        wanted.write_text("\n".join([*options, *pins]) + "\n", "utf-8")
        command = ["pip", "compile", str(wanted), "--no-deps", "--universal", "--format", "pylock.toml", *flags]
        process = tools.uv([*command, "--python-version", PYTHONS[0]])
        if process.returncode:  # one of the pins may require a newer Python
            process = tools.uv([*command, "--python-version", image.python])
        if process.returncode:
            raise WheelsUnavailable(_explanation(requirements, image, process.stderr))
    packages = {package["name"]: package for package in tomllib.loads(process.stdout)["packages"]}
    return tuple(_distribution(pin, image, packages) for pin in pins)


def _explanation(requirements: Requirements, image: Image, stderr: str) -> str:
    reasons = [line.strip().removeprefix("cause: ") for line in stderr.splitlines() if line.strip()]
    text = "\n".join(f"  {line}" for line in reasons if not line.startswith("error: No solution"))
    head = f"{requirements.name}: nothing fits {image.name} (Python {image.python}, glibc {image.glibc}):"
    names = sorted(set(re.findall(r"Wheels are required for `([^`]+)`", stderr)))
    fix = f"\nto build {', '.join(names)} from source, add to allow_sdist in pyproject.toml" if names else ""
    return f"{head}\n{text}{fix}"


def _distribution(pin: str, image: Image, packages: Mapping[str, Mapping[str, Any]]) -> Distribution:
    """Return the pinned distribution with the files that the lock names: the best wheel per Python, or the sdist."""
    name, _, version = pin.partition("==")
    package = packages[name]
    every = Distribution(name=name, version=version, wheels=_hashes(package.get("wheels", [])))
    if not every.best(image.tags) and "sdist" in package:
        return replace(every, wheels={}, sdist=_hashes([package["sdist"]]))
    ranks = [image.tags, *(tags_for(python, image.platforms) for python in PYTHONS)]
    return replace(every, wheels={best: every.wheels[best] for best in map(every.best, ranks) if best})


def _hashes(files: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    places = (file.get("url") or file["path"] for file in files)
    names = (unquote(place.rpartition("/")[2]) for place in places)
    return {name: file["hashes"]["sha256"] for name, file in zip(names, files, strict=True)}
