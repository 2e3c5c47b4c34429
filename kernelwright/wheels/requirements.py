"""``wheels/requirements.in``: what the kernel needs, a requirement a line, and where to look for it."""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from kernelwright.errors import InvalidProject

_OPTION = re.compile(r"(--index-url|-i|--extra-index-url|--find-links|-f|--no-index)(?:[ =]\s*(\S+))?")

_FOLDERS = ("--find-links", "-f")


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """A requirements file, read.

    Attributes
    ----------
    name : str
        The file, relative to the project.
    folder : Path
        Where it lies; ``--find-links`` is relative to it.
    wanted : tuple of Requirement
        In the file's order.
    options : tuple of str
        The lines that say where to look, as they are written.
    """

    name: str
    folder: Path
    wanted: tuple[Requirement, ...]
    options: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The content that matters, for a digest."""
        return [*self.options, *sorted(str(requirement) for requirement in self.wanted)]

    def option_lines(self) -> list[str]:
        """Return the options for a requirements file in any other folder."""
        return [self._absolute(option) for option in self.options]

    def _absolute(self, option: str) -> str:
        match = _OPTION.fullmatch(option)
        if match and match[1] in _FOLDERS and (self.folder / match[2]).is_dir():
            return f"--find-links {(self.folder / match[2]).resolve()}"
        return option


def read(root: Path, name: str) -> Requirements:
    """Read the project's requirements file.

    Raises
    ------
    InvalidProject
        No such file, or with every line that cannot be locked.
    """
    wanted, options, problems = list[Requirement](), list[str](), list[str]()
    for number, line in enumerate(_lines(root, name), 1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        read_as = _read(text, (root / name).parent) if text else None
        if isinstance(read_as, Requirement):
            wanted.append(read_as)
        elif read_as:
            problems.append(f"{name}:{number}: {text!r}{read_as}")
        elif text:
            options.append(text)
    if problems:
        raise InvalidProject(problems)
    return Requirements(name=name, folder=(root / name).parent, wanted=tuple(wanted), options=tuple(options))


def _lines(root: Path, name: str) -> list[str]:
    where = "pyproject.toml: tool.kernelwright.wheels"
    try:
        return (root / name).read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise InvalidProject([f"{where}: {name!r}: no such file; list in it what Kaggle's image lacks"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProject([f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None


def _read(text: str, folder: Path) -> Requirement | str:
    """Return a line's requirement, or what is wrong with the line; nothing for an option that is right."""
    option = _OPTION.fullmatch(text)
    if option:
        return ": no such folder" if _is_lost(folder, option) else ""
    return _requirement(text)


def _is_lost(folder: Path, option: re.Match[str]) -> bool:
    """Tell whether an option names a folder that is not there; an address is for uv and pip to try."""
    flag, place = option.groups()
    return flag in _FOLDERS and "://" not in (place or "") and not (folder / (place or "-")).is_dir()


def _requirement(text: str) -> Requirement | str:
    """Return the requirement, or what is wrong with it."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return " is not a requirement; write a name and versions, as in: efficientnet>=1.1"
    if requirement.url:
        return " names an address, which a lock does not hold; put the wheel into a folder: --find-links FOLDER"
    return requirement
