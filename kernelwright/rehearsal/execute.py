"""What runs inside the sandbox: papermill on the notebook, as Kaggle calls it, and a note of how that ended.

Run as a script, ``execute.py NOTEBOOK NOTE``, in the working folder, so that nothing of the packager is imported.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import papermill


def execute(notebook: Path) -> dict[str, Any]:
    """Run the notebook in place; return ``{"seconds", "exception"}``, the exception as its class's name and text."""
    started = time.monotonic()
    exception = None
    try:
        papermill.execute_notebook(
            str(notebook),
            str(notebook),
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
        )
    except Exception as error:  # noqa: BLE001 - whatever ends the run is what the report is about
        exception = {"name": type(error).__name__, "text": str(error)}
    return {"seconds": time.monotonic() - started, "exception": exception}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(execute(Path(sys.argv[1]))), "utf-8")
