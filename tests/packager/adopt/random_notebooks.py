"""Random notebooks of definitions that read one another, and a way to run their cells without a kernel."""

import contextlib
import importlib
import io
import math
import re
import sys

from kernelwright.adopt import modules, statements
from kernelwright.adopt.moves import Analysis
from kernelwright.bundle.cells import Cell
from kernelwright.image import kaggle_image

IMAGE = kaggle_image.load(kaggle_image.DEFAULT)
USE = "({0}(n - 1) if callable({0}) else {0}) if n > 0 else 0"
SHOW = """\
try:
    print({0}(1) if callable({0}) else {0})
except Exception as error:
    print(type(error).__name__)"""
DEFINITIONS = (
    "def {new}(n=2):\n    return ['{new}', {use}]",
    "def {new}(n=2):\n    print('{new}')\n    return [{use}, {use2}]",
    "def {new}(n=2):\n    def inner(m):\n        return [m, {use}]\n    return inner(n)",
    "def {new}(n=2, d={old}):\n    return 0 if callable(d) else d",
    "async def {new}(n=2):\n    return {use}",
    "class {new}:\n    size = 3\n    def __init__(self, n=2):\n        self.v = {use}\n"
    "    def __repr__(self):\n        return '{new}' + repr(self.v) + repr(self.size)",
    "class {new}:\n    a = {old} if not callable({old}) else 1\n    def __repr__(self):\n        return repr(self.a)",
    "class {new}({old}):\n    def __repr__(self):\n        return '{new}'",
    "class {new}:\n    lr = 0.1\n    names = ['a', 'b']\n    debug = {old} == 3",
    "@{old}\ndef {new}(n=2):\n    return {use}",
    "def {new}(f):\n    @wraps(f)\n    def wrapper(*a):\n        print('in {new}')\n        return f(*a)\n"
    "    return wrapper",
    "def {new}(f):\n    print('decorating')\n    return f",
    "def {new}(n=2):\n    global {old}\n    {old} = n\n    return n",
    "def {new}(n=2):\n    return [{old} for _ in range(n) if not callable({old})]",
    "def {new}(n=2):\n    return math.floor(n + 0.5), {use}",
    "def {new}(n: '{old}' = 2):\n    return getattr({old}, 'extra', 0)",
    "{new} = lambda n=2: [{use}]",
    "@dataclass\nclass {new}:\n    n: int = 2\n    d: object = None if callable({old}) else {old}",
    "def {new}(n=2):\n    return os.path.basename('a/b'), '{old}' in globals()",
    "def {new}(*a):\n    try:\n        return {old}.size\n    except AttributeError:\n        return [{old} is None]",
    "class {new}:\n    {old} = {old}\n    def __repr__(self):\n        return '{new}'",
    "def {new}(n=2):\n    nonlocal_ = n\n    def deeper():\n        nonlocal nonlocal_\n        nonlocal_ += 1\n"
    "        return {use}\n    return deeper(), nonlocal_",
)
VALUES = (
    "{new} = 3",
    "{new} = ['a', 'b']",
    "{new} = {{'k': 1}}",
    "{new} = []",
    "{new} = ('x', -1.5)",
    "{new} = {old}",
    "{new} = {old} if not callable({old}) else 7",
    "{new} = len('abc') + 2",
    "{new} = print('made') or 4",
    "{new}, other = 1, 2",
    "{new} = f'{{len({old!r})}} of it'",
    "{new}: int = 5",
)
CONDITIONAL = (
    "if {old}:\n    def {new}(n=2):\n        return 'then'\nelse:\n    def {new}(n=2):\n        return 'else'",
    "for {new} in range(2):\n    pass",
    "with open('/dev/null') as {new}:\n    {new} = 5",
    "try:\n    def {new}(n=2):\n        return {use}\nexcept NameError:\n    pass",
    "print([{new} := i for i in range(2)])",
)
EFFECTS = (
    "try:\n    {old}.append(1)\nexcept AttributeError:\n    pass",
    "try:\n    {old} += 1\nexcept (NameError, TypeError):\n    print('no sum')",
    "try:\n    {old}.extra = 9\nexcept Exception:\n    pass",
    "try:\n    del {old}\nexcept NameError:\n    pass",
    "try:\n    {old}['k'] = 2\nexcept TypeError:\n    pass",
    "import math as {new}",
    "import math",
    "from functools import wraps",
    "import os.path",
    "import os",
    "from string import *",
    "print('{old}' in globals())",
    "globals()['{old}'] = 8",
    "math.floor = lambda x: 'patched'",
    "from dataclasses import dataclass",
    "print('step')",
)


def notebook(random):
    """Return the code of a random notebook's cells, with headings between some."""
    names, cells, count = ["len"], [], 0
    for _ in range(random.randint(2, 6)):
        parts = (
            ["import math, os\nfrom dataclasses import dataclass\nfrom functools import wraps"]
            if not cells and random.random() < 0.8
            else []
        )
        for _ in range(random.randint(1, 4)):
            again = random.random() < 0.12 and len(names) > 1
            new = random.choice(names[1:]) if again else f"{random.choice('fgNAx')}{count}"
            later = f"f{count + 1}" if random.random() < 0.1 else ""
            old = later or random.choice(names[-6:])
            other = random.choice(names[-6:])
            kind = random.choices((DEFINITIONS, VALUES, CONDITIONAL, EFFECTS, ()), (9, 4, 1, 2, 3))[0]
            if kind:
                text = random.choice(kind)
                parts.append(text.format(new=new, old=old, use=USE.format(old), use2=USE.format(other)))
                if "{new}" in text:
                    names += [] if again else [new]
                    count += 1
            elif len(names) > 1:
                parts.append(SHOW.format(random.choice(names[1:])))
        if random.random() < 0.4:
            cells.append(Cell(kind="markdown", source=f"## Section {len(cells)}"))
        cells.append(Cell(kind="code", source="\n\n".join(parts)))
    shown = "\n".join(SHOW.format(name) for name in names[1:])
    return [*cells, Cell(kind="code", source=shown or "print(1)")]


def run(cells, folder=None):
    """Run code cells in one namespace, as a kernel does; return what they print, and what ends them."""
    namespace, ended = {"__name__": "__main__"}, ""
    before, floor = set(sys.modules), math.floor
    path = list(sys.path)
    if folder:
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            for cell in cells:
                if cell.kind == "code":
                    exec(compile(cell.source, "cell", "exec"), namespace)
        except Exception as error:  # noqa: BLE001 - any, as the original's
            ended = type(error).__name__
    sys.path[:], math.floor = path, floor
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "random_kernel":
            del sys.modules[name]
    return re.sub(r"0x[0-9a-f]+", "0x", printed.getvalue()), ended


def divide(cells):
    """Return the driver's cells, the modules' text by their names, and the analysis that led to them."""
    analysis = Analysis(statements=statements.read(cells), image=IMAGE)
    grouped = modules.group(cells, analysis)
    texts = {module.name: modules.text(module, grouped, analysis, "random_kernel") for module in grouped}
    return modules.driver(cells, grouped, analysis, "random_kernel"), texts, analysis
