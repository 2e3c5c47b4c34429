"""Read ``wheels/requirements.in``: the requirements of the kernel, one per line, and the indexes and folders to use."""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from kernelwright.errors import InvalidProject, Problem
from kernelwright.project.model import PYPROJECT, TABLE

_OPTION = re.compile(r"(--index-url|-i|--extra-index-url|--find-links|-f|--no-index)(?:[ =]\s*(\S+))?")
_FOLDERS = ("--find-links", "-f")


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """The content of a requirements file.

    Attributes
    ----------
    name : str
        The file's path, relative to the project.
    folder : Path
        The file's folder, to which ``--find-links`` is relative.
    wanted : tuple of Requirement
        The requirements, in the file's order.
    options : tuple of str
        The lines with options such as ``--index-url``, as written.
    """

    name: str
    folder: Path
    wanted: tuple[Requirement, ...]
    options: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The content that affects a resolution, for a digest."""
        return [*self.options, *sorted(str(requirement) for requirement in self.wanted)]

    def option_lines(self) -> list[str]:
        """Return the options with absolute paths, for a requirements file in another folder."""
        return [f"--find-links {folder}" if (folder := self._folder(option)) else option for option in self.options]

    def folders(self) -> list[Path]:
        """Return the local folders that ``--find-links`` options name."""
        return [folder for option in self.options if (folder := self._folder(option))]

    def _folder(self, option: str) -> Path | None:
        match = _OPTION.fullmatch(option)
        if match and match[1] in _FOLDERS and (self.folder / match[2]).is_dir():
            return (self.folder / match[2]).resolve()
        return None


def read(root: Path, name: str) -> Requirements:
    """Read the project's requirements file.

    Raises `InvalidProject` if there is no such file, or with every line that cannot be locked.
    """
    folder = (root / name).parent
    wanted, options, problems = list[Requirement](), list[str](), list[Problem]()
    for number, line in enumerate(_lines(root, name), 1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        if not text:
            continue
        message, fix = "", ""
        try:
            if option := _OPTION.fullmatch(text):
                options.append(text)
                if not _may_lead_somewhere(option, folder):
                    message, fix = "names no folder that is there", "correct it, relative to this file"
            else:
                wanted.append(parse(text))
                if wanted[-1].url:
                    message = "names an address, which a lock does not hold"
                    fix = "put the wheel into a folder and name that: --find-links FOLDER"
        except InvalidRequirement:
            message, fix = "is not a requirement", "write a name and versions, as in: efficientnet>=1.1"
        if message:
            problems.append(Problem(code="KW302", file=name, place=number, message=f"{text[:80]!r} {message}", fix=fix))
    if problems:
        raise InvalidProject(problems)
    return Requirements(name=name, folder=folder, wanted=tuple(wanted), options=tuple(options))


def _lines(root: Path, name: str) -> list[str]:
    try:
        return (root / name).read_text("utf-8").splitlines()
    except FileNotFoundError:
        message, fix = f"{name!r}: no such file", "list in it what Kaggle's image lacks"
        problem = Problem(code="KW301", file=PYPROJECT, place=f"{TABLE}.wheels", message=message, fix=fix)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name, or bytes that are not UTF-8
        message = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        problem = Problem(code="KW301", file=name, message=message, fix="save it as UTF-8")
    raise InvalidProject([problem])


def _may_lead_somewhere(option: re.Match[str], folder: Path) -> bool:
    """Return True unless the option names a folder that does not exist. Addresses are left to uv and pip."""
    flag, place = option[1], option[2] or ""
    try:
        # "-" stands for a missing name, because an empty one would be the folder itself.
        return flag not in _FOLDERS or "://" in place or (folder / (place or "-")).is_dir()
    except (OSError, ValueError):  # the name is too long or contains a NUL
        return False


def parse(text: str) -> Requirement:
    """Parse one requirement; raises `InvalidRequirement`, also for odd markers, for which packaging raises others."""
    try:
        return Requirement(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidRequirement(str(error)) from error
