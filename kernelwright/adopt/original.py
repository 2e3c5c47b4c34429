"""Read the original that a project is made from: a notebook, a percent script, or a kernel on Kaggle."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernelwright.bundle import notebook_io
from kernelwright.bundle.cells import Cell
from kernelwright.errors import ClientFailed, InvalidNotebook, InvalidProject
from kernelwright.project.metadata import read_raw
from kernelwright.project.model import METADATA
from kernelwright.pull import edited_notebook
from kernelwright.ship import client as clients
from kernelwright.ship.kernels import RemoteKernel
from kernelwright.support import json_text

LARGEST_BYTES = 100_000_000
"""The size limit of an original, which includes its outputs; a built notebook is limited to 900,000 bytes."""
MOST_CELLS = 5_000
_REF = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9-]+")


@dataclass(frozen=True, kw_only=True)
class Original:
    """A notebook to convert.

    Attributes
    ----------
    name : str
        Its name in messages.
    cells : sequence of Cell
        The cells without outputs; attachments are kept in the metadata.
    kaggle : mapping
        The content of its ``kernel-metadata.json``; empty if there is none.
    own : mapping
        The notebook's own metadata.
    """

    name: str
    cells: Sequence[Cell]
    kaggle: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)


def read(place: str) -> Original:
    """Read a ``.ipynb`` file, a ``.py`` file in percent format, or ``owner/slug`` from Kaggle.

    Raises
    ------
    InvalidNotebook
        It is none of these, is too large, is in another language, or was built by Kernelwright.
    ClientFailed
        Kaggle does not return it.
    """
    file = Path(place)
    if not file.exists() and _REF.fullmatch(place):  # a file `owner/slug` takes precedence
        remote = RemoteKernel(client=clients.find(), ref=place).notebook()
        if remote is None:
            raise ClientFailed(f"{place}: no such kernel on Kaggle, or not yours to see")
        return _parse(remote.content, place, remote.metadata, is_script=remote.metadata.get("kernel_type") == "script")
    try:
        data = file.read_bytes() if (size := file.stat().st_size) <= LARGEST_BYTES else b""
    except OSError as error:
        raise InvalidNotebook(f"{file}: cannot be read: {error.strerror or error}") from None
    if size > LARGEST_BYTES:
        raise InvalidNotebook(f"{file}: {size:,} bytes, more than {LARGEST_BYTES:,}; clear its outputs and save it")
    beside: Mapping[str, Any] = {}
    with suppress(InvalidProject):  # `kaggle kernels pull --metadata` writes this file beside a notebook
        beside = read_raw(file.parent, METADATA)
    # The file may belong to another notebook in the same folder.
    if Path(str(beside.get("code_file", ""))).name not in {"", file.name}:
        beside = {}
    return _parse(data, file.name, beside, is_script=file.suffix.lower() == ".py")


def _parse(data: bytes, name: str, kaggle: Mapping[str, Any], *, is_script: bool) -> Original:
    if is_script:
        return Original(name=name, cells=notebook_io.parse_driver(data, name), kaggle=kaggle)
    edited = edited_notebook.read(data, name)
    metadata = json_text.parse_object(data.decode("utf-8-sig")).get("metadata")
    own = metadata if isinstance(metadata, dict) else {}
    if edited.set_up or edited.modules:
        raise InvalidNotebook(f"{name}: Kernelwright built it; take edits back with `kernelwright pull --from {name}`")
    if len(edited.driver) > MOST_CELLS:
        raise InvalidNotebook(f"{name}: {len(edited.driver):,} cells, more than {MOST_CELLS:,}")
    # Either table may be missing or malformed; without both, Python is assumed.
    tables = (own.get("kernelspec"), "language"), (own.get("language_info"), "name")
    named = (table.get(key) for table, key in tables if isinstance(table, dict))
    language = next((name.lower() for name in named if isinstance(name, str)), "python")
    if language != "python":
        raise InvalidNotebook(f"{name}: its language is {language}; Kernelwright builds notebooks in Python")
    return Original(name=name, cells=edited.driver, kaggle=kaggle, own=own)
