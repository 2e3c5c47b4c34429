"""``kernelwright image``."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json


def _number(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+){1,2}", text):
        raise typer.BadParameter(f"{text!r} should be a version of digits and dots")
    return text


Name = Annotated[str, typer.Argument(metavar="[NAME]", help="The image.", show_default="the project's first")]
Freeze = Annotated[
    Path | None,
    typer.Option("--from-freeze", metavar="FILE", help="Make the image from a `pip freeze` taken on Kaggle."),
]
Python = Annotated[
    str, typer.Option("--python", metavar="X.Y", callback=_number, help="With --from-freeze: the Python of that image.")
]
Glibc = Annotated[str, typer.Option("--glibc", metavar="2.N", callback=_number, help="With --from-freeze: its glibc.")]


def image(
    name: Name = "",
    project: Folder = HERE,
    freeze: Freeze = None,
    python: Python = "3.12",
    glibc: Glibc = "2.35",
    as_json: Json = False,
) -> None:
    """Print what a Kaggle image contains, or make the image NAME in the project's wheels/images."""
    from kernelwright.image import kaggle_image as images
    from kernelwright.project.model import load_project

    root = project.resolve()
    if freeze is not None:
        _make(root, name, freeze, python, glibc)
        return
    if not name:
        configured = load_project(root).configuration.images if (root / "pyproject.toml").is_file() else ()
        name = next(iter(configured), images.DEFAULT)
    content = images.load(name, root)
    if as_json:
        print(json.dumps(asdict(content), indent=1))
        return
    provisional = ", provisional" if content.provisional else ""
    print(f"{content.name}{provisional}: Python {content.python_full}, glibc {content.glibc}, taken {content.date}")
    print(f"{content.source}\n")
    for distribution, version in content.distributions.items():
        print(f"{distribution}=={version}" if version else distribution)


def _make(root: Path, name: str, freeze: Path, python: str, glibc: str) -> None:
    from datetime import UTC, datetime

    from kernelwright.errors import InvalidImage, Problem
    from kernelwright.image import kaggle_image as images
    from kernelwright.support import atomic_files

    if not name:
        raise typer.BadParameter("name the image to make, as in: kernelwright image 2026-11 --from-freeze FILE")
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII):
        raise typer.BadParameter(f"{name!r} should be a name of letters, digits, dots and hyphens, such as 2026-11")
    try:
        text = freeze.read_text("utf-8")
        taken = datetime.fromtimestamp(freeze.stat().st_mtime, UTC).date()
    except (OSError, ValueError) as error:
        message = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise InvalidImage([Problem(code="KW313", file=str(freeze), message=message)]) from None
    versions = images.parse_freeze(text, freeze.name)
    content = images.write(versions, python=python, glibc=glibc, source=f"pip freeze, {freeze.name}", taken=taken)
    target = root / images.PROJECT_IMAGES / f"{name}.toml"
    atomic_files.replace(target, content.encode())
    print(f"{target.relative_to(root)}: {len(images.load(name, root).distributions)} distributions")
