"""The whole way from a requirements file to a dataset's folder; where nothing changed, nothing is done."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from kernelwright import files
from kernelwright.errors import InvalidProject, WheelsUnavailable
from kernelwright.project import Project
from kernelwright.wheels import carry, conflicts, fetch, lock, locks, resolve, wheel
from kernelwright.wheels.fetch import Store
from kernelwright.wheels.lock import Distribution, Lock
from kernelwright.wheels.locks import Slot
from kernelwright.wheels.requirements import Requirements
from kernelwright.wheels.wheel import Wheel

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
    maker = maker or Maker()
    asked, slots, target = locks.wanted(project), locks.slots(project), folder(project)
    stamp = project.build / "cache" / f"{target.name}.json"
    if not upgrade and all(slot.is_fresh for slot in slots) and _is_stamped(stamp, project, slots):
        return Made(folder=target, wheels=_names(target), changed=False)
    slots, wheels = _served(project, asked, slots, maker, upgrade=upgrade)
    carry.carry(target, wheels, _further(project, slots, wheels))
    for slot in slots:
        files.replace(slot.file, lock.write(_locked(slot)))
    files.replace(stamp, _stamp(project, slots))
    return Made(folder=target, wheels=_names(target), changed=True)


def _names(target: Path) -> tuple[str, ...]:
    return tuple(sorted(file.name for file in target.glob("*.whl")))


def _locked(slot: Slot) -> Lock:
    if slot.lock is None:
        raise WheelsUnavailable(f"{slot.file.name}: no such file; make it with `kernelwright wheels`")
    return slot.lock


def _served(
    project: Project, asked: Requirements, slots: Sequence[Slot], maker: Maker, *, upgrade: bool
) -> tuple[tuple[Slot, ...], list[Wheel]]:
    """Lock and fetch for each image; return the slots with their locks, and each wheel once."""
    kept_in, found = store(project, asked), dict[str, Wheel]()
    locked, faults, pins = list[Slot](), list[str](), list[str]()
    for slot in slots:
        kept = [] if upgrade or slot.lock is None else _pins(slot.lock)
        fresh = slot if slot.is_fresh and not upgrade else _relocked(project, asked, slot, [*kept, *pins], maker)
        pins += _pins(_locked(fresh))
        fetched = _fetched(fresh, kept_in, maker)
        needs = tuple(conflicts.needed(slot.image, fetched))
        fresh = replace(fresh, lock=replace(_locked(fresh), needs=needs))
        faults += conflicts.find(asked, slot.image, fetched)
        found |= {wheel.path.name: wheel for wheel in fetched}
        locked.append(fresh)
    if faults := [*dict.fromkeys(faults), *locks.clashes(locked)]:
        raise WheelsUnavailable("\n".join(faults))
    return tuple(locked), [found[name] for name in sorted(found)]


def _pins(locked: Lock) -> list[str]:
    return [f"{distribution.name}=={distribution.version}" for distribution in locked.distribution]


def _relocked(project: Project, asked: Requirements, slot: Slot, pins: Sequence[str], maker: Maker) -> Slot:
    """Resolve one image anew, close to what was locked for it, or for the image before it."""
    maker.tell(f"resolving {asked.name} for {slot.image.name}")
    allowed = [str(canonicalize_name(name)) for name in project.configuration.allow_sdist]
    question = resolve.Question(requirements=asked, image=slot.image, allow_sdist=allowed)
    preferred = {pin.partition("==")[0]: pin for pin in reversed(pins)}.values()
    resolved = resolve.resolve(question, list(preferred))
    found = tuple(_built(one, slot, store(project, asked), allowed) for one in resolved)
    made = Lock(format=lock.FORMAT, image=slot.image.name, inputs=slot.inputs, distribution=found)
    return replace(slot, lock=made)


def _built(distribution: Distribution, slot: Slot, kept_in: Store, allowed: Sequence[str]) -> Distribution:
    if distribution.wheels:
        return distribution
    if distribution.name not in allowed or not distribution.sdist:
        raise WheelsUnavailable(f"{distribution.name} {distribution.version}: no wheel fits {slot.image.name}")
    return fetch.build(distribution, slot.image, kept_in)


def _fetched(slot: Slot, kept_in: Store, maker: Maker) -> list[Wheel]:
    found = []
    for distribution in maker.track(_locked(slot).distribution, f"wheels for {slot.image.name}"):
        path = fetch.fetch(distribution, slot.image, slot.image.python, kept_in)
        if path is None:
            raise WheelsUnavailable(f"{slot.file.name}: {distribution.name}: no wheel for Python {slot.image.python}")
        found.append(wheel.read(path))
    return found


def _further(project: Project, slots: Sequence[Slot], wheels: Sequence[Wheel]) -> dict[str, bytes]:
    """Return the files beside the wheels: what Kaggle asks, the licences, a requirements file an image."""
    told = {carry.METADATA: carry.described(project), carry.LICENCES: carry.licences(wheels)}
    return told | {f"requirements-{slot.image.name}.txt": _requirements(slot) for slot in slots}


def _requirements(slot: Slot) -> bytes:
    lines = []
    for distribution in _locked(slot).distribution:
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
    told = [lock.write(_locked(slot)).decode() for slot in slots] + [carry.described(project).decode()]
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    target = folder(project)
    held = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in target.glob("*"))
    return f"{json.dumps({'digest': digest, 'files': held}, indent=1)}\n".encode()


def check(project: Project) -> None:
    """Raise `InvalidProject` with every lock that is missing or stale."""
    if faults := locks.problems(project):
        raise InvalidProject(faults)
