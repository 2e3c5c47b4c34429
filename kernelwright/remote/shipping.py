"""From a checked notebook to a version on Kaggle: each step is looked up first, so that it is taken once."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kernelwright import building, files
from kernelwright.errors import ClientFailed, InvalidProject, NotReady
from kernelwright.metadata import DATASET_FILE
from kernelwright.preflight import git
from kernelwright.preflight.findings import Finding, Severity
from kernelwright.preflight.rehearsal import CHECK as REHEARSAL
from kernelwright.project import Project
from kernelwright.remote import datasets, kernels, latest, ledger
from kernelwright.remote.client import Client
from kernelwright.remote.datasets import Parcel
from kernelwright.remote.kernels import Source
from kernelwright.remote.ledger import Push
from kernelwright.wheels import make

_METADATA = "kernel-metadata.json"
_PROBES = 200
"""How many versions are looked through for a push that was cut off."""
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How to push.

    Without a rehearsal; once more though it was pushed; over edits made on Kaggle; with the datasets for everybody.
    """

    skip_rehearsal: bool = False
    again: bool = False
    overwrite: bool = False
    public_datasets: bool = False


def stopping(found: list[Finding], wishes: Wishes) -> list[Finding]:
    """Return the findings that stop the push."""
    waived = {REHEARSAL} if wishes.skip_rehearsal else set()
    return [one for one in found if one.severity != Severity.warning and one.check not in waived]


def parcels(project: Project) -> list[Parcel]:
    """Lay out the datasets that belong to the kernel: its wheels, and its sources where a dataset carries them."""
    known = project.configuration
    folders = []
    if known.wheels:
        folders.append((known.wheels_dataset, make.folder(project)))
    if known.carrier == "dataset":
        folders.append((known.sources_dataset, project.dataset))
    for slug, folder in folders:
        if not (folder / DATASET_FILE).is_file():
            place = folder.relative_to(project.root).as_posix()
            raise InvalidProject([f"{place}: no {DATASET_FILE}; make the dataset {slug} before the push"])
    return [datasets.parcel(folder, project.build / "push" / slug) for slug, folder in folders]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is sent as the kernel: a folder for the client, and the digest of all that is in it."""

    folder: Path
    metadata: Mapping[str, Any]
    notebook: bytes

    @property
    def request(self) -> str:
        """Digest of metadata and notebook."""
        return hashlib.sha256(json.dumps(self.metadata, sort_keys=True).encode() + self.notebook).hexdigest()


def load(project: Project, notebook: bytes, versions: Mapping[str, int]) -> Load:
    """Lay out the kernel's folder: the project's metadata, with the versions of its own datasets pinned."""
    folder = project.build / "push" / "kernel"
    shutil.rmtree(folder, ignore_errors=True)
    told = json.loads((project.root / project.configuration.metadata).read_text("utf-8"))
    told["code_file"] = project.notebook.name
    told["dataset_sources"] = [_pinned(source, versions) for source in told.get("dataset_sources", [])]
    files.replace(folder / _METADATA, f"{json.dumps(told, indent=2, ensure_ascii=False)}\n".encode())
    files.replace(folder / project.notebook.name, notebook)
    return Load(folder=folder, metadata=told, notebook=notebook)


def _pinned(source: str, versions: Mapping[str, int]) -> str:
    version = versions.get("/".join(source.split("/")[:2]))
    return f"{'/'.join(source.split('/')[:2])}/{version}" if version else source


def planned(project: Project, notebook: bytes) -> Iterator[str]:
    """Yield the requests a push would make, without making any."""
    sent = parcels(project)
    for one in sent:
        yield f"kaggle datasets status {one.ref}"
        yield f"kaggle datasets create, or version where {one.mark} is not in it: {len(one.sizes)} files, private"
        yield from (f"  {name}: {size:,} bytes" for name, size in one.sizes.items())
    made = load(project, notebook, {})
    yield f"kaggle kernels push: {len(notebook):,} bytes, sha256 {hashlib.sha256(notebook).hexdigest()[:16]}"
    own = {one.ref for one in sent}
    shown = [f"{one}/<its version>" if one in own else one for one in made.metadata["dataset_sources"]]
    yield json.dumps({**made.metadata, "dataset_sources": shown}, indent=2, ensure_ascii=False)


def ship(project: Project, client: Client, wishes: Wishes, tell: Callable[[str], None]) -> Push:
    """Send datasets and kernel, and record the version; what was sent before is not sent again.

    Raises
    ------
    ClientFailed
        Kaggle or its client failed; run again, and the push goes on where it stopped. A version Kaggle took without
        one of its sources is recorded first.
    NotReady
        The notebook was edited on Kaggle since the last push, and the edits are not in the sources.
    """
    ledger.ready(project.root)
    notebook = project.notebook.read_bytes()
    sent = parcels(project)
    versions = {one.ref: datasets.ensure(client, one, tell, public=wishes.public_datasets) for one in sent}
    made = load(project, notebook, versions)
    kernel = project.metadata.id
    there = kernels.source(client, kernel)
    done = None if wishes.again else _done(project, client, made, there)
    if done:
        ledger.settle(project.root, kernel)
        tell(f"{kernel}: version {done.version} is this notebook already")
        return done
    found = _cut_off(project, client, made)
    if not (found or wishes.overwrite):
        _spare(project, there)
    answer = kernels.Pushed(version=found, address="", dropped=()) if found else _sent(project, client, made, there)
    lost = _lost(client, kernel, made, answer)
    push = replace(_push(project, made, answer.version, versions, wishes), dropped=tuple(lost))
    ledger.record(project.root, push, notebook)
    ledger.settle(project.root, kernel)
    how = "was pushed before the cut" if found else f"pushed, {answer.address}"
    tell(f"{kernel}: version {push.version} {how}")
    if lost:
        raise ClientFailed(
            f"{kernel}: version {push.version} was pushed, but Kaggle did not attach {'; '.join(lost)}; "
            "see that they exist and are yours to use, and push again"
        )
    return push


def _done(project: Project, client: Client, made: Load, there: Source | None) -> Push | None:
    """Return the kernel's last push, if it is this very one, all of it was attached, and it still is the latest."""
    last = ledger.pushes(project.root, project.metadata.id)[-1:]
    if not (there and last and last[0].request == made.request and not last[0].dropped):
        return None
    stands = latest.is_version(client, project.metadata.id, there, last[0].version, made.notebook)
    return last[0] if stands else None


def _sent(project: Project, client: Client, made: Load, there: Source | None) -> kernels.Pushed:
    known = [one.version for one in ledger.pushes(project.root, project.metadata.id)] if there else []
    after = (there.latest if there else 0) or max(known, default=0)
    ledger.intend(project.root, project.metadata.id, made.request, after)
    return kernels.push(client, made.folder)


def _spare(project: Project, there: Source | None) -> None:
    if found := latest.edits(project, there):
        raise NotReady(
            f"{project.metadata.id} was edited on Kaggle since the last push ({_few(found)}); "
            "bring the edits here with `kernelwright pull --apply`, or leave them behind with push --overwrite"
        )


def _few(found: Sequence[str]) -> str:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{'; '.join(found[:_NAMED])}{more}"


def _cut_off(project: Project, client: Client, made: Load) -> int:
    """Return the version that a push cut off before its record has made, 0 if it made none."""
    begun = ledger.intended(project.root, project.metadata.id)
    if begun.get("request") != made.request:
        return 0
    first = int(begun.get("after", 0)) + 1
    for version in range(first, first + _PROBES):
        found = kernels.source(client, f"{project.metadata.id}/{version}")
        if found is None:
            break
        if latest.says(found.notebook) == latest.says(made.notebook):
            return version
    return 0


def _push(project: Project, made: Load, version: int, versions: Mapping[str, int], wishes: Wishes) -> Push:
    return Push(
        kernel=project.metadata.id,
        version=version,
        request=made.request,
        notebook=hashlib.sha256(made.notebook).hexdigest(),
        commit=git.commit(project.root),
        changed=bool(git.uncommitted(project.root)),
        datasets=versions,
        rehearsal="skipped" if wishes.skip_rehearsal else "complete",
        at=ledger.now(),
    )


def _lost(client: Client, kernel: str, made: Load, answer: kernels.Pushed) -> list[str]:
    """Name the sources Kaggle did not attach: it says so only of some, so what it has is held against what was sent."""
    there = kernels.source(client, kernel)
    return list(answer.dropped) or (kernels.lost_sources(made.metadata, there.metadata) if there else [])


def see_that_it_ran(project: Project, client: Client, push: Push) -> None:
    """See that the run that ended is that of a push; raises `ClientFailed` where a later version was made meanwhile."""
    there, sent = kernels.source(client, push.kernel), project.notebook.read_bytes()
    if not (there and latest.is_version(client, push.kernel, there, push.version, sent)):
        raise ClientFailed(
            f"{push.kernel}: another version was saved on Kaggle after version {push.version}, and the run that ended "
            "is that one's; look at it with `kernelwright status` and `kernelwright pull`"
        )


def brought_up_to_date(project: Project) -> None:
    """Build the notebook, so that what is pushed is what the sources give.

    Raises
    ------
    NotReady
        The one on disk was edited after it was built, and the edits are not in the sources.
    """
    built = building.build_notebook(project)
    if building.was_edited(project, built) and (found := _in_notebook(project)):
        place = project.metadata.code_file
        raise NotReady(
            f"{place} was edited after it was built ({_few(found)}); keep the edits with "
            f"`kernelwright pull --from {place} --apply`, or build over them with `kernelwright build`"
        )
    building.write(project, built)


def _in_notebook(project: Project) -> list[str]:
    return latest.untaken(project, project.notebook.read_bytes(), project.metadata.code_file)


def refuse(found: list[Finding]) -> None:
    """Raise `NotReady` where findings stop the push, with the first of them."""
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more, above)" if len(found) > 1 else ""
        raise NotReady(f"not ready to push: {first.place}: {first.problem}; {first.fix}{more}")
