"""The source tree: the carried files, where each comes from, and its carrier."""

import ast
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from kernelwright.bundle.imports import Graph
from kernelwright.support import hashing

DRIVER = "driver"
"""Origin of the driver, if it is also carried as a file."""


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One carried file.

    Attributes
    ----------
    path : str
        POSIX path in the source tree.
    data : bytes
        Its content, exactly as on disk.
    origin : str
        The entry of the configuration that includes it: a source, ``vendor NAME``, or `DRIVER`.
    carrier : str
        What takes it to Kaggle: its own ``%%module`` cell, the bootstrap cell, or a dataset.
    module : str or None
        The dotted name under which it is imported; None for a data file.
    syntax : ast.Module or None
        The syntax tree of a module, so that `check` need not parse it again. Do not modify it.
    """

    path: str
    data: bytes
    origin: str
    carrier: Literal["cell", "bootstrap", "dataset"] = "cell"
    module: str | None = None
    syntax: ast.Module | None = field(default=None, compare=False, repr=False)

    @property
    def summary(self) -> str:
        """The first paragraph of the module's docstring, on one line; empty if there is none."""
        docstring = (ast.get_docstring(self.syntax) if self.syntax else None) or ""
        return docstring.partition("\n\n")[0].replace("\n", " ").strip()

    @property
    def vendored(self) -> str:
        """The vendored package that the file belongs to; empty for a file of the project."""
        return self.origin.removeprefix("vendor ") if self.origin.startswith("vendor ") else ""

    @property
    def is_source(self) -> bool:
        """Whether the file comes from one of the project's sources, not from a vendored package or the driver."""
        return not self.vendored and self.origin != DRIVER

    @property
    def location(self) -> str:
        """The path in the project of a file that comes from a source."""
        inside = self.path.partition("/")[2]
        return f"{self.origin}/{inside}" if inside else self.origin

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return hashing.sha256(self.data)

    @cached_property
    def text(self) -> str | None:
        """The content as text; None if no cell can hold it exactly: an empty file, or not UTF-8."""
        try:
            return self.data.decode("utf-8") or None  # None for an empty file: no cell can hold it
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, kw_only=True)
class DriverPlacement:
    """The driver's place in the source tree, so that its cells run as the driver does in place.

    Attributes
    ----------
    file : str
        The driver's path in the source tree.
    package : str
        The value of ``__package__``, as under ``python -m``; empty if the driver is not in a package.
    folder : str
        The folder of the tree that comes first on ``sys.path``, like the folder of a script; empty for the tree itself.
    carried : bool
        Whether the driver is also carried as a file: a module imports it, it mentions ``__file__``, or it has a
        ``__name__`` guard, so that worker processes may import it.
    """

    file: str
    package: str = ""
    folder: str = ""
    carried: bool = False


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """The carried files: data files first, then modules, each after the modules it imports."""

    files: tuple[SourceFile, ...]
    graph: Graph
    placement: DriverPlacement

    @property
    def digests(self) -> dict[str, str]:
        """Path -> sha256, in the tree's order."""
        return {file.path: file.sha256 for file in self.files}
