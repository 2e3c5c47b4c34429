"""SIGKILL at random moments of build, wheels, pull --apply and init: no half file, no stray, and the next run works.

Half of the moments are random times, half are random changes of the file system, which take up little of the time.
`KERNELWRIGHT_KILLS` says how many kills there are of each; docs/security.md has the figures of fifty.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from kernelwright.support import hashing
from kernelwright.support.atomic_files import PARTIAL
from kernelwright.wheels import lockfile, wheel_file
from tests.packager import shipped
from tests.packager.wheels.shop import Shop

KILLS = int(os.environ.get("KERNELWRIGHT_KILLS", "10"))
CHILD = """
import atexit, os, signal, sys

at, root, changes = int(sys.argv.pop(1)), sys.argv.pop(1), 0
NAMES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "shutil.rmtree"}


def watch(event, arguments):
    global changes
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if (writes or event in NAMES) and str(arguments[0]).startswith(root):
        changes += 1
        if changes == at:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(watch)
atexit.register(lambda: print(f"changes {changes}", file=sys.stderr))
from kernelwright.cli import main

main()
"""


@dataclass
class Build:
    """A notebook and its dataset, built again after an edit."""

    root: Path

    def prepare(self):
        keys = f'{shipped.CONFIGURATION}carrier = "dataset"\nsources_dataset = "toy-sources"\n'
        sources = ["alice/toy-data", "alice/toy-sources"]
        shipped.make(self.root, configuration=keys, dataset_sources=sources)
        shipped.build(self.root)
        self.old = self._outputs()
        (self.root / "toy/__init__.py").write_text(f"{shipped.MODULE}\n\nMORE = {'x' * 50_000!r}\n")
        return ["build", "--project", str(self.root)]

    def _outputs(self):
        return {path: path.read_bytes() for path in (self.root / "build").rglob("*") if path.is_file()}

    def check_killed(self):
        built = build_notebook(load_project(self.root))
        new = [built.data, *built.dataset.values(), f"{hashing.sha256(built.data)}\n".encode()]
        for path, data in self._outputs().items():
            assert PARTIAL in path.name or data == self.old.get(path) or data in new, path

    def check_done(self):
        project = load_project(self.root)
        assert project.notebook.read_bytes() == build_notebook(project).data


@dataclass
class Wheels:
    """A dataset of wheels, carried again after the requirements changed."""

    root: Path

    def prepare(self):
        shop = self.shop = Shop(self.root)
        for name in ("alpha", "beta", "gamma"):
            shop.offer(name, files={f"{name}_data.txt": "x" * 100_000})
        shop.want("alpha", "beta")
        shop.make()
        shop.want("beta", "gamma")
        return ["wheels", "--project", str(shop.root)]

    def check_killed(self):
        lockfile.read(self.shop.locked)
        wheels = sorted((self.shop.root / "build/wheels").glob("*.whl"))
        assert [wheel_file.read(path).name for path in wheels] in (["alpha", "beta"], ["beta", "gamma"], [])

    def check_done(self):
        names = [name for name in self.shop.carried if name.endswith(".whl")]
        assert names == ["beta-1.0-py3-none-any.whl", "gamma-1.0-py3-none-any.whl"]
        locked = lockfile.read(self.shop.locked).distributions
        assert [distribution.name for distribution in locked] == ["beta", "gamma"]


@dataclass
class Pull:
    """Edits of the driver and of two modules, written into the sources."""

    root: Path

    def prepare(self):
        shipped.make(self.root)
        (self.root / "toy/more.py").write_text("X = 1\n")
        shipped.build(self.root)
        shipped.commit(self.root)
        notebook = json.loads((self.root / "build/toy.ipynb").read_text())
        for cell in notebook["cells"]:
            text = "".join(cell["source"])
            if text.startswith(("%%module toy/", "rows = ")):
                cell["source"] = f"{text.rstrip()}\nMORE = {'y' * 20_000!r}\n".removesuffix(
                    "" if "%%" in text else "\n"
                )
        (self.root.parent / "edited.ipynb").write_text(json.dumps(notebook))
        self.old = self._sources()
        return ["pull", "--apply", "--from", str(self.root.parent / "edited.ipynb"), "--project", str(self.root)]

    def _sources(self):
        return {name: (self.root / name).read_text() for name in ("main.py", "toy/__init__.py", "toy/more.py")}

    def check_killed(self):
        for name, text in self._sources().items():
            assert text == self.old[name] or text.count("y" * 20_000) == 1, name
        assert not any(PARTIAL in path for path in build_notebook(load_project(self.root)).tree.digests)

    def check_done(self):
        assert all(text.count("y" * 20_000) == 1 for text in self._sources().values())


@dataclass
class Init:
    """A new project, started again in the folder that a killed start left."""

    root: Path

    def prepare(self):
        return ["init", str(self.root / "fresh"), "--template", "tabular", "--kind", "rerun"]

    def check_killed(self):
        pass  # the next start takes nothing that is not whole: it compares each file

    def check_done(self):
        subprocess.run([sys.executable, "-m", "kernelwright", "build"], cwd=self.root / "fresh", check=True)


@pytest.mark.full
@pytest.mark.parametrize("case", [Build, Wheels, Pull, Init])
def test_kill_9_leaves_no_half_file_and_no_stray_and_the_next_run_works(case, tmp_path):
    seconds, changes = _whole_run(case, tmp_path / "whole")
    moments = random.Random(case.__name__)
    killed = 0
    for number in range(KILLS):
        root = tmp_path / str(number)
        root.mkdir()
        killed_case = case(root / "proj" if case is not Init else root)
        command = killed_case.prepare()
        at = moments.randrange(1, changes + 1) if number % 2 else 0
        process = _start(at, root, command)
        if not at:
            time.sleep(moments.uniform(0.2, 1.0) * seconds)
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        killed_case.check_killed()
        again = _start(0, root, command)
        assert again.communicate()[1].startswith("changes "), again.args
        assert again.returncode == 0
        killed_case.check_done()
        assert [path for path in root.rglob("*") if PARTIAL in path.name] == []
        shutil.rmtree(root)
    assert killed >= KILLS // 2


def _whole_run(case, root):
    """Run the command undisturbed; return its seconds, and how often it changed the file system."""
    root.mkdir()
    command = case(root / "proj" if case is not Init else root).prepare()
    started = time.monotonic()
    process = _start(0, root, command)
    error = process.communicate()[1]
    assert process.returncode == 0, error
    return time.monotonic() - started, int(error.split()[-1])


def _start(at, root, command):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(at), str(root), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
