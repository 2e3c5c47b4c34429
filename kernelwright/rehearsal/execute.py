"""What runs inside the sandbox: papermill on the notebook, as Kaggle calls it, and a note of how that ended.

Run as a script, ``execute.py NOTEBOOK NOTE``, in the working folder, so that nothing of the packager is imported.
"""

import json
import logging
import sys
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


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    Path(sys.argv[2]).write_text(json.dumps(execute(Path(sys.argv[1]))), "utf-8")
