"""The carried files as data: what each is, what brings it, and what takes it to Kaggle."""

import ast
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from kernelwright.bundle.imports import Graph
from kernelwright.support import hashing

DRIVER = "driver"
"""Origin of the driver, where it is carried as a file beside being the notebook's cells."""


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file of the carried tree.

    Attributes
    ----------
    path : str
        POSIX path in the tree.
    data : bytes
        Its bytes, exactly as on disk.
    origin : str
        Which entry of the configuration brings it: a source, ``vendor NAME``, or `DRIVER`.
    carrier : str
        What takes it to Kaggle: a ``%%module`` cell of its own, the bootstrap cell, or a dataset.
    module : str or None
        Dotted name it is imported by, None for a data file.
    syntax : ast.Module or None
        Its tree, where it is a module, so that `check` need not parse it again; nothing changes it.
    """

    path: str
    data: bytes
    origin: str
    carrier: Literal["cell", "bootstrap", "dataset"] = "cell"
    module: str | None = None
    syntax: ast.Module | None = field(default=None, compare=False, repr=False)

    @property
    def summary(self) -> str:
        """What its docstring says first."""
        docstring = (ast.get_docstring(self.syntax) if self.syntax else None) or ""
        return docstring.partition("\n\n")[0].replace("\n", " ").strip()

    @property
    def vendored(self) -> str:
        """The package of the environment that it belongs to; empty for a file of the project."""
        return self.origin.removeprefix("vendor ") if self.origin.startswith("vendor ") else ""

    @property
    def is_source(self) -> bool:
        """Whether one of the project's sources brings it: neither a vendored package nor the driver."""
        return not self.vendored and self.origin != DRIVER

    @property
    def location(self) -> str:
        """Where a file of a source lies in the project."""
        inside = self.path.partition("/")[2]
        return f"{self.origin}/{inside}" if inside else self.origin

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return hashing.sha256(self.data)

    @cached_property
    def text(self) -> str | None:
        """The text a notebook cell can hold exactly, None where it cannot: nothing, or not UTF-8."""
        try:
            return self.data.decode("utf-8") or None
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, kw_only=True)
class DriverPlacement:
    """Where the driver's cells find themselves, as the driver does when it is run in place.

    Attributes
    ----------
    file : str
        The driver's path in the tree.
    package : str
        The package whose relative imports it uses, as under ``python -m``; else empty.
    folder : str
        A folder of the tree that comes first on ``sys.path``, as a script's does; empty for the tree itself.
    carried : bool
        Whether the file itself is there: a module imports it, it asks for ``__file__``, or a ``__main__`` guard
        tells that worker processes may import it.
    """

    file: str
    package: str = ""
    folder: str = ""
    carried: bool = False


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """The carried files: data files first, then modules, each after those it imports."""

    files: tuple[SourceFile, ...]
    graph: Graph
    placement: DriverPlacement

    @property
    def digests(self) -> dict[str, str]:
        """Path -> sha256, in the tree's order."""
        return {file.path: file.sha256 for file in self.files}
