"""The whole way from a requirements file to a dataset's folder; where nothing changed, nothing is done."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelwright.errors import WheelsUnavailable
from kernelwright.project.metadata import DATASET_FILE
from kernelwright.project.model import Project
from kernelwright.support import atomic_files
from kernelwright.support.hashing import sha256
from kernelwright.wheels import conflicts, dataset, fetch, lockfile, project_locks, resolve, wheel_file
from kernelwright.wheels.fetch import WheelCache
from kernelwright.wheels.lockfile import Distribution, Lock
from kernelwright.wheels.project_locks import ImageLock
from kernelwright.wheels.requirements import Requirements
from kernelwright.wheels.wheel_file import Wheel


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What `make` reports to: ``tell`` takes a line, ``track`` shows how far a sequence is."""

    tell: Callable[[str], None] = lambda _: None
    track: Callable[[Sequence[Distribution], str], Iterable[Distribution]] = lambda work, _: work


@dataclass(frozen=True, kw_only=True)
class WheelFolder:
    """What is carried, and whether this call changed it."""

    folder: Path
    wheels: tuple[str, ...]
    changed: bool


def folder(project: Project) -> Path:
    """Return the dataset's folder."""
    return project.build / (f"wheels-{project.kernel}" if project.kernel else "wheels")


def wheel_cache(project: Project, requirements: Requirements) -> WheelCache:
    """Return where the project keeps fetched wheels."""
    return WheelCache(folder=project.build / "cache" / "wheels", options=requirements.option_lines())


def make(project: Project, progress: Progress | None = None, *, upgrade: bool = False) -> WheelFolder:
    """Resolve what is not locked, fetch what is not there, carry it; ``upgrade`` resolves anew.

    Raises
    ------
    InvalidProject, WheelsUnavailable, UnwritableOutput
        What was carried before is then intact.
    """
    requirements, locks, target = project_locks.requirements(project), project_locks.read(project), folder(project)
    stamp = project.build / "cache" / f"{target.name}.json"
    is_locked = not upgrade and all(image_lock.is_fresh for image_lock in locks)
    if is_locked and stamp.is_file() and stamp.read_bytes() == _stamp(project, locks):
        return WheelFolder(folder=target, wheels=_names(target), changed=False)
    update = _Update(project=project, requirements=requirements, progress=progress or Progress(), upgrade=upgrade)
    locks, wheels = update.lock_and_fetch(locks)
    further = {DATASET_FILE: dataset.metadata(project), dataset.LICENCES: dataset.licences(wheels)}
    for image_lock in locks:
        lines = []
        for distribution in _lock(image_lock).distributions:
            digest = distribution.wheels[distribution.best(image_lock.image.tags) or ""]
            lines.append(f"{distribution.name}=={distribution.version} --hash=sha256:{digest}")
        further[f"requirements-{image_lock.image.name}.txt"] = ("\n".join(lines) + "\n").encode()
    dataset.carry(target, wheels, further)
    for image_lock in locks:
        atomic_files.replace(image_lock.file, lockfile.write(_lock(image_lock)))
    atomic_files.replace(stamp, _stamp(project, locks))
    return WheelFolder(folder=target, wheels=_names(target), changed=True)


def _names(target: Path) -> tuple[str, ...]:
    return tuple(sorted(file.name for file in target.glob("*.whl")))


@dataclass(frozen=True, kw_only=True)
class _Update:
    """One call of `make`."""

    project: Project
    requirements: Requirements
    progress: Progress
    upgrade: bool

    def lock_and_fetch(self, locks: Sequence[ImageLock]) -> tuple[tuple[ImageLock, ...], list[Wheel]]:
        """Lock and fetch for each image; return the locks as they are now, and each wheel once."""
        locked, wheels, unmet = list[ImageLock](), dict[str, Wheel](), list[str]()
        for image_lock in locks:
            fresh = self._resolve(image_lock, locked) if self.upgrade or not image_lock.is_fresh else image_lock
            fetched = list(self._fetch(fresh))
            needs = tuple(conflicts.needed(fresh.image, fetched))
            locked.append(replace(fresh, lock=replace(_lock(fresh), needs=needs)))
            wheels |= {wheel.path.name: wheel for wheel in fetched}
            unmet += conflicts.find(self.requirements, fresh.image, fetched)
        if faults := [*dict.fromkeys(unmet), *map(str, project_locks.clashes(self.requirements.name, locked))]:
            raise WheelsUnavailable("\n".join(faults))
        return tuple(locked), [wheels[name] for name in sorted(wheels)]

    def _resolve(self, image_lock: ImageLock, before: Sequence[ImageLock]) -> ImageLock:
        """Resolve one image, close to what the images before it take, then to what was locked for it."""
        self.progress.tell(f"resolving {self.requirements.name} for {image_lock.image.name}")
        allowed = project_locks.allowed_sdists(self.project)
        request = resolve.ResolveRequest(requirements=self.requirements, image=image_lock.image, allow_sdist=allowed)
        near = [*before, *([] if self.upgrade or image_lock.lock is None else [image_lock])]
        preferred = {
            distribution.name: f"{distribution.name}=={distribution.version}"
            for other in reversed(near)
            for distribution in _lock(other).distributions
        }
        resolved = resolve.resolve(request, list(preferred.values()))
        for line in _not_from_folders(self.requirements, resolved):
            self.progress.tell(line)
        distributions = tuple(self._with_wheel(distribution, image_lock, allowed) for distribution in resolved)
        return replace(
            image_lock, lock=Lock(image=image_lock.image.name, inputs=image_lock.inputs, distributions=distributions)
        )

    def _with_wheel(self, distribution: Distribution, image_lock: ImageLock, allowed: Sequence[str]) -> Distribution:
        """Build the wheel of a distribution that has none, where that is allowed."""
        if distribution.wheels:
            return distribution
        if distribution.name not in allowed or not distribution.sdist:
            raise WheelsUnavailable(
                f"{distribution.name} {distribution.version}: no wheel fits {image_lock.image.name}"
            )
        return fetch.build(distribution, image_lock.image, wheel_cache(self.project, self.requirements))

    def _fetch(self, image_lock: ImageLock) -> Iterator[Wheel]:
        cache, image = wheel_cache(self.project, self.requirements), image_lock.image
        for distribution in self.progress.track(_lock(image_lock).distributions, f"wheels for {image.name}"):
            path = fetch.fetch(distribution, image, image.python, cache)
            if path is None:
                raise WheelsUnavailable(
                    f"{image_lock.file.name}: {distribution.name}: no wheel for Python {image.python}"
                )
            yield wheel_file.read(path)


def _not_from_folders(requirements: Requirements, resolved: Iterable[Distribution]) -> Iterator[str]:
    """Say of which distributions a ``--find-links`` folder holds other versions alone: another may bear their name."""
    files = [file.name.split("-") for folder in requirements.folders() for file in sorted(folder.glob("*-*.whl"))]
    for distribution in resolved:
        versions = [version for name, version, *_ in files if canonicalize_name(name) == distribution.name]
        if versions and distribution.version not in versions:
            yield (
                f"{distribution.name} {distribution.version} comes from an index, as a --find-links folder holds "
                f"{', '.join(versions)} alone; pin {distribution.name}=={versions[-1]} to have that"
            )


def _lock(image_lock: ImageLock) -> Lock:
    if image_lock.lock is None:
        raise WheelsUnavailable(f"{image_lock.file.name}: no such file; make it with `kernelwright wheels`")
    return image_lock.lock


def _stamp(project: Project, locks: Sequence[ImageLock]) -> bytes:
    """Digest what the folder was made from, and note its files' sizes and times."""
    sources = [
        *(lockfile.write(_lock(image_lock)).decode() for image_lock in locks),
        dataset.metadata(project).decode(),
    ]
    files = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in folder(project).glob("*"))
    return f"{json.dumps({'digest': sha256(chr(10).join(sources)), 'files': files}, indent=1)}\n".encode()
