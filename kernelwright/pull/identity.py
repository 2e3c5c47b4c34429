"""Whether a notebook is of this kernel of this project at all: else its every cell would be an edit of the driver."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from kernelwright.bundle.build import Notebook
from kernelwright.bundle.cells import Cell, driver_digest
from kernelwright.errors import InvalidProject
from kernelwright.project.model import Project, load_configuration, load_project
from kernelwright.pull import ancestor, history, percent_script
from kernelwright.pull.edited_notebook import Edited

Driver = Sequence[Cell]

_NOT_OURS = "was not built from this project"


def problem(project: Project, built: Notebook, changed: Edited) -> str:
    """Return why a notebook is not this kernel's, empty where it may be."""
    if not (changed.modules or changed.set_up):
        return f"has neither a set-up cell nor a %%module cell: it {_NOT_OURS}"
    if any(driver_digest(one) == changed.told.driver for one in _drivers(project)):
        return ""
    own = list(_drivers(project))
    found = {kernel.kernel: _likeness(_drivers(kernel), changed) for kernel in _others(project)}
    name = max(found, key=lambda kernel: found[kernel], default="")
    if found and found[name] > _likeness(own, changed):
        return _says_whose(name)
    is_ours = _names_ours(project, built, changed) or _shares_a_cell(own, changed.driver)
    return "" if is_ours else _NOT_OURS


def _says_whose(name: str) -> str:
    if name:
        return f"this is the notebook of the kernel {name}; pull it with --kernel {name}"
    return "this is the notebook of the first kernel; pull it without --kernel"


def _others(project: Project) -> Iterator[Project]:
    for name in sorted({"", *load_configuration(project.root).kernels} - {project.kernel}):
        try:
            yield load_project(project.root, name)
        except InvalidProject:
            continue


def _drivers(project: Project) -> Iterator[Driver]:
    """Yield a kernel's driver as it is here, and as is remembered of it."""
    yield from ancestor.drivers(project)
    yield from (one.driver for one in history.built(project))


def _likeness(drivers: Iterable[Driver], there: Edited) -> tuple[bool, int, float]:
    return max((_alike(one, there) for one in drivers), default=(False, 0, 0.0))


def _alike(one: Driver, there: Edited) -> tuple[bool, int, float]:
    """Tell how alike a driver and a notebook's are: built from it, else cells in common, then text in common."""
    common = sum(any(percent_script.same(cell, other) for other in there.driver) for cell in one)
    matcher = SequenceMatcher(a=_lines(one), b=_lines(there.driver), autojunk=False)
    is_base = driver_digest(one) == there.told.driver
    return is_base, common - abs(len(one) - len(there.driver)), matcher.ratio()


def _lines(cells: Driver) -> list[str]:
    return "\n".join(cell.source for cell in cells).split("\n")


def _names_ours(project: Project, built: Notebook, changed: Edited) -> bool:
    """Tell whether a notebook carries anything of the configured sources; true also where neither has any."""
    vendored = {_top(file.path) for file in built.tree.files if file.origin.startswith("vendor ")}
    carried = {_top(path) for path in (*changed.told.digests, *dict(changed.modules))} - vendored
    ours = {source.name for source in project.sources}
    return bool(carried & ours) or not (carried or ours)


def _top(path: str) -> str:
    return path.partition("/")[0]


def _shares_a_cell(drivers: Sequence[Driver], there: Driver) -> bool:
    said = {percent_script.key(cell) for cell in there if cell.source.strip()}
    return any(percent_script.key(cell) in said for cells in drivers for cell in cells)
