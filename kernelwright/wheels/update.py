"""The whole way from a requirements file to a dataset's folder; where nothing changed, nothing is done."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelwright.errors import InvalidProject, WheelsUnavailable
from kernelwright.project import metadata
from kernelwright.project.model import Project
from kernelwright.support import atomic_files
from kernelwright.wheels import conflicts, dataset, fetch, lockfile, project_locks, resolve
from kernelwright.wheels import wheel_file as wheel
from kernelwright.wheels.fetch import Store
from kernelwright.wheels.lockfile import Distribution, Lock
from kernelwright.wheels.project_locks import Slot
from kernelwright.wheels.requirements import Requirements
from kernelwright.wheels.wheel_file import Wheel

Told = Callable[[str], None]
Tracked = Callable[[Sequence[Distribution], str], Iterable[Distribution]]


def _silent(_: str) -> None:
    pass


def _untracked(work: Sequence[Distribution], _: str) -> Iterable[Distribution]:
    return work


@dataclass(frozen=True, kw_only=True)
class Maker:
    """What `make` reports to: ``tell`` takes a line, ``track`` shows how far a sequence is."""

    tell: Told = _silent
    track: Tracked = _untracked


@dataclass(frozen=True, kw_only=True)
class Made:
    """What is carried, and whether this call changed it."""

    folder: Path
    wheels: tuple[str, ...]
    changed: bool


def folder(project: Project) -> Path:
    """Return the dataset's folder."""
    return project.build / (f"wheels-{project.kernel}" if project.kernel else "wheels")


def store(project: Project, asked: Requirements) -> Store:
    """Return where the project keeps fetched wheels."""
    return Store(folder=project.build / "cache" / "wheels", options=asked.option_lines())


def make(project: Project, maker: Maker | None = None, *, upgrade: bool = False) -> Made:
    """Resolve what is not locked, fetch what is not there, carry it; ``upgrade`` resolves afresh.

    Raises
    ------
    InvalidProject, InvalidImage, WheelsUnavailable, UnwritableOutput
        What was carried before is then intact.
    """
    asked, slots, target = project_locks.wanted(project), project_locks.slots(project), folder(project)
    stamp = project.build / "cache" / f"{target.name}.json"
    if not upgrade and all(slot.is_fresh for slot in slots) and _is_stamped(stamp, project, slots):
        return Made(folder=target, wheels=_names(target), changed=False)
    errand = _Errand(project=project, asked=asked, maker=maker or Maker(), upgrade=upgrade)
    slots, wheels = errand.serve(slots)
    dataset.carry(target, wheels, _further(project, slots, wheels))
    for slot in slots:
        atomic_files.replace(slot.file, lockfile.write(_locked(slot)))
    atomic_files.replace(stamp, _stamp(project, slots))
    return Made(folder=target, wheels=_names(target), changed=True)


def _names(target: Path) -> tuple[str, ...]:
    return tuple(sorted(file.name for file in target.glob("*.whl")))


@dataclass(frozen=True, kw_only=True)
class _Errand:
    """One call of `make`: for whom, what is asked, whether to resolve afresh."""

    project: Project
    asked: Requirements
    maker: Maker
    upgrade: bool

    def serve(self, slots: Sequence[Slot]) -> tuple[tuple[Slot, ...], list[Wheel]]:
        """Lock and fetch for each image; return the slots with their locks, and each wheel once."""
        locked, found, faults = list[Slot](), dict[str, Wheel](), list[str]()
        for slot in slots:
            fresh = self._locked_anew(slot, locked) if self.upgrade or not slot.is_fresh else slot
            wheels = list(self._fetched(fresh))
            needs = tuple(conflicts.needed(slot.image, wheels))
            locked.append(replace(fresh, lock=replace(_locked(fresh), needs=needs)))
            found |= {wheel.path.name: wheel for wheel in wheels}
            faults += conflicts.find(self.asked, slot.image, wheels)
        if faults := [*dict.fromkeys(faults), *project_locks.clashes(locked)]:
            raise WheelsUnavailable("\n".join(faults))
        return tuple(locked), [found[name] for name in sorted(found)]

    def _locked_anew(self, slot: Slot, before: Sequence[Slot]) -> Slot:
        """Resolve one image, close to what the images before it take, then to what was locked for it."""
        self.maker.tell(f"resolving {self.asked.name} for {slot.image.name}")
        allowed = [str(canonicalize_name(name)) for name in self.project.configuration.allow_sdist]
        question = resolve.Question(requirements=self.asked, image=slot.image, allow_sdist=allowed)
        near = [*before, *([] if self.upgrade or slot.lock is None else [slot])]
        pins = {pinned.name: f"{pinned.name}=={pinned.version}" for one in reversed(near) for pinned in _pinned(one)}
        resolved = resolve.resolve(question, list(pins.values()))
        found = tuple(self._built(one, slot, allowed) for one in resolved)
        return replace(
            slot, lock=Lock(format=lockfile.FORMAT, image=slot.image.name, inputs=slot.inputs, distribution=found)
        )

    def _built(self, distribution: Distribution, slot: Slot, allowed: Sequence[str]) -> Distribution:
        if distribution.wheels:
            return distribution
        if distribution.name not in allowed or not distribution.sdist:
            raise WheelsUnavailable(f"{distribution.name} {distribution.version}: no wheel fits {slot.image.name}")
        return fetch.build(distribution, slot.image, store(self.project, self.asked))

    def _fetched(self, slot: Slot) -> Iterator[Wheel]:
        kept_in, image = store(self.project, self.asked), slot.image
        for distribution in self.maker.track(_pinned(slot), f"wheels for {image.name}"):
            path = fetch.fetch(distribution, image, image.python, kept_in)
            if path is None:
                raise WheelsUnavailable(f"{slot.file.name}: {distribution.name}: no wheel for Python {image.python}")
            yield wheel.read(path)


def _locked(slot: Slot) -> Lock:
    if slot.lock is None:
        raise WheelsUnavailable(f"{slot.file.name}: no such file; make it with `kernelwright wheels`")
    return slot.lock


def _pinned(slot: Slot) -> tuple[Distribution, ...]:
    return _locked(slot).distribution


def _further(project: Project, slots: Sequence[Slot], wheels: Sequence[Wheel]) -> dict[str, bytes]:
    """Return the files beside the wheels: what Kaggle asks, the licences, a requirements file an image."""
    told = {metadata.DATASET_FILE: dataset.described(project), dataset.LICENCES: dataset.licences(wheels)}
    return told | {f"requirements-{slot.image.name}.txt": _requirements(slot) for slot in slots}


def _requirements(slot: Slot) -> bytes:
    lines = []
    for distribution in _pinned(slot):
        best = distribution.wheels[distribution.best(slot.image.tags) or ""]
        lines.append(f"{distribution.name}=={distribution.version} --hash=sha256:{best}")
    return ("\n".join(lines) + "\n").encode()


def _is_stamped(stamp: Path, project: Project, slots: Sequence[Slot]) -> bool:
    try:
        return stamp.read_bytes() == _stamp(project, slots)
    except OSError:
        return False


def _stamp(project: Project, slots: Sequence[Slot]) -> bytes:
    """Digest what the folder was made from, and note its files' sizes and times."""
    told = [lockfile.write(_locked(slot)).decode() for slot in slots] + [dataset.described(project).decode()]
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    target = folder(project)
    held = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in target.glob("*"))
    return f"{json.dumps({'digest': digest, 'files': held}, indent=1)}\n".encode()


def check(project: Project) -> None:
    """Raise `InvalidProject` with every lock that is missing or stale."""
    if faults := project_locks.problems(project):
        raise InvalidProject(faults)
