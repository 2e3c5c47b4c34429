import errno
import os
from pathlib import Path

import pytest

from kernelwright.bundle import sources
from kernelwright.errors import InvalidProject


def collect(folder, configuration):
    folder.configure(f'driver = "main.py"\n{configuration}')
    return sources.collect(folder.load())


def problems(folder, configuration):
    with pytest.raises(InvalidProject) as caught:
        collect(folder, configuration)
    return list(caught.value.problems)


def own(tree):
    return [file.path for file in tree.files if not file.origin.startswith("vendor ")]


def test_a_folder_is_carried_whole_under_its_last_name(folder):
    for path in ("src/pkg/__init__.py", "src/pkg/data/table.csv", "src/pkg/.hidden", "src/pkg/deep/x.bin"):
        folder.write(path, path)
    folder.write("src/pkg/__init__.py")
    for path in ("__pycache__/x.cpython-311.pyc", "x.pyc", ".ipynb_checkpoints/a.py", ".mypy_cache/a"):
        folder.write(f"src/pkg/{path}", "left out")
    tree = collect(folder, 'sources = ["src/pkg"]')
    assert own(tree) == ["pkg/.hidden", "pkg/data/table.csv", "pkg/deep/x.bin", "pkg/__init__.py"]
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
    assert tree.stage == sources.Stage(file="main.py", carried=carried)


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
    tree = sources.collect(folder.load())
    assert tree.stage == sources.Stage(file="pkg/sub/go.py", package="pkg.sub", carried=True)
    folder.configure('driver = "plain/go.py"\nsources = ["plain"]')
    tree = sources.collect(folder.load())
    assert tree.stage == sources.Stage(file="plain/go.py", folder="plain", carried=True)
    assert "near" in tree.graph


def test_a_link_inside_the_project_is_followed(folder):
    folder.write("shared/x.txt", "shared")
    folder.write("pkg/__init__.py")
    (folder.root / "pkg/link").symlink_to("../shared")
    tree = collect(folder, 'sources = ["pkg"]')
    assert "pkg/link/x.txt" in own(tree)


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
    assert problems(folder, 'sources = ["pkg", "other/pkg.py", "io", "none"]\nvendor = ["sys", "not_installed"]') == [
        "pyproject.toml: tool.kernelwright.sources: 'pkg' and 'other/pkg.py' share the name 'pkg'; rename one of them",
        "pyproject.toml: tool.kernelwright.sources: 'io' would hide 'io', which the notebook itself needs; rename it",
        "pyproject.toml: tool.kernelwright.vendor: 'sys' is a part of Python itself; take it out",
        "pyproject.toml: tool.kernelwright.vendor: 'not_installed' is not installed; pip install it, or take it out",
        "pkg/etc: a link to /etc, outside the project; replace the link by what it points at",
        "pkg/gone: a link to nowhere, which is missing or leads back to itself; replace the link by what it points at",
        "pkg/loop: a link to loop, which is missing or leads back to itself; replace the link by what it points at",
        "'pkg/new\\nline.txt': a name that is not UTF-8, or not printable; rename it",
        "pkg/pipe: neither a file nor a folder; move it out of the sources",
        "pkg/self: a link to ., a folder it lies in; replace the link by what it points at",
        "pyproject.toml: tool.kernelwright.sources[3]: no file or folder 'none' in proj/; correct the name, or make it",
        "pkg/latin.py:2: not UTF-8; save it as UTF-8, or declare its coding in its first line",
        "pkg/nul.py:1: source code string cannot contain null bytes; not Python as it stands",
        "pkg/x.py:2: invalid syntax; not Python as it stands",
    ]


def test_a_source_that_links_outside_is_refused(folder, tmp_path):
    (tmp_path / "outside").mkdir()
    (folder.root / "pkg").symlink_to("../outside")
    assert problems(folder, 'sources = ["pkg"]') == [
        "pyproject.toml: tool.kernelwright.sources[0]: 'pkg' is outside the project; move or copy it into proj/"
    ]


def test_an_unreadable_file_is_named(folder, monkeypatch):
    secret = folder.write("pkg/secret.txt")
    read = Path.read_bytes

    def refuse(path):
        if path == secret:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root, as in a container, may read everything
    assert problems(folder, 'sources = ["pkg"]') == ["pkg/secret.txt: cannot be read: Permission denied"]


def test_what_works_in_place_but_is_left_behind_is_named(folder):
    folder.write("src/main.py", "import helper, os, not_there\nfrom tools.deep import x\nfrom pkg import a\n")
    folder.write("src/helper.py")
    folder.write("src/tools/deep.py")
    folder.write("src/pkg/a.py", "def f():\n    from helper import y\n    from . import tools\n")
    folder.configure('driver = "src/main.py"\nsources = ["src/pkg"]')
    with pytest.raises(InvalidProject) as caught:
        sources.collect(folder.load())
    fix = "is not carried; add it to tool.kernelwright.sources"
    assert caught.value.problems == (
        f"src/main.py imports 'helper', and src/helper.py {fix}",
        f"src/main.py imports 'tools', and src/tools {fix}",
        f"src/pkg/a.py imports 'helper', and src/helper.py {fix}",
    )


def test_a_source_with_the_drivers_own_name_is_an_error(folder):
    folder.write("other/main.py", "x = 1\n")
    assert problems(folder, 'sources = ["other/main.py"]') == [
        "main.py and other/main.py both bring main.py; rename one of them"
    ]


def test_folders_that_differ_after_a_dot_are_two(folder):
    folder.write("data.small/x.txt", "1")
    folder.write("data.large/x.txt", "2")
    assert own(collect(folder, 'sources = ["data.small", "data.large"]')) == ["data.large/x.txt", "data.small/x.txt"]
