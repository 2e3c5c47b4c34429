"""Resume an interrupted push: each push is noted before it is sent and recorded afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kernelwright.errors import InvalidProject
from kernelwright.project import parsing
from kernelwright.project.model import Project
from kernelwright.ship import kernels, push_log, remote_state
from kernelwright.ship.kernels import RemoteKernel
from kernelwright.ship.push_log import Push
from kernelwright.support.poll import poll

_ATTEMPTS = 3
"""How often to look for the version of an interrupted push; Kaggle may not show it at once."""
_MOST_VERSIONS = 200
"""How many versions to search, because others may have been saved after it."""


@dataclass(frozen=True, kw_only=True)
class PendingPush:
    """A push that is being made.

    Attributes
    ----------
    push : Push
        The record to write; its version is not known yet.
    metadata : mapping
        The metadata that is sent, with the attached sources.
    notebook : str
        The notebook that is sent.
    after : int
        The latest version on Kaggle before the push.
    """

    push: Push
    metadata: Mapping[str, Any]
    notebook: str
    after: int


def finish(
    project: Project, kernel: RemoteKernel, pending: PendingPush, version: int, dropped: Sequence[str] = ()
) -> Push:
    """Record the version that a push made and the sources that Kaggle did not attach, and delete the push's note."""
    if not dropped:  # the client does not print all dropped sources, so compare the request with what Kaggle shows
        visible = remote_state.wait_until_visible(kernel, version)
        dropped = kernels.lost_sources(pending.metadata, visible.metadata) if visible else ()
    push = replace(pending.push, version=version, dropped=tuple(dropped))
    push_log.record(project.root, push, pending.notebook.encode())
    push_log.finish_step(project.root, push.kernel)
    return push


def resume(project: Project, kernel: RemoteKernel) -> Push | None:
    """Find and record the version of an interrupted push, and delete the push's note.

    Return None if there was no such push, if it made no version, or if the version is already recorded.
    """
    try:
        pending = parsing.parse(PendingPush, push_log.pending_step(project.root, kernel.ref), file=push_log.PENDING)
    except InvalidProject:  # there is no note, or it cannot be read
        pending = None
    if pending:
        version = poll(lambda: _find_version(kernel, pending), every=kernel.client.timeouts.poll, attempts=_ATTEMPTS)
        pushes = push_log.pushes(project.root, kernel.ref)
        recorded = {push.version for push in pushes if push.request == pending.push.request}
        if version and version not in recorded:  # it is recorded already if only the note was not deleted in time
            return finish(project, kernel, pending, version)
    push_log.finish_step(project.root, kernel.ref)
    return None


def _find_version(kernel: RemoteKernel, pending: PendingPush) -> int | None:
    """Return the number of a version after ``pending.after`` with the content of the push; None if there is none."""
    sent, first = pending.notebook.encode(), pending.after + 1
    latest = kernel.notebook()  # usually the right one, found with one request
    if latest and latest.latest >= first and latest.holds(sent):
        return latest.latest
    for version in range(first, first + _MOST_VERSIONS):
        notebook = kernel.notebook(version)
        if notebook is None:
            return None
        if notebook.holds(sent):
            return version
    return None
