"""Find what an edited notebook changes in the modules."""

import posixpath
from collections.abc import Iterator

from kernelwright.bundle.build import Notebook
from kernelwright.project.model import Project
from kernelwright.pull import line_endings, merge, safe_paths
from kernelwright.pull.ancestor import Ancestor, decode
from kernelwright.pull.changes import Change
from kernelwright.pull.edited_notebook import EditedNotebook


def changes(project: Project, built: Notebook, edited: EditedNotebook, ancestor: Ancestor) -> Iterator[Change]:
    """Yield the change of each module that the notebook edits, adds or deletes."""
    # If two cells write a module, `dict` keeps the last one, as when the notebook is run.
    theirs, displaced = dict(edited.modules), {module.path for module in edited.displaced}
    for module in edited.displaced:
        yield Change(action="refuse", place=module.path or "%%module", what=module.what)
    if ancestor.cells - displaced and not theirs:
        what = "no %%module cell is left; deleting them all is not taken from a notebook"
        yield Change(action="refuse", place="modules", what=what)
        return
    theirs = _ended(theirs, ancestor)
    vendored = {file.path for file in built.tree.files if file.vendored}
    # A path such as `./a.py` is refused as it is, and must not count as a deletion of `a.py`.
    spelt_oddly = {posixpath.normpath(path) for path in theirs}
    for path in sorted({*theirs, *(ancestor.cells - spelt_oddly)} - displaced):
        base, text = ancestor.modules.get(path), theirs.get(path)
        if base is not None and base == text:
            continue
        try:
            file = safe_paths.resolve_module_path(project, path, vendored)
        except safe_paths.UnsafePath as unsafe:
            yield Change(action="refuse", place=path or "%%module", what=str(unsafe))
            continue
        ours = file.read_bytes() if file.is_file() else None
        if text is not None and base is None and ours is not None:
            text = line_endings.restore_final_newline(text, decode(ours))
        place = file.relative_to(project.root).as_posix()
        yield from merge.three_way_merge(place, ours, base, text, was_built=path in ancestor.modules)


def _ended(theirs: dict[str, str], ancestor: Ancestor) -> dict[str, str]:
    """Restore the end of each module. If the editor dropped final line feeds, also add one to each added module."""
    bases = {path: text for path, text in ancestor.modules.items() if text is not None and path in theirs}
    ended = {path: line_endings.restore_final_newline(theirs[path], text) for path, text in bases.items()}
    if any(len(text) > len(theirs[path]) for path, text in ended.items()):
        added = theirs.keys() - ancestor.modules.keys()
        ended |= {path: f"{theirs[path]}\n" for path in added if line_endings.is_cut(theirs[path])}
    return theirs | ended
