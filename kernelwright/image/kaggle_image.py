"""The contents of a Kaggle image: its Python, its glibc and the installed distributions. There is one file per image.

An image in the project's ``wheels/images/`` takes precedence over one of the same name in this package.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

from packaging import tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from pydantic import ConfigDict, Field

from kernelwright.errors import InvalidImage, InvalidProject, Problem
from kernelwright.project import parsing
from kernelwright.project.parsing import shortened

DEFAULT = "2026-08"
PROJECT_IMAGES = "wheels/images"
OLDEST_MINOR = 5
"""The oldest minor version of glibc 2 with a platform tag, manylinux1."""
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""Minor version of glibc 2 -> the older name of its platform tag."""


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """The file of an image, with its keys as fields."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    python: Annotated[str, Field(pattern=r"^3\.\d{1,3}(\.\d{1,3})?$")]
    glibc: Annotated[str, Field(pattern=r"^2\.\d{1,3}$")]
    date: str
    source: str
    provisional: bool = False
    extends: str = ""
    distributions: dict[str, str] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Image:
    """One of Kaggle's images."""

    name: str
    """The name by which ``images`` in the configuration refers to it."""
    python_full: str
    """``3.12.13``, or ``3.12`` if the patch version is not known."""
    glibc: str
    """With ``2.35``, for example, wheels up to manylinux_2_35 fit."""
    date: str
    """When the list was taken."""
    source: str
    """Where the list was taken from."""
    provisional: bool
    """Whether it is compiled from what is known about an image that Kaggle does not run yet."""
    distributions: Mapping[str, str]
    """Normalized name to version; the version is empty if it is only known that some version is installed."""
    added: tuple[str, ...] = ()
    """Distributions installed over the rest on purpose. Where the list contradicts itself, they take precedence."""

    @property
    def python(self) -> str:
        """Python's major and minor version."""
        return ".".join(self.python_full.split(".")[:2])

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags of wheels that fit, the newest first."""
        platforms = []
        for minor in range(int(self.glibc.split(".")[1]), OLDEST_MINOR - 1, -1):
            platforms.append(f"manylinux_2_{minor}_x86_64")
            platforms += [f"{_LEGACY[minor]}_x86_64"] if minor in _LEGACY else []
        return (*platforms, "linux_x86_64")

    @cached_property
    def tags(self) -> Mapping[tags.Tag, int]:
        """The wheel tags that fit, each with its rank; 0 is the best."""
        return tags_for(self.python, self.platforms)

    def takes(self, wheel: str) -> bool:
        """Return True if a wheel fits, by its file name; raises `ValueError` if that is not the name of a wheel."""
        return not parse_wheel_filename(wheel)[3].isdisjoint(self.tags)

    @property
    def markers(self) -> dict[str, str]:
        """The environment for evaluating the markers of requirements as the image would."""
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python_full,
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": self.python_full if self.python_full.count(".") > 1 else f"{self.python_full}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


def tags_for(python: str, platforms: tuple[str, ...]) -> Mapping[tags.Tag, int]:
    """Return the wheel tags that fit CPython ``major.minor`` on these platforms, each with its rank; 0 is the best."""
    major, minor = map(int, python.split("."))
    version = (major, minor)
    fitting = [
        *tags.cpython_tags(version, [f"cp{major}{minor}"], platforms),
        *tags.compatible_tags(version, f"cp{major}{minor}", platforms),
    ]
    # Reversed, so that a tag that is listed twice keeps its first, better rank.
    return {tag: rank for rank, tag in reversed(list(enumerate(fitting)))}


def load(name: str, root: Path | None = None) -> Image:
    """Read the image ``name``; ``root`` is the project's folder.

    Raises `InvalidImage` if there is no image of that name, or if its file is invalid.
    """
    files = _files(root)
    chain: dict[str, ImageFile] = {}  # the image, the one that it extends, and so on
    extended = name
    while extended:
        if extended in chain:
            circle = " extends ".join([*chain, extended])
            raise InvalidImage([_problem(f"{name}.toml", f"extends itself: {circle}", "name another in extends")])
        if extended not in files:
            file, fix = (f"{next(reversed(chain))}.toml", "") if chain else ("", "")
            message = f"no image {shortened(extended)}; there is: {', '.join(sorted(files))}"
            raise InvalidImage([Problem(code="KW311", file=file, message=message, fix=fix)])
        chain[extended] = _parse(files[extended])
        extended = chain[extended].extends
    distributions: dict[str, str] = {}
    for parsed in reversed(chain.values()):  # an image overrides the one that it extends
        distributions |= {**parsed.distributions, **parsed.added}
    first = chain[name]
    return Image(
        name=name,
        python_full=first.python,
        glibc=first.glibc,
        date=first.date,
        source=first.source,
        provisional=first.provisional,
        distributions=dict(sorted(distributions.items())),
        added=tuple(sorted({added for parsed in chain.values() for added in parsed.added})),
    )


def known(root: Path | None = None) -> list[str]:
    """Return the names of all images, including the project's own."""
    return sorted(_files(root))


def _files(root: Path | None) -> dict[str, Traversable]:
    folders: list[Traversable] = [resources.files("kernelwright.image").joinpath("data")]
    if root and (root / PROJECT_IMAGES).is_dir():
        folders.append(root / PROJECT_IMAGES)
    files = (file for folder in folders for file in folder.iterdir())
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


def _parse(file: Traversable) -> ImageFile:
    try:
        return _image_file(file.read_text("utf-8"), file.name)
    except OSError as error:
        raise InvalidImage([_problem(file.name, f"cannot be read: {error.strerror}", "put a file there")]) from None
    except InvalidProject as error:
        raise InvalidImage(replace(problem, code="KW312") for problem in error.problems) from None
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, or nested too deeply
        fix = "make it with `kernelwright image NAME --from-freeze FILE`"
        raise InvalidImage([_problem(file.name, f"not TOML: {error}", fix)]) from None


@cache
def _image_file(text: str, name: str) -> ImageFile:
    """Parse the text of an image's file; cached, because a check loads its image several times."""
    return parsing.parse(ImageFile, tomllib.loads(text), file=name)


def _problem(file: str, message: str, fix: str) -> Problem:
    return Problem(code="KW312", file=file, message=message, fix=fix)


def parse_freeze(text: str, file: str = "freeze") -> dict[str, str]:
    """Parse the output of ``pip freeze``: normalized name to version, which is empty if installed from a URL or a path.

    Raises `InvalidImage` with every line that is not one of ``pip freeze``, or if there is no distribution.
    """
    distributions: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if match := re.fullmatch(r"([A-Za-z0-9._-]+)(?:==(\S+)| @ \S+)", line.strip()):
            distributions[canonicalize_name(match[1])] = match[2] or ""
        elif not line.startswith("-e "):  # an editable install is skipped
            message = f"{line.strip()[:60]!r} is not a line of `pip freeze`"
            problems.append(Problem(code="KW313", file=file, place=number, message=message))
    if not distributions and not problems:
        fix = f"take it on Kaggle with `pip freeze > {file}`"
        problems.append(Problem(code="KW313", file=file, message="names no distribution", fix=fix))
    if problems:
        raise InvalidImage(problems)
    return dict(sorted(distributions.items()))


def write(distributions: Mapping[str, str], *, python: str, glibc: str, source: str, taken: date) -> str:
    """Return the text of the file of an image with these contents."""
    lines = "\n".join(f'{name} = "{version}"' for name, version in distributions.items())
    head = f'python = "{python}"\nglibc = "{glibc}"\ndate = "{taken.isoformat()}"\nsource = "{source}"\n'
    return f"{head}\n[distributions]\n{lines}\n"
