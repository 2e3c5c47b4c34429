"""The text of the bootstrap cell: what it defines, the manifest, and the files that no other cell carries."""

import ast
import base64
import json
from collections.abc import Mapping
from importlib import resources

DATASET_FILE = "sources.json"
_LINE = 100
_INSTALL = """# What Kaggle's image lacks, from the attached wheels.
__import__("kernelwright.runtime.offline").runtime.offline.install()"""


def text(manifest: str, packed: Mapping[str, bytes], dataset: str = "", *, installs: bool = False) -> str:
    """Return the bootstrap cell.

    Parameters
    ----------
    manifest : str
        Content of ``kernelwright.json``.
    packed : mapping
        Path -> bytes of the files that this cell writes.
    dataset : str
        Slug of the dataset that holds them all instead; empty for none.
    installs : bool
        Whether the cell ends with the offline install.
    """
    parts = [_definition("bootstrap_template.py")]
    if dataset:
        parts.append(_definition("bootstrap_dataset_template.py"))
    parts.append(f"_config = {_raw_literal(manifest) or repr(manifest)}")
    files = f"_fetch({dataset!r}, _config)" if dataset else _packed(packed)
    parts.append(f"_set_up(_config, {files})\ndel _set_up, _config{', _fetch' if dataset else ''}")
    if installs:
        parts.append(_INSTALL)
    return "\n\n".join(parts)


def _definition(name: str) -> str:
    return resources.files("kernelwright.bundle").joinpath(name).read_text("utf-8").rstrip()


def _packed(files: Mapping[str, bytes]) -> str:
    """Return the files as a dictionary: text as it is, so that it can be read in the cell, other bytes in base64."""
    entries = "".join(f"    {json.dumps(path, ensure_ascii=False)}: {_value(data)},\n" for path, data in files.items())
    return f"{{\n{entries}}}" if files else "{}"


def _value(data: bytes) -> str:
    try:
        literal = _raw_literal(data.decode("utf-8"))
    except UnicodeDecodeError:
        literal = ""
    return f"{literal}.encode()" if literal else f'__import__("base64").b64decode({_base64(data)})'


def _raw_literal(text: str) -> str:
    """Return a raw string that Python and IPython read as this text, to the letter; empty where there is none."""
    literal = f"r'''{text}'''"
    if "'''" in text or not text.translate({ord("\n"): " ", ord("\t"): " "}).isprintable():
        return ""
    try:
        return literal if ast.literal_eval(literal) == text else ""
    except SyntaxError:  # it ends in a quote or a backslash
        return ""


def _base64(data: bytes) -> str:
    encoded = base64.b64encode(data).decode("ascii")
    if len(encoded) <= _LINE:
        return f'"{encoded}"'
    lines = (encoded[at : at + _LINE] for at in range(0, len(encoded), _LINE))
    return '"""\n' + "\n".join(lines) + '"""'


def dataset(files: Mapping[str, bytes]) -> bytes:
    """Return the one file of the sources' dataset: path -> ``["text", …]``, or ``["base64", …]`` where it is no text.

    One file, because Kaggle takes at most 50 at the top of a dataset, unpacks archives, and its client leaves folders
    out unless told otherwise.
    """
    entries = {path: _entry(data) for path, data in files.items()}
    return f"{json.dumps(entries, ensure_ascii=False, indent=1)}\n".encode()


def _entry(data: bytes) -> tuple[str, str]:
    try:
        return "text", data.decode("utf-8")
    except UnicodeDecodeError:
        return "base64", base64.b64encode(data).decode("ascii")
