"""Whether a notebook is of this kernel of this project at all: else its every cell would be an edit of the driver."""

from collections.abc import Iterator, Sequence

from kernelwright.building import Notebook
from kernelwright.errors import InvalidProject
from kernelwright.project import Project, load_configuration, load_project
from kernelwright.sync import history, likest, script
from kernelwright.sync.edited import Edited
from kernelwright.sync.likest import Driver

_NOT_OURS = "was not built from this project"


def problem(project: Project, built: Notebook, changed: Edited) -> str:
    """Return why a notebook is not this kernel's, empty where it may be."""
    if not (changed.modules or changed.set_up):
        return f"has neither a set-up cell nor a %%module cell: it {_NOT_OURS}"
    own = list(_drivers(project))
    if any(script.all_same(one, changed.driver) for one in own):
        return ""
    best = _likeness(own, changed.driver)
    found = {kernel.kernel: _likeness(list(_drivers(kernel)), changed.driver) for kernel in _others(project)}
    name = max(found, key=lambda kernel: found[kernel], default="")
    if found and found[name] > best:
        return _says_whose(name)
    is_ours = _names_ours(project, built, changed) or _shares_a_cell(own, changed.driver)
    return "" if is_ours else _NOT_OURS


def _says_whose(name: str) -> str:
    if name:
        return f"this is the notebook of the kernel {name}; pull it with --kernel {name}"
    return "this is the notebook of the first kernel; pull it without --kernel"


def _others(project: Project) -> Iterator[Project]:
    for name in {"", *load_configuration(project.root).kernels} - {project.kernel}:
        try:
            yield load_project(project.root, name)
        except InvalidProject:
            continue


def _drivers(project: Project) -> Iterator[Driver]:
    """Yield a kernel's driver as it is here, and as is remembered of it."""
    for data in (_bytes(project), *history.past(project.root, project.configuration.driver)):
        try:
            yield script.read(data)
        except InvalidProject:
            continue
    yield from (one.driver for one in history.built(project))


def _bytes(project: Project) -> bytes:
    try:
        return project.driver.read_bytes()
    except OSError:
        return b""


def _likeness(drivers: Sequence[Driver], there: Driver) -> tuple[float, float]:
    return max((likest.likeness(one, there) for one in drivers), default=(float("-inf"), 0))


def _names_ours(project: Project, built: Notebook, changed: Edited) -> bool:
    """Tell whether a notebook carries anything of the configured sources; true also where neither has any."""
    vendored = {_top(file.path) for file in built.tree.files if file.origin.startswith("vendor ")}
    carried = {_top(path) for path in (*changed.told.digests, *dict(changed.modules))} - vendored
    ours = {source.name for source in project.sources}
    return bool(carried & ours) or not (carried or ours)


def _top(path: str) -> str:
    return path.partition("/")[0]


def _shares_a_cell(drivers: Sequence[Driver], there: Driver) -> bool:
    said = {script.key(cell) for cell in there if cell.source.strip()}
    return any(script.key(cell) in said for cells in drivers for cell in cells)
