"""A project that a test fills with files."""

import sys

import pytest

from kernelwright.project.model import load_project
from kernelwright.rehearsal import python_environment
from tests import notebooks


@pytest.fixture(scope="session", autouse=True)
def running_environment():
    """Rehearse in the environment of the tests, without a package index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(python_environment.GIVEN, sys.prefix)
        yield


class Folder:
    """A project's folder: `write` its files, `configure` it, `load` it."""

    def __init__(self, root):
        self.root = root
        self.configure()
        self.write("main.py", "# %%\nprint(1)\n")

    def configure(self, configuration='driver = "main.py"', **metadata):
        notebooks.project(self.root, configuration, **metadata)

    def write(self, path, content=""):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def load(self, kernel=""):
        return load_project(self.root, kernel)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "proj")
