"""A project that is ready to push, to be spoilt by a test."""

import hashlib
import json
import subprocess
from pathlib import Path

from kernelwright.bundle import build as building
from kernelwright.project.model import load_project

METADATA = {
    "id": "alice/toy-kernel",
    "title": "Toy kernel",
    "code_file": "build/toy.ipynb",
    "language": "python",
    "kernel_type": "notebook",
    "is_private": True,
    "enable_internet": False,
    "competition_sources": ["toy-competition"],
    "dataset_sources": ["alice/toy-data"],
}
CONFIGURATION = 'driver = "main.py"\nsources = ["toy"]\n'
DRIVER = """# %% [markdown]
# # Toy

# %%
import toy
from kernelwright.runtime import inputs, submission

# %%
rows = toy.answers(inputs.find("toy-competition"))

# %%
submission.write(rows, header=["id", "answer"])
"""
MODULE = '''"""Answers each id with its length."""

import csv

DATA = "toy-data"


def answers(folder):
    with (folder / "test.csv").open(newline="") as file:
        return [(row["id"], len(row["id"])) for row in csv.DictReader(file)]
'''


def make(folder: Path, *, configuration: str = CONFIGURATION, **metadata: object) -> Path:
    """Write a project into ``folder``; a key of the metadata given as None is left out."""
    (folder / "toy").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f"[tool.kernelwright]\n{configuration}", "utf-8")
    told = {key: value for key, value in (METADATA | metadata).items() if value is not None}
    (folder / "kernel-metadata.json").write_text(json.dumps(told, indent=2), "utf-8")
    (folder / "main.py").write_text(DRIVER, "utf-8")
    (folder / "toy/__init__.py").write_text(MODULE, "utf-8")
    (folder / ".gitignore").write_text("/build/\n", "utf-8")
    return folder


def ready(folder: Path, **more: object) -> Path:
    """Make the project ready: built, rehearsed as far as the report says, committed."""
    make(folder, **more)
    build(folder)
    rehearse(folder)
    commit(folder)
    return folder


def build(folder: Path) -> None:
    """Build the notebook."""
    building.build(load_project(folder))


def rehearse(folder: Path, verdict: str = "Complete", phases: tuple[str, ...] = ("rerun", "commit")) -> None:
    """Write a report that says the notebook on disk was rehearsed."""
    sha256 = hashlib.sha256(load_project(folder).notebook.read_bytes()).hexdigest()
    pairs = [(phase, layout) for phase in phases for layout in ("old", "new")]
    runs = [{"phase": phase, "mounts": layout, "verdict": verdict, "detail": "as told"} for phase, layout in pairs]
    file = folder / "build/rehearsal/report.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"notebook_sha256": sha256, "runs": runs, "forecast": None}), "utf-8")


def commit(folder: Path) -> None:
    """Commit everything, in a repository made for it."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "All of it")


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular."""
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout
