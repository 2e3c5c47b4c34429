import sys

import pytest

from kernelwright.bundle import sources

WHERE = "pyproject.toml: tool.kernelwright.vendor"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a distribution of one package into an environment of this test."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(site)

    def install(name, files, requires=()):
        info = f"{name}-1.0.dist-info"
        lines = [f"Requires-Dist: {line}" for line in requires]
        metadata = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *lines]) + "\n"
        everything = {**files, f"{info}/METADATA": metadata}
        everything[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*everything, f"{info}/RECORD"])
        for path, text in everything.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)

    yield install
    for name in [name for name in sys.modules if name.startswith("vend_")]:
        del sys.modules[name]


def collect(folder, *names):
    folder.configure(f'driver = "main.py"\nvendor = {list(names)!r}')
    tree, problems = sources.collect(folder.load(), [])
    assert problems == []
    return tree


def problems(folder, *names):
    folder.configure(f'driver = "main.py"\nvendor = {list(names)!r}')
    return [(problem.code, str(problem)) for problem in sources.collect(folder.load(), [])[1]]


def paths(tree):
    return {file.path: file.origin for file in tree.files if not file.path.startswith("kernelwright/")}


def test_a_package_comes_whole_with_its_licence_and_metadata(folder, install):
    info = "vend_a-1.0.dist-info"
    files = {"vend_a/__init__.py": "", "vend_a/data.txt": "x", "vend_a/sub/m.py": "", f"{info}/licenses/MIT.txt": "MIT"}
    install("vend_a", {**files, f"{info}/LICENSE": "L", f"{info}/WHEEL": "w", "vend_other.py": ""})
    assert paths(collect(folder, "vend_a")) == dict.fromkeys(
        [
            "vend_a/data.txt",
            f"{info}/LICENSE",
            f"{info}/METADATA",
            f"{info}/licenses/MIT.txt",
            "vend_a/__init__.py",
            "vend_a/sub/m.py",
        ],
        "vendor vend_a",
    ) | dict.fromkeys([f"{info}/LICENSE", f"{info}/METADATA", f"{info}/licenses/MIT.txt"], "vendor vend-a")


def test_a_single_module_and_a_part_of_a_package_come_alone(folder, install):
    install("vend_b", {"vend_b.py": "x = 1\n"})
    install("vend_c", {"vend_c/__init__.py": "", "vend_c/part/__init__.py": "", "vend_c/other.py": ""})
    carried = paths(collect(folder, "vend_b", "vend_c.part"))
    assert [path for path in carried if "dist-info" not in path] == [
        "vend_b.py",
        "vend_c/__init__.py",
        "vend_c/part/__init__.py",
    ]


def test_compiled_code_is_refused_by_name(folder, install):
    install("vend_d", {"vend_d/__init__.py": "", "vend_d/_fast.cpython-311-x86_64-linux-gnu.so": ""})
    assert problems(folder, "vend_d") == [
        (
            "KW224",
            f"{WHERE}: 'vend_d' holds compiled code (vend_d/_fast.cpython-311-x86_64-linux-gnu.so), which only a wheel "
            "brings; take it out and name it in the file of tool.kernelwright.wheels",
        )
    ]


def test_packages_that_require_one_another_are_refused(folder, install):
    install("vend_e", {"vend_e.py": ""}, ["vend_f>=1", "vend_g; extra == 'more'"])
    install("vend_f", {"vend_f.py": ""}, ["Vend.G (>1)"])
    install("vend_g", {"vend_g.py": ""}, ["vend-e"])
    assert problems(folder, "vend_e", "vend_f", "vend_g") == [
        (
            "KW225",
            f"{WHERE}: vend-e requires vend-f requires vend-g requires vend-e: a circle cannot be carried in parts; "
            "take them out and name them in the file of tool.kernelwright.wheels",
        )
    ]


def test_a_package_and_a_part_of_it_are_refused(folder, install):
    install("vend_h", {"vend_h/__init__.py": "", "vend_h/part.py": ""})
    assert problems(folder, "vend_h", "vend_h.part", "kernelwright") == [
        ("KW223", f"{WHERE}: 'vend_h.part' is a part of 'vend_h'; name one of them"),
        ("KW223", f"{WHERE}: 'kernelwright.runtime' is a part of 'kernelwright'; name one of them"),
    ]


def test_what_is_not_there_or_python_itself_is_refused(folder):
    assert problems(folder, "nope", "nope.deeper", "json", "sys") == [
        ("KW223", f"{WHERE}: 'nope.deeper' is a part of 'nope'; name one of them"),
        ("KW221", f"{WHERE}: 'nope' is not installed; pip install it, or take it out"),
        ("KW221", f"{WHERE}: 'nope.deeper' is not installed; pip install it, or take it out"),
        ("KW222", f"{WHERE}: 'json' is a part of Python itself; take it out"),
        ("KW222", f"{WHERE}: 'sys' is a part of Python itself; take it out"),
    ]
