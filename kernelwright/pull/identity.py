"""Whether a notebook is of this kernel at all: else its every cell would be an edit of the driver."""

from contextlib import suppress

from kernelwright.errors import InvalidProject
from kernelwright.project.model import Project, load_configuration, load_project
from kernelwright.project.refs import SourceRef
from kernelwright.pull.edited_notebook import EditedNotebook


def problem(project: Project, edited: EditedNotebook) -> str:
    """Return why a notebook is not this kernel's, empty where it is; `bundle.build` wrote its kernel's slug into it."""
    slug = edited.manifest.kernel
    if slug == _slug(project):
        return ""
    if not slug:
        return "does not say which kernel it was built for; --force takes it for this one's"
    for kernel in sorted({"", *load_configuration(project.root).kernels} - {project.kernel}):
        with suppress(InvalidProject):
            if slug == _slug(load_project(project.root, kernel)):
                return (
                    f"is the notebook of {slug}; pull it {f'with --kernel {kernel}' if kernel else 'without --kernel'}"
                )
    return f"was built for the kernel {slug}, not for {_slug(project)}; --force takes it for this one's all the same"


def _slug(project: Project) -> str:
    return SourceRef.parse(project.metadata.id).slug
