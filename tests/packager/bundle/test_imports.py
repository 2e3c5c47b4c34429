import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelwright.bundle import imports


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "a"),
        ("a/__init__.py", "a"),
        ("a/b/c.py", "a.b.c"),
        ("größe/maß.py", "größe.maß"),
        ("a/b.txt", None),
        ("a-b/c.py", None),
        ("a/two words.py", None),
        ("__init__.py", None),
        ("a/__main__.py", "a.__main__"),
    ],
)
def test_a_module_is_named_by_its_path(path, name):
    assert imports.module_name(path) == name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import p.x", ("p.x",)),
        ("import p.x.nothing as y", ("p.x",)),
        ("import os, p", ("p",)),
        ("from p import x, name", ("p", "p.x")),
        ("from . import x", ("p.x",)),
        ("from .x import *", ("p.x",)),
        ("from .. import y", ()),
        ("from .m import self", ()),
        ("def f():\n  class C:\n    with a:\n      import p.x", ("p.x",)),
        ("match a:\n  case 1:\n    import p.x", ("p.x",)),
        ("try: ...\nexcept E: import p.x\nelse: import p\nfinally: import q", ("p", "p.x", "q")),
        ("for a in b: ...\nelse:\n  while c: import q", ("q",)),
        ("async def f():\n  async with a:\n    import q", ("q",)),
    ],
)
def test_imports_are_found_wherever_a_statement_may_stand(text, found):
    carried = frozenset({"p", "p.x", "p.m", "q"})
    assert imports.imported(ast.parse(text), "p.m", is_package=False, carried=carried) == found


def test_a_package_resolves_its_own_relative_imports():
    tree = ast.parse("from . import x\nfrom .x import y")
    assert imports.imported(tree, "p", is_package=True, carried=frozenset({"p", "p.x"})) == ("p.x",)


def test_code_that_only_works_in_a_package_is_told():
    assert imports.is_relative(ast.parse("def f():\n    from . import x"))
    assert not imports.is_relative(ast.parse("from a import x"))


GRAPHS = st.dictionaries(st.sampled_from("abcdefgh"), st.frozensets(st.sampled_from("abcdefgh"))).map(
    lambda graph: {name: tuple(sorted(others & graph.keys() - {name})) for name, others in graph.items()}
)


@given(GRAPHS)
def test_each_module_comes_once_and_after_its_imports_unless_they_lead_back(graph):
    order = imports.dependency_order(graph)
    assert sorted(order) == sorted(graph)
    for name, others in graph.items():
        for other in others:
            assert order.index(other) < order.index(name) or name in imports.closure(graph, other)


def test_a_long_chain_is_ordered():
    names = [f"m{number:05}" for number in range(5000)]
    graph = {name: tuple(names[number + 1 : number + 2]) for number, name in enumerate(names)}
    assert imports.dependency_order(graph) == tuple(reversed(names))
