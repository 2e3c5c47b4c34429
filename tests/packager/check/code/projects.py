"""Projects of a few lines, and what the checks of the code find in them."""

import json
from pathlib import Path

from kernelwright.bundle import build
from kernelwright.check import code
from kernelwright.check.code import (  # noqa: F401 - registers them
    imports,
    network,
    paths,
    running,
    submission,
    undefined,
)
from kernelwright.check.context import Context
from kernelwright.check.finding import Finding, ordered
from kernelwright.check.registry import REGISTERED
from kernelwright.project.model import load_project

METADATA = {
    "id": "alice/reef-fish",
    "title": "Reef fish",
    "code_file": "build/reef-fish.ipynb",
    "language": "python",
    "kernel_type": "notebook",
    "is_private": True,
    "enable_internet": False,
    "competition_sources": [],
    "dataset_sources": ["alice/reef-nets"],
}
_UNUSED = "KW606"


def write(folder: Path, driver: str, *, configuration: str = "", **metadata: object) -> Path:
    """Write a project whose driver is the text; ``### name`` begins another file, which is carried below ``fish/``."""
    text, *others = driver.strip().split("\n### ")
    files = {name: body for name, _, body in (other.partition("\n") for other in others)}
    carried = sorted({name.partition("/")[0] for name in files if name.startswith("fish/")})
    (folder / "main.py").write_text(f"# %%\n{text}\n", "utf-8")
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{body}\n", "utf-8")
    table = f'[tool.kernelwright]\ndriver = "main.py"\nsources = {json.dumps(carried)}\n{configuration}'
    (folder / "pyproject.toml").write_text(table, "utf-8")
    (folder / "kernel-metadata.json").write_text(json.dumps(METADATA | metadata), "utf-8")
    return folder


def of_code(folder: Path) -> list[tuple[str, str, str, str]]:
    """Return code, severity, place and message of what the checks of the code find."""
    project = load_project(folder)
    context = Context(project=project, built=build.build_notebook(project, limit=None))
    checks = [one for one in REGISTERED if one.needs is Context and one.find.__module__.startswith(code.__name__)]
    findings = [Finding.of(problem, one.name) for one in checks for problem in one.find(context)]
    of_others = [one for one in findings if one.code != _UNUSED]
    return [(one.code, one.severity.value, one.location, one.message) for one in ordered(of_others)]


def found(folder: Path, driver: str, **metadata: object) -> list[str]:
    """Return each finding in a project of a driver as ``KW501 error main.py:2``."""
    return [" ".join(finding[:3]) for finding in of_code(write(folder, driver, **metadata))]
