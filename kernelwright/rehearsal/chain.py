"""Chains of kernels: rehearse the kernels whose output a kernel attaches before that kernel."""

from collections.abc import Callable, Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from kernelwright.errors import InvalidInput, InvalidProject, Problem
from kernelwright.project.model import Project, kernels_by_id, load_project
from kernelwright.project.refs import SourceRef
from kernelwright.rehearsal import attached, input_folder
from kernelwright.rehearsal.report import Report


def order(project: Project, source: Path) -> list[Project]:
    """Return the kernels to rehearse, each after those that it attaches; ``project``'s own kernel is last.

    A kernel may attach its own output, to continue where its last version ended; that adds nothing to the order.

    Raises
    ------
    InvalidProject
        One of the kernels has problems, or they attach one another's output in a circle.
    InvalidInput
        A kernel source is neither a kernel of the project nor in the input folder ``source``.
    """
    names = {name: kernel.kernel for name, kernel in kernels_by_id(project.root).items()}
    chain, graph, waiting = {project.metadata.id: project}, {}, [project]
    while waiting:
        kernel = waiting.pop()
        own = kernel.metadata.id
        needed = (SourceRef.parse(source).name for source in kernel.metadata.kernel_sources)
        graph[own] = [name for name in needed if name in names and name != own]
        new = {name: load_project(project.root, names[name]) for name in graph[own] if name not in chain}
        chain |= new
        waiting += new.values()
    _refuse_missing(chain.values(), source)
    try:
        return [chain[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        # graphlib lists each kernel before the one that attaches it; the arrows point the other way.
        circle = " -> ".join(reversed(error.args[1]))
        message, fix = f"kernels attach one another's output in a circle: {circle}", "remove one of these sources"
        file = project.configuration.metadata
        raise InvalidProject(
            [Problem(code="KW013", file=file, place="kernel_sources", message=message, fix=fix)]
        ) from None


def rehearse_chain(
    kernels: Sequence[Project], rehearse: Callable[[Project, Mapping[str, Path]], Report]
) -> list[Report]:
    """Rehearse kernels in the order that `order` returns, each with the output of those before it.

    The first failure ends the chain. ``rehearse`` is called with a kernel and the value for `Plan.outputs`.
    """
    reports: list[Report] = []
    outputs: dict[str, Path] = {}
    for kernel in kernels:
        reports.append(rehearse(kernel, outputs))
        if not reports[-1].complete:
            break
        if folder := input_folder.last_output(kernel):
            outputs = {**outputs, kernel.metadata.id: folder}
    return reports


def _refuse_missing(kernels: Collection[Project], source: Path) -> None:
    rehearsed = {kernel.metadata.id for kernel in kernels}
    missing = [
        f"{kernel.configuration.metadata}: kernel_sources: {needed.ref!r} is no kernel of this project, and "
        f"{source} has no folder {needed.slug}; put that kernel's output there"
        for kernel in kernels
        for needed in attached.sources(kernel.metadata)
        if needed.is_kernel and SourceRef.parse(needed.ref).name not in rehearsed and not needed.within(source)
    ]
    if missing:
        raise InvalidInput("\n".join(missing))
