"""What runs in the gateway's sandbox: the competition's own program, with each of its calls noted.

Run as a script, ``run_gateway.py PROGRAM CALLS``, in the folder where the submission goes; nothing of the packager is
imported. Standard input is a pipe that the launcher holds: when it closes, the launcher is gone, and so must be this.
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
"""The name by which a gateway calls the notebook's machine."""


def note_calls(calls: Path, address: str) -> None:
    """Have gRPC write a line per call that a server answered, and ask at ``address`` for the server."""
    try:
        import grpc  # noqa: PLC0415 - the image's; a gateway that does without it has its own way to call
    except ImportError:
        return

    class Interceptor(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc] # grpc has no types
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            started = time.monotonic()
            call = continuation(details, request)
            if call.code() is not grpc.StatusCode.UNAVAILABLE:  # nobody listens yet, or no longer
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
    """Let Python find the server's name, where no file of hosts can give it."""
    look_up = socket.gethostbyname
    socket.gethostbyname = lambda host: look_up(address if host == SERVER else host)


def end_with_the_launcher() -> None:
    """Wait for the launcher's end."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main(program: str, calls: Path) -> None:
    """Run the program as Python runs a file."""
    threading.Thread(target=end_with_the_launcher, daemon=True).start()
    address = os.environ.get("KERNELWRIGHT_SERVER", SERVER)
    note_calls(calls, address)
    if address != SERVER:
        redirect_names(address)
    sys.argv[:], sys.path[0] = [program], str(Path(program).parent)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
