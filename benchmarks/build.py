"""How long a build takes: our kernel, and trees of 10, 100 and 1000 modules, against stickytape and plain jupytext.

Each figure is the processor time of a whole process, the best of a few, with compiled bytecode, less the start of a
bare interpreter: all of them work on one core, and other programs count less than by the clock. The ratios are to our
own on the same tree. Stickytape goes into an environment of its own, made for the run.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from benchmarks._figures import Figure

HERE = Path(__file__).parents[1]
SIZES = (10, 100, 1000)
TARGETS = {"our kernel": 0.3, "1000 modules": 2.0}
OURS = """
import sys
from pathlib import Path
from kernelwright import build_notebook, load_project
Path(sys.argv[2]).write_bytes(build_notebook(load_project(Path(sys.argv[1])), limit=None).data)
"""
BARE = "import typer\napp = typer.Typer()\n@app.command()\ndef main(name: str = 'x'): ...\napp()\n"
METADATA = '{"id": "OWNER/some-kernel", "title": "Some kernel", "code_file": "build/some.ipynb"}'


def main() -> list[Figure]:
    """Print the tables; return what they show."""
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch))
        bench.trees()
        bench.help()
    return bench.figures


class Bench:
    """One run, in a folder of its own."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.figures: list[Figure] = []
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self.environment = {**kept, "PYTHONPATH": str(HERE), "PYTHONPYCACHEPREFIX": str(scratch / "pyc")}
        self.start = self.seconds([sys.executable, "-c", "pass"], times=10)

    @cached_property
    def stickytape(self) -> Path:
        """The program, in an environment made for it."""
        folder, uv = self.scratch / "venv", Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        command = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", folder, "stickytape==0.2.1"]
        subprocess.run(command, check=True)
        return folder / "bin" / "stickytape"

    def seconds(self, command: Sequence[str | Path], *, times: int = 5, statuses: Collection[int] = (0,)) -> float:
        """Return the best of a few runs, after one that warms up; each must exit with one of ``statuses``."""
        taken = []
        for _ in range(times + 1):
            before = children()
            done = subprocess.run(command, cwd=HERE, env=self.environment, check=False, capture_output=True)
            if done.returncode not in statuses:
                raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
            taken.append(children() - before)
        return min(taken[1:])

    def trees(self) -> None:
        """Compare the three on each tree."""
        print(f"interpreter's start, taken off below: {self.start:.3f} s\n")
        jupytext = self.seconds([sys.executable, "-c", "import jupytext"]) - self.start
        print(f"importing jupytext, which reads the driver: {jupytext:.2f} s of each\n")
        print("| tree | lines | kernelwright | stickytape | ratio | jupytext --to ipynb | ratio |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        self.row("our kernel", self.our_kernel())
        for size in SIZES:
            self.row(f"{size} modules", self.tree(size))
        print()

    def row(self, name: str, root: Path) -> None:
        """Print one line of the table."""
        files = sorted(root.rglob("*.py"))
        lines = sum(file.read_text("utf-8").count("\n") for file in files)
        driver = next(file for file in files if file.name == "main.py")
        out = self.scratch / "out"
        ours = self.seconds([sys.executable, "-c", OURS, str(root), str(out)]) - self.start
        path = ["--add-python-path", driver.parent]
        figure = Figure(name=f"build {name}", seconds=ours, target=TARGETS.get(name))
        plain, figure = self.compared("jupytext", [sys.executable, "-m", "jupytext", "--to", "ipynb", *files], figure)
        command = [self.stickytape, driver, *path, "--output-file", out]
        tape, figure = self.compared("stickytape", command, figure)
        self.figures.append(figure)
        print(f"| {name} | {lines:,} | {ours:.2f} s | {tape} | {plain} |", flush=True)

    def compared(self, name: str, command: Sequence[str | Path], ours: Figure) -> tuple[str, Figure]:
        """Return the seconds of a command and their ratio to ours, as two cells, and our figure with that peer."""
        try:
            taken = self.seconds(command, times=2) - self.start
        except subprocess.CalledProcessError as error:
            return f"{error.stderr.decode().strip().rpartition(chr(10))[2].partition(':')[0]} | - ", ours
        peers = {**ours.peers, name: taken}
        return f"{taken:.2f} s | {taken / ours.seconds:.1f}x", replace(ours, peers=peers)

    def our_kernel(self) -> Path:
        """Copy our kernel, so that nothing is written into it."""
        root = self.scratch / "ours"
        shutil.copytree(HERE / "kernel_src", root / "kernel_src", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "kernel-metadata.json"):
            shutil.copy(HERE / name, root)
        if (HERE / "wheels").is_dir():
            shutil.copytree(HERE / "wheels", root / "wheels")
        return root

    def tree(self, size: int) -> Path:
        """Write modules of 100 lines, each importing the one before it and one halfway."""
        root = self.scratch / f"tree{size}"
        (root / "pkg").mkdir(parents=True)
        (root / "pyproject.toml").write_text('[tool.kernelwright]\ndriver = "main.py"\nsources = ["pkg"]\n')
        (root / "kernel-metadata.json").write_text(METADATA)
        (root / "main.py").write_text(f"# %%\nfrom pkg import m{size - 1}\n")
        (root / "pkg" / "__init__.py").write_text("")
        for number in range(size):
            (root / "pkg" / f"m{number}.py").write_text(module(number))
        return root

    def help(self) -> None:
        """Compare the help with that of a bare typer program."""
        (self.scratch / "bare.py").write_text(BARE)
        ours = self.seconds([sys.executable, "-m", "kernelwright", "--help"], times=10)
        bare = self.seconds([sys.executable, str(self.scratch / "bare.py"), "--help"], times=10)
        self.figures.append(Figure(name="--help", seconds=ours, peers={"bare typer": bare}))
        print(f"`kernelwright --help`: {ours:.2f} s, {ours / bare:.1f}x a bare typer program's {bare:.2f} s")


def children() -> float:
    """Return the processor time of the processes that this one started and that have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def module(number: int, package: str = "pkg") -> str:
    """Return a module of 100 lines that imports the one before it and one halfway."""
    before = f"from {package} import m{number - 1}, m{number // 2}\n" if number else "\n"
    functions = (f"def f{i}(a, b):\n    x = a + b * {i}\n    return x\n\n\n" for i in range(19))
    return f'"""Module {number}."""\n\n{before}\n\n{"".join(functions)}'
