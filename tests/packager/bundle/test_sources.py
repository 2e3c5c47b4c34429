import errno
import os
from pathlib import Path

import pytest

from kernelwright.bundle import notebook_io, sources
from kernelwright.bundle.source_tree import DriverPlacement, SourceFile
from kernelwright.errors import InvalidProject


def collected(folder):
    project = folder.load()
    driver, _ = notebook_io.load_driver(project.driver, "main.py")
    tree, problems = sources.collect(project, [cell.source for cell in driver if cell.kind == "code"])
    return tree, [(problem.code, str(problem)) for problem in problems]


def collect(folder, configuration):
    folder.configure(f'driver = "main.py"\n{configuration}')
    tree, problems = collected(folder)
    assert problems == []
    return tree


def problems(folder, configuration):
    folder.configure(f'driver = "main.py"\n{configuration}')
    return collected(folder)[1]


def own(tree):
    return [file.path for file in tree.files if not file.vendored]


def test_a_folder_is_carried_whole_under_its_last_name(folder):
    for path in ("src/pkg/__init__.py", "src/pkg/data/table.csv", "src/pkg/deep/x.bin"):
        folder.write(path, path)
    folder.write("src/pkg/__init__.py")
    for path in ("__pycache__/x.cpython-311.pyc", "x.pyc", ".ipynb_checkpoints/a.py", ".cache/a", ".a.py.x7f_2k"):
        folder.write(f"src/pkg/{path}", "left out")
    tree = collect(folder, 'sources = ["src/pkg"]')
    assert own(tree) == ["pkg/data/table.csv", "pkg/deep/x.bin", "pkg/__init__.py"]
    assert {file.path: file.data for file in tree.files}["pkg/deep/x.bin"] == b"src/pkg/deep/x.bin"
    assert {file.origin for file in tree.files} == {"src/pkg", "vendor kernelwright.runtime"}


def test_modules_come_after_what_they_import_and_else_by_name(folder):
    folder.write("p/__init__.py")
    folder.write("p/a.py", '"""About\nA.\n\nMore."""\nfrom p import z\nfrom .m import x\n')
    folder.write("p/m.py", "def f():\n    import p.z\n")
    folder.write("p/z.py", "if True:\n    try:\n        import os\n    except ImportError:\n        import p.b\n")
    folder.write("p/b.py")
    tree = collect(folder, 'sources = ["p"]')
    assert own(tree) == ["p/__init__.py", "p/b.py", "p/z.py", "p/m.py", "p/a.py"]
    assert {name: tree.graph[name] for name in tree.graph if name.startswith("p.")} == {
        "p.a": ("p.m", "p.z"),
        "p.b": (),
        "p.m": ("p.z",),
        "p.z": ("p.b",),
    }
    assert [file.summary for file in tree.files if file.path == "p/a.py"] == ["About A."]


def test_the_runtime_is_always_carried_with_the_package_above_it(folder):
    paths = [file.path for file in collect(folder, "vendor = []").files]
    assert paths[:2] == ["kernelwright/__init__.py", "kernelwright/runtime/__init__.py"]
    assert all(path.startswith("kernelwright/") for path in paths)


@pytest.mark.parametrize(
    ("driver", "carried"),
    [
        ("print(1)", False),
        ("print(__file__)", True),
        ("def f(): ...\nif __name__ == '__main__':\n    f()", True),
        ("%matplotlib inline\nif __name__ == '__main__': __file__", False),
    ],
)
def test_the_driver_is_carried_as_a_file_where_something_may_need_it(folder, driver, carried):
    folder.write("main.py", driver)
    tree = collect(folder, "")
    assert (own(tree) == ["main.py"]) is carried
    assert tree.placement == DriverPlacement(file="main.py", carried=carried)


def test_a_driver_that_a_module_imports_is_carried(folder):
    folder.write("m.py", "def f():\n    from main import x\n")
    tree = collect(folder, 'sources = ["m.py"]')
    assert own(tree) == ["main.py", "m.py"]
    assert tree.graph["m"] == ("main",)


def test_a_driver_in_a_package_and_one_in_a_plain_folder_find_their_neighbours(folder):
    folder.write("pkg/sub/__init__.py")
    folder.write("pkg/sub/go.py", "1")
    folder.write("plain/go.py", "1")
    folder.write("plain/near.py", "1")
    folder.configure('driver = "pkg/sub/go.py"\nsources = ["pkg"]')
    tree, _ = collected(folder)
    assert tree.placement == DriverPlacement(file="pkg/sub/go.py", package="pkg.sub", carried=True)
    folder.configure('driver = "plain/go.py"\nsources = ["plain"]')
    tree, _ = collected(folder)
    assert tree.placement == DriverPlacement(file="plain/go.py", folder="plain", carried=True)
    assert "near" in tree.graph


def test_a_link_inside_the_project_is_followed(folder):
    folder.write("shared/x.txt", "shared")
    folder.write("pkg/__init__.py")
    (folder.root / "pkg/link").symlink_to("../shared")
    tree = collect(folder, 'sources = ["pkg"]')
    assert "pkg/link/x.txt" in own(tree)


def test_a_module_that_is_nested_deeper_than_python_goes_is_named(folder):
    folder.configure('driver = "main.py"\nsources = ["pkg"]')
    folder.write("pkg/deep.py", f"x = {'-' * 100_000}1\n")
    _, problems = sources.collect(folder.load(), [])
    assert [(problem.code, str(problem)) for problem in problems] == [
        ("KW205", "pkg/deep.py:1: nested too deep; correct the syntax")
    ]


def test_every_file_that_cannot_be_carried_is_named_at_once(folder):
    folder.write("pkg/x.py", "a = 1\ndef f(:\n")
    folder.write("pkg/latin.py", b"\nx = '\xff'\n")
    folder.write("pkg/nul.py", "x = 1\0")
    for name, target in {"etc": "/etc", "loop": "loop", "self": ".", "gone": "nowhere"}.items():
        (folder.root / "pkg" / name).symlink_to(target)
    os.mkfifo(folder.root / "pkg/pipe")
    folder.write("pkg/new\nline.txt")
    folder.write("other/pkg.py")
    folder.write("io/__init__.py")
    where, fix = "pyproject.toml: tool.kernelwright", "replace the link by what it points at"
    assert problems(folder, 'sources = ["pkg", "other/pkg.py", "io", "none"]\nvendor = ["sys", "not_installed"]') == [
        ("KW212", f"{where}.sources[1]: 'pkg' and 'other/pkg.py' share the name 'pkg'; rename one of them"),
        ("KW213", f"{where}.sources[2]: 'io' would hide 'io', which the notebook itself needs; rename it"),
        ("KW222", f"{where}.vendor: 'sys' is a part of Python itself; take it out"),
        ("KW221", f"{where}.vendor: 'not_installed' is not installed; pip install it, or take it out"),
        ("KW215", f"pkg/etc: a link to /etc, outside the project; {fix}"),
        ("KW215", f"pkg/gone: a link to nowhere, which is missing or leads back to itself; {fix}"),
        ("KW215", f"pkg/loop: a link to loop, which is missing or leads back to itself; {fix}"),
        ("KW216", "'pkg/new\\nline.txt': a name that is not UTF-8, or not printable; rename it"),
        ("KW217", "pkg/pipe: neither a file nor a folder; move it out of the sources"),
        ("KW215", f"pkg/self: a link to ., a folder it lies in; {fix}"),
        ("KW211", f"{where}.sources[3]: no file or folder 'none' in proj/; correct the name, or make it"),
        ("KW219", "pkg/latin.py:2: not UTF-8; save it as UTF-8, or declare its coding in its first line"),
        ("KW205", "pkg/nul.py:1: source code string cannot contain null bytes; correct the syntax"),
        ("KW205", "pkg/x.py:2: invalid syntax; correct the syntax"),
    ]


def test_what_is_excluded_is_not_carried(folder):
    for path in ("pkg/a.py", "pkg/b.ipynb", "pkg/sub/c.ipynb", "pkg/sub/d.py", "pkg/data/e.csv", "pkg/sub/data/f.csv"):
        folder.write(path, "1")
    exclude = ["**/*.ipynb", "pkg/data", "pkg/sub/d.?y"]
    assert own(collect(folder, f'sources = ["pkg"]\nexclude = {exclude}')) == ["pkg/sub/data/f.csv", "pkg/a.py"]


def test_a_source_that_links_outside_is_refused(folder, tmp_path):
    (tmp_path / "outside").mkdir()
    (folder.root / "pkg").symlink_to("../outside")
    with pytest.raises(InvalidProject) as caught:
        problems(folder, 'sources = ["pkg"]')
    assert [problem.code for problem in caught.value.problems] == ["KW006"]


def test_an_unreadable_file_is_named(folder, monkeypatch):
    secret = folder.write("pkg/secret.txt")
    read = Path.read_bytes

    def refuse(path):
        if path == secret:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root, as in a container, may read everything
    assert problems(folder, 'sources = ["pkg"]') == [
        ("KW218", "pkg/secret.txt: cannot be read: Permission denied; make it readable")
    ]


def test_a_neighbour_of_the_driver_that_is_surely_imported_and_not_carried_is_named(folder):
    driver = "!ls\nimport helper, os, not_there\nfrom tools.deep import x\nfrom pkg import a\n"
    folder.write(
        "src/main.py", f"# %%\n{driver}try:\n    import desk\nexcept ImportError: ...\n# %%\n%%time\nimport c\n"
    )
    for name in ("helper", "tools/deep", "desk", "c", "plots"):
        folder.write(f"src/{name}.py")
    folder.write("src/pkg/a.py", "from helper import y\nfrom . import tools\ndef f():\n    import plots\n")
    folder.write("src/pkg/train.py", "import plots\n")
    folder.configure('driver = "src/main.py"\nsources = ["src/pkg"]')
    fix = "is not carried; add it to tool.kernelwright.sources"
    assert collected(folder)[1] == [
        ("KW214", f"src/main.py: imports 'c', and src/c.py {fix}"),
        ("KW214", f"src/main.py: imports 'helper', and src/helper.py {fix}"),
        ("KW214", f"src/main.py: imports 'tools', and src/tools {fix}"),
        ("KW214", f"src/pkg/a.py: imports 'helper', and src/helper.py {fix}"),
    ]


def test_a_neighbour_that_is_carried_in_a_package_is_to_be_imported_from_it(folder):
    folder.write("src/main.py", "# %%\nimport helper\n")
    folder.write("src/helper.py")
    folder.write("src/__init__.py")
    folder.configure('driver = "src/main.py"\nsources = ["src"]')
    message = "src/main.py: imports 'helper', and src/helper.py is carried as src.helper: its folder is a package"
    fix = "write `from src import helper`, or delete the folder's __init__.py"
    assert collected(folder)[1] == [("KW214", f"{message}; {fix}")]


def test_a_source_with_the_drivers_own_name_is_an_error(folder):
    folder.write("other/main.py", "x = 1\n")
    assert problems(folder, 'sources = ["other/main.py"]') == [
        ("KW212", "main.py and other/main.py both bring main.py; rename one of them")
    ]


def test_folders_that_differ_after_a_dot_are_two(folder):
    folder.write("data.small/x.txt", "1")
    folder.write("data.large/x.txt", "2")
    assert own(collect(folder, 'sources = ["data.small", "data.large"]')) == ["data.large/x.txt", "data.small/x.txt"]


@pytest.mark.parametrize("other", ["aaa.py", "utils.py"])
def test_of_modules_that_share_a_name_the_one_beside_the_driver_is_meant(folder, other):
    folder.write(f"src/{other}", '"""Beside the driver."""\n')
    folder.write(other, '"""Elsewhere."""\n')
    folder.write("src/main.py", f"# %%\nimport {other[:-3]}\n")
    folder.configure(f'driver = "src/main.py"\nsources = ["src", "{other}"]')
    tree, _ = collected(folder)
    summaries = {file.path: file.summary for file in tree.files}
    assert (summaries[f"src/{other}"], summaries[other]) == ("Beside the driver.", "")


def test_where_a_module_and_a_package_share_a_name_the_package_is_meant(folder):
    folder.write("pkg/__init__.py")
    folder.write("pkg/a.py")
    folder.write("pkg/sub.py", "import nothing_of_the_tree\n")
    folder.write("pkg/sub/__init__.py", '"""The package."""\nfrom pkg import a\n')
    tree = collect(folder, 'sources = ["pkg"]')
    assert tree.graph["pkg.sub"] == ("pkg.a",)
    summaries = {file.path: file.summary for file in tree.files}
    assert (summaries["pkg/sub/__init__.py"], summaries["pkg/sub.py"]) == ("The package.", "")


def file(path="p/a.py", data=b"x = 1\n", origin="p"):
    return SourceFile(path=path, data=data, origin=origin)


@pytest.mark.parametrize(
    ("it", "shown"),
    [
        (file(), True),
        (file("p/größe.py"), True),
        (file("p/two words.txt", b"x"), True),
        (file(data=b""), False),
        (file(data=b"\xff"), False),
        (file("p/{x}.py"), False),
        (file("p/$x.py"), False),
        (file("p/x.txt "), False),
        (file("p/x.csv", b"x" * 20_001), False),
        (file("p/x.py", b"x" * 20_001), True),
        (file("main.py", origin="driver"), False),
        (file("p.py", origin="vendor p"), True),
        (file("kernelwright/__init__.py", origin="vendor kernelwright.runtime"), False),
    ],
)
def test_a_cell_carries_text_under_a_plain_name(it, shown):
    assert (sources.carrier(it) == "cell") is shown
