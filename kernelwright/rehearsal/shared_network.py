"""A network namespace with only a loopback, shared by the sandboxes of notebook and gateway."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.rehearsal.namespaces import NETWORK_READY

NAMESPACES = Path(__file__).with_name("namespaces.py")


@contextlib.contextmanager
def hold() -> Iterator[int]:
    """Hold a network and yield the id of the process to `join`.

    Raises `EnvironmentUnavailable` if it cannot be made.
    """
    if shutil.which("nsenter") is None:
        message = "notebook and gateway cannot share a network here: nsenter (of util-linux) is not on PATH"
        raise EnvironmentUnavailable(f"{message}; install it, or try --sandbox process")
    command, pipe = [sys.executable, str(NAMESPACES), "network"], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as holder:
        if not (holder.stdout and holder.stdin and holder.stderr) or holder.stdout.readline() != NETWORK_READY:
            reason = holder.stderr.read().decode().strip().rpartition("\n")[2] if holder.stderr else ""
            message = f"no network that notebook and gateway share can be made here: {reason}; try --sandbox process"
            raise EnvironmentUnavailable(message)
        try:
            yield holder.pid
        finally:
            holder.stdin.close()  # ends the process, and the network with the last sandbox in it


def join(process: int | None, command: Sequence[str]) -> tuple[str, ...]:
    """Return a command that executes ``command`` in the network of ``process``; None leaves the command as it is."""
    # -U first joins the user namespace that owns the network; without it, joining the network is not permitted.
    enter = ("nsenter", "-t", str(process), "-U", "-n", "--preserve-credentials", "--")
    return tuple(command) if process is None else (*enter, *command)
