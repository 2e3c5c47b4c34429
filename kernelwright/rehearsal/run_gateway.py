"""The program inside the gateway's sandbox: run the competition's own program and record each of its calls.

It is run as a script, ``run_gateway.py PROGRAM CALLS``, in the folder where the submission goes, so it imports nothing
of the packager. Standard input is a pipe from the launcher. When it closes, the launcher is gone, and this ends itself.
"""

import json
import os
import runpy
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

SERVER = "inference_server"
"""The host name by which a gateway addresses the notebook's machine."""


def note_calls(calls: Path, address: str) -> None:
    """Patch gRPC to append one line to ``calls`` per answered call, and to look for the server at ``address``."""
    try:
        import grpc  # noqa: PLC0415 - from the image; a gateway may do without it and call in its own way
    except ImportError:
        return

    class Interceptor(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc] # grpc has no types
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            started = time.monotonic()
            call = continuation(details, request)
            # code() waits for the answer. UNAVAILABLE means that the server does not listen yet, or no longer.
            if call.code() is not grpc.StatusCode.UNAVAILABLE:
                entry = {"seconds": round(time.monotonic() - started, 6), "code": call.code().name}
                with calls.open("a", encoding="utf-8") as file:
                    file.write(f"{json.dumps(entry)}\n")
            return call

    connect = grpc.insecure_channel

    def insecure_channel(target: str, *arguments: Any, **options: Any) -> Any:
        channel = connect(target.replace(SERVER, address), *arguments, **options)
        return grpc.intercept_channel(channel, Interceptor())

    grpc.insecure_channel = insecure_channel


def redirect_names(address: str) -> None:
    """Patch Python's name lookup to find the server at ``address``; outside a sandbox no hosts file can name it."""
    look_up = socket.gethostbyname
    socket.gethostbyname = lambda host: look_up(address if host == SERVER else host)


def end_with_the_launcher() -> None:
    """Wait until the launcher is gone, then exit."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main(program: str, calls: Path) -> None:
    """Run the program as ``python PROGRAM`` would."""
    threading.Thread(target=end_with_the_launcher, daemon=True).start()
    address = os.environ.get("KERNELWRIGHT_SERVER", SERVER)
    note_calls(calls, address)
    if address != SERVER:
        redirect_names(address)
    # As Python itself sets them for a script.
    sys.argv[:], sys.path[0] = [program], str(Path(program).parent)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
