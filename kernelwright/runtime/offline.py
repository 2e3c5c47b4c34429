"""Installs the wheels that the notebook names, from the dataset attached for them, without any index.

The hashes come from the notebook itself: wheels that were exchanged beside it are refused.
"""

import importlib
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from kernelwright.runtime import config, fingerprints, inputs
from kernelwright.runtime.errors import InputNotFound, WheelsNotInstalled

_FLAGS = ("--quiet", "--no-index", "--no-deps", "--require-hashes", "--isolated", "--disable-pip-version-check")


def install() -> None:
    """Install what the notebook names and this Python lacks; where all is there at its version, do nothing.

    Raises `WheelsNotInstalled`, which says what was mounted and what is missing or altered.
    """
    settings = config.load()
    wanted = _wanted(settings.wheels)
    if not wanted:
        return
    try:
        folder = inputs.find(settings.wheels_dataset)
    except InputNotFound as error:
        raise WheelsNotInstalled(f"{', '.join(sorted(wanted))}: not installed, because {error}") from None
    requirements = _checked(folder, settings.wheels, wanted)
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch, "requirements.txt")
        listed.write_text(requirements, "utf-8")
        command = [sys.executable, "-m", "pip", "install", *_FLAGS, f"--find-links={folder}", f"--requirement={listed}"]
        environment = {**os.environ, "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WheelsNotInstalled(f"pip could not install the wheels in {folder}:\n{requirements}{done.stderr.strip()}")
    importlib.invalidate_caches()


def _wanted(wheels: Mapping[str, str]) -> dict[str, list[str]]:
    """Return ``name==version`` -> the wheels that this Python takes, less what is installed."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for file in wheels:
        name, version = file.split("-")[:2]
        try:
            is_installed = metadata.version(name) == version
        except metadata.PackageNotFoundError:
            is_installed = False
        if not is_installed:
            wanted[f"{name}=={version}"] += [file] if _is_for(file, sys.version_info[:2]) else []
    return dict(wanted)


def _is_for(file: str, python: tuple[int, int]) -> bool:
    """Tell by its name whether a wheel is for a Python; pip holds it against the platform."""
    interpreters, abi = file.removesuffix(".whl").split("-")[-3:-1]
    for match in filter(None, (re.fullmatch(r"(py|cp)(\d)(\d*)", name) for name in interpreters.split("."))):
        oldest = (int(match[2]), int(match[3] or 0))
        serves_later = match[1] == "py" or abi == "abi3"
        if oldest == python or (serves_later and oldest[0] == python[0] and oldest <= python):
            return True
    return False


def _checked(folder: Path, wheels: Mapping[str, str], wanted: Mapping[str, list[str]]) -> str:
    """Return pip's requirements, each pinned to the hashes of the wheels that are there, unaltered."""
    mounted = sorted(path.name for path in folder.glob("*.whl"))
    faults = []
    for pin, files in sorted(wanted.items()):
        if not files:
            faults.append(f"{pin} has no wheel for Python {sys.version_info.major}.{sys.version_info.minor}")
        elif not set(files) & set(mounted):
            faults.append(f"{' or '.join(files)} is missing")
    faults += [
        f"{file} is altered: its sha256 is {sha256}, the notebook's {wheels[file]}"
        for file in mounted
        if file in wheels and (sha256 := fingerprints.sha256(folder / file)) != wheels[file]
    ]
    if faults:
        listed = "".join(f"\n- {fault}" for fault in faults)
        raise WheelsNotInstalled(
            f"the wheels in {folder} are not those of this notebook:{listed}\n"
            f"mounted: {', '.join(mounted) or 'no wheel'}; attach the version of the dataset built with it"
        )
    hashes = {pin: [wheels[file] for file in files if file in mounted] for pin, files in wanted.items()}
    return "".join(f"{pin}{''.join(f' --hash=sha256:{sha256}' for sha256 in hashes[pin])}\n" for pin in sorted(hashes))
