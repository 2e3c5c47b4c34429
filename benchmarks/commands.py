"""How long `build`, `check` and `explain` take as commands, and what a rehearsal adds to the cells it runs.

Of the commands it is the processor time of a whole process, as in `benchmarks.build`, less the start of a bare
interpreter. Their peer is `--help`, which no tree makes slower. Of a rehearsal it is the time by the clock less that of
the cells, as what it adds is mostly waiting; and the processor time, where the kernel does nothing, so that all of it
is the rehearsal's. Its peer is papermill alone on the same notebook, which is how one is run without kernelwright.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks._figures import Figure
from benchmarks.build import HERE, TARGETS, Bench, children, module
from kernelwright.rehearsal.python_environment import GIVEN

PHASE_S = 5.0
"""The most that a rehearsal adds to a phase."""
MODULES = 100
COMMANDS = ("build", "explain", "check")


def main() -> list[Figure]:
    """Print a line a figure; return them."""
    with tempfile.TemporaryDirectory() as scratch:
        figures = []
        for figure in itertools.chain(_commands(Bench(Path(scratch))), _rehearsals(Path(scratch))):
            peers = ", ".join(
                f"{figure.seconds / peer:.1f}x {name}'s {peer:.2f} s" for name, peer in figure.peers.items()
            )
            print(f"{figure.name}: {figure.seconds:.2f} s, {peers}", flush=True)
            figures.append(figure)
    return figures


def _commands(bench: Bench) -> Iterator[Figure]:
    trees = {"our kernel": bench.our_kernel(), "1000 modules": bench.tree(1000)}
    bare = bench.seconds([sys.executable, "-m", "kernelwright", "--help"])
    for command in COMMANDS:
        for tree, root in trees.items():
            asked = [sys.executable, "-m", "kernelwright", command, "--project", root]
            times = 5 if tree == "our kernel" else 1
            seconds = bench.seconds(asked, times=times, statuses={0, 1}) - bench.start  # 1: too large, not ready
            yield Figure(name=f"{command} {tree}", seconds=seconds, target=TARGETS[tree], peers={"--help": bare})


def _rehearsals(scratch: Path) -> Iterator[Figure]:
    """Rehearse a kernel that does nothing, one of 100 modules, and the template with a server."""
    nothing, modules, served = (
        _started(scratch / name, template)
        for name, template in (("nothing", "tabular"), ("modules", "tabular"), ("served", "inference-server"))
    )
    (nothing / "kernel_src" / "main.py").write_text("# %%\npass\n", "utf-8")
    (modules / "kernel_src" / "main.py").write_text("# %%\npass\n", "utf-8")
    for number in range(MODULES):
        (modules / "kernel_src" / "solution" / f"m{number}.py").write_text(module(number, "solution"), "utf-8")
    alone = {project: _alone(project, scratch / "out.ipynb") for project in (nothing, modules)}
    one_run = ("--phase", "rerun", "--mounts", "new")
    for project, options in ((nothing, one_run), (nothing, ()), (modules, one_run), (served, one_run), (served, ())):
        used, started = children(), time.perf_counter()
        _run("rehearse", "--project", project, *options)
        taken, used = time.perf_counter() - started, children() - used
        runs = json.loads((project / "build" / "rehearsal" / "report.json").read_text("utf-8"))["runs"]
        cells = sum(cell["seconds"] or 0 for run in runs for cell in run["cells"])
        name = f"rehearsal of {project.name}, added to each of {len(runs)}"
        by_clock, processor = alone.get(project, alone[nothing])
        added = (taken - cells) / len(runs)
        yield Figure(name=name, seconds=added, target=PHASE_S, peers={"papermill": by_clock})
        if project != served:  # whose cells work
            peers = {"papermill": processor}
            yield Figure(name=f"{name}, processor", seconds=used / len(runs), target=PHASE_S, peers=peers)


def _alone(project: Path, out: Path) -> tuple[float, float]:
    """Return what papermill takes for a project's notebook, by the clock and of the processor."""
    _run("build", "--project", project)
    notebook = next((project / "build").glob("*.ipynb"))
    used, started = children(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "papermill", notebook, out], check=True, capture_output=True)
    return time.perf_counter() - started, children() - used


def _started(folder: Path, template: str) -> Path:
    _run("init", folder, "--template", template)
    return folder


def _run(*arguments: str | Path) -> None:
    """Call a command, in the environment of this process; it exits with 1 where nothing is handed in."""
    command = [sys.executable, "-m", "kernelwright", *arguments]
    done = subprocess.run(command, cwd=HERE, env={**os.environ, GIVEN: sys.prefix}, capture_output=True, check=False)
    if done.returncode not in {0, 1}:
        raise RuntimeError(done.stderr.decode())
