import pytest

from kernelwright.bundle import build
from kernelwright.project.model import load_project
from tests import notebooks

EARLY = """
# %%
from kernelwright.runtime import inputs

before = inputs.find

# %% tags=["modules"]
# The modules follow.

# %%
print(inputs.find is before)
"""


def test_what_the_install_needs_comes_early_and_is_not_reloaded_by_its_own_cell(shop, tmp_path):
    shop.offer("pytest", pytest.__version__)  # installed already: the bootstrap cell has nothing to do
    shop.want("pytest")
    shop.write("main.py", EARLY)
    shop.make()
    ran = notebooks.run(notebooks.built(shop.root), tmp_path)
    assert (ran.status, ran.stdout) == (0, "True\n")


def test_without_wheels_the_set_up_cell_neither_packs_nor_installs(shop):
    notebooks.project(shop.root)
    assert "offline.install()" not in _set_up(shop)
    shop.offer("alpha")
    shop.want("alpha")
    shop.configure()
    shop.make()
    assert _set_up(shop).endswith('__import__("kernelwright.runtime.offline").runtime.offline.install()')


def _set_up(shop):
    cells = build.build_notebook(load_project(shop.root)).cells
    return next(cell.source for cell in cells if cell.kind == "code")
