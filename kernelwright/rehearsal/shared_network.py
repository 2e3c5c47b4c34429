"""A network that two sandboxes share and nobody else: a namespace with the loopback alone."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.rehearsal.namespaces import NETWORK_READY

NAMESPACES = Path(__file__).with_name("namespaces.py")


@contextlib.contextmanager
def hold() -> Iterator[int]:
    """Keep such a network; yield the process to `join`. Raises `EnvironmentUnavailable` where it cannot be made."""
    command, pipe = [sys.executable, str(NAMESPACES), "network"], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as holder:
        if not (holder.stdout and holder.stdin and holder.stderr) or holder.stdout.readline() != NETWORK_READY:
            reason = holder.stderr.read().decode().strip().rpartition("\n")[2] if holder.stderr else ""
            message = f"no network that notebook and gateway share can be made here: {reason}; try --sandbox process"
            raise EnvironmentUnavailable(message)
        try:
            yield holder.pid
        finally:
            holder.stdin.close()


def join(process: int | None, command: Sequence[str]) -> tuple[str, ...]:
    """Return a command that becomes ``command`` in a process's network; None for a network of its own."""
    enter = ("nsenter", "-t", str(process), "-U", "-n", "--preserve-credentials", "--")
    return tuple(command) if process is None else (*enter, *command)
