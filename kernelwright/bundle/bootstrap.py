"""Write the text of the bootstrap cell: its definitions, the manifest, and the files that no other cell carries."""

import ast
import base64
import json
from collections.abc import Mapping
from importlib import resources

DATASET_FILE = "sources.json"
_INSTALL = """# What Kaggle's image lacks, from the attached wheels.
__import__("kernelwright.runtime.offline").runtime.offline.install()"""


def text(manifest: str, packed: Mapping[str, bytes], dataset: str = "", *, installs: bool = False) -> str:
    """Return the text of the bootstrap cell.

    Parameters
    ----------
    manifest : str
        Content of ``kernelwright.json``.
    packed : mapping
        Path -> bytes of the files that the cell writes.
    dataset : str
        Slug of the dataset that carries all files instead; empty for none.
    installs : bool
        Whether the cell ends with the offline installation of wheels.
    """
    templates = ["bootstrap_template.py", *(["bootstrap_dataset_template.py"] if dataset else [])]
    folder = resources.files("kernelwright.bundle")
    parts = [folder.joinpath(template).read_text("utf-8").rstrip() for template in templates]
    parts.append(f"_config = {_raw_literal(manifest) or repr(manifest)}")
    entries = (f"    {json.dumps(path, ensure_ascii=False)}: {_value(data)},\n" for path, data in packed.items())
    files = f"{{\n{''.join(entries)}}}" if packed else "{}"
    files, further = (f"_fetch({dataset!r}, _config)", ", _fetch") if dataset else (files, "")
    parts.append(f"_set_up(_config, {files})\ndel _set_up, _config{further}")
    return "\n\n".join([*parts, *([_INSTALL] if installs else [])])


def _value(data: bytes) -> str:
    """Return an expression for ``data``: a literal if it is text, so that the cell stays readable, otherwise base64."""
    try:
        if literal := _raw_literal(data.decode("utf-8")):
            return f"{literal}.encode()"
    except UnicodeDecodeError:
        pass
    encoded = base64.b64encode(data).decode("ascii")
    lines = [encoded[at : at + 100] for at in range(0, len(encoded), 100)]
    quoted = f'"{encoded}"' if len(lines) <= 1 else '"""\n' + "\n".join(lines) + '"""'
    return f'__import__("base64").b64decode({quoted})'


def _raw_literal(text: str) -> str:
    """Return a raw string literal that Python and IPython read as exactly ``text``; empty if there is none."""
    literal = f"r'''{text}'''"
    # Unprintable characters include those that IPython or an editor takes for line ends, such as `\r`.
    if "'''" in text or not text.translate({ord("\n"): " ", ord("\t"): " "}).isprintable():
        return ""
    try:
        return literal if ast.literal_eval(literal) == text else ""
    except SyntaxError:  # the text ends with a quote or a backslash
        return ""


def dataset(files: Mapping[str, bytes]) -> bytes:
    """Return ``sources.json``, the only file of the dataset of the sources.

    It maps each path to ``["text", …]``, or to ``["base64", …]`` if the bytes are not UTF-8. There is only one file
    because Kaggle accepts at most 50 at the top level of a dataset and unpacks archives, and its client leaves out
    folders by default.
    """
    entries = {}
    for path, data in files.items():
        try:
            entries[path] = "text", data.decode("utf-8")
        except UnicodeDecodeError:
            entries[path] = "base64", base64.b64encode(data).decode("ascii")
    return f"{json.dumps(entries, ensure_ascii=False, indent=1)}\n".encode()
