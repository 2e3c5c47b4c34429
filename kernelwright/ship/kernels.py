"""Push a kernel to Kaggle, follow its run, and read its notebook, log and output."""

import itertools
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kernelwright.errors import ClientFailed, InvalidNotebook, UnwritableOutput
from kernelwright.project.metadata import SOURCES
from kernelwright.pull import edited_notebook
from kernelwright.ship.client import Client
from kernelwright.support import atomic_files, json_text

_LINE_END = re.compile(r"\r\n?")
_VERSION = re.compile(r"Kernel version (\d{1,9}) successfully pushed.*?(\S+)\s*$", re.DOTALL)
_STATUS = re.compile(r'has status "(?:KernelWorkerStatus\.)?(\w+)"')
_MESSAGE = re.compile(r'^Failure message: "(.*)"\s*$', re.DOTALL | re.MULTILINE)
_DROPPED = re.compile(r"^The following are not valid (.+?) and could not be added to the kernel: (.*)$", re.MULTILINE)
_RUNNING = {"QUEUED", "RUNNING", "NEW_SCRIPT", "CANCEL_REQUESTED"}
# Kaggle may name a source with its kind in front and a version at the end.
_KIND = re.compile(r"^(datasets|code|models|competitions)/(?=[^/]+/|[^/]+$)")
_PINNED = re.compile(r"^([^/]+/[^/]+)/\d+$")


@dataclass(frozen=True, kw_only=True)
class Status:
    """The status of a kernel's latest run: Kaggle's word for it, and Kaggle's message if it failed."""

    word: str
    message: str = ""

    def __str__(self) -> str:
        return self.word.lower().replace("_", " ")

    @property
    def is_running(self) -> bool:
        """Whether the run has not ended yet."""
        return self.word in _RUNNING

    def raise_if_failed(self, kernel: str) -> None:
        """Raise `ClientFailed` with Kaggle's reason, unless the run is complete or has not ended."""
        if self.is_running or self.word == "COMPLETE":
            return
        verbs = {"ERROR": "failed", "CANCEL_ACKNOWLEDGED": "was cancelled"}
        verb = verbs.get(self.word, f"ended with {self.word}")
        reason = self.message or "Kaggle gives no reason; see `kernelwright logs`"
        raise ClientFailed(f"{kernel}: the run {verb}: {reason}")


@dataclass(frozen=True, kw_only=True)
class RemoteNotebook:
    """A kernel's notebook and metadata on Kaggle. ``latest`` is the number of the newest version, 0 if unknown."""

    content: bytes
    metadata: Mapping[str, object]
    latest: int

    @cached_property
    def _key(self) -> object:
        return content_key(self.content)

    def holds(self, notebook: bytes) -> bool:
        """Return True if its content equals that of ``notebook``, as compared by `content_key`."""
        return self._key == content_key(notebook)


def content_key(notebook: bytes) -> object:
    """Return the content by which notebooks are compared.

    It excludes the file's layout, which the client changes, and Kaggle's metadata.
    """
    try:
        edited = edited_notebook.read(notebook)
    except InvalidNotebook:
        return notebook
    driver = [(cell.kind, cell.source) for cell in edited.driver]
    return edited.modules, edited.set_up, driver, edited.displaced, edited.headings


@dataclass(frozen=True, kw_only=True)
class RemoteKernel:
    """A kernel on Kaggle: the client to use, and the kernel's ``owner/slug``."""

    client: Client
    ref: str

    def push(self, folder: Path) -> tuple[int, str, list[str]]:
        """Push the kernel in ``folder``. Return its version, its address, and sources that Kaggle did not attach."""
        reply = self.client.call("kernels", "push", "-p", str(folder))
        # The client exits with 0 after failed pushes too, so success is read from its output.
        if not (pushed := _VERSION.search(reply.printed)):
            raise ClientFailed(f"kaggle kernels push: Kaggle named no version; the client said: {reply.last_line}")
        dropped = [f"{kind}: {listed}" for kind, listed in _DROPPED.findall(reply.printed) if kind != "tags"]
        return int(pushed[1]), pushed[2], dropped

    def is_at(self, address: str) -> bool:
        """Return True if ``address`` is the address of this kernel."""
        return f"{address.partition('?')[0].rstrip('/')}/".lower().endswith(f"/{self.ref}/".lower())

    def status(self) -> Status:
        """Return the status of the latest run."""
        reply = self.client.call("kernels", "status", self.ref)
        if not (status := _STATUS.search(reply.printed)):
            reason = reply.responses[-1].unreadable if reply.responses else "nothing was said"
            raise ClientFailed(f"kaggle kernels status: {reason}")
        message = _MESSAGE.search(reply.printed)
        return Status(word=status[1], message=" ".join(message[1].split()) if message else "")

    def has_run(self) -> bool:
        """Return True if Kaggle knows a run of the kernel."""
        return self.client.look_up("kernels", "status", self.ref) is not None

    def notebook(self, version: int | None = None) -> RemoteNotebook | None:
        """Return the latest version, or the given one; None if it does not exist."""
        pinned = self.ref if version is None else f"{self.ref}/{version}"
        with tempfile.TemporaryDirectory() as folder:
            reply = self.client.look_up("kernels", "pull", pinned, "-m", "-p", folder)
            if reply is None:
                return None
            try:
                metadata = json_text.parse(Path(folder, "kernel-metadata.json").read_text("utf-8"))
                # Only the name, so that a path from Kaggle cannot lead out of the folder.
                content = Path(folder, Path(metadata["code_file"]).name).read_bytes()
            except (OSError, ValueError, KeyError, TypeError):
                raise ClientFailed(
                    f"kaggle kernels pull: nothing arrived; is {self.client.executable} Kaggle's client?"
                ) from None
        # The client does not write the number of the latest version into the metadata; it is only in the response.
        shown = [response.json.get("metadata") for response in reply.responses]
        numbers = [metadata.get("currentVersionNumber") for metadata in shown if isinstance(metadata, dict)]
        latest = next((number for number in numbers if isinstance(number, int)), 0)
        return RemoteNotebook(content=content, metadata=metadata, latest=latest)

    def latest_notebook(self) -> bytes:
        """Return the bytes of the latest version's notebook; raises `ClientFailed` if there is none."""
        if remote := self.notebook():
            return remote.content
        raise ClientFailed(f"{self.ref}: no such kernel on Kaggle, or not yours to see; push it first")

    def log(self) -> Iterator[str]:
        """Yield the lines of the latest run's log, in the form in which `follow_log` yields them."""
        printed = self.client.call("kernels", "logs", self.ref).printed
        try:
            parsed = json_text.parse(printed.strip() or "[]")
        except ValueError:
            parsed = None
        # Kaggle's log is a JSON list of records. If the output is not one, it is shown as it is.
        for record in parsed if isinstance(parsed, list) else [{"data": printed}]:
            if isinstance(record, dict) and record.get("data") is not None:
                yield from _LINE_END.sub("\n", str(record["data"])).removesuffix("\n").split("\n")

    def follow_log(self) -> Iterator[str]:
        """Yield the log's lines as they arrive, until the run ends."""
        empty = True
        for line in self.client.stream("kernels", "logs", "-f", self.ref):
            empty = False
            yield line
        if empty:  # the client shows an error as an empty log; `log` raises it
            yield from self.log()

    def wait(self, tell: Callable[[str], None], *, shows_log: bool = True) -> Status:
        """Wait until the run ends, and return its status.

        ``tell`` gets each change of the status and, with ``shows_log``, each line of the log once the run has started.
        A failed request is repeated, as in `Client.wait`.
        """
        lines_shown = 0

        def look(say: Callable[[str], None]) -> Status | None:
            nonlocal lines_shown
            now = self.status()
            say(str(now))
            if shows_log and now.word != "QUEUED":
                log = self.follow_log() if now.is_running else self.log()
                try:
                    for line in itertools.islice(log, lines_shown, None):  # each request repeats the log from its start
                        tell(f"  {line}")
                        lines_shown += 1
                except ClientFailed as error:  # the run itself goes on, so keep waiting for it
                    tell(f"  (the log broke off: {error})")
            return None if now.is_running else now

        late = ("not done", "look again with `kernelwright status`")
        return self.client.wait(self.ref, look, tell, limit=self.client.timeouts.run, late=late)

    def download_output(self, folder: Path) -> list[str]:
        """Download the latest run's output to ``folder``. Return the names of its files.

        The files' sizes are compared with Kaggle's. Files that another run left in the folder stay there and are not
        returned. Raises `ClientFailed` if a file did not arrive whole, `UnwritableOutput` if it cannot be stored.
        """
        atomic_files.make_folder(folder)
        # Download to an empty folder, so that only files of this run are counted and compared.
        with atomic_files.scratch_folder(folder.parent) as fresh:
            self.client.call("kernels", "output", self.ref, "-p", str(fresh), "-o", "-q", transfers=True)
            sizes = self.client.files("kernels", self.ref)
            files = [path for path in fresh.rglob("*") if path.is_file()]
            arrived = {path.relative_to(fresh).as_posix(): path.stat().st_size for path in files}
            if partial := [name for name, size in sizes.items() if arrived.get(name) != size]:
                raise ClientFailed(
                    f"kaggle kernels output: {', '.join(partial[:3])} did not arrive whole; run it again"
                )
            try:
                shutil.copytree(fresh, folder, dirs_exist_ok=True)
            except (OSError, shutil.Error) as error:
                # copytree raises an OSError, or a shutil.Error that holds a list of (source, target, reason).
                reason = error.args[0][0][-1] if isinstance(error, shutil.Error) else error.strerror or error
                raise UnwritableOutput(f"{folder}: the output cannot be put there: {reason}") from None
        return sorted(arrived)


def lost_sources(wanted: Mapping[str, object], remote: Mapping[str, object]) -> list[str]:
    """Return the sources in ``wanted`` that are missing in ``remote``, ignoring versions, prefixes and case.

    The comparison is needed because the client prints nothing about a dropped model.
    """
    lost = []
    for key in SOURCES:
        attached = {source.lower() for source in _bare_sources(remote.get(key))}
        lost += [f"{key}: {source}" for source in _bare_sources(wanted.get(key)) if source.lower() not in attached]
    return lost


def _bare_sources(values: object) -> list[str]:
    sources = [str(value) for value in values] if isinstance(values, list) else []
    return [_PINNED.sub(r"\1", _KIND.sub("", source)) for source in sources]
