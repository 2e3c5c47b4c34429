"""A project that needs wheels, and small local ones instead of an index."""

import pytest

from kernelwright.errors import WheelsUnavailable
from kernelwright.project.model import load_project
from kernelwright.wheels import update as make
from tests import notebooks, wheelhouse

IMAGE = """
python = "3.12.3"
glibc = "2.35"
date = "2026-01-01"
source = "a test"

[distributions]
numpy = "2.0.2"
shy = ""
"""


CP312 = "cp312-cp312-manylinux_2_17_x86_64"


class Shop:
    """A project that needs wheels, and the folder they come from."""

    def __init__(self, root):
        self.root, self.links = root / "proj", root / "links"
        self.links.mkdir(parents=True)
        self.configure()
        self.write("main.py", "# %%\nprint(1)\n")
        self.write("wheels/images/mine.toml", IMAGE)

    def configure(self, further=""):
        keys = (
            'driver = "main.py"\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"\nimages = ["mine"]\n'
        )
        notebooks.project(self.root, keys + further, dataset_sources=["OWNER/my-wheels"])

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def want(self, *lines):
        self.write("wheels/requirements.in", "\n".join(["--no-index", "--find-links ../../links", *lines]) + "\n")

    def offer(self, name, *args, **kwargs):
        return wheelhouse.wheel(self.links, name, *args, **kwargs)

    def make(self, **options):
        return make.make(load_project(self.root), **options)

    @property
    def carried(self):
        return sorted(path.name for path in (self.root / "build/wheels").glob("*"))

    def state(self):
        """What changes when anything is written: inode and time of each file."""
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in self.root.rglob("*")}

    @property
    def locked(self):
        return self.root / "wheels/pylock.mine.toml"


def refused(action, kind=WheelsUnavailable):
    with pytest.raises(kind) as error:
        action()
    return str(error.value)
