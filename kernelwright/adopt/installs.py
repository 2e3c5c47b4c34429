"""``!pip install`` lines: what Kaggle's image lacks becomes a requirement, and the line goes."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kernelwright.support import ipython_syntax

_PYTHON = r"(?:(?:python3?|\{sys\.executable\})\s+-m\s+)?"
_LINE = re.compile(rf"[ \t]*[!%]?\s*{_PYTHON}(?:uv\s+)?pip3?\s+install\s+(.*)")
_QUIET = {"-q", "-qq", "-qqq", "--quiet", "--user", "--no-cache-dir", "--disable-pip-version-check"}
_UPGRADE = {"-U", "--upgrade", "-qU", "-Uq", "--force-reinstall"}
_REDIRECTION = re.compile(r"\s*(?:\d?>>?(?!=)\s*\S+|2>&1|&>\s*\S+|\|\s*tail\b.*)")


@dataclass(frozen=True, kw_only=True)
class Removed:
    """A line that installs: where, what Kaggle's image has of it, and what it lacks."""

    cell: int
    line: str
    provided: tuple[str, ...]
    lacking: tuple[str, ...]


def remove(cell: int, text: str, distributions: Mapping[str, str]) -> tuple[str, list[Removed]]:
    """Take the lines that only install by name out of a cell's text; others stay."""
    kept, removed = [], []
    numbers = {number for number, _ in ipython_syntax.commands(text)} if not text.lstrip().startswith("%%") else set()
    for number, line in enumerate(text.split("\n"), 1):
        removable = _read(cell, line, distributions) if number in numbers else None
        if removable:
            removed.append(removable)
        else:
            kept.append(line)
    return "\n".join(kept) if removed else text, removed


def _read(cell: int, line: str, distributions: Mapping[str, str]) -> Removed | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    try:
        words = shlex.split(_REDIRECTION.sub("", match[1]), comments=True)
        wanted = [Requirement(word) for word in words if word not in _QUIET | _UPGRADE]
    except (ValueError, InvalidRequirement):  # a folder, an address, a file of requirements, other options
        return None
    lacking = [requirement for requirement in wanted if canonicalize_name(requirement.name) not in distributions]
    provided = [requirement for requirement in wanted if requirement not in lacking]
    if not wanted or any(requirement.url for requirement in wanted):
        return None
    versions = {requirement: distributions[canonicalize_name(requirement.name)] for requirement in provided}
    fits = all(wanted.specifier.contains(version or "0", prereleases=True) for wanted, version in versions.items())
    if provided and not (fits and _UPGRADE.isdisjoint(words)):
        return None  # the image has another version, or none that is known: whether that will do is not ours to decide
    return Removed(
        cell=cell,
        line=line.strip(),
        provided=tuple(map(str, provided)),
        lacking=tuple(map(str, lacking)),
    )
