"""Read a notebook that was saved by an editor: Kaggle's, Colab, JupyterLab or VS Code.

Each editor loses something: ids, metadata, the list form of a source, line feeds. So cells are recognised by content:
a module cell by its ``%%module`` line, its heading by its text, the bootstrap cell by the function it defines.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kernelwright.bundle.cells import CONFIG, Cell
from kernelwright.errors import InvalidNotebook
from kernelwright.pull import module_cells
from kernelwright.pull.module_cells import DisplacedModule
from kernelwright.support import ipython_syntax, json_text

_LARGEST_BYTES = 200_000_000
_HEADING = re.compile(r"### `([^`\n]+)`(?:\n\n[^\n]+)?\n*")
_CONTENTS = "**The modules of this notebook**"
_SET_UP = re.compile(r"^def _set_up\(config, packed\):", re.MULTILINE)
_KINDS: Mapping[str, Literal["code", "markdown", "raw"]] = {"code": "code", "markdown": "markdown", "raw": "raw"}

Driver = Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class BuildManifest:
    """The part of the bootstrap cell's manifest that a pull needs; empty if the cell is missing or broken.

    Attributes
    ----------
    kernel : str
        Slug of the kernel for which the notebook was built.
    digests : mapping
        Path -> sha256 of each carried file.
    packed : frozenset of str
        The carried files without a module cell: their carrier is the bootstrap cell or a dataset.
    driver : str
        sha256 of the driver's cells.
    """

    kernel: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    packed: frozenset[str] = frozenset()
    driver: str = ""

    @property
    def cells(self) -> frozenset[str]:
        """The files that had a module cell when the notebook was built."""
        return frozenset(self.digests) - self.packed


@dataclass(frozen=True, kw_only=True)
class EditedNotebook:
    """The content of an edited notebook.

    Attributes
    ----------
    modules : sequence of (str, str)
        Path and text of each module cell, in the notebook's order.
    driver : sequence of Cell
        The driver's cells, including added ones. Attachments are metadata, as in a percent script.
    set_up : str
        Text of the bootstrap cell; empty if there is none.
    manifest : BuildManifest
        The manifest in the bootstrap cell.
    numbers : sequence of int
        The position of each driver cell in the notebook, from 1.
    displaced : sequence of DisplacedModule
        Modules whose cell is there but no longer writes them.
    headings : sequence of str
        The other generated text: the headings of modules and the list of modules.
    """

    modules: Sequence[tuple[str, str]]
    driver: Driver
    set_up: str
    manifest: BuildManifest
    numbers: Sequence[int] = ()
    displaced: Sequence[DisplacedModule] = ()
    headings: Sequence[str] = ()


def read(data: bytes, name: str = "the notebook") -> EditedNotebook:
    """Read a notebook, whichever editor saved it; raises `InvalidNotebook` if it is not a notebook."""
    cells = list(_cells(data, name))
    set_up = next((cell.source.rstrip("\n") for cell in cells if _is_set_up(cell)), "")
    modules = [module for cell in cells if (module := module_cells.module(cell)) is not None]
    build = _manifest(set_up)
    gone = build.cells - {path for path, _ in modules}
    paths = {*build.digests, *(path for path, _ in modules)}
    driver: dict[int, Cell] = {}
    displaced: list[DisplacedModule] = []
    headings: list[str] = []
    for number, cell in enumerate(cells, 1):
        if _is_set_up(cell):
            continue
        lost, noted = module_cells.displaced(number, cell, gone), module_cells.mark(cell)
        displaced += lost
        heading = _HEADING.fullmatch(cell.source)
        is_generated = "file" in noted or cell.source.startswith(_CONTENTS) or (heading and heading[1] in paths)
        if module_cells.module(cell) is not None:
            continue
        if lost:  # it also belongs to the driver if a driver cell was joined with a module cell
            is_own = "driver" in noted or ("file" not in noted and module_cells.says_above(cell))
            driver |= {number: cell} if is_own else {}
        elif cell.kind == "markdown" and "driver" not in noted and is_generated:
            headings.append(cell.source.rstrip("\n"))
        else:
            driver[number] = cell
    return EditedNotebook(
        modules=modules,
        driver=list(driver.values()),
        set_up=set_up,
        manifest=build,
        numbers=list(driver),
        displaced=displaced,
        headings=headings,
    )


def _cells(data: bytes, name: str) -> Iterator[Cell]:
    if len(data) > _LARGEST_BYTES:
        raise InvalidNotebook(
            f"{name}: {len(data):,} bytes; more than {_LARGEST_BYTES:,} are not read, clear its outputs"
        )
    try:
        parsed = json.loads(data.decode("utf-8-sig"))
        json.dumps(parsed, ensure_ascii=False).encode()  # refuses lone surrogates, which UTF-8 cannot hold
    except (ValueError, RecursionError) as error:
        raise InvalidNotebook(f"{name}: not JSON: {error}") from None
    nodes = parsed.get("cells") if isinstance(parsed, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise InvalidNotebook(f"{name}: no list of cells; save it as a notebook of format 4")
    for number, node in enumerate(nodes, 1):
        kind = node.get("cell_type")
        if not isinstance(kind, str):
            raise InvalidNotebook(f"{name}: cell {number}: its cell_type is no text; make it code, markdown or raw")
        if kind not in _KINDS:
            continue
        source, metadata, attachments = node.get("source"), node.get("metadata"), node.get("attachments")
        text = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
        # Use line feeds only; the last one may be missing. `line_endings` later restores each file's own line endings.
        text = text.replace("\r\n", "\n").removesuffix("\r")
        metadata = metadata if isinstance(metadata, dict) else {}
        metadata |= {"attachments": attachments} if isinstance(attachments, dict) and attachments else {}
        yield Cell(kind=_KINDS[kind], source=text, metadata=metadata)


def _is_set_up(cell: Cell) -> bool:
    noted = module_cells.mark(cell)
    return noted.get("file") == CONFIG or ("driver" not in noted and _SET_UP.search(cell.source) is not None)


def _manifest(text: str) -> BuildManifest:
    """Read the manifest from the bootstrap cell's syntax tree, so that reformatting does no harm. Nothing is run."""
    config: Mapping[str, object] = {}
    packed: frozenset[str] | None = frozenset()
    for node in ipython_syntax.syntax_tree(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="_config")], value=ast.Constant(value=str(written))):
                config = json_text.parse_object(written)
            case ast.Expr(value=ast.Call(func=ast.Name(id="_set_up"), args=[_, ast.Dict(keys=keys)])):
                packed = frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))
            case ast.Expr(value=ast.Call(func=ast.Name(id="_set_up"), args=[_, ast.Call()])):
                packed = None  # a dataset carries all files
    files, driver = config.get("files"), config.get("driver")
    digests = files if isinstance(files, dict) else {}
    return BuildManifest(
        kernel=str(config.get("kernel", "")),
        digests={path: str(digest) for path, digest in digests.items()},
        packed=frozenset(digests) if packed is None else packed,
        driver=str(driver.get("sha256", "")) if isinstance(driver, dict) else "",
    )
