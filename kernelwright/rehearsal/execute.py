"""What runs inside the sandbox: papermill on the notebook, as Kaggle calls it, and a note of how that ended.

Run as a script, ``execute.py NOTEBOOK NOTE``, in the working folder, so that nothing of the packager is imported.
Standard input is a pipe that the launcher holds: when it closes, the launcher is gone, and so must be all of this.
"""

import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import papermill


def execute(notebook: Path) -> dict[str, Any]:
    """Run the notebook in place; return ``{"exception"}``: its class's name and text, or None."""
    exception = None
    try:
        papermill.execute_notebook(
            str(notebook),
            str(notebook),
            kernel_name="python3",
            progress_bar=False,
            log_output=True,
        )
    except Exception as error:  # noqa: BLE001 - whatever ends the run is what the report is about
        exception = {"name": type(error).__name__, "text": str(error)}
    return {"exception": exception}


def end_with_the_launcher() -> None:
    """Wait for the launcher's end, then kill every process of this run, this one last."""
    while os.read(0, 1):  # not sys.stdin, whose lock a thread that waits would hold beyond the interpreter's end
        pass
    mark = f"KERNELWRIGHT_RECORD={os.environ['KERNELWRIGHT_RECORD']}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) != os.getpid() and mark in _environment(folder).split(b"\0"):
            os.kill(int(folder.name), signal.SIGKILL)
    os._exit(1)


def _environment(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:  # it has ended, or is somebody else's
        return b""


if __name__ == "__main__":
    threading.Thread(target=end_with_the_launcher, daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    Path(sys.argv[2]).write_text(json.dumps(execute(Path(sys.argv[1]))), "utf-8")
