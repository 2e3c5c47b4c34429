"""Two kernels of one project: neither may write to what is the other's."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from kernelwright.check.finding import Finding, Severity
from kernelwright.project.config import KernelConfiguration
from kernelwright.project.consistency import sources_dataset
from kernelwright.project.model import Project, load_configuration


def check(project: Project) -> Iterator[Finding]:
    """Check a further kernel against all the others."""
    if not project.kernel:
        return
    configuration, own = load_configuration(project.root), _written(project.root, project.configuration)
    for name, other in {"": configuration, **configuration.kernels}.items():
        if name != project.kernel:
            theirs = _written(project.root, other)
            same = [key for key, value in own.items() if value == theirs.get(key)]
            for key in ["metadata"] if "metadata" in same else same:  # one file of metadata for both says the rest
                yield _found(project, key, f"the kernel {name}" if name else "the first kernel")


def _written(root: Path, known: KernelConfiguration) -> Mapping[str, object]:
    """Return what a push of a kernel writes to, by the key that names it; nothing for a key that is not there."""
    file = root / known.metadata
    try:
        told = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        told = {}
    told = told if isinstance(told, dict) else {}
    notebook = (file.parent / str(told["code_file"])).resolve() if told.get("code_file") else None
    written = {"metadata": file, "id": told.get("id"), "code_file": notebook, "sources_dataset": sources_dataset(known)}
    return {key: value for key, value in written.items() if value}


def _found(project: Project, key: str, who: str) -> Finding:
    in_metadata = key in {"id", "code_file"}
    file = project.configuration.metadata if in_metadata else "pyproject.toml"
    place = f"{file}: {key}" if in_metadata else f"{file}: tool.kernelwright.kernels.{project.kernel}.{key}"
    return Finding(
        check="kernels", severity=Severity.error, place=place, problem=f"is that of {who} too", fix="name another"
    )
