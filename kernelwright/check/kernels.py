"""Check that no two kernels of a project write to the same file, kernel or dataset."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from kernelwright.check.context import Files
from kernelwright.check.registry import register
from kernelwright.errors import Problem
from kernelwright.project.config import KernelConfiguration
from kernelwright.project.consistency import sources_dataset
from kernelwright.project.model import PYPROJECT, TABLE, Project, load_configuration


@register("kernels", Project)
def kernels(project: Project) -> Iterator[Problem]:
    """Find targets that a named kernel shares with any other kernel of the project."""
    if not project.kernel:  # the first kernel has no name; a clash is reported for the named kernel
        return
    configuration, own = load_configuration(project.root), _targets(project.root, project.configuration)
    for name, other in {"": configuration, **configuration.kernels}.items():
        if name == project.kernel:
            continue
        theirs = _targets(project.root, other)
        shared = [key for key, value in own.items() if value == theirs.get(key)]
        for key in ["metadata"] if "metadata" in shared else shared:  # one metadata file for both implies the rest
            in_metadata = key in {"id", "code_file"}
            yield Problem(
                code="KW121",
                file=project.configuration.metadata if in_metadata else PYPROJECT,
                place=key if in_metadata else f"{TABLE}.kernels.{project.kernel}.{key}",
                message=f"is that of {f'the kernel {name}' if name else 'the first kernel'} too",
                fix="name another",
            )


def _targets(root: Path, configuration: KernelConfiguration) -> Mapping[str, object]:
    """Return what a push of a kernel writes to, by the key that names it; missing keys are left out."""
    raw = Files(root=root, metadata=configuration.metadata).raw  # raw: the other kernel's metadata may be invalid
    file = root / configuration.metadata
    notebook = (file.parent / str(raw["code_file"])).resolve() if raw.get("code_file") else None
    dataset = sources_dataset(configuration)
    targets = {"metadata": file, "id": raw.get("id"), "code_file": notebook, "sources_dataset": dataset}
    return {key: value for key, value in targets.items() if value}
