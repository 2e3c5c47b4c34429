"""Installs the wheels that the notebook names, from the dataset attached for them, without any index."""

import importlib
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from kernelwright.runtime import config, fingerprints, inputs
from kernelwright.runtime.errors import WheelsNotInstalled


def install() -> None:
    """Install the configured wheels, each checked against its sha256; with none configured, do nothing."""
    settings = config.load()
    if settings.wheels:
        folder = inputs.find(settings.wheels_dataset)
        _verify(folder, settings.wheels)
        _pip(folder, _requirements(settings.wheels))
        importlib.invalidate_caches()


def _verify(folder: Path, wheels: Mapping[str, str]) -> None:
    present = sorted(path.name for path in folder.glob("*.whl"))
    faults = [f"{name} is missing" for name in wheels if name not in present]
    faults += [
        f"{name} is altered: its sha256 is {found}, the notebook's {sha256}"
        for name, sha256 in wheels.items()
        if name in present and (found := fingerprints.sha256(folder / name)) != sha256
    ]
    if faults:
        listed = "".join(f"\n- {fault}" for fault in faults)
        raise WheelsNotInstalled(
            f"the wheels in {folder} are not those of this notebook:{listed}\n"
            f"mounted: {', '.join(present) or 'no wheel'}; attach the version of the dataset built with it"
        )


def _requirements(wheels: Mapping[str, str]) -> str:
    """Pin each distribution to the hashes of its wheels, of which there may be one a Python."""
    hashes = defaultdict(list)
    for name, sha256 in wheels.items():
        distribution, version = name.split("-")[:2]
        hashes[f"{distribution}=={version}"].append(f" --hash=sha256:{sha256}")
    return "".join(f"{pin}{''.join(hashes[pin])}\n" for pin in sorted(hashes))


def _pip(folder: Path, requirements: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch, "requirements.txt")
        listed.write_text(requirements, "utf-8")
        flags = [
            "--quiet",
            "--no-index",
            "--no-deps",
            "--require-hashes",
            "--isolated",
            "--disable-pip-version-check",
        ]
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            *flags,
            "--find-links",
            str(folder),
            "-r",
            str(listed),
        ]
        environment = {**os.environ, "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WheelsNotInstalled(f"pip could not install the wheels in {folder}:\n{requirements}{done.stderr.strip()}")
