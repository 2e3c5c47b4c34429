import importlib
import itertools
import sys
import types

import pytest

from kernelwright.runtime import reload

FRESH = itertools.count()


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Write modules of a package that only this test has; their text says PACKAGE for its name."""
    package = f"edited{next(FRESH)}"
    monkeypatch.syspath_prepend(tmp_path)

    class Tree:
        name = package

        def write(self, file, text):
            path = tmp_path / package / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.replace("PACKAGE", package))

        def load(self, module=""):
            importlib.invalidate_caches()
            return importlib.import_module(f"{package}.{module}" if module else package)

    yield Tree()
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]


@pytest.fixture
def chain(tree, configure):
    """A constant, a function that imports it, and a module that imports that."""
    tree.write("__init__.py", "")
    tree.write("settings.py", "RATIO = 0.5\n")
    tree.write("matching.py", "from PACKAGE.settings import RATIO\ndef match(): return RATIO\n")
    tree.write("ranking.py", "from PACKAGE.matching import match\ndef rank(): return match() * 10\n")
    names = [f"{tree.name}.{module}" for module in ("settings", "matching", "ranking")]
    configure(imports={names[0]: [], names[1]: names[:1], names[2]: names[1:2]})
    return tree


def test_an_edit_reaches_the_modules_that_import_it(chain):
    ranking = chain.load("ranking")
    chain.write("settings.py", "RATIO = 0.7\n")
    names = [f"{chain.name}.{module}" for module in ("settings", "matching", "ranking")]
    assert reload.reload(f"{chain.name}/settings.py", {}) == names
    assert ranking.rank() == 7


def test_importers_that_were_not_imported_wait(chain):
    chain.load("matching")
    names = [f"{chain.name}.{module}" for module in ("settings", "matching")]
    assert reload.reload(f"{chain.name}/settings.py", {}) == names
    assert f"{chain.name}.ranking" not in sys.modules


def test_a_module_that_was_not_imported_waits(chain):
    assert reload.reload(f"{chain.name}/settings.py", {}) == []
    assert f"{chain.name}.settings" not in sys.modules


def test_a_file_that_is_no_module_changes_nothing(tree):
    tree.write("__init__.py", "")
    tree.load()
    assert reload.reload(f"{tree.name}/names.json", {}) == []
    assert reload.reload(tree.name, {}) == []


def test_names_of_the_notebook_follow_functions_classes_and_objects(tree):
    tree.write("__init__.py", "class A:\n  n = 1\ndef f(): return 1\ntable = {'n': 1}\n")
    module = tree.load()
    names = {"A": module.A, "other": module.f, "t": module.table, "m": module}
    tree.write("__init__.py", "class A:\n  n = 20\ndef f(): return 20\ntable = {'n': 20}\n")
    assert reload.reload(f"{tree.name}/__init__.py", names) == [tree.name]
    assert (names["A"].n, names["other"](), names["t"], names["m"]) == (20, 20, {"n": 20}, module)


def test_names_follow_the_importers_too(chain):
    names = {"rank": chain.load("ranking").rank}
    chain.write("settings.py", "RATIO = 0.7\n")
    reload.reload(f"{chain.name}/settings.py", names)
    assert names["rank"]() == 7


@pytest.mark.parametrize("value", ["7", "None", "True", "'fast'", "0.5", "()"])
def test_a_constant_follows_under_its_own_name_only(tree, value):
    tree.write("__init__.py", f"MODE = {value}\n")
    old = tree.load().MODE
    names = {"MODE": old, "mine": old}
    tree.write("__init__.py", "MODE = 'edited'\n")
    reload.reload(f"{tree.name}/__init__.py", names)
    assert names == {"MODE": "edited", "mine": old}


def test_a_name_given_another_value_is_the_notebooks_own(tree):
    tree.write("__init__.py", "def f(): return 1\n")
    tree.load()
    names = {"f": len}
    reload.reload(f"{tree.name}/__init__.py", names)
    assert names == {"f": len}


def test_what_a_module_took_from_elsewhere_is_not_its_own(tree):
    tree.write("__init__.py", "import types\nfrom types import SimpleNamespace\n")
    tree.load()
    names = {"types": types, "SimpleNamespace": types.SimpleNamespace}
    tree.write("__init__.py", "types = 1\nSimpleNamespace = 2\n")
    reload.reload(f"{tree.name}/__init__.py", names)
    assert names == {"types": types, "SimpleNamespace": types.SimpleNamespace}


def test_a_function_named_again_by_the_package_follows_its_own_module(tree, configure):
    tree.write("__init__.py", "from PACKAGE.a import f as g\n")
    tree.write("a.py", "def f(): return 1\n")
    configure(imports={f"{tree.name}.a": [], tree.name: [f"{tree.name}.a"]})
    names = {"g": tree.load().g}
    tree.write("a.py", "def f(): return 20\n")
    assert reload.reload(f"{tree.name}/a.py", names) == [f"{tree.name}.a", tree.name]
    assert names["g"]() == tree.load().g() == 20


def test_a_broken_edit_raises_and_leaves_what_was(tree):
    tree.write("__init__.py", "def f(): return 1\n")
    names = {"f": tree.load().f}
    tree.write("__init__.py", "def f(: return 2\n")
    with pytest.raises(SyntaxError):
        reload.reload(f"{tree.name}/__init__.py", names)
    assert names["f"]() == tree.load().f() == 1


def test_what_did_reload_is_followed_though_an_importer_fails(chain):
    chain.write("matching.py", "table = [2]\ndef match(): return 2\n")
    chain.write("ranking.py", "from PACKAGE.matching import match, table\nassert match() == 2\n")
    ranking = chain.load("ranking")
    names = {"match": ranking.match, "table": ranking.table}
    chain.write("matching.py", "table = [30]\ndef match(): return 30\n")
    chain.write("ranking.py", "assert False\n")
    with pytest.raises(AssertionError):
        reload.reload(f"{chain.name}/matching.py", names)
    assert (names["match"](), names["table"]) == (30, [30])


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(tree, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for number in range(1, 9):
        tree.write("__init__.py", f"def f(): return {number}\n")
        reload.reload(f"{tree.name}/__init__.py", {})
        assert tree.load().f() == number


def test_all_importers_follow_also_round_a_cycle(tree, configure):
    tree.write("__init__.py", "")
    tree.write("a.py", "N = 1\n")
    tree.write("b.py", "from PACKAGE.a import N\nimport PACKAGE.c\n")
    tree.write("c.py", "import PACKAGE.b\ndef n(): return PACKAGE.b.N\n")
    tree.write("d.py", "X = 1\n")
    a, b, c, d = (f"{tree.name}.{module}" for module in "abcd")
    configure(imports={tree.name: [], a: [], c: [b], b: [a, c], d: []})
    module = tree.load("c")
    tree.load("d")
    tree.write("a.py", "N = 20\n")
    assert reload.reload(f"{tree.name}/a.py", {}) == [a, c, b]
    assert module.n() == 20


def test_modules_are_named_from_the_drivers_folder(tree, configure):
    configure(driver={"folder": "code"})
    tree.write("__init__.py", "n = 1\n")
    tree.load()
    assert reload.reload(f"code/{tree.name}/__init__.py", {}) == [tree.name]
