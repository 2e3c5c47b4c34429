"""Prove that the wheels install: for each Python, install them as the notebook does, import them, run `pip check`."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import Version

import kernelwright
from kernelwright.check import wheels as folder_check
from kernelwright.errors import EnvironmentUnavailable, WheelsUnavailable
from kernelwright.image import interpreters
from kernelwright.image import kaggle_image as images
from kernelwright.project.model import Project
from kernelwright.rehearsal import python_environment, sandbox
from kernelwright.rehearsal.environment_variables import GUARD, PROXIES
from kernelwright.rehearsal.python_environment import Environment, Recipe
from kernelwright.support.hashing import file_sha256
from kernelwright.wheels import conflicts, fetch, project_locks, update, wheel_file
from kernelwright.wheels.project_locks import ImageLock
from kernelwright.wheels.resolve import PYTHONS
from kernelwright.wheels.wheel_file import Wheel

_OF_WHEELS = {"KW351", "KW354", "KW355", "KW356"}
"""Codes of the findings that say that the folder of wheels does not match the locks."""
_INSTALL = "from kernelwright.runtime import offline; offline.install()"


@dataclass(frozen=True, kw_only=True)
class InstallCheck:
    """The result on one Python."""

    python: str
    word: Literal["proven", "failed", "not proven"]
    """``not proven`` if this machine does not have that Python."""
    detail: str


def verify(project: Project, tell: Callable[[str], None]) -> list[InstallCheck]:
    """Compare the folder of wheels with the locks, then install the wheels on each Python of this machine.

    Raises `WheelsUnavailable` if the folder does not match the locks.
    """
    locks = project_locks.check(project)
    if problems := [str(problem) for problem in folder_check.wheels(project) if problem.code in _OF_WHEELS]:
        raise WheelsUnavailable("\n".join(problems))
    versions = {*PYTHONS, *(image_lock.image.python for image_lock in locks)}
    return [_proof(project, locks, version, tell) for version in sorted(versions, key=Version)]


def _proof(project: Project, locks: Sequence[ImageLock], version: str, tell: Callable[[str], None]) -> InstallCheck:
    python = interpreters.anywhere(version)
    if python is None:
        return InstallCheck(python=version, word="not proven", detail="no such Python on this machine")
    image_lock = next((image_lock for image_lock in locks if image_lock.image.python == version), locks[0])
    tell(f"installing on Python {version}")
    try:
        wheels = [wheel_file.read(path) for path in _wheels(project, image_lock, version)]
        own = image_lock.image
        further = (images.load(name, project.root) for name in images.known(project.root))
        image = next((image for image in (own, *further) if image.python == version), own)
        names = tuple(sorted({*conflicts.needed(image, wheels), "pip"}))
        recipe = Recipe(python=python, version=version, image=image, names=names)
        prepared = python_environment.make(recipe, python_environment.cache_folder(), tell)
        with tempfile.TemporaryDirectory() as scratch:
            return _tried(prepared, Path(scratch), wheels, version)
    except (EnvironmentUnavailable, WheelsUnavailable) as error:
        return InstallCheck(python=version, word="failed", detail=str(error))


def _wheels(project: Project, image_lock: ImageLock, version: str) -> Iterator[Path]:
    """Yield the wheels that the notebook finds on that Python: the carried ones, or stand-ins where they do not fit."""
    kept_in = update.wheel_cache(project, project_locks.requirements(project))
    for distribution in image_lock.lock.distributions if image_lock.lock else ():
        path = fetch.fetch(distribution, image_lock.image, version, kept_in)
        if path is None:
            raise WheelsUnavailable(f"{distribution.name} {distribution.version}: no wheel for Python {version}")
        carried = update.folder(project) / path.name
        yield carried if carried.is_file() else path


def _tried(prepared: Environment, scratch: Path, wheels: Sequence[Wheel], version: str) -> InstallCheck:
    """Install the wheels as the notebook does, import their modules, and run `pip check`."""
    python = prepared.overlay(scratch / "python")
    variables = {
        **PROXIES,
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(GUARD), str(_carried(scratch, wheels))]),
        "KERNELWRIGHT_INPUT": str(scratch / "input"),
        "LANG": "C.UTF-8",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # Without bubblewrap, the network guard stops only Python's own network.
        cut_off = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
        command = [*(cut_off if sandbox.bubblewrap_works() else ()), str(python), *arguments]
        return subprocess.run(command, cwd=scratch, env=variables, capture_output=True, text=True, check=False)

    modules = [module for wheel in wheels for module in wheel.modules]
    for step in (_INSTALL, "; ".join(f"import {module}" for module in modules)):
        if (done := run("-c", step)).returncode:
            return InstallCheck(python=version, word="failed", detail=done.stderr.strip())
    names = {wheel.name for wheel in wheels}
    problems = run("-m", "pip", "check").stdout.splitlines()  # the image's own distributions may conflict as well
    if broken := [line for line in problems if canonicalize_name(line.partition(" ")[0]) in names]:
        return InstallCheck(python=version, word="failed", detail="\n".join(broken))
    return InstallCheck(python=version, word="proven", detail=f"installed, imported {', '.join(modules)}, checked")


def _carried(scratch: Path, wheels: Sequence[Wheel]) -> Path:
    """Make the runtime, the manifest and the dataset of wheels, as the notebook has them; return the source tree."""
    tree, dataset = scratch / "tree", scratch / "input" / "wheels"
    package = Path(kernelwright.__file__).parent
    shutil.copytree(package / "runtime", tree / "kernelwright" / "runtime")
    shutil.copy2(package / "__init__.py", tree / "kernelwright")
    dataset.mkdir(parents=True)
    for wheel in wheels:
        shutil.copy2(wheel.path, dataset)
    manifest = {"wheels": {wheel.path.name: file_sha256(wheel.path) for wheel in wheels}, "wheels_dataset": "wheels"}
    (tree / "kernelwright.json").write_text(json.dumps(manifest), "utf-8")
    return tree
