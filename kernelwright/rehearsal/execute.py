"""The program inside the sandbox: run papermill on the notebook, as Kaggle does, and write a note of how it ended.

It is run as a script, ``execute.py NOTEBOOK NOTE``, in the working folder, so it imports nothing of the packager.
During the run, the executed notebook is kept beside the note, where a full working folder does not truncate it.
Standard input is a pipe from the launcher. When it closes, the launcher is gone, and the whole run ends itself.
"""

import contextlib
import ctypes
import json
import logging
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import papermill
import psutil

CHILD_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of linux/prctl.h."""
LARGEST_NOTEBOOK_BYTES, LONGEST_OUTPUT = 32 << 20, 100_000
"""Bytes from which a notebook is shortened, and characters that are kept of each printed output then."""


def execute(notebook: Path, executed: Path) -> dict[str, Any]:
    """Run the notebook; return ``{"exception": {"name", "text"}}``, or ``{"exception": None}`` if none was raised."""
    exception = None
    papermill.engines.NotebookExecutionManager.save = save
    try:
        papermill.execute_notebook(
            str(notebook),
            str(executed),
            kernel_name="python3",
            progress_bar=False,
            log_output=True,
        )
    except Exception as error:  # noqa: BLE001 - the report is about whatever ends the run
        exception = {"name": type(error).__name__, "text": str(error)}
    return {"exception": exception}


def save(manager: Any, **_: Any) -> None:
    """Write the notebook on one line. It replaces the method that papermill calls before and after each cell.

    papermill's own method copies and indents the notebook each time: 15 s for two hundred cells of 330 kB in all.
    papermill's last save does not use this method.
    """
    manager.last_save_time = manager.now()
    Path(manager.output_path).write_text(json.dumps(manager.nb), "utf-8")


def shorten(executed: Path) -> None:
    """Cut what cells printed if the launcher would need too much memory to read it; the log has all of it."""
    if not executed.is_file() or executed.stat().st_size <= LARGEST_NOTEBOOK_BYTES:
        return
    notebook = json.loads(executed.read_text("utf-8"))
    for output in (output for cell in notebook["cells"] for output in cell.get("outputs", [])):
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"])[-LONGEST_OUTPUT:]
    executed.write_text(json.dumps(notebook), "utf-8")


def end_with_the_launcher() -> None:
    """Wait until the launcher is gone, then kill every process of this run, this one last."""
    while os.read(0, 1):  # not sys.stdin: the waiting thread would hold its lock when the interpreter ends
        pass
    end_children()
    os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of orphans, so that every process of the run, even a daemon, can be found; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)


def end_children() -> None:
    """Kill all processes that the run started and left behind."""
    this = psutil.Process()
    # Repeated, because a process may fork before it is killed.
    while children := [child for child in this.children(recursive=True) if _is_alive(child)]:
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        psutil.wait_procs(children, 1)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def main(notebook: Path, note: Path) -> None:
    """Run the notebook, end its processes, and write the note."""
    adopt_orphans()
    threading.Thread(target=end_with_the_launcher, daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    executed = note.with_name("executed.ipynb")
    ended = execute(notebook, executed)
    end_children()
    shorten(executed)
    with contextlib.suppress(OSError):  # the working folder may be full
        shutil.copyfile(executed, notebook)
    note.write_text(json.dumps(ended), "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
