"""Runs a notebook's bytes in a real Jupyter kernel, and makes projects to build them from."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager, KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project

ROOT = Path(__file__).parents[1]
METADATA = {"id": "OWNER/some-kernel", "title": "Some kernel", "code_file": "build/some.ipynb"}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run printed, and the status it ended with, as a script's would be."""

    stdout: str
    status: int
    notebook: nbformat.NotebookNode


def environment(**more):
    """Return this process's variables without those that would lend a run modules, or a phase."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KAGGLE_", "KERNELWRIGHT_", "PYTHONPATH"))}
    return {**kept, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **more}


def heed_interrupts() -> None:
    """Undo what a shell does to a command in the background: a test run there would start children deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(data: bytes, folder: Path, *, python: str = sys.executable, **variables: str) -> Ran:
    """Run all cells with ``folder`` as the working folder, in the environment of ``python``."""
    notebook = nbformat.reads(data.decode(), as_version=nbformat.NO_CONVERT)
    resources = {"metadata": {"path": str(folder)}}
    km = manager(python, AsyncKernelManager)
    client = NotebookClient(notebook, km=km, timeout=120, resources=resources)
    client.owns_km = True  # else it leaves the kernel running
    status = 0
    try:
        client.execute(env=environment(**{"TMPDIR": scratch(km), **variables}))
    except CellExecutionError as error:
        status = int(error.evalue) if error.ename == "SystemExit" else 1
    finally:
        shutil.rmtree(scratch(km), ignore_errors=True)
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    stdout = "".join(output.text for output in outputs if output.get("name") == "stdout")
    return Ran(stdout=stdout, status=status, notebook=notebook)


def manager(python: str, kind: type[KernelManager] = KernelManager) -> KernelManager:
    """Return who starts a kernel in the environment of ``python``; its sockets are in its `scratch`."""
    sockets = tempfile.mkdtemp(prefix="kw")
    atexit.register(shutil.rmtree, sockets, ignore_errors=True)
    # Not over ports: one that was found free may be another kernel's by the time this one binds it.
    made = kind(transport="ipc", ip=f"{sockets}/socket")
    launcher = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    made._kernel_spec = KernelSpec(argv=launcher, language="python")
    return made


def scratch(km: KernelManager) -> str:
    """Return a temporary folder for a kernel, which goes with it: a kernel that is killed removes no tree itself."""
    return str(Path(km.ip).parent)


@cache
def newest_ipython() -> str:
    """Make an environment with the newest IPython there is, once; return its interpreter."""
    folder, uv = Path(tempfile.mkdtemp()), Path(sys.executable).with_name("uv")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "ipython>=9", "ipykernel>=7"], check=True)
    return str(python)


def project(folder: Path, configuration: str = 'driver = "main.py"', **metadata: object):
    """Write the project's two files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(f"[tool.kernelwright]\n{configuration}\n", "utf-8")
    (folder / "kernel-metadata.json").write_text(json.dumps(METADATA | metadata), "utf-8")
    return folder


def built(folder: Path) -> bytes:
    """Build the notebook of the project in ``folder``."""
    return build_notebook(load_project(folder)).data


class Kernel:
    """A live Jupyter kernel that outlasts the notebooks run in it, for tests that run many."""

    def __init__(self, folder: Path, python: str = sys.executable):
        self.manager = manager(python)
        self.manager.start_kernel(cwd=str(folder), env=environment(TMPDIR=scratch(self.manager)))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(self, source: str) -> str:
        """Run a cell; return what it printed, with any traceback after it."""
        printed = []

        def take(message):
            content = message["content"]
            printed.append(content.get("text", "") + "\n".join(content.get("traceback", [])))

        self.client.execute_interactive(source, output_hook=take, timeout=120, store_history=True)
        return "".join(printed)

    def run_all(self, data: bytes) -> str:
        """Run the code cells of a notebook."""
        cells = nbformat.reads(data.decode(), as_version=nbformat.NO_CONVERT).cells
        return "".join(self.run(cell.source) for cell in cells if cell.cell_type == "code")

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        shutil.rmtree(scratch(self.manager), ignore_errors=True)
