"""Read tables as rows of text, the header first: csv files, and parquet files with a Python that has pyarrow."""

import codecs
import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kernelwright.image import interpreters
from kernelwright.project.model import Project
from kernelwright.rehearsal import python_environment
from kernelwright.rehearsal.python_environment import Recipe
from kernelwright.runtime import csv_file

SUFFIXES = (".csv", ".parquet")
_READ = """
import json, sys
try:
    import pyarrow.parquet
    columns = pyarrow.parquet.read_table(sys.argv[1]).to_pydict()
except ImportError:
    import pandas
    columns = pandas.read_parquet(sys.argv[1]).to_dict("list")
rows = zip(*columns.values()) if columns else ()
table = [list(columns), *(["nan" if cell is None else str(cell) for cell in row] for row in rows)]
json.dump(table, sys.stdout)
"""
_CUT = """
import json, sys
import pyarrow.parquet
source, target = sys.argv[1:]
table = pyarrow.parquet.read_table(source)
pyarrow.parquet.write_table(table.take(json.load(sys.stdin)), target)
"""


class Unreadable(ValueError):
    """A table is damaged, or no Python on this machine can read its format."""


def read(file: Path, python: Path = Path(sys.executable)) -> list[list[str]]:
    """Return the rows of a table, the header first; an empty table has an empty header.

    Parameters
    ----------
    file : Path
        A csv or parquet file, by its suffix.
    python : Path
        The interpreter that reads parquet, in a separate process, because pyarrow is a package of the image.

    Raises
    ------
    Unreadable
        The file is damaged, or it is parquet and ``python`` has neither pyarrow nor pandas with an engine.
    OSError
        A csv file does not exist.
    """
    if file.suffix == ".parquet":
        rows: list[list[str]] = json.loads(_run(python, _READ, [str(file)], file.name))
        return rows
    try:
        return csv_file.read(file) or [[]]
    except csv.Error as error:
        raise Unreadable(f"{file.name}: not a csv file: {error}") from error


def coding(data: bytes) -> str:
    """Return the encoding of a csv file: UTF-8 with or without a byte order mark, otherwise Latin-1.

    Any bytes are valid Latin-1.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8"


def parquet_python(project: Project) -> Path:
    """Return an interpreter with pyarrow: the running one, or one in an environment with the image's pyarrow.

    Raises `EnvironmentUnavailable` if that cannot be installed.
    """
    if importlib.util.find_spec("pyarrow"):
        return Path(sys.executable)
    image, version = python_environment.image_of(project), interpreters.running()
    recipe = Recipe(python=Path(sys.executable), version=version, image=image, names=("pyarrow",))
    return python_environment.make(recipe, python_environment.cache_folder(), lambda _: None).python


def cut_parquet(file: Path, target: Path, kept: Sequence[int], python: Path) -> None:
    """Write the rows of a parquet file with the indices ``kept`` to ``target``; raises `Unreadable` if that fails."""
    _run(python, _CUT, [str(file), str(target)], file.name, json.dumps(list(kept)))


def _run(python: Path, script: str, arguments: Sequence[str], name: str, stdin: str = "") -> str:
    # -I: neither PYTHONPATH nor the current folder can put other modules in place of pyarrow.
    command = [str(python), "-I", "-c", script, *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, encoding="utf-8")
    if done.returncode == 0:
        return done.stdout
    last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]  # the exception, below its traceback
    if last[0].startswith(("ImportError", "ModuleNotFoundError")):
        raise Unreadable(f"{name} cannot be checked: {python} has no pyarrow; name an image that holds it in `images`")
    raise Unreadable(f"{name} is not a parquet file: {last[0]}")
