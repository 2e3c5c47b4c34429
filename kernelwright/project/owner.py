"""Who owns the kernel: the user name, in every place that needs it."""

import json
import re
from pathlib import Path

from kernelwright.errors import InvalidProject, Problem
from kernelwright.project import model
from kernelwright.project.metadata import PLACEHOLDER_OWNER, read_raw, references
from kernelwright.support import atomic_files


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
        text = (root / name).read_bytes().decode("utf-8")  # line ends as they are
        for place, value in references(metadata):
            old, slash, rest = value.partition("/")  # what is no reference yet is left as it is
            ours = place == "id" or old == PLACEHOLDER_OWNER or rest.partition("/")[0] in own
            if slash and ours and old != owner:
                written = re.escape(json.dumps(value)).replace("/", r"\\?/")  # some write a slash as \/
                text = re.sub(written, json.dumps(f"{owner}/{rest}").replace("\\", r"\\"), text)
                lines.append(f"{name}: {place}: {owner}/{rest}")
        texts[root / name] = text.encode()
    atomic_files.replace_all(texts)
    return lines
