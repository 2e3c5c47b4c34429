"""What Kaggle shows as a kernel's latest version: a push from here, or edits that a push would leave behind it."""

from kernelwright.errors import InvalidNotebook
from kernelwright.project.model import Project
from kernelwright.pull import plan
from kernelwright.pull.ancestor import RECORDED
from kernelwright.ship import push_log
from kernelwright.ship.kernels import RemoteKernel, RemoteNotebook
from kernelwright.ship.push_log import Push
from kernelwright.support.poll import poll

_ATTEMPTS = 6
_EDITS = {"write", "delete", "conflict", "refuse"}


def find_push(project: Project, remote: RemoteNotebook | None) -> Push | None:
    """Return the recorded push that Kaggle's latest version is, None where it is none from here."""
    if remote is None:
        return None
    for push in reversed(push_log.pushes(project.root, project.metadata.id)):
        sent = push_log.recorded_notebook(project.root, push)
        if remote.latest in {0, push.version} and sent is not None and remote.holds(sent):
            return push
    return None


def wait_until_visible(kernel: RemoteKernel, version: int) -> RemoteNotebook | None:
    """Return the latest version, once Kaggle shows ``version`` or a later one: just after a push it may not."""

    def look() -> RemoteNotebook | None:
        remote = kernel.notebook()
        return remote if remote and (not remote.latest or remote.latest >= version) else None

    return poll(look, every=kernel.client.timeouts.poll, attempts=_ATTEMPTS)


def is_version(kernel: RemoteKernel, remote: RemoteNotebook, version: int, notebook: bytes) -> bool:
    """Return whether a kernel's latest version is ``version``, with the content of ``notebook``.

    Just after a push Kaggle may still show the version before.
    """
    if remote.holds(notebook):
        return remote.latest in {0, version}
    if remote.latest >= version or kernel.notebook(version + 1):
        return False
    pushed = kernel.notebook(version)
    return pushed is not None and pushed.holds(notebook)


def remote_edits(project: Project, remote: RemoteNotebook | None) -> list[str]:
    """Name what was edited on Kaggle since the last push from here, and is not in the sources; none without a push."""
    ref = project.metadata.id
    if remote is None or not push_log.pushes(project.root, ref):
        return []
    if any(remote.holds(file.read_bytes()) for file in (project.root / RECORDED).glob("*.ipynb")):
        return []
    return unmerged_edits(project, remote.content, ref)


def unmerged_edits(project: Project, notebook: bytes, name: str) -> list[str]:
    """Name the edits in a notebook that are not in the sources."""
    try:
        changes = plan.make_plan(project, notebook, name).changes
    except InvalidNotebook as error:
        return [str(error)]
    return [f"{change.place}: {change.what}" for change in changes if change.action in _EDITS]
