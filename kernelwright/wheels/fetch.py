"""Fetch locked wheels with pip into a cache. Each is verified and kept, so that an interrupted fetch can continue."""

import platform
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from kernelwright.errors import WheelsUnavailable
from kernelwright.image import interpreters
from kernelwright.image.kaggle_image import Image, tags_for
from kernelwright.support import atomic_files
from kernelwright.support.hashing import file_sha256
from kernelwright.wheels import tools
from kernelwright.wheels.lockfile import Distribution

_EPOCH = "315532800"
"""1980, the earliest time that a zip file can hold. A fixed time makes a wheel that is built twice byte-identical."""


@dataclass(frozen=True, kw_only=True)
class WheelCache:
    """A folder of fetched wheels, by digest, and pip's options for fetching others."""

    folder: Path
    options: Sequence[str] = ()

    def path(self, file: str, sha256: str) -> Path:
        """Return the path of a wheel, whether it is there or not."""
        return self.folder / sha256[:16] / file

    def has(self, file: str, sha256: str) -> bool:
        """Return True if the wheel is there and has this digest."""
        path = self.path(file, sha256)
        return path.is_file() and file_sha256(path) == sha256

    def add(self, wheel: Path, sha256: str) -> Path:
        """Move a wheel into the cache and return its new path; raises `UnwritableOutput`."""
        path = self.path(wheel.name, sha256)
        with atomic_files.report_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(wheel, path)
        return path


def fetch(distribution: Distribution, image: Image, python: str, cache: WheelCache) -> Path | None:
    """Return the path of a distribution's wheel for one Python, and fetch it if the cache lacks it.

    Return None if the lock names no wheel for this Python. Raises `WheelsUnavailable` if the wheel cannot be reached,
    is no longer offered, or does not have the locked hash.
    """
    ranks = image.tags if python == image.python else tags_for(python, image.platforms)
    file = distribution.best(ranks)
    if file is None:
        return None
    sha256 = distribution.wheels[file]
    if not cache.has(file, sha256):
        if not distribution.sdist:
            _download(distribution, image, python, cache, file)
        elif sha256 not in build(distribution, image, cache).wheels.values():
            raise WheelsUnavailable(
                f"{distribution.name} {distribution.version}: built again it is not the wheel the lock names; "
                "`kernelwright wheels --upgrade` locks the new one"
            )
    return cache.path(file, sha256)


def _download(distribution: Distribution, image: Image, python: str, cache: WheelCache, file: str) -> None:
    abi = f"cp{python.replace('.', '')}"
    target = [f"--platform={platform}" for platform in image.platforms]
    target += [f"--python-version={python}", "--implementation=cp", f"--abi={abi}", "--abi=abi3", "--abi=none"]
    sha256 = distribution.wheels[file]
    with tempfile.TemporaryDirectory() as scratch:
        command = ["download", "--only-binary=:all:", f"--dest={scratch}", *target]
        wheel, stderr = _run_pip(command, distribution, [sha256], cache, Path(scratch))
        if wheel is None:
            raise WheelsUnavailable(_explanation(distribution, file, stderr))
        cache.add(wheel.rename(wheel.with_name(file)), sha256)  # by the name under which the lock finds it


def _run_pip(
    command: Sequence[str], distribution: Distribution, hashes: Iterable[str], cache: WheelCache, folder: Path
) -> tuple[Path | None, str]:
    """Run pip and return the wheel that it put into ``folder``, None if it failed, and its stderr."""
    listed = folder / "requirements.txt"
    pin = f"{distribution.name}=={distribution.version}" + "".join(f" --hash=sha256:{sha256}" for sha256 in hashes)
    listed.write_text("\n".join([*cache.options, pin]) + "\n", "utf-8")
    # --no-deps, because the lock already holds every distribution. pip takes hashes only from a requirements file.
    flags = ["--no-deps", "--require-hashes", "--quiet", f"--requirement={listed}"]
    process = tools.pip([*command, *flags], {"SOURCE_DATE_EPOCH": _EPOCH})
    wheel = None if process.returncode else next(folder.glob("*.whl"), None)
    return wheel, process.stderr.strip()


def _explanation(distribution: Distribution, file: str, stderr: str) -> str:
    who = f"{distribution.name} {distribution.version}"
    if "DO NOT MATCH THE HASHES" in stderr:
        return f"{who}: what is offered as {file} is not what the lock names: its sha256 differs"
    if "connection broken by" in stderr:  # before the next check, because pip then also says that nothing matches
        return f"{who}: {file} cannot be fetched: no connection to the package index; run it again with a network"
    if "No matching distribution" in stderr:
        return f"{who}: {file} is no longer offered; resolve again with `kernelwright wheels --upgrade`"
    return f"{who}: pip could not fetch {file}:\n{stderr}"


def build(distribution: Distribution, image: Image, cache: WheelCache) -> Distribution:
    """Build a distribution's wheel from its sdist, in isolation. Return the distribution with that wheel.

    Raises `WheelsUnavailable` if the build fails or the wheel does not fit the image.
    """
    (sdist,) = distribution.sdist
    with tempfile.TemporaryDirectory() as scratch:
        command = ["wheel", f"--no-binary={distribution.name}", f"--wheel-dir={scratch}"]
        wheel, stderr = _run_pip(command, distribution, distribution.sdist.values(), cache, Path(scratch))
        if wheel is None:
            raise WheelsUnavailable(f"{sdist}: does not build:\n{stderr}")
        _check_fits(wheel.name, sdist, image)
        sha256 = file_sha256(wheel)
        return replace(distribution, wheels={cache.add(wheel, sha256).name: sha256})


def _check_fits(file: str, sdist: str, image: Image) -> None:
    tags = parse_wheel_filename(file)[3]
    fits = f"{image.name} takes Python {image.python} and glibc {image.glibc}"
    if not image.takes(file):
        cure = "" if interpreters.running() == image.python else f"; run this on Python {image.python}"
        raise WheelsUnavailable(f"{sdist}: built here it is {file}, but {fits}{cure}")
    # The tag `linux_x86_64` does not say which glibc a wheel needs, so this machine's version counts.
    here = platform.libc_ver()[1]
    if all(tag.platform == "linux_x86_64" for tag in tags) and Version(here or "0") > Version(image.glibc):
        raise WheelsUnavailable(f"{sdist}: {file} was built against glibc {here}, but {fits}")
