"""Kaggle's client, unmodified, one process a call.

It exits with 0 after many a failure, and prints several lines, or a traceback, after others. Here each failure is a
`ClientFailed` of one line.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelwright.errors import ClientFailed, ClientMissing
from kernelwright.ship import responses
from kernelwright.ship.responses import Answer

_FAILED = re.compile(
    r"^(?:Kernel push error|Dataset creation error|Dataset version creation error): *(.*)$"
    r"|^(Could not find competition.*)$|^(Upload unsuccessful.*)$",
    re.MULTILINE,
)
_SENDING = {("kernels", "push"), ("datasets", "create"), ("datasets", "version"), ("competitions", "submit")}
"""The commands that say of a failure, and end with 0; of others the text may be a log's, and say anything."""
_INSTALL = "pip install 'kernelwright[ship]'"
_UNKNOWN_USER = "Authentication required"
_REFUSED = "Kaggle does not accept the token: look at KAGGLE_API_TOKEN and ~/.kaggle/access_token"
_NO_CREDENTIALS = (
    "Kaggle does not know you: run `kaggle auth login`, set KAGGLE_API_TOKEN, or put a valid kaggle.json into ~/.kaggle"
)
_ADDRESS = re.compile(r" for url: \S+")
_CAUSE = re.compile(r"(?:Failed to establish a new connection|Remote end closed connection|Connection refused).*")
_PUZZLED = re.compile(r"Expecting value|(?:Attribute|Type|Key|Index)Error\b")
_ADVICE = re.compile(r"\. The most likely cause is .*")
_ADVISING = f"{_UNKNOWN_USER} to call the Kaggle API"
_STREAM_LOST = "no connection to Kaggle: the stream of the log was cut 5 times in a row"
_AROUND = ")( \"'"
_UNKNOWN, _ABSENT = 401, {403, 404}
_RAISED = re.compile(r"^[\w.]+(?:Error|Exception): ")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long to wait, in seconds: between two looks, for an answer, a transfer of files, a dataset, a run."""

    poll: float = 10
    answer: float = 300
    transfer: float = 4 * 3600
    dataset: float = 3600
    run: float = 13 * 3600


@dataclass(frozen=True, kw_only=True)
class Client:
    """The client's executable, and the pace to ask at."""

    executable: Path
    pace: Pace

    def call(self, *arguments: str, transfers: bool = False) -> str:
        """Run the client; return what it printed. Raises as `ask` does."""
        return self.ask(*arguments, transfers=transfers)[0]

    def ask(self, *arguments: str, transfers: bool = False) -> tuple[str, list[Answer]]:
        """Run the client; return what it printed, and Kaggle's answers to it.

        Raises
        ------
        ClientFailed
            The client or Kaggle says that something failed, whatever the exit status; or it gave no answer in time.
        """
        command = [str(self.executable), "-W", *arguments]
        what = " ".join(["kaggle", *arguments[:2]])
        limit = self.pace.transfer if transfers else self.pace.answer
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=limit,
                stdin=subprocess.DEVNULL,
                close_fds=False,  # it inherits the lock of a push
                env={**os.environ, **responses.SHOWING},
            )
        except subprocess.TimeoutExpired:
            raise ClientFailed(f"{what}: no answer within {limit:g} s") from None
        except OSError as error:
            raise self._unusable(error) from None
        printed, told = responses.cut_out(done.stdout)
        said = printed if done.returncode or arguments[:2] in _SENDING else ""
        if cause := failure(said, responses.without_log(done.stderr), done.returncode, told):
            judged = [one for one in told if one.problem] or told[-1:]
            raise ClientFailed(f"{what}: {cause}", code=judged[0].code if judged else 0)
        return printed, told

    def stream(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the client; its output is read line by line by the caller."""
        command = [str(self.executable), "-W", *arguments]
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "VERBOSE": "false"},
            )
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> ClientMissing:
        return ClientMissing(f"{self.executable}: cannot be run: {error.strerror}; install Kaggle's client: {_INSTALL}")


def find(pace: Pace | None = None) -> Client:
    """Find the client beside this Python, else on PATH; raises `ClientMissing`."""
    beside = Path(sys.executable).with_name("kaggle")
    found = str(beside) if beside.is_file() else shutil.which("kaggle")
    if found is None:
        raise ClientMissing(f"Kaggle's client is not installed: {_INSTALL}")
    return Client(executable=Path(found), pace=pace or Pace())


def failure(stdout: str, stderr: str, status: int, told: Sequence[Answer] = ()) -> str:
    """Return in one line why a call failed, empty if it did not."""
    if named := _FAILED.search(stdout):
        return next((group for group in named.groups() if group), "") or "no reason given"
    refused = any(answer.code == _UNKNOWN for answer in told)
    if refused or (status and (_UNKNOWN_USER in stdout or _UNKNOWN_USER in stderr)):
        return _NO_CREDENTIALS
    if problem := next((one.problem for one in told if one.problem), ""):
        return problem
    if status == 0:
        return ""
    lines = [line for line in [*stdout.splitlines(), *stderr.splitlines()] if line.strip()]
    if told and lines and _PUZZLED.match(lines[-1]):
        return told[-1].nonsense
    return _plain(lines[-1]) if lines else f"exit status {status}"


def _plain(line: str) -> str:
    """Shorten what the client and its libraries say: no address, no nesting of connection errors, no guesses."""
    if cause := _CAUSE.search(line):
        return f"no connection to Kaggle: {cause.group().strip(_AROUND)}"
    if "Invalid token" in line:
        return _REFUSED
    return _RAISED.sub("", _ADVICE.sub("", _ADDRESS.sub("", line))).strip()


def is_absence(error: ClientFailed) -> bool:
    """Tell whether Kaggle says that a thing is not there, or not for us to see: it answers 403 for both."""
    return error.code in _ABSENT


def is_refusal(error: ClientFailed) -> bool:
    """Tell whether asking again cannot help: the thing is not there, or Kaggle does not know us."""
    return is_absence(error) or any(cause in str(error) for cause in (_NO_CREDENTIALS, _REFUSED))


def lines(process: "subprocess.Popen[str]", limit: float) -> Iterator[str]:
    """Yield what a started client prints, as it comes.

    Raises
    ------
    ClientFailed
        It fails then, or has not ended after ``limit`` seconds.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    watch = threading.Timer(limit, process.kill)
    watch.start()
    try:
        for line in process.stdout:
            if line.startswith(_ADVISING):
                raise ClientFailed(f"kaggle: {_NO_CREDENTIALS}")
            yield line.rstrip("\n")
        said, status = process.stderr.read(), process.wait()
        if status == -signal.SIGKILL:
            raise ClientFailed(f"kaggle: not done after {limit:g} s")
        if cause := _STREAM_LOST if "giving up" in said else failure("", said, status):
            raise ClientFailed(f"kaggle: {cause}")
    finally:
        watch.cancel()
        process.kill()
        process.wait()


def json_of(text: str) -> str:
    """Return the part of an answer that is JSON: lines about pages and versions may stand before it."""
    starts: Sequence[int] = [at for at in (text.find("["), text.find("{")) if at >= 0]
    return text[min(starts) :] if starts else "null"
