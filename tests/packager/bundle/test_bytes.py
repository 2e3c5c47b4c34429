"""What the notebook leaves on disk is, byte for byte, what the tree held: Kaggle's IPython, and the newest."""

import json
import shutil
import subprocess
import sys
import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import notebooks

ODD_LINES = st.sampled_from(
    [
        "",
        "   ",
        "\t",
        "\x0c",
        ">>> 1 + 1",
        "... 2",
        "In [1]: x",
        "   ...: y",
        "%%time",
        "%matplotlib inline",
        "!ls {x} $HOME",
        "%%module other.py",
        "# %%",
        "?help",
        "x?",
        "{braces} {{more}} {0}",
        "$names ${more}",
        "'''",
        "\\",
        "\u2028",
        "\x85",
        "\x1c",
        "\ufeff",
        "日本語 ü 🎲",
        "\x00",
        "\x1b[31m",
        "trailing   ",
        "</script><b>&amp;",
    ]
)
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r"])
TEXTS = st.builds(
    lambda lines, end, last, mark: mark + end.join(lines) + (end if last else ""),
    st.lists(ODD_LINES | st.text(max_size=20), max_size=8),
    ENDS,
    st.booleans(),
    st.sampled_from(["", "", "\ufeff"]),
)


def as_module(text):
    """Put odd text where Python takes it: between comments, and in a string."""
    quoted = text.replace("\\", "").replace('"', "").replace("\0", "")
    return f'# {quoted.splitlines()[0] if quoted.splitlines() else ""}\nX = """{quoted}"""'


def is_python(data):
    try:
        compile(data, "", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


MODULES = st.builds(lambda text, head: head + as_module(text), TEXTS, st.sampled_from(["", "\ufeff", "\t\n", "\n\n"]))
LATIN = st.text(st.characters(codec="latin-1", exclude_characters='\\"\0\r'), max_size=20).map(
    lambda text: f'# -*- coding: latin-1 -*-\nX = """{text}"""\n'.encode("latin-1")
)
NAMES = st.text(st.sampled_from("ab_ .{}$%#;'\"+=,()@üß日-"), min_size=1, max_size=8).filter(
    lambda name: set(name) - {".", " "} and not name.startswith(".") and not name.endswith((".pyc", ".pyo"))
)
FOLDERS = st.lists(NAMES, max_size=2).map("/".join)
DATA = TEXTS.map(lambda text: text.encode("utf-8", "ignore")) | st.binary(max_size=50) | st.just(b"")
MODULE_BYTES = MODULES.map(lambda text: text.encode("utf-8", "ignore")).filter(is_python) | LATIN
FILES = st.tuples(FOLDERS, NAMES, st.sampled_from([".txt", ".json", ""]), DATA) | st.tuples(
    FOLDERS, NAMES, st.just(".py"), MODULE_BYTES
)
TREES = st.lists(FILES, min_size=5, max_size=25)


@pytest.fixture(scope="module", params=["here", pytest.param("newest", marks=pytest.mark.full)])
def kernel(request, tmp_path_factory):
    """A kernel of this environment, and one with the newest IPython there is."""
    folder = tmp_path_factory.mktemp("kernel")
    kernel = notebooks.Kernel(folder, sys.executable if request.param == "here" else notebooks.newest_ipython())
    yield kernel
    kernel.stop()


ON_DISK = """
import hashlib, json, sys
from pathlib import Path
_root = next(Path(path) for path in sys.path if "kernelwright-" in path)
print(json.dumps({path.relative_to(_root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
                  for path in _root.rglob("*") if path.is_file()}))
"""


@given(TREES)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
def test_each_file_is_on_disk_as_it_was_in_the_tree(kernel, tmp_path_factory, tree):
    root = tmp_path_factory.mktemp("tree")
    wanted = plant(root / "pkg", tree)
    from kernelwright.bundle.build import build_notebook
    from kernelwright.project.model import load_project

    built = build_notebook(load_project(notebooks.project(root, 'driver = "main.py"\nsources = ["pkg"]')))
    digests = built.tree.digests
    assert {path: (root / path).read_bytes() for path in wanted} == wanted
    assert {file.path: file.data for file in built.tree.files if file.path in wanted} == wanted
    assert kernel.run_all(built.data) == ""
    found = json.loads(kernel.run(ON_DISK))
    assert {path: found[path] for path in digests} == digests
    assert set(found) - set(digests) == {"kernelwright.json"}
    shutil.rmtree(root)


def plant(folder, tree):
    """Write the files, those whose names clash left out; return path -> bytes."""
    folder.mkdir()
    (folder.parent / "main.py").write_text("# %%\n")
    (folder / "keep.txt").write_bytes(b"")
    wanted = {}
    for parent, name, suffix, data in tree:
        file = folder / parent / f"{name}{suffix}"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():
                continue
            file.write_bytes(data)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
        wanted[file.relative_to(folder.parent).as_posix()] = data
    return wanted


MODULE_NAMES = ["alpha", "beta", "größe", "delta_4", "Ω", "pack.inner", "pack.deep.last", "pack", "pack.deep"]
GRAPHS = st.dictionaries(
    st.sampled_from(MODULE_NAMES),
    st.lists(st.tuples(st.sampled_from(MODULE_NAMES), st.booleans()), max_size=3),
    min_size=2,
)
MODULE = """
import sys
trace = sys.__dict__.setdefault("_trace", [])
trace.append("> " + __name__)
{imports}
VALUE = len(trace)
trace.append("< " + __name__)
def late():
    return VALUE, sorted(name for name in globals() if not name.startswith("__") and name != "sys")
"""
TOLD = """
import json, sys
sys._trace = []
for name in {names}:
    __import__(name)
    sys._trace.append([sys.modules[name].late(), sys.modules[name].__package__])
print(json.dumps(sys._trace))
"""


@given(GRAPHS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_modules_that_import_one_another_at_will_load_as_in_place(kernel, tmp_path_factory, graph):
    root = tmp_path_factory.mktemp("graph")
    names = sorted(graph)
    for name in names:
        write_module(root, name, names, graph[name])
    driver = TOLD.format(names=names)
    (root / "main.py").write_text(f"# %%\n{driver}")
    sources = sorted({path.relative_to(root).parts[0] for path in root.rglob("*.py")} - {"main.py"})
    notebooks.project(root, f"driver = 'main.py'\nsources = {json.dumps(sources, ensure_ascii=False)}")
    command = [sys.executable, str(root / "main.py")]
    told = subprocess.run(command, env=notebooks.environment(), capture_output=True, text=True, check=True).stdout
    assert json.loads(told)
    assert kernel.run_all(notebooks.built(root)) == told


def write_module(root, name, names, imported):
    """Write a module that imports others, some inside a function that it calls at once."""
    is_package = any(other.startswith(f"{name}.") for other in names) or name in {"pack", "pack.deep"}
    file = root / (name.replace(".", "/") + ("/__init__.py" if is_package else ".py"))
    lines = [
        f"def f{number}():\n    import {other}\nf{number}()" if late else f"import {other} as m{number}"
        for number, (other, late) in enumerate(imported)
        if other in names and other != name and not name.startswith(f"{other}.")
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(MODULE).format(imports="\n".join(lines)), "utf-8")
