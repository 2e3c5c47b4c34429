"""pyproject.toml and kernel-metadata.json, read once, into a `Project`."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelwright.errors import InvalidProject
from kernelwright.project import consistency, metadata, parsing
from kernelwright.project.config import Configuration, KernelConfiguration
from kernelwright.project.metadata import KernelMetadata


@dataclass(frozen=True, kw_only=True)
class Project:
    """One kernel of a project, checked: every path in it is absolute; ``kernel`` is empty for the first."""

    root: Path
    configuration: KernelConfiguration
    metadata: KernelMetadata
    kernel: str = ""

    @property
    def driver(self) -> Path:
        """The percent-format script."""
        return self.root / self.configuration.driver

    @property
    def sources(self) -> tuple[Path, ...]:
        """The packages, modules and folders that are carried."""
        return tuple(self.root / source for source in self.configuration.sources)

    @property
    def notebook(self) -> Path:
        """Where the notebook is written: ``code_file``, beside the metadata as Kaggle's client reads it."""
        return (self.root / self.configuration.metadata).parent / self.metadata.code_file

    @property
    def build(self) -> Path:
        """Where everything made goes."""
        return self.root / "build"

    @property
    def dataset(self) -> Path:
        """The folder of the dataset that carries the sources, where one does."""
        return self._own("sources")

    @property
    def rehearsal(self) -> Path:
        """Where a rehearsal leaves its report and the folders of its runs."""
        return self._own("rehearsal")

    @property
    def output(self) -> Path:
        """Where the output of a run on Kaggle goes."""
        return self._own("output")

    @property
    def push(self) -> Path:
        """Where what a push sends is laid out."""
        return self._own("push")

    def _own(self, name: str) -> Path:
        return self.build / (f"{name}-{self.kernel}" if self.kernel else name)


def load_project(folder: Path, kernel: str = "") -> Project:
    """Read the project in ``folder``; ``kernel`` names one of ``[tool.kernelwright.kernels]``.

    Raises
    ------
    InvalidProject
        With every problem of both files at once.
    """
    root = folder.resolve()
    configuration, problems = _configuration(root)
    chosen = _choose(configuration, kernel, problems)
    described = _metadata(root, chosen.metadata if chosen else "kernel-metadata.json", problems)
    if chosen:
        problems += consistency.problems(root, chosen, described)
    if problems or chosen is None or described is None:
        raise InvalidProject(problems)
    return Project(root=root, configuration=chosen, metadata=described, kernel=kernel)


def load_configuration(root: Path) -> Configuration:
    """Read ``[tool.kernelwright]`` alone; raises `InvalidProject` with every problem of it."""
    configuration, problems = _configuration(root)
    if configuration is None:
        raise InvalidProject(problems)
    return configuration


def _configuration(root: Path) -> tuple[Configuration | None, list[str]]:
    file = root / "pyproject.toml"
    try:
        table: Mapping[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None, [f"{file}: no such file; run this in a project's folder, or name one with --project"]
    except OSError as error:
        return None, [f"{file}: cannot be read: {error.strerror}"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return None, [f"{file}: not TOML: {error}"]
    tool = table.get("tool", {})
    if not isinstance(tool, dict) or "kernelwright" not in tool:
        return None, [f'{file}: no [tool.kernelwright]; add the table, at least with driver = "main.py"']
    try:
        where = "pyproject.toml: tool.kernelwright"
        return parsing.parse(Configuration, tool["kernelwright"], where=where), []
    except parsing.Mismatch as mismatch:
        return None, mismatch.lines


def _choose(configuration: Configuration | None, kernel: str, problems: list[str]) -> KernelConfiguration | None:
    if configuration is None or not kernel:
        return configuration
    if kernel not in configuration.kernels:
        known = ", ".join(sorted(configuration.kernels)) or "none"
        problems.append(f"pyproject.toml: tool.kernelwright.kernels: no kernel {kernel!r}; there is: {known}")
        return None
    return configuration.kernels[kernel]


def _metadata(root: Path, name: str, problems: list[str]) -> KernelMetadata | None:
    try:
        return metadata.read(json.loads((root / name).read_text("utf-8")), Path(name))
    except FileNotFoundError:
        problems.append(f"{name}: no such file; Kaggle's client makes one with `kaggle kernels init`")
    except OSError as error:
        problems.append(f"{name}: cannot be read: {error.strerror}")
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"{name}: not JSON: {error}")
    except parsing.Mismatch as mismatch:
        problems += mismatch.lines
    return None
