import subprocess
import sys
from pathlib import Path

import kernelwright.runtime

FOLDER = Path(kernelwright.runtime.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py"))

SCRIPT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module("kernelwright.runtime." + name)
print({name.split(".")[0] for name in sys.modules} - set(sys.stdlib_module_names) - {"__main__"})
"""


def test_the_runtime_needs_the_standard_library_alone():
    command = [sys.executable, "-I", "-S", "-c", SCRIPT, str(FOLDER.parents[1]), *MODULES]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "{'kernelwright'}\n"


def test_a_module_is_short_enough_to_read_in_a_cell():
    lines = {name: len((FOLDER / f"{name}.py").read_text().splitlines()) for name in MODULES}
    assert {name: count for name, count in lines.items() if count > 120} == {}
