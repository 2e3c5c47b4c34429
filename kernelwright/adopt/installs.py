"""Remove ``!pip install`` lines, and list what Kaggle's image lacks as requirements."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kernelwright.bundle.cells import Cell
from kernelwright.support import ipython_syntax

_PYTHON = r"(?:(?:python3?|\{sys\.executable\})\s+-m\s+)?"
_LINE = re.compile(rf"[ \t]*[!%]?\s*{_PYTHON}(?:uv\s+)?pip3?\s+install\s+(.*)")
_QUIET = {"-q", "-qq", "-qqq", "--quiet", "--user", "--no-cache-dir", "--disable-pip-version-check"}
_UPGRADE = {"-U", "--upgrade", "-qU", "-Uq", "--force-reinstall"}
# Redirections and `| tail`: they only hide output. `(?!=)` keeps version bounds such as `>=2`.
_REDIRECTION = re.compile(r"\s*(?:\d?>>?(?!=)\s*\S+|2>&1|&>\s*\S+|\|\s*tail\b.*)")


@dataclass(frozen=True, kw_only=True)
class Removed:
    """A removed install: the index of its cell, the line, and the requirements that the image has and lacks."""

    cell: int
    line: str
    provided: tuple[str, ...]
    lacking: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """The line of the report about this install."""
        has = [f"the image has {', '.join(self.provided)}"] if self.provided else []
        lacks = [f"wheels/requirements.in names {', '.join(self.lacking)}"] if self.lacking else []
        return f"cell {self.cell + 1}: `{self.line}` is removed: {'; '.join([*has, *lacks])}"


def remove_all(cells: Sequence[Cell], distributions: Mapping[str, str]) -> tuple[list[Cell], list[Removed]]:
    """Remove the lines that do nothing but install packages by name; return the cells and the removed lines."""
    kept, removed = list(cells), list[Removed]()
    for index, cell in enumerate(cells):
        if cell.kind != "code" or cell.source.lstrip().startswith("%%"):
            continue
        commands = {number for number, _ in ipython_syntax.commands(cell.source)}
        lines = []
        for number, line in enumerate(cell.source.split("\n"), 1):
            if number in commands and (removable := _read(index, line, distributions)):
                removed.append(removable)
            else:
                lines.append(line)
        kept[index] = replace(cell, source="\n".join(lines))
    return kept, removed


def _read(cell: int, line: str, distributions: Mapping[str, str]) -> Removed | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    try:
        words = shlex.split(_REDIRECTION.sub("", match[1]), comments=True)
        wanted = [Requirement(word) for word in words if word not in _QUIET | _UPGRADE]
    except (ValueError, InvalidRequirement):  # a folder, a URL, a requirements file, or other options
        return None
    if not wanted or any(requirement.url for requirement in wanted):
        return None
    provided, lacking = list[str](), list[str]()
    for requirement in wanted:
        version = distributions.get(canonicalize_name(requirement.name))
        if version is None:
            lacking.append(str(requirement))
            continue
        # The image's version does not fit or is not known, or the line asks for the newest: the user has to decide.
        if not (requirement.specifier.contains(version or "0", prereleases=True) and _UPGRADE.isdisjoint(words)):
            return None
        provided.append(str(requirement))
    return Removed(cell=cell, line=line.strip(), provided=tuple(provided), lacking=tuple(lacking))
