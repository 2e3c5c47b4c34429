"""Find out what a kernel's latest version on Kaggle is: a push from here, or edits that a push would bury."""

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
    """Return the recorded push that is Kaggle's latest version; None if the version was not pushed from here."""
    if remote is None:
        return None
    for push in reversed(push_log.pushes(project.root, project.metadata.id)):
        sent = push_log.recorded_notebook(project.root, push)
        if remote.latest in {0, push.version} and sent is not None and remote.holds(sent):  # 0: number not known
            return push
    return None


def wait_until_visible(kernel: RemoteKernel, version: int) -> RemoteNotebook | None:
    """Wait until Kaggle shows ``version`` or a later one, which may take a while after a push.

    Return the latest version then, or None if Kaggle still does not show it after some attempts.
    """

    def look() -> RemoteNotebook | None:
        remote = kernel.notebook()
        return remote if remote and (not remote.latest or remote.latest >= version) else None

    return poll(look, every=kernel.client.timeouts.poll, attempts=_ATTEMPTS)


def is_version(kernel: RemoteKernel, remote: RemoteNotebook, version: int, notebook: bytes) -> bool:
    """Return True if the kernel's latest version is ``version`` and has the content of ``notebook``.

    ``remote`` may still be the previous version, because Kaggle may show that just after a push.
    """
    if remote.holds(notebook):
        return remote.latest in {0, version}
    # Either the version itself has other content, or a later one exists.
    if remote.latest >= version or kernel.notebook(version + 1):
        return False
    pushed = kernel.notebook(version)
    return pushed is not None and pushed.holds(notebook)


def remote_edits(project: Project, remote: RemoteNotebook | None) -> list[str]:
    """Return the edits made on Kaggle since the last push that are not in the sources; none without a recorded push."""
    ref = project.metadata.id
    if remote is None or not push_log.pushes(project.root, ref):
        return []
    if any(remote.holds(file.read_bytes()) for file in (project.root / RECORDED).glob("*.ipynb")):
        return []
    return unmerged_edits(project, remote.content, ref)


def unmerged_edits(project: Project, notebook: bytes, name: str) -> list[str]:
    """Return one line per edit in ``notebook`` that is not in the sources."""
    try:
        changes = plan.make_plan(project, notebook, name).changes
    except InvalidNotebook as error:
        return [str(error)]
    return [f"{change.place}: {change.what}" for change in changes if change.action in _EDITS]
