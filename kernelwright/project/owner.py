"""Write the owner's user name into every place that needs it."""

import json
import re
from pathlib import Path

from kernelwright.errors import InvalidProject, Problem
from kernelwright.project import model
from kernelwright.project.metadata import PLACEHOLDER_OWNER, read_raw, references
from kernelwright.support import atomic_files


def write(folder: Path, owner: str) -> list[str]:
    """Write ``owner`` into the metadata of every kernel of the project. Return one line per changed place.

    The changed places are the id of each kernel, attached datasets and kernels of the project itself, and every
    placeholder owner. Sources of other owners and the file's layout are left alone.

    Raises
    ------
    InvalidProject
        If ``owner`` is not a user name or a file cannot be read. Nothing is written then.
    """
    root = folder.resolve()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]+", owner) or owner == PLACEHOLDER_OWNER:
        message, fix = f"{owner!r} is not a user name of Kaggle's", "take the last part of your profile's address"
        raise InvalidProject([Problem(code="KW009", file="", message=message, fix=fix)])
    configuration = model.load_configuration(root)
    kernels = (configuration, *configuration.kernels.values())
    described = {kernel.metadata: read_raw(root, kernel.metadata) for kernel in kernels}
    own = {slug for kernel in kernels for slug in (kernel.wheels_dataset, kernel.sources_dataset)}
    own |= {str(metadata.get("id", "")).partition("/")[2] for metadata in described.values()}
    own.discard("")
    texts, lines = {}, []
    for name, metadata in described.items():
        text = (root / name).read_bytes().decode("utf-8")  # as bytes, to keep the line endings
        for place, value in references(metadata):
            old, slash, rest = value.partition("/")  # a value without a slash is not a reference and is left alone
            ours = place == "id" or old == PLACEHOLDER_OWNER or rest.partition("/")[0] in own
            if slash and ours and old != owner:
                # The text is edited, not the parsed JSON, to keep the layout. JSON may also write a slash as \/.
                written = re.escape(json.dumps(value)).replace("/", r"\\?/")
                text = re.sub(written, json.dumps(f"{owner}/{rest}").replace("\\", r"\\"), text)
                lines.append(f"{name}: {place}: {owner}/{rest}")
        texts[root / name] = text.encode()
    atomic_files.replace_all(texts)  # no file is replaced before all are written
    return lines
