"""Push a checked notebook to Kaggle. Each step is looked up before it is taken, so that it is taken only once."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from kernelwright.bundle import build
from kernelwright.check import worktree
from kernelwright.check.finding import Finding, Severity
from kernelwright.check.rehearsal import CHECK as REHEARSAL
from kernelwright.errors import ClientFailed, NotReady
from kernelwright.project.model import Project
from kernelwright.ship import datasets, payload, push_log, push_recovery, remote_state
from kernelwright.ship.client import Client
from kernelwright.ship.kernels import RemoteKernel, RemoteNotebook
from kernelwright.ship.push_log import Push
from kernelwright.ship.push_recovery import PendingPush
from kernelwright.support import file_lock, git
from kernelwright.support.hashing import sha256

_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class PushOptions:
    """Options of a push.

    Attributes
    ----------
    skip_rehearsal : bool
        Push even if the notebook was not rehearsed.
    again : bool
        Push even if the last version is this very notebook.
    overwrite : bool
        Leave edits made on Kaggle behind, and replace files of a dataset that were not sent from here.
    public_datasets : bool
        Make the datasets visible to everybody.
    """

    skip_rehearsal: bool = False
    again: bool = False
    overwrite: bool = False
    public_datasets: bool = False


def blocking(findings: list[Finding], options: PushOptions) -> list[Finding]:
    """Return the findings that stop a push with these options."""
    waived = {REHEARSAL} if options.skip_rehearsal else set()
    return [finding for finding in findings if finding.severity != Severity.warning and finding.check not in waived]


def hold_push_lock(project: Project) -> AbstractContextManager[None]:
    """Lock the project for one push, because all its kernels share the push log and the datasets.

    The client inherits the lock, because it goes on sending if its push is killed.
    """
    busy = "another push of this project is under way, or a client of one that was killed; wait for it, or end it"
    return file_lock.hold(project.build / ".push.lock", NotReady(busy), inherited=True)


def push(project: Project, client: Client, options: PushOptions, tell: Callable[[str], None]) -> Push:
    """Upload datasets, push the kernel, and record its version. What Kaggle already holds is not sent again.

    Raises
    ------
    ClientFailed
        If Kaggle or its client fails; a second run continues where this one stopped. Also if Kaggle did not attach a
        source; the version is recorded nevertheless.
    NotReady
        If the notebook was edited on Kaggle since the last push and the edits are not in the sources, or if another
        push is under way.
    InvalidProject, UnwritableOutput
        If a dataset has not been made, or a file such as the push log cannot be written.
    """
    with hold_push_lock(project):
        push_log.check_writable(project.root)
        kernel = RemoteKernel(client=client, ref=project.metadata.id)
        notebook = project.notebook.read_bytes()
        uploads = payload.stage_datasets(project)
        # This comes before `resume`, because it raises if Kaggle hides the kernel. `resume` would then not find the
        # interrupted push and would delete its note.
        remote = _latest(project, kernel)
        if resumed := push_recovery.resume(project, kernel):
            tell(f"{kernel.ref}: version {resumed.version} was pushed before the cut")
            _check_attached(resumed)
            remote = _latest(project, kernel)  # the version read above may precede the one that `resume` found
        if not options.overwrite and (edits := remote_state.remote_edits(project, remote)):
            raise NotReady(
                f"{project.metadata.id} was edited on Kaggle since the last push ({_examples(edits)}); "
                "bring the edits here with `kernelwright pull --apply`, or leave them behind with push --overwrite"
            )
        allowed = {"public": options.public_datasets, "overwrite": options.overwrite}
        versions = {upload.ref: datasets.ensure(client, upload, tell, **allowed) for upload in uploads}
        folder, metadata = payload.stage_kernel(project, notebook, versions)
        # The metadata names the datasets' versions, so a new version of a dataset makes another request.
        request = sha256(json.dumps(metadata, sort_keys=True).encode() + notebook)
        if resumed and resumed.request == request:
            return resumed
        pushes = push_log.pushes(project.root, kernel.ref) if remote else []
        if remote and pushes and not options.again:
            last = pushes[-1]
            is_same = last.request == request and not last.dropped  # a dropped source may be attached next time
            if is_same and remote_state.is_version(kernel, remote, last.version, notebook):
                tell(f"{kernel.ref}: version {last.version} is this notebook already")
                return last
        intended = Push(
            kernel=kernel.ref,
            version=0,
            request=request,
            notebook=sha256(notebook),
            commit=git.commit(project.root),
            changed=bool(worktree.changed(project.root)),
            datasets=versions,
            rehearsal="skipped" if options.skip_rehearsal else "complete",
            at=push_log.now(),
        )
        # If Kaggle does not say its latest version (0), use the latest one in the push log.
        before = (remote.latest if remote else 0) or max((push.version for push in pushes), default=0)
        pending = PendingPush(push=intended, metadata=metadata, notebook=notebook.decode(), after=before)
        return _send(project, kernel, pending, folder, tell)


def _send(
    project: Project, kernel: RemoteKernel, pending: PendingPush, folder: Path, tell: Callable[[str], None]
) -> Push:
    """Note the push, make it, and record it. If it is interrupted, the note says what to look for."""
    with push_log.step(project.root, kernel.ref, asdict(pending)):
        version, address, dropped = kernel.push(folder)
    pushed = push_recovery.finish(project, kernel, pending, version, dropped)
    tell(f"{kernel.ref}: version {version} pushed, {address}")
    if not kernel.is_at(address):
        tell(f"warning: that is not {kernel.ref}: Kaggle goes by the title; let title and id in the metadata agree")
    _check_attached(pushed)
    return pushed


def _latest(project: Project, kernel: RemoteKernel) -> RemoteNotebook | None:
    """Return the latest version on Kaggle, None if there is none.

    Raises `ClientFailed` if Kaggle does not show a notebook that was pushed but does know its status.
    """
    remote = kernel.notebook()
    if remote is None and push_log.pushes(project.root, kernel.ref) and kernel.has_run():
        raise ClientFailed(f"{kernel.ref}: Kaggle knows its status, but does not show the notebook; try again later")
    return remote


def _check_attached(push: Push) -> None:
    if push.dropped:
        raise ClientFailed(
            f"{push.kernel}: version {push.version} was pushed, but Kaggle did not attach {'; '.join(push.dropped)}; "
            "see that they exist and are yours to use, and push again"
        )


def check_run_version(project: Project, kernel: RemoteKernel, push: Push) -> None:
    """Check that the run that ended belongs to ``push``; raises `ClientFailed` if another version was saved since."""
    remote = remote_state.wait_until_visible(kernel, push.version)
    if remote is None:
        raise ClientFailed(f"{push.kernel}: a run has ended, but Kaggle does not show version {push.version}")
    sent = push_log.recorded_notebook(project.root, push) or project.notebook.read_bytes()
    if not remote_state.is_version(kernel, remote, push.version, sent):
        raise ClientFailed(
            f"{push.kernel}: another version was saved on Kaggle after version {push.version}, and the run that ended "
            "is that one's; look at it with `kernelwright status` and `kernelwright pull`"
        )


def rebuild(project: Project) -> None:
    """Build and write the notebook, so that the pushed notebook matches the sources.

    Raises
    ------
    NotReady
        If the notebook on disk was edited after it was built and the edits are not in the sources.
    """
    built = build.build_notebook(project)
    if build.was_edited(project, built):
        place = project.metadata.code_file
        if edits := remote_state.unmerged_edits(project, project.notebook.read_bytes(), place):
            raise NotReady(
                f"{place} was edited after it was built ({_examples(edits)}); keep the edits with "
                f"`kernelwright pull --from {place} --apply`, or build over them with `kernelwright build`"
            )
    build.write(project, built)


def _examples(edits: Sequence[str]) -> str:
    more = f" and {len(edits) - _EXAMPLES} more" if len(edits) > _EXAMPLES else ""
    return f"{'; '.join(edits[:_EXAMPLES])}{more}"


def refuse(blocked: list[Finding]) -> None:
    """Raise `NotReady` with the first of the findings that stop the push, if there are any."""
    if blocked:
        first = blocked[0]
        more = f" (and {len(blocked) - 1} more: `kernelwright check --push`)" if len(blocked) > 1 else ""
        raise NotReady(f"not ready to push: {first}{more}")
