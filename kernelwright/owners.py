"""Who owns the kernel: the user name, in every place that needs it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from kernelwright import files, project
from kernelwright.errors import InvalidProject
from kernelwright.metadata import PLACEHOLDER_OWNER

_LISTS = ("dataset_sources", "kernel_sources", "model_sources")


@dataclass(frozen=True, kw_only=True)
class Described:
    """A kernel's metadata file, and the slugs of the datasets the project itself makes."""

    file: str
    own: frozenset[str]


def write(folder: Path, owner: str) -> list[str]:
    """Put ``owner`` into the metadata of every kernel of the project; return a line for each place.

    It goes to the id of each kernel, to the datasets the project itself makes, and wherever the placeholder stands.
    What other people own stays theirs, and the file's layout stays as it is.

    Raises
    ------
    InvalidProject
        Not a user name, or a file that cannot be read; nothing is then written.
    """
    root = folder.resolve()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]+", owner) or owner == PLACEHOLDER_OWNER:
        told = "is not a user name of Kaggle's; take the last part of your profile's address"
        raise InvalidProject([f"{owner!r} {told}"])
    changed = [_changed(root, described, owner) for described in _kernels(root)]
    for file, text, _ in changed:
        files.replace(file, text.encode())
    return [line for *_, lines in changed for line in lines]


def _kernels(root: Path) -> Iterator[Described]:
    configuration = project.load_configuration(root)
    for known in (configuration, *configuration.kernels.values()):
        own = {getattr(known, field.name) for field in fields(known) if field.name.endswith("_dataset")}
        yield Described(file=known.metadata, own=frozenset(own - {""}))


def _changed(root: Path, described: Described, owner: str) -> tuple[Path, str, list[str]]:
    file = root / described.file
    try:
        text = file.read_text("utf-8")
        told = json.loads(text)
    except (OSError, ValueError) as error:
        raise InvalidProject([f"{described.file}: cannot be read: {error}"]) from None
    lines = []
    for place, value in _places(told):
        old, slash, rest = value.partition("/")
        ours = place == "id" or old == PLACEHOLDER_OWNER or rest.partition("/")[0] in described.own
        if slash and ours and old != owner:
            text = text.replace(json.dumps(value), json.dumps(f"{owner}/{rest}"))
            lines.append(f"{described.file}: {place}: {owner}/{rest}")
    return file, text, lines


def _places(told: object) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        yield from ((key, told[key]) for key in ("id",) if isinstance(told.get(key), str))
        for key in _LISTS:
            sources = told.get(key)
            for index, source in enumerate(sources if isinstance(sources, list) else ()):
                if isinstance(source, str):
                    yield f"{key}[{index}]", source
