"""Edit Kaggle kernels as modules; build, rehearse and ship them as one offline notebook.

The library, in two calls::

    from kernelwright import build_notebook, load_project

    notebook = build_notebook(load_project(Path("my-kernel")))
    notebook.data  # the bytes of the .ipynb file
    notebook.cells, notebook.tree  # what is in it

Names are imported when they are first asked for: this file rides in every notebook, as the parent of
``kernelwright.runtime``, and must need nothing there.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernelwright.bundle.build import Notebook, build, build_notebook
    from kernelwright.errors import InvalidProject, KernelwrightError, NotebookTooLarge
    from kernelwright.project.model import Project, load_project

__version__ = "0.1.0"
__all__ = [
    "InvalidProject",
    "KernelwrightError",
    "Notebook",
    "NotebookTooLarge",
    "Project",
    "build",
    "build_notebook",
    "load_project",
]

_HOMES = {
    "InvalidProject": "errors",
    "KernelwrightError": "errors",
    "Notebook": "bundle.build",
    "NotebookTooLarge": "errors",
    "Project": "project.model",
    "build": "bundle.build",
    "build_notebook": "bundle.build",
    "load_project": "project.model",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
