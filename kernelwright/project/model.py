"""Read pyproject.toml and kernel-metadata.json into a `Project`."""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kernelwright.errors import InvalidProject, Problem
from kernelwright.project import consistency, metadata, parsing
from kernelwright.project.config import Configuration, KernelConfiguration
from kernelwright.project.metadata import KernelMetadata

PYPROJECT = "pyproject.toml"
TABLE = "tool.kernelwright"
METADATA = "kernel-metadata.json"


@dataclass(frozen=True, kw_only=True)
class Project:
    """One kernel of a project, checked.

    The paths that the properties return are absolute. ``kernel`` is the kernel's name, empty for the first kernel.
    """

    root: Path
    configuration: KernelConfiguration
    metadata: KernelMetadata
    kernel: str = ""

    @property
    def driver(self) -> Path:
        """The driver, a percent-format script."""
        return self.root / self.configuration.driver

    @property
    def sources(self) -> tuple[Path, ...]:
        """The packages, modules and folders that are carried."""
        return tuple(self.root / source for source in self.configuration.sources)

    @property
    def kind(self) -> Literal["rerun", "once", "output"]:
        """How Kaggle runs the kernel.

        ``rerun``: in a competition with a hidden rerun; ``once``: in one without; ``output``: only for its output.
        """
        return self.configuration.kind or ("rerun" if self.metadata.competition_sources else "output")

    @property
    def phases(self) -> tuple[Literal["rerun", "commit"], ...]:
        """The phases in which Kaggle runs the kernel: only the commit phase if there is no hidden rerun."""
        return ("rerun", "commit") if self.kind == "rerun" else ("commit",)

    @property
    def notebook(self) -> Path:
        """The path of the notebook: ``code_file``, relative to the metadata's folder, as Kaggle's client reads it."""
        beside = (self.root / self.configuration.metadata).parent / self.metadata.code_file
        return Path(os.path.normpath(beside))  # normalized for messages, because `code_file` may contain `..`

    @property
    def build(self) -> Path:
        """The folder for everything that Kernelwright makes."""
        return self.root / "build"

    @property
    def default_input(self) -> Path:
        """The input folder of a rehearsal for which none is named."""
        return self.build / "mini"

    @property
    def dataset(self) -> Path:
        """The folder of the dataset of the sources, with ``carrier = "dataset"``."""
        return self._own("sources")

    @property
    def rehearsal(self) -> Path:
        """The folder for a rehearsal's report and the folders of its runs."""
        return self._own("rehearsal")

    @property
    def output(self) -> Path:
        """The folder for the downloaded output of a run on Kaggle."""
        return self._own("output")

    @property
    def push(self) -> Path:
        """The folder to which a push copies what it sends."""
        return self._own("push")

    def _own(self, name: str) -> Path:
        return self.build / (f"{name}-{self.kernel}" if self.kernel else name)


def load_project(folder: Path, kernel: str = "") -> Project:
    """Read the project in ``folder``. ``kernel`` names one of ``[tool.kernelwright.kernels]``, or the first if empty.

    Raises
    ------
    InvalidProject
        With every problem of pyproject.toml and of the kernel's metadata at once.
    """
    root = folder.resolve()
    problems: list[Problem] = []
    configuration, described = None, None
    try:
        configuration = choose_kernel(load_configuration(root), kernel)
    except InvalidProject as error:
        problems += error.problems
    try:
        described = metadata.read(root, configuration.metadata if configuration else METADATA)
    except InvalidProject as error:
        problems += error.problems
    if configuration:
        problems += consistency.problems(root, configuration, described)
    if problems or configuration is None or described is None:
        raise InvalidProject(problems)
    return Project(root=root, configuration=configuration, metadata=described, kernel=kernel)


def kernels_by_id(root: Path) -> dict[str, Project]:
    """Return id -> project of every kernel whose metadata can be read. Other problems of the kernels are ignored."""
    configuration = load_configuration(root)
    kernels = {}
    for name, kernel in (("", configuration), *configuration.kernels.items()):
        with suppress(InvalidProject):  # reported when that kernel itself is loaded
            described = metadata.read(root, kernel.metadata)
            kernels[described.id] = Project(root=root, configuration=kernel, metadata=described, kernel=name)
    return kernels


def find_root(folder: Path) -> Path:
    """Return the nearest folder, from ``folder`` upwards, that is a project; ``folder`` itself if there is none."""
    start = folder.resolve()
    for path in (start, *start.parents):
        with suppress(InvalidProject):
            if "kernelwright" in read_tools(path):
                return path
    return folder


def load_configuration(root: Path) -> Configuration:
    """Read ``[tool.kernelwright]`` without the metadata; raises `InvalidProject` with every problem of the table."""
    tool = read_tools(root)
    if "kernelwright" not in tool:
        fix = 'add the table, at least with driver = "main.py"'
        raise InvalidProject([Problem(code="KW002", file=PYPROJECT, message="no [tool.kernelwright]", fix=fix)])
    return parsing.parse(Configuration, tool["kernelwright"], file=PYPROJECT, table=TABLE)


def read_tools(root: Path) -> Mapping[str, Any]:
    """Read the ``[tool]`` tables of pyproject.toml; raises `InvalidProject` if the file cannot be read."""
    file = root / PYPROJECT
    missing = "run this in a project's folder, or name one with --project"
    text = parsing.read_text(file, code="KW001", label=str(file), missing=missing)
    try:
        tool = tomllib.loads(text).get("tool")
    except (ValueError, RecursionError) as error:
        fix = "correct it there"
        raise InvalidProject([Problem(code="KW001", file=str(file), message=f"not TOML: {error}", fix=fix)]) from None
    return tool if isinstance(tool, dict) else {}


def choose_kernel(configuration: Configuration, kernel: str) -> KernelConfiguration:
    """Return the configuration of one kernel, the first for an empty name; raises `InvalidProject` if it is unknown."""
    if not kernel:
        return configuration
    if kernel not in configuration.kernels:
        names = ", ".join(sorted(configuration.kernels)) or "none"
        message = f"no kernel {kernel!r}; there is: {names}"
        fix = "name one of these with --kernel"
        raise InvalidProject(
            [Problem(code="KW008", file=PYPROJECT, place=f"{TABLE}.kernels", message=message, fix=fix)]
        )
    return configuration.kernels[kernel]
