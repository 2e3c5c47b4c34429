"""A kernel on Kaggle: pushed, followed, read."""

import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelwright.errors import ClientFailed, UnwritableOutput
from kernelwright.project.model import Project
from kernelwright.ship import client as clients
from kernelwright.ship.client import Client, is_absence, is_refusal, json_of, lines
from kernelwright.ship.responses import Answer
from kernelwright.support import atomic_files

_LINE_END = re.compile(r"\r\n?")
_VERSION = re.compile(r"Kernel version (\d+) successfully pushed.*?(\S+)\s*$", re.DOTALL)
_STATUS = re.compile(r'has status "(?:KernelWorkerStatus\.)?(\w+)"')
_MESSAGE = re.compile(r'^Failure message: "(.*)"\s*$', re.DOTALL | re.MULTILINE)
_DROPPED = re.compile(r"^The following are not valid (.+?) and could not be added to the kernel: (.*)$", re.MULTILINE)
GOING = {"QUEUED", "RUNNING", "NEW_SCRIPT", "CANCEL_REQUESTED"}
_NO_ANSWER = "NO_ANSWER"
_PATIENCE = 3
"""Looks in a row that Kaggle may refuse: it may not know at once of a kernel that was just pushed."""
_LISTS = ("dataset_sources", "competition_sources", "kernel_sources", "model_sources")


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """What Kaggle answered to a push; ``dropped`` names sources it did not attach."""

    version: int
    address: str
    dropped: Sequence[str]

    def is_of(self, kernel: str) -> bool:
        """Tell whether the address is that of ``owner/slug``."""
        return f"{self.address.partition('?')[0].rstrip('/')}/".lower().endswith(f"/{kernel}/".lower())


def push(client: Client, folder: Path) -> Pushed:
    """Push the kernel in ``folder``, which holds kernel-metadata.json and the notebook."""
    answer = client.call("kernels", "push", "-p", str(folder))
    if not (told := _VERSION.search(answer)):
        last = answer.strip().splitlines()[-1:] or ["nothing"]
        raise ClientFailed(f"kaggle kernels push: Kaggle named no version; the client said: {last[0]}")
    dropped = [f"{kind}: {listed}" for kind, listed in _DROPPED.findall(answer) if kind != "tags"]
    return Pushed(version=int(told[1]), address=told[2], dropped=dropped)


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a kernel's latest run fares: one of Kaggle's words, and what it says of a failure."""

    word: str
    message: str = ""

    @property
    def told(self) -> str:
        """The word as people say it, and why nothing else is known."""
        spoken = self.word.lower().replace("_", " ")
        return f"{spoken}: {self.message}" if self.word == _NO_ANSWER else spoken

    @property
    def is_going(self) -> bool:
        """Whether the run has not ended."""
        return self.word in GOING


def status(client: Client, kernel: str) -> Status:
    """Ask how the latest run fares."""
    said, answers = client.ask("kernels", "status", kernel)
    if not (told := _STATUS.search(said)):
        raise ClientFailed(f"kaggle kernels status: {answers[-1].nonsense if answers else 'nothing was said'}")
    message = _MESSAGE.search(said)
    return Status(word=told[1], message=" ".join(message[1].split()) if message else "")


def is_known(client: Client, kernel: str) -> bool:
    """Tell whether Kaggle knows of a run of the kernel."""
    try:
        status(client, kernel)
    except ClientFailed as error:
        if is_absence(error):
            return False
        raise
    return True


@dataclass(frozen=True, kw_only=True)
class Source:
    """What Kaggle has of a kernel: a notebook, its metadata; ``latest`` is its newest version, 0 for unknown."""

    notebook: bytes
    metadata: Mapping[str, object]
    latest: int


def source(client: Client, kernel: str) -> Source | None:
    """Return a kernel's notebook and metadata, None where there is none; ``kernel`` may end in a version."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            _, answers = client.ask("kernels", "pull", kernel, "-m", "-p", folder)
        except ClientFailed as error:
            if is_absence(error):
                return None
            raise
        try:
            told = json.loads(Path(folder, "kernel-metadata.json").read_text("utf-8"))
            notebook = Path(folder, told["code_file"]).read_bytes()
        except OSError:
            raise ClientFailed(
                f"kaggle kernels pull: nothing arrived; is {client.executable} Kaggle's client?"
            ) from None
    return Source(notebook=notebook, metadata=told, latest=_latest(answers))


def _latest(answers: Sequence[Answer]) -> int:
    """Return the number of the latest version, which the client does not write into the metadata."""
    told = [answer.told.get("metadata") for answer in answers]
    numbers = [one.get("currentVersionNumber") for one in told if isinstance(one, dict)]
    return next((number for number in numbers if isinstance(number, int)), 0)


def pulled(project: Project) -> bytes:
    """Return the notebook on Kaggle; nothing of it is run."""
    found = source(clients.find(), project.metadata.id)
    if found is None:
        raise ClientFailed(f"{project.metadata.id}: no such kernel on Kaggle, or not yours to see; push it first")
    return found.notebook


def lost_sources(wanted: Mapping[str, object], told: Mapping[str, object]) -> list[str]:
    """Return the sources that a kernel should have and Kaggle does not name, versions and prefixes aside.

    The client prints nothing of a model that was dropped.
    """
    lost = []
    for key in _LISTS:
        asked, there = (_bare(of.get(key)) for of in (wanted, told))
        lost += [f"{key}: {one}" for one in asked if one.lower() not in map(str.lower, there)]
    return lost


def _bare(values: object) -> list[str]:
    listed = [str(value) for value in values] if isinstance(values, list) else []
    stripped = [re.sub(r"^(datasets|code|models|competitions)/(?=[^/]+/|[^/]+$)", "", value) for value in listed]
    return [re.sub(r"^([^/]+/[^/]+)/\d+$", r"\1", value) for value in stripped]


def log(client: Client, kernel: str) -> Iterator[str]:
    """Yield the text of the latest run's log, a line at a time, as `followed` would."""
    answer = client.call("kernels", "logs", kernel)
    try:
        told = json.loads(answer.strip() or "[]")
    except ValueError:
        told = None
    listed = told if isinstance(told, list) else [{"data": answer}]
    for one in listed:
        if isinstance(one, dict) and one.get("data") is not None:
            yield from _LINE_END.sub("\n", str(one["data"])).removesuffix("\n").split("\n")


def followed(client: Client, kernel: str) -> Iterator[str]:
    """Yield the log's lines as they come, until the run ends.

    Of an answer that is an error the client makes a log without lines: one of none is asked for in another way.
    """
    empty = True
    for line in lines(client.stream("kernels", "logs", "-f", kernel), client.pace.run):
        empty = False
        yield line
    if empty:
        yield from log(client, kernel)


def wait(client: Client, kernel: str, tell: Callable[[str], None], *, shows_log: bool = True) -> Status:
    """Wait for the run to end, telling each change of its status and, once it runs, each line of its log.

    A look that fails is taken again, until the pace says it has been too long.
    """
    deadline = time.monotonic() + client.pace.run
    word, told, failed = "", 0, 0
    while True:
        now = _look(client, kernel, patient=failed < _PATIENCE)
        failed = failed + 1 if now.word == _NO_ANSWER else 0
        if now.word != word:
            tell(f"{kernel}: {now.told}")
            word = now.word
        if shows_log and now.word not in {_NO_ANSWER, "QUEUED"}:
            told += _tell_from(told, followed(client, kernel) if now.is_going else log(client, kernel), tell)
        if not now.is_going and now.word != _NO_ANSWER:
            return now
        if time.monotonic() > deadline:
            waited = f"not done after {client.pace.run:g} s ({now.told})"
            raise ClientFailed(f"{kernel}: {waited}; look again with `kernelwright status`")
        time.sleep(client.pace.poll)


def _look(client: Client, kernel: str, *, patient: bool) -> Status:
    """Ask how the run fares; where Kaggle is not there, ask again, and where it refuses, for a few times only."""
    try:
        return status(client, kernel)
    except ClientFailed as error:
        if is_refusal(error) and not patient:
            raise
        return Status(word=_NO_ANSWER, message=str(error))


def _tell_from(start: int, log_lines: Iterator[str], tell: Callable[[str], None]) -> int:
    """Tell the lines of a log after the first ``start``; return how many.

    A log that cannot be read is no reason to give the run up.
    """
    count = 0
    try:
        for index, line in enumerate(log_lines):
            if index >= start:
                tell(f"  {line}")
                count += 1
    except ClientFailed as error:
        tell(f"  (the log broke off: {error})")
    return count


def _first(error: OSError) -> str:
    """Return one line of an error, or of the first of the many that a copy raises at once."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][-1])
    return error.strerror or str(error)


def output(client: Client, kernel: str, folder: Path) -> list[str]:
    """Download the latest run's output; return the names of its files, checked against Kaggle's sizes.

    What another run left in the folder stays, and is not among them.
    """
    atomic_files.make_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
        client.call("kernels", "output", kernel, "-p", fresh, "-o", "-q", transfers=True)
        answer = client.call("kernels", "files", kernel, "--format", "json", "--page-size", "200")
        listed = json.loads(json_of(answer)) or ()
        told = {one["name"]: int(one["size"]) for one in listed if one.get("size") is not None}
        found = [path for path in Path(fresh).rglob("*") if path.is_file()]
        arrived = {path.relative_to(fresh).as_posix(): path.stat().st_size for path in found}
        if wrong := [name for name, size in told.items() if arrived.get(name) != size]:
            raise ClientFailed(f"kaggle kernels output: {', '.join(wrong[:3])} did not arrive whole; run it again")
        try:
            shutil.copytree(fresh, folder, dirs_exist_ok=True)
        except (OSError, shutil.Error) as error:
            raise UnwritableOutput(f"{folder}: the output cannot be put there: {_first(error)}") from None
    return sorted(arrived)
