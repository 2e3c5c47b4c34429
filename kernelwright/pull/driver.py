"""Find what an edited notebook changes in the driver.

The ancestor and the notebook are written as percent scripts with the local driver's layout, and git merges them.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from difflib import SequenceMatcher

from kernelwright.bundle.cells import Cell
from kernelwright.bundle.notebook_io import LAYOUT
from kernelwright.errors import InvalidProject
from kernelwright.project.model import Project
from kernelwright.pull import line_endings, merge, module_cells, percent_script, safe_paths
from kernelwright.pull.ancestor import Ancestor
from kernelwright.pull.changes import Change
from kernelwright.pull.edited_notebook import Driver, EditedNotebook

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Metadata that editors and Kaggle add to cells during a session. None of it is an edit.
_OF_A_SESSION = frozenset(
    {
        *("ExecuteTime", "_cell_guid", "_uuid", "autoscroll", "colab", "colab_type", "collapsed", "execution"),
        *("executionInfo", "id", "outputId", "papermill", "scrolled", "trusted", "vscode"),
    }
)
_MOST_NAMED = 20


def changes(project: Project, edited: EditedNotebook, ancestor: Ancestor) -> Iterator[Change]:
    """Yield the change of the driver, and a conflict for each cell that cannot be pulled."""
    place, here = project.configuration.driver, project.driver.read_bytes()
    text = here.decode("utf-8-sig").replace("\r\n", "\n")
    own = percent_script.read(text, layout=True)
    is_known = ancestor.driver is not None
    before = _laid_out(own if ancestor.driver is None else ancestor.driver, own)
    cells, problems = _writable(edited, before)
    is_as_built = is_known and percent_script.same(cells, before)
    if is_as_built and not problems:
        return
    try:
        safe_paths.reject_symlinks(project.root, project.driver)
    except safe_paths.UnsafePath as unsafe:
        yield Change(action="refuse", place=place, what=str(unsafe))
        return
    yield from (Change(action="conflict", place=place, what=what, before=here) for what in problems)
    if is_as_built or percent_script.same(cells, own):
        return
    # Merge with the driver as jupytext writes it, so that layout is no difference. `_as_here` needs a version with the
    # same number of lines; otherwise the driver's own text is used.
    canonical = percent_script.write(own, text)
    canonical = canonical if canonical.count("\n") == text.count("\n") else text
    base, theirs = percent_script.write(before, text) if is_known else None, percent_script.write(cells, text)
    # If the local driver is unchanged, the result must be exactly the notebook's cells.
    expected = cells if is_known and percent_script.same(own, before) else None
    for change in merge.three_way_merge(place, canonical.encode(), base, theirs, was_built=True):
        after = _as_here((change.after or b"").decode(), canonical, here)
        action, what = change.action, change.what
        if action == "write" and not (_reads_as(theirs.encode(), cells) and _reads_as(after, expected)):
            action, what = "conflict", "its cells cannot be told apart; take the edits by hand"
        elif action == "write" and expected is not None:
            what = "edited"
        what += f": {describe(cells, before)}" if is_known else ""
        yield Change(action=action, place=place, what=what, before=here, after=after)


def _as_here(merged: str, canonical: str, here: bytes) -> bytes:
    """Return the merged text with the byte order mark, the line endings and the cell marks of the local driver."""
    mark = _BYTE_ORDER_MARK if here.startswith(_BYTE_ORDER_MARK) else b""
    original = here.removeprefix(mark)
    restored = line_endings.restore_lines(merged, canonical.split("\n"), original.decode().split("\n")).encode()
    with suppress(InvalidProject):
        if _reads_as(restored, percent_script.read(merged)):
            return mark + restored
    # It has conflict markers, or the number of lines was equal only by chance.
    return mark + line_endings.restore_line_endings(merged, original)


def _laid_out(cells: Driver, own: Driver) -> list[Cell]:
    """Return the ancestor's cells with the layout metadata of the matching cells in the local driver."""
    laid_out = []
    for cell, at in zip(cells, pair(cells, own), strict=True):
        layout = {} if at is None else {key: value for key, value in own[at].metadata.items() if key in LAYOUT}
        laid_out.append(replace(cell, metadata={**percent_script.metadata(cell), **layout}))
    return laid_out


def _writable(edited: EditedNotebook, before: Driver) -> tuple[list[Cell], list[str]]:
    """Return the notebook's cells, and a message for each one that a percent script cannot hold.

    Such a cell is returned as it was in ``before``.
    """
    cells, problems = [], []
    joined = {module.number for module in edited.displaced}  # cells that an editor joined with a module cell
    pairs = pair(edited.driver, before)
    for number, cell, at in zip(edited.numbers, edited.driver, pairs, strict=True):
        old = before[at] if at is not None else None
        new = _with_metadata(cell, old)
        if old and percent_script.content(new) == percent_script.content(old):
            cells.append(old)
            continue
        what = "it holds a `%%module` line below others, where it does not work; split it there"
        if what := what if number in joined else percent_script.problem(new):
            problems.append(f"cell {number} of the notebook, {module_cells.named(cell)}, is left there: {what}")
            cells += [old] if old else []
        else:
            cells.append(new)
    return cells, problems


def _with_metadata(cell: Cell, old: Cell | None) -> Cell:
    """Return a cell with its edited metadata, without session data, and with the metadata that an editor lost."""
    before = old.metadata if old else {}
    own = {key: value for key, value in percent_script.metadata(cell).items() if key not in _OF_A_SESSION}
    is_lost = not module_cells.mark(cell)  # an editor that lost our mark lost the other metadata too
    kept = before.keys() if is_lost else {*LAYOUT, *_OF_A_SESSION}
    metadata = {key: value for key, value in {**before, **own}.items() if key in own or key in kept}
    return replace(cell, metadata=metadata)


def _reads_as(data: bytes, cells: Driver | None) -> bool:
    """Return True if a driver's bytes can be read and, if ``cells`` is given, have the same content."""
    try:
        again = percent_script.read(data.decode("utf-8-sig"))
    except InvalidProject:
        return False
    return cells is None or percent_script.same(again, cells)


def pair(cells: Driver, others: Driver) -> list[int | None]:
    """Return for each cell the index of the matching one in ``others``, or None.

    Cells match by their text, else by the index that the build recorded, else by their position.
    """
    pairs: dict[int, int] = {}
    free = set(range(len(others)))

    def take(index: int, at: int | None) -> None:
        if index not in pairs and at in free and at is not None and cells[index].kind == others[at].kind:
            pairs[index] = at
            free.remove(at)

    texts, other_texts = ([percent_script.content(cell)[:2] for cell in side] for side in (cells, others))
    # autojunk would ignore texts that occur often in a long driver.
    for block in SequenceMatcher(a=texts, b=other_texts, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            take(block.a + step, block.b + step)
    for index, text in enumerate(texts):  # moved cells
        take(index, next((at for at in sorted(free) if other_texts[at] == text), None))
    for index, cell in enumerate(cells):
        at = module_cells.mark(cell).get("driver")
        take(index, at if isinstance(at, int) else None)
    for index in range(len(cells)):  # after the match of the cell before; -2 + 1 is never a free index
        take(index, 0 if index == 0 else pairs.get(index - 1, -2) + 1)
    return [pairs.get(index) for index in range(len(cells))]


def describe(cells: Driver, before: Driver) -> str:
    """Return a text that says which cells were edited, added, moved or deleted, counted from 1."""
    pairs = pair(cells, before)
    kept = [(cell, at) for cell, at in zip(cells, pairs, strict=True) if at is not None]
    order = [at for _, at in kept]
    blocks = SequenceMatcher(a=order, b=sorted(order), autojunk=False).get_matching_blocks()
    in_order = {at for block in blocks for at in order[block.a : block.a + block.size]}
    numbers = {
        "edited": [at + 1 for cell, at in kept if percent_script.content(cell) != percent_script.content(before[at])],
        "added": [index + 1 for index, at in enumerate(pairs) if at is None],
        "moved": [at + 1 for _, at in kept if at not in in_order],
        "deleted": [at + 1 for at in range(len(before)) if at not in pairs],
    }
    parts = []
    for what, which in numbers.items():
        if which:
            more = f" and {len(which) - _MOST_NAMED} more" if len(which) > _MOST_NAMED else ""
            parts.append(f"cell {', '.join(map(str, which[:_MOST_NAMED]))}{more} {what}")
    return "; ".join(parts)
