"""Who owns the kernel: the user name, in every place that needs it."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from kernelwright.errors import InvalidProject, Problem
from kernelwright.project import model
from kernelwright.project.config import KernelConfiguration
from kernelwright.project.metadata import PLACEHOLDER_OWNER
from kernelwright.support import atomic_files

_LISTS = ("dataset_sources", "kernel_sources", "model_sources")


def write(folder: Path, owner: str) -> list[str]:
    """Put ``owner`` into the metadata of every kernel of the project; return a line for each place.

    It goes to the id of each kernel, to the datasets and kernels of the project itself where another of its kernels
    attaches them, and wherever the placeholder stands.
    What other people own stays theirs, and the file's layout stays as it is.

    Raises
    ------
    InvalidProject
        Not a user name, or a file that cannot be read; nothing is then written.
    """
    root = folder.resolve()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]+", owner) or owner == PLACEHOLDER_OWNER:
        fix = "take the last part of your profile's address"
        raise InvalidProject(
            [Problem(code="KW009", file="", message=f"{owner!r} is not a user name of Kaggle's", fix=fix)]
        )
    configuration = model.load_configuration(root)
    kernels = (configuration, *configuration.kernels.values())
    read = {known.metadata: _read(root, known.metadata) for known in kernels}
    own = {*_datasets(kernels), *(str(told["id"]).partition("/")[2] for _, told in read.values() if "id" in told)}
    changed = {name: _changed(name, text, told, own, owner) for name, (text, told) in read.items()}
    atomic_files.replace_all({root / name: text.encode() for name, (text, _) in changed.items()})
    return [line for _, lines in changed.values() for line in lines]


def _datasets(kernels: Iterable[KernelConfiguration]) -> Iterator[str]:
    """Yield the slugs of the datasets the project itself makes."""
    for known in kernels:
        slugs = (getattr(known, field.name) for field in fields(known) if field.name.endswith("_dataset"))
        yield from (slug for slug in slugs if slug)


def _read(root: Path, name: str) -> tuple[str, Mapping[str, Any]]:
    try:
        text = (root / name).read_bytes().decode("utf-8")  # line ends as they are
        told = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidProject([Problem(code="KW011", file=name, message=f"cannot be read: {error}")]) from None
    return text, told if isinstance(told, dict) else {}


def _changed(name: str, text: str, told: Mapping[str, Any], own: Collection[str], owner: str) -> tuple[str, list[str]]:
    lines = []
    for place, value in _places(told):
        old, slash, rest = value.partition("/")
        ours = place == "id" or old == PLACEHOLDER_OWNER or rest.partition("/")[0] in own
        if slash and ours and old != owner:
            written = re.escape(json.dumps(value)).replace("/", r"\\?/")  # some write a slash as \/
            text = re.sub(written, json.dumps(f"{owner}/{rest}").replace("\\", r"\\"), text)
            lines.append(f"{name}: {place}: {owner}/{rest}")
    return text, lines


def _places(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(told.get("id"), str):
        yield "id", told["id"]
    for key in _LISTS:
        sources = told.get(key)
        for index, source in enumerate(sources if isinstance(sources, list) else ()):
            if isinstance(source, str):
                yield f"{key}[{index}]", source
