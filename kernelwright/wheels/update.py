"""Make the dataset of wheels from the requirements file, unless nothing has changed."""

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
    """How `make` reports progress: ``tell`` shows a line, ``track`` shows the progress through a sequence."""

    tell: Callable[[str], None] = lambda _: None
    track: Callable[[Sequence[Distribution], str], Iterable[Distribution]] = lambda work, _: work


@dataclass(frozen=True, kw_only=True)
class WheelFolder:
    """The dataset's folder, the names of its wheels, and whether this call changed it."""

    folder: Path
    wheels: tuple[str, ...]
    changed: bool


def folder(project: Project) -> Path:
    """Return the folder of the dataset of wheels."""
    return project.build / (f"wheels-{project.kernel}" if project.kernel else "wheels")


def wheel_cache(project: Project, requirements: Requirements) -> WheelCache:
    """Return the project's cache of fetched wheels."""
    return WheelCache(folder=project.build / "cache" / "wheels", options=requirements.option_lines())


def make(project: Project, progress: Progress | None = None, *, upgrade: bool = False) -> WheelFolder:
    """Resolve what is not locked, fetch wheels that are not cached, and write the dataset's folder and the locks.

    With ``upgrade``, resolve everything again.

    Raises
    ------
    InvalidProject, WheelsUnavailable, UnwritableOutput
        The dataset's previous folder is then intact.
    """
    progress = progress or Progress()
    requirements, locks, target = project_locks.requirements(project), project_locks.read(project), folder(project)
    stamp = project.build / "cache" / f"{target.name}.json"
    texts = {it.file: lockfile.write(it.lock) for it in locks if it.lock and it.is_fresh and not upgrade}
    if len(texts) == len(locks) and stamp.is_file() and stamp.read_bytes() == _stamp(project, texts.values()):
        return WheelFolder(folder=target, wheels=_names(target), changed=False)

    locked, wheels, faults = list[ImageLock](), dict[str, Wheel](), list[str]()
    further = {DATASET_FILE: dataset.metadata(project)}
    for image_lock in locks:
        lock, image = image_lock.lock, image_lock.image
        if lock is None or image_lock.file not in texts:
            # Prefer the versions of the images before this one, then those of its previous lock.
            near = [*locked, *([] if upgrade else [image_lock])]
            lock = _resolve(project, requirements, image_lock, near, progress)
        fetched = []
        for distribution in progress.track(lock.distributions, f"wheels for {image.name}"):
            path = fetch.fetch(distribution, image, image.python, wheel_cache(project, requirements))
            if path is None:
                message = f"{image_lock.file.name}: {distribution.name}: no wheel for Python {image.python}"
                raise WheelsUnavailable(message)
            fetched.append(wheel_file.read(path))
        wheels |= {wheel.path.name: wheel for wheel in fetched}
        faults += conflicts.find(requirements, image, fetched)
        # Only the fetched wheels say which of the image's distributions they require.
        lock = replace(lock, needs=tuple(conflicts.needed(image, fetched)))
        locked.append(replace(image_lock, lock=lock))
        texts[image_lock.file] = lockfile.write(lock)
        pins = [
            f"{it.name}=={it.version} --hash=sha256:{it.wheels[it.best(image.tags) or '']}" for it in lock.distributions
        ]
        further[f"requirements-{image.name}.txt"] = ("\n".join(pins) + "\n").encode()
    if faults := [*dict.fromkeys(faults), *map(str, project_locks.clashes(requirements.name, locked))]:
        raise WheelsUnavailable("\n".join(faults))

    carried = [wheels[name] for name in sorted(wheels)]
    dataset.carry(target, carried, {**further, dataset.LICENCES: dataset.licences(carried)})
    # The stamp is written last, so that an interrupted call does not look finished.
    for file, text in texts.items():
        atomic_files.replace(file, text)
    atomic_files.replace(stamp, _stamp(project, [texts[image_lock.file] for image_lock in locks]))
    return WheelFolder(folder=target, wheels=_names(target), changed=True)


def _names(target: Path) -> tuple[str, ...]:
    return tuple(sorted(file.name for file in target.glob("*.whl")))


def _resolve(
    project: Project,
    requirements: Requirements,
    image_lock: ImageLock,
    near: Sequence[ImageLock],
    progress: Progress,
) -> Lock:
    """Resolve the requirements for one image, preferring the versions in ``near``; its first lock takes precedence."""
    image, allowed = image_lock.image, project_locks.allowed_sdists(project)
    progress.tell(f"resolving {requirements.name} for {image.name}")
    # Reversed, so that the entries of the first lock replace those of later ones.
    kept = {it.name: f"{it.name}=={it.version}" for other in reversed(near) for it in other.distributions}
    resolved = list(resolve.resolve(requirements, image, allow_sdist=allowed, kept=list(kept.values())))
    for line in _not_from_folders(requirements, resolved):
        progress.tell(line)
    for index, distribution in enumerate(resolved):
        if not distribution.wheels:
            if distribution.name not in allowed or not distribution.sdist:
                raise WheelsUnavailable(f"{distribution.name} {distribution.version}: no wheel fits {image.name}")
            resolved[index] = fetch.build(distribution, image, wheel_cache(project, requirements))
    return Lock(image=image.name, inputs=image_lock.inputs, distributions=tuple(resolved))


def _not_from_folders(requirements: Requirements, resolved: Iterable[Distribution]) -> Iterator[str]:
    """Yield a line per distribution of which a ``--find-links`` folder holds only other versions.

    The one from the index may be another distribution with the same name.
    """
    files = [file.name.split("-") for folder in requirements.folders() for file in sorted(folder.glob("*-*.whl"))]
    for distribution in resolved:
        versions = [version for name, version, *_ in files if canonicalize_name(name) == distribution.name]
        if versions and distribution.version not in versions:
            yield (
                f"{distribution.name} {distribution.version} comes from an index, as a --find-links folder holds "
                f"{', '.join(versions)} alone; pin {distribution.name}=={versions[-1]} to have that"
            )


def _stamp(project: Project, locks: Iterable[bytes]) -> bytes:
    """Return the stamp: a digest of what the folder was made from, and the size and time of each of its files."""
    sources = [text.decode() for text in (*locks, dataset.metadata(project))]
    files = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in folder(project).glob("*"))
    return f"{json.dumps({'digest': sha256(chr(10).join(sources)), 'files': files}, indent=1)}\n".encode()
