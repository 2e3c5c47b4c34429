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
from kernelwright.support import atomic_files, json_text

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
    texts = {kernel.metadata: _read(root, kernel.metadata) for kernel in kernels}
    ids = (metadata["id"] for _, metadata in texts.values() if "id" in metadata)
    own = {*_own_datasets(kernels), *(str(name).partition("/")[2] for name in ids)}
    changed = {name: _with_owner(name, text, metadata, own, owner) for name, (text, metadata) in texts.items()}
    atomic_files.replace_all({root / name: text.encode() for name, (text, _) in changed.items()})
    return [line for _, lines in changed.values() for line in lines]


def _own_datasets(kernels: Iterable[KernelConfiguration]) -> Iterator[str]:
    """Yield the slugs of the datasets the project itself makes."""
    for kernel in kernels:
        slugs = (getattr(kernel, field.name) for field in fields(kernel) if field.name.endswith("_dataset"))
        yield from (slug for slug in slugs if slug)


def _read(root: Path, name: str) -> tuple[str, Mapping[str, Any]]:
    try:
        text = (root / name).read_bytes().decode("utf-8")  # line ends as they are
        metadata = json_text.parse(text)
    except (OSError, ValueError) as error:
        raise InvalidProject([Problem(code="KW011", file=name, message=f"cannot be read: {error}")]) from None
    return text, metadata if isinstance(metadata, dict) else {}


def _with_owner(
    name: str, text: str, metadata: Mapping[str, Any], own: Collection[str], owner: str
) -> tuple[str, list[str]]:
    """Return a file's text with the owner in it, and a line for each place that changed."""
    lines = []
    for place, value in _references(metadata):
        old, slash, rest = value.partition("/")  # what is no reference yet is left as it is
        ours = place == "id" or old == PLACEHOLDER_OWNER or rest.partition("/")[0] in own
        if slash and ours and old != owner:
            written = re.escape(json.dumps(value)).replace("/", r"\\?/")  # some write a slash as \/
            text = re.sub(written, json.dumps(f"{owner}/{rest}").replace("\\", r"\\"), text)
            lines.append(f"{name}: {place}: {owner}/{rest}")
    return text, lines


def _references(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(metadata.get("id"), str):
        yield "id", metadata["id"]
    for key in _LISTS:
        sources = metadata.get(key)
        for index, source in enumerate(sources if isinstance(sources, list) else ()):
            if isinstance(source, str):
                yield f"{key}[{index}]", source
