"""What runs inside the sandbox: papermill on the notebook, as Kaggle calls it, and a note of how that ended.

Run as a script, ``execute.py NOTEBOOK NOTE``, in the working folder, so that nothing of the packager is imported.
While it runs, the notebook with its output is kept beside the note, where a full working folder does not cut it short.
Standard input is a pipe that the launcher holds: when it closes, the launcher is gone, and so must be all of this.
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
LARGEST_NOTEBOOK_BYTES, LONGEST_OUTPUT = 32 << 20, 100_000


def execute(notebook: Path, executed: Path) -> dict[str, Any]:
    """Run the notebook; return ``{"exception"}``: its class's name and text, or None."""
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
    except Exception as error:  # noqa: BLE001 - whatever ends the run is what the report is about
        exception = {"name": type(error).__name__, "text": str(error)}
    return {"exception": exception}


def save(manager: Any, **_: Any) -> None:
    """Keep the notebook as it is, in place of papermill's method, which does so before and after each cell.

    Papermill copies and indents it, which took 15 s for two hundred cells of 330 kB in all; its last save still does.
    """
    manager.last_save_time = manager.now()
    Path(manager.output_path).write_text(json.dumps(manager.nb), "utf-8")


def shorten(executed: Path) -> None:
    """Cut what cells printed, where the launcher would need too much memory to read it; the log holds all of it."""
    if not executed.is_file() or executed.stat().st_size <= LARGEST_NOTEBOOK_BYTES:
        return
    notebook = json.loads(executed.read_text("utf-8"))
    for output in (output for cell in notebook["cells"] for output in cell.get("outputs", [])):
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"])[-LONGEST_OUTPUT:]
    executed.write_text(json.dumps(notebook), "utf-8")


def end_with_the_launcher() -> None:
    """Wait for the launcher's end, then kill every process of this run, this one last."""
    while os.read(0, 1):  # not sys.stdin, whose lock a thread that waits would hold beyond the interpreter's end
        pass
    end_children()
    os._exit(1)


def adopt_orphans() -> None:
    """Stay an ancestor of every process that the run starts, daemons too; Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)


def end_children() -> None:
    """Kill what the run started and left behind."""
    this = psutil.Process()
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
    """Run the notebook and note how that ended."""
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
