"""From a checked notebook to a version on Kaggle: each step is looked up first, so that it is taken once."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kernelwright.bundle import build
from kernelwright.check import worktree
from kernelwright.check.finding import Finding, Severity
from kernelwright.check.rehearsal import CHECK as REHEARSAL
from kernelwright.errors import ClientFailed, NotReady
from kernelwright.project.model import Project
from kernelwright.ship import datasets, kernels, payload, push_log, push_recovery, remote_state
from kernelwright.ship.client import Client
from kernelwright.ship.kernels import Source
from kernelwright.ship.payload import Load
from kernelwright.ship.push_log import Push
from kernelwright.ship.push_recovery import Begun
from kernelwright.support import file_lock, git

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


def hold_push_lock(project: Project) -> AbstractContextManager[None]:
    """Hold the project for one push: its record and its datasets are common to all its kernels.

    A push that is killed leaves its client behind, which goes on sending what it was given: the client holds it too.
    """
    busy = "another push of this project is under way, or a client of one that was killed; wait for it, or end it"
    return file_lock.hold(project.build / ".push.lock", NotReady(busy), inherited=True)


def ship(project: Project, client: Client, wishes: Wishes, tell: Callable[[str], None]) -> Push:
    """Send datasets and kernel, and record the version; what was sent before is not sent again.

    Raises
    ------
    ClientFailed
        Kaggle or its client failed; run again, and the push goes on where it stopped. A version Kaggle took without
        one of its sources is recorded first.
    NotReady
        The notebook was edited on Kaggle since the last push, and the edits are not in the sources; or another push
        is under way.
    """
    with hold_push_lock(project):
        return _ship(project, client, wishes, tell)


def _ship(project: Project, client: Client, wishes: Wishes, tell: Callable[[str], None]) -> Push:
    push_log.ready(project.root)
    name, notebook = project.metadata.id, project.notebook.read_bytes()
    sent, there = payload.parcels(project), _there(project, client)
    if cut := push_recovery.take_up(project, client):
        tell(f"{name}: version {cut.version} was pushed before the cut")
        _see_attached(cut)
        there = _there(project, client)
    if not wishes.overwrite:
        _spare(project, there)
    terms = datasets.Terms(public=wishes.public_datasets, overwrite=wishes.overwrite)
    versions = {one.ref: datasets.ensure(client, one, tell, terms) for one in sent}
    made = payload.load(project, notebook, versions)
    if cut and cut.request == made.request:
        return cut
    if not wishes.again and (done := _done(project, client, made, there)):
        tell(f"{name}: version {done.version} is this notebook already")
        return done
    push, answer = _made(project, client, made, _push(project, made, versions, wishes), there)
    tell(f"{name}: version {push.version} pushed, {answer.address}")
    if not answer.is_of(name):
        tell(f"warning: that is not {name}: Kaggle goes by the title; let title and id in the metadata agree")
    _see_attached(push)
    return push


def _see_attached(push: Push) -> None:
    if push.dropped:
        raise ClientFailed(
            f"{push.kernel}: version {push.version} was pushed, but Kaggle did not attach {'; '.join(push.dropped)}; "
            "see that they exist and are yours to use, and push again"
        )


def _there(project: Project, client: Client) -> Source | None:
    """Return the latest version; where it seems gone, though it was pushed, Kaggle is asked in another way."""
    name = project.metadata.id
    there = kernels.source(client, name)
    if there is None and push_log.pushes(project.root, name) and kernels.is_known(client, name):
        raise ClientFailed(f"{name}: Kaggle knows its status, but does not show the notebook; try again later")
    return there


def _done(project: Project, client: Client, made: Load, there: Source | None) -> Push | None:
    """Return the kernel's last push, if it is this very one, all of it was attached, and it still is the latest."""
    last = push_log.pushes(project.root, project.metadata.id)[-1:]
    if not (there and last and last[0].request == made.request and not last[0].dropped):
        return None
    stands = remote_state.is_version(client, project.metadata.id, there, last[0].version, made.notebook)
    return last[0] if stands else None


def _made(
    project: Project, client: Client, made: Load, push: Push, there: Source | None
) -> tuple[Push, kernels.Pushed]:
    known = [one.version for one in push_log.pushes(project.root, push.kernel)] if there else []
    after = (there.latest if there else 0) or max(known, default=0)
    begun = Begun(push=push, metadata=made.metadata, notebook=made.notebook.decode(), after=after)
    push_recovery.begin(project, begun)
    with push_log.unless_refused(project.root, push.kernel):
        answer = kernels.push(client, made.folder)
    return push_recovery.end(project, client, begun, answer.version, answer.dropped), answer


def _spare(project: Project, there: Source | None) -> None:
    if found := remote_state.edits(project, there):
        raise NotReady(
            f"{project.metadata.id} was edited on Kaggle since the last push ({_few(found)}); "
            "bring the edits here with `kernelwright pull --apply`, or leave them behind with push --overwrite"
        )


def _few(found: Sequence[str]) -> str:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{'; '.join(found[:_NAMED])}{more}"


def _push(project: Project, made: Load, versions: Mapping[str, int], wishes: Wishes) -> Push:
    return Push(
        kernel=project.metadata.id,
        version=0,
        request=made.request,
        notebook=hashlib.sha256(made.notebook).hexdigest(),
        commit=git.commit(project.root),
        changed=bool(worktree.changed(project.root)),
        datasets=versions,
        rehearsal="skipped" if wishes.skip_rehearsal else "complete",
        at=push_log.now(),
    )


def see_that_it_ran(project: Project, client: Client, push: Push) -> None:
    """See that the run that ended is that of a push; raises `ClientFailed` where a later version was made meanwhile."""
    there = remote_state.once_told(client, push.kernel, push.version)
    if there is None:
        raise ClientFailed(f"{push.kernel}: a run has ended, but Kaggle does not tell of version {push.version}")
    sent = push_log.notebook(project.root, push) or project.notebook.read_bytes()
    if not remote_state.is_version(client, push.kernel, there, push.version, sent):
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
    built = build.build_notebook(project)
    if build.was_edited(project, built) and (found := _in_notebook(project)):
        place = project.metadata.code_file
        raise NotReady(
            f"{place} was edited after it was built ({_few(found)}); keep the edits with "
            f"`kernelwright pull --from {place} --apply`, or build over them with `kernelwright build`"
        )
    build.write(project, built)


def _in_notebook(project: Project) -> list[str]:
    return remote_state.untaken(project, project.notebook.read_bytes(), project.metadata.code_file)


def refuse(found: list[Finding]) -> None:
    """Raise `NotReady` where findings stop the push, with the first of them."""
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more: `kernelwright check --push`)" if len(found) > 1 else ""
        raise NotReady(f"not ready to push: {first}{more}")
