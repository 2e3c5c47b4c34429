"""A network that two sandboxes share and nobody else: a namespace with the loopback alone.

Run as a script, with nothing of the package but `namespaces` beside it::

    python shared_network.py hold               # writes a line when it is there, and keeps it until its input closes
    python shared_network.py join PID COMMAND…  # becomes COMMAND in the network of that process
"""

import contextlib
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

READY = b"ready\n"


@contextlib.contextmanager
def hold() -> Iterator[int]:
    """Keep such a network; yield the process to `join`. Raises `EnvironmentUnavailable` where it cannot be made."""
    from kernelwright.errors import EnvironmentUnavailable  # noqa: PLC0415 - not there where this file is a script

    command = [sys.executable, __file__, "hold"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as holder:
        if not (holder.stdout and holder.stdin and holder.stderr) or holder.stdout.readline() != READY:
            reason = holder.stderr.read().decode().strip().rpartition("\n")[2] if holder.stderr else ""
            message = f"no network that notebook and gateway share can be made here: {reason}; try --sandbox process"
            raise EnvironmentUnavailable(message)
        try:
            yield holder.pid
        finally:
            holder.stdin.close()


def join(process: int | None, command: Sequence[str]) -> tuple[str, ...]:
    """Return a command that becomes ``command`` in a process's network; None for a network of its own."""
    return tuple(command) if process is None else (sys.executable, __file__, "join", str(process), *command)


def main(verb: str, *arguments: str) -> None:
    """Hold or join."""
    namespaces = importlib.import_module("namespaces")  # beside this file, which is run as a script

    if verb == "hold":
        namespaces.enter(namespaces.NEWNET)
        namespaces.raise_loopback()
        os.write(1, READY)
        sys.stdin.read()
        return
    process, *command = arguments
    with Path(f"/proc/{process}/ns/user").open() as users, Path(f"/proc/{process}/ns/net").open() as network:
        namespaces.call("setns", users.fileno(), namespaces.NEWUSER)
        namespaces.call("setns", network.fileno(), namespaces.NEWNET)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
