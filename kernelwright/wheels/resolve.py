"""What one image lacks: requirements -> pinned distributions with the files that serve each Python, by uv.

The image's distributions are left out of the resolution and stay as they are: their pins contradict one another, and a
resolver that had to keep them all would find nothing. `conflicts` compares the outcome with them afterwards.
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
"""The Pythons a rehearsal may run on: a lock names a wheel for each, where there is one."""


def resolve(
    requirements: Requirements, image: Image, *, allow_sdist: Sequence[str] = (), kept: Sequence[str] = ()
) -> tuple[Distribution, ...]:
    """Pin what the image lacks.

    Parameters
    ----------
    requirements, image : Requirements, Image
        What to resolve, and for which image.
    allow_sdist : sequence of str
        What may be built from source.
    kept : sequence of str
        Pins to prefer, as ``name==version``.

    Raises
    ------
    WheelsUnavailable
        No such distribution, none that fits, or none that is allowed.
    """
    built = [flag for name in allow_sdist for flag in ("--no-binary", name)]
    # Told which Python runs it, uv does not search the machine for the one that is resolved for.
    flags = ["--only-binary", ":all:", *built, "--no-header", "--no-annotate", "--python", sys.executable]
    options = requirements.option_lines()
    with tempfile.TemporaryDirectory() as scratch:
        wanted, excluded, pinned = (Path(scratch, name) for name in ("wanted.in", "excluded.txt", "pinned.txt"))
        wanted.write_text("\n".join([*options, *map(str, requirements.wanted)]) + "\n", "utf-8")
        excluded.write_text("\n".join(image.distributions) + "\n", "utf-8")
        pinned.write_text("\n".join(kept) + "\n", "utf-8")  # what is there already, uv keeps if it can
        platform = f"x86_64-manylinux_{image.glibc.replace('.', '_')}"
        target = ["--python-version", image.python, "--python-platform", platform]
        source = ["pip", "compile", str(wanted), "--excludes", str(excluded), "-o", str(pinned)]
        process = tools.uv([*source, *flags, *target])
        if process.returncode:
            raise WheelsUnavailable(_explanation(requirements, image, process.stderr))
        pins = [line for line in pinned.read_text("utf-8").splitlines() if re.match(r"[a-z0-9]", line)]

        # Then the files of each pin, for any Python there may be.
        wanted.write_text("\n".join([*options, *pins]) + "\n", "utf-8")
        command = ["pip", "compile", str(wanted), "--no-deps", "--universal", "--format", "pylock.toml", *flags]
        process = tools.uv([*command, "--python-version", PYTHONS[0]])
        if process.returncode:  # one of them is for newer Pythons only
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
    """Choose of uv's files of a distribution those that a lock names: the best wheel per Python, or the sdist."""
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
