"""Blocks the network of a Python process, loopback aside; on PYTHONPATH, every Python child has it too."""

import os
import sys
from typing import Any

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.", "inference_server")  # noqa: S104 - compared, never bound
_LOG = os.environ.get("KERNELWRIGHT_NETWORK_LOG", "")
_SERVER_LOG = os.environ.get("KERNELWRIGHT_SERVER_LOG", "")


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    host = _host(event, arguments)
    if host is None or host == "" or host.startswith(_LOOPBACK):
        return
    if _LOG:
        with open(_LOG, "a", encoding="utf-8") as log:  # noqa: PTH123 - pathlib is not worth its import in every child
            log.write(host + "\n")
    raise OSError(101, f"Network is unreachable: {host} (a Kaggle kernel without internet)")


def _host(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Name the host that an audited event is about, None where it is none."""
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        return str(address[0]) if isinstance(address, tuple) else None
    if event == "urllib.Request":  # named here: behind a proxy, the socket does not know
        server = str(arguments[0]).partition("://")[2].partition("/")[0].rpartition("@")[2]
        return server[1:].partition("]")[0] if server.startswith("[") else server.partition(":")[0]
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
        return host.decode("ascii", "replace") if isinstance(host, bytes) else host
    return None


sys.addaudithook(_refuse)

if _SERVER_LOG:  # gRPC tells the gateway what a function raised, and its logger the traceback, which shows it to nobody
    import logging

    logging.getLogger("grpc").addHandler(logging.FileHandler(_SERVER_LOG, delay=True))
