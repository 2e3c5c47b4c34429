"""Call Kaggle's unmodified client, one process per call.

The client exits with 0 after some failures, and prints several lines or a traceback after others. This module turns
each failure into a `ClientFailed` of one line.
"""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kernelwright.errors import ClientFailed, ClientMissing
from kernelwright.ship import responses
from kernelwright.ship.responses import Response
from kernelwright.support import json_text, programs
from kernelwright.support.poll import poll

T = TypeVar("T")

_FAILED = re.compile(
    r"^(?:Kernel push error|Dataset creation error|Dataset version creation error): *(.*)$"
    r"|^(Could not find competition.*)$|^(Upload unsuccessful.*)$",
    re.MULTILINE,
)
_SENDING = {("kernels", "push"), ("datasets", "create"), ("datasets", "version"), ("competitions", "submit")}
"""The commands that print failures and exit with 0. The output of other commands may be a log with any text."""
_INSTALL = "pip install 'kernelwright[ship]'"
_UNKNOWN_USER = "Authentication required"
_NO_CREDENTIALS = (
    "Kaggle does not know you: run `kaggle auth login`, set KAGGLE_API_TOKEN, or put a valid kaggle.json into ~/.kaggle"
)
_BAD_TOKEN = "Kaggle does not accept the token: look at KAGGLE_API_TOKEN and ~/.kaggle/access_token"  # noqa: S105 - no secret
_NOISE = re.compile(r"^[\w.]+(?:Error|Exception): | for url: \S+|\. The most likely cause is .*")
"""Parts removed from an error: the type of the exception, and addresses and guesses that libraries add."""
_NO_CONNECTION = re.compile(
    r"(?:Failed to establish a new connection|Remote end closed connection|Connection refused).*"
)
_PARSE_ERROR = re.compile(r"Expecting value|(?:Attribute|Type|Key|Index)Error\b")
_QUOTES = ")( \"'"
_UNAUTHORISED, _ABSENT = 401, {403, 404}  # Kaggle also answers 403 for things that do not exist
_PATIENCE = 3
"""Number of refusals in a row to accept while waiting, because Kaggle may not know at once what was just sent."""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Timeouts in seconds: between two requests, for an answer, a file transfer, processing a dataset, and a run."""

    poll: float = 10
    answer: float = 300
    transfer: float = 4 * 3600
    dataset: float = 3600
    run: float = 13 * 3600


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the client printed, and the responses from Kaggle that it showed."""

    printed: str
    responses: Sequence[Response] = ()

    @property
    def json(self) -> Any:
        """The JSON in the output, None if there is none. Lines about pages and versions may precede it."""
        start = re.search(r"[\[{]", self.printed)
        return json_text.parse(self.printed[start.start() :]) if start else None

    @property
    def last_line(self) -> str:
        """The last line of the output."""
        return next(iter(self.printed.strip().splitlines()[-1:]), "nothing")


@dataclass(frozen=True, kw_only=True)
class Client:
    """The client's executable, and the timeouts of its calls."""

    executable: Path
    timeouts: Timeouts

    def call(self, *arguments: str, transfers: bool = False) -> Reply:
        """Run the client and return its reply. With ``transfers``, the longer timeout for file transfers applies.

        Raises
        ------
        ClientFailed
            If the client or Kaggle reports a failure, whatever the exit status, or does not answer in time.
        ClientMissing
            If the client cannot be run.
        """
        command = " ".join(["kaggle", *arguments[:2]])
        timeout = self.timeouts.transfer if transfers else self.timeouts.answer
        try:
            done = subprocess.run(
                [str(self.executable), "-W", *arguments],  # -W: without the warning that the client is out of date
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=timeout,
                stdin=subprocess.DEVNULL,
                close_fds=False,  # the client inherits the push lock, which must stay held if this process is killed
                env={**os.environ, **responses.VERBOSE},
            )
        except subprocess.TimeoutExpired:
            raise ClientFailed(f"{command}: no answer within {timeout:g} s") from None
        except OSError as error:
            raise self._unusable(error) from None
        printed, shown = responses.split(done.stdout)
        stdout = printed if done.returncode or arguments[:2] in _SENDING else ""
        if failed := failure(command, stdout, responses.without_log(done.stderr), done.returncode, shown):
            raise failed
        return Reply(printed=printed, responses=shown)

    def look_up(self, *arguments: str) -> Reply | None:
        """Run the client; return None if Kaggle says that the thing does not exist or is not visible to the user."""
        try:
            return self.call(*arguments)
        except ClientFailed as error:
            if error.code in _ABSENT:
                return None
            raise

    def files(self, kind: str, ref: str) -> Mapping[str, int]:
        """Return the files of the latest version, as name -> size in bytes. ``kind`` is ``datasets`` or ``kernels``."""
        listed = self.call(kind, "files", ref, "--format", "json", "--page-size", "200").json
        return {file["name"]: int(file["size"]) for file in listed or () if file.get("size") is not None}

    def stream(self, *arguments: str) -> Iterator[str]:
        """Run the client and yield the lines of its output as they arrive.

        Raises `ClientFailed` if the client fails or has not ended after the timeout of a run.
        """
        limit = self.timeouts.run
        try:
            process = subprocess.Popen(
                [str(self.executable), "-W", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "VERBOSE": "false"},  # the lines are shown as they are, so without responses
            )
        except OSError as error:
            raise self._unusable(error) from None
        assert process.stdout is not None
        assert process.stderr is not None
        watch = threading.Timer(limit, process.kill)  # reading the output has no timeout of its own
        watch.start()
        try:
            for line in process.stdout:
                if line.startswith(f"{_UNKNOWN_USER} to call the Kaggle API"):
                    raise ClientFailed(f"kaggle: {_NO_CREDENTIALS}", code=_UNAUTHORISED)
                yield line.rstrip("\n")
            stderr, status = process.stderr.read(), process.wait()
            if status == -signal.SIGKILL:  # by the timer
                raise ClientFailed(f"kaggle: not done after {limit:g} s")
            if "giving up" in stderr:  # the client says so after its last attempt to reconnect
                raise ClientFailed("kaggle: no connection to Kaggle: the stream of the log was cut 5 times in a row")
            if failed := failure("kaggle", "", stderr, status):
                raise failed
        finally:
            watch.cancel()
            process.kill()
            process.wait()

    def wait(
        self,
        name: str,
        look: Callable[[Callable[[str], None]], T | None],
        tell: Callable[[str], None],
        *,
        limit: float,
        late: tuple[str, str],
    ) -> T:
        """Call ``look`` until it returns an answer, and return that.

        ``look`` gets a function to which it reports the current state; changes of the state are passed to ``tell``. A
        call that fails is repeated, but only a few times if Kaggle refuses the request.

        Raises `ClientFailed` if there is no answer after ``limit`` seconds. ``late`` holds two parts of its message:
        what ``name`` has not done, and what the user can do.
        """
        state, failures = "", 0  # failures in a row

        def say(now: str) -> None:
            nonlocal state
            if now != state:
                tell(f"{name}: {now}")
            state = now

        def attempt() -> T | None:
            nonlocal failures
            try:
                answer = look(say)
            except ClientFailed as error:
                failures += 1
                if error.code in {_UNAUTHORISED, *_ABSENT} and failures > _PATIENCE:
                    raise
                say(f"no answer: {error}")
                return None
            failures = 0
            return answer

        if (answer := poll(attempt, every=self.timeouts.poll, timeout=limit)) is not None:
            return answer
        raise ClientFailed(f"{name}: {late[0]} after {limit:g} s ({state}); {late[1]}")

    def _unusable(self, error: OSError) -> ClientMissing:
        return ClientMissing(f"{self.executable}: cannot be run: {error.strerror}; install Kaggle's client: {_INSTALL}")


def find(timeouts: Timeouts | None = None) -> Client:
    """Return the client installed beside this Python, or else the one on PATH; raises `ClientMissing` without one."""
    executable = programs.find("kaggle")
    if executable is None:
        raise ClientMissing(f"Kaggle's client is not installed: {_INSTALL}")
    return Client(executable=executable, timeouts=timeouts or Timeouts())


def failure(
    command: str, stdout: str, stderr: str, status: int, answers: Sequence[Response] = ()
) -> ClientFailed | None:
    """Return why a call failed, in one line and with Kaggle's status code; None if it did not fail."""
    failed = next((answer for answer in answers if answer.problem), answers[-1] if answers else None)
    code = failed.code if failed else 0
    message = ""
    if printed := _FAILED.search(stdout):
        message = next((group for group in printed.groups() if group), "") or "no reason given"
    elif any(answer.code == _UNAUTHORISED for answer in answers) or (status and _UNKNOWN_USER in stdout + stderr):
        message, code = _NO_CREDENTIALS, _UNAUTHORISED
    elif failed and failed.problem:
        message = failed.problem
    elif status:
        lines = [line for line in [*stdout.splitlines(), *stderr.splitlines()] if line.strip()]
        last = lines[-1] if lines else f"exit status {status}"
        if "Invalid token" in last:
            message, code = _BAD_TOKEN, _UNAUTHORISED
        elif answers and _PARSE_ERROR.match(last):  # the client could not parse Kaggle's response
            message = answers[-1].unreadable
        elif cause := _NO_CONNECTION.search(last):
            message = f"no connection to Kaggle: {cause.group().strip(_QUOTES)}"
        else:
            message = _NOISE.sub("", last).strip()
    return ClientFailed(f"{command}: {message}", code=code) if message else None
