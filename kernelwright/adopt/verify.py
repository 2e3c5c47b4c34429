"""Verify a conversion: run the original and the built notebook on the same input and compare the results."""

import difflib
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernelwright.bundle import build
from kernelwright.project.model import Project
from kernelwright.rehearsal import input_folder, python_environment, sandbox
from kernelwright.rehearsal.input_folder import Folders
from kernelwright.rehearsal.resource_limits import Limits
from kernelwright.rehearsal.run import Outcome, run
from kernelwright.rehearsal.run_directory import NOTEBOOK, Layout, RunDirectory, RunSpec
from kernelwright.support import hashing
from kernelwright.support.terminal import without_colours

# Output that differs from run to run: addresses of objects, and the times that %time and %timeit print.
_VOLATILE = re.compile(r"0x[0-9a-f]{6,}|(?m:^(?:CPU times|Wall time).*$)|\d[\d.]* (?:[mµn]s|s) ± .*")
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a run: how it ended, what it printed, and the digests of the files it wrote."""

    ended: str
    printed: str
    files: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Whether both runs did the same, and the lines that describe the comparison."""

    same: bool
    lines: tuple[str, ...]


def verify(project: Project, reference: bytes, source: Path | None, tell: Callable[[str], None]) -> Comparison:
    """Run the original and the built notebook in sandboxes, as a rehearsal does, and compare the results.

    Without a ``source``, there is no input, and both run up to the first input that is missing.

    Raises
    ------
    InvalidInput
        ``source`` lacks an attached competition.
    EnvironmentUnavailable
        The packages that the notebook imports cannot be installed here.
    """
    built = build.build_notebook(project, limit=None)
    python = python_environment.prepare(project, built, tell)
    # Literal paths in the original exist in one of the layouts only.
    layout: Layout = "new" if re.search(rb"/kaggle/input/(competitions|datasets|models)/", reference) else "old"
    results, backend = [], sandbox.best()
    with tempfile.TemporaryDirectory(prefix="kernelwright-") as folder:
        for name, data in (("original", reference), ("built", built.data)):
            tell(f"running the {name} notebook on {source or 'no input'}")
            directory = RunDirectory.below(Path(folder) / name)
            directory.folder.mkdir()
            if source:
                input_folder.stage(project, Folders(source=source), directory, read_only=backend != "process")
            else:
                directory.input.mkdir()
            mounts = input_folder.mounts(project.metadata, directory, layout)
            spec = RunSpec(directory=directory, phase="rerun", layout=layout, mounts=mounts)
            outcome = run(data, python_environment.with_interpreter(spec, python), backend, Limits())
            results.append(result(outcome, directory.working))
    return compare(*results)


def result(outcome: Outcome, working: Path) -> Result:
    """Return the result of a run whose working folder is ``working``."""
    files = {
        path.relative_to(working).as_posix(): hashing.file_sha256(path)
        for path in sorted(working.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != NOTEBOOK and "__pycache__" not in path.parts
    }
    ended = outcome.exception["name"] if outcome.exception else "Complete"
    outputs = [output for cell in outcome.notebook["cells"] for output in cell.get("outputs", ())]
    if failed := next((output for output in outputs if output["output_type"] == "error"), None):
        # `inputs.find` raises InputNotFound where the original raises FileNotFoundError.
        is_missing = failed["ename"] in {"InputNotFound", "FileNotFoundError"}
        ended = "an input is missing" if is_missing else f"{failed['ename']}: {failed['evalue']}"
    printed = ""
    for output in outputs:  # pictures, HTML and standard error are left out: they vary from run to run
        if output["output_type"] != "stream":
            text = "".join(output.get("data", {}).get("text/plain", ""))
            printed += f"{text}\n" if text else ""
        elif output["name"] == "stdout":
            printed += "".join(output["text"])
    return Result(ended=ended, printed=_VOLATILE.sub("…", without_colours(printed)), files=files)


def compare(original: Result, built: Result) -> Comparison:
    """Compare the results of the original and the built notebook."""
    is_same = {True: "the same", False: "not the same"}
    before, after = original.printed.splitlines(), built.printed.splitlines()
    lines = [
        f"end: {original.ended}" + ("" if original.ended == built.ended else f" before, {built.ended} now"),
        f"output ({len(before)} line{'' if len(before) == 1 else 's'}): {is_same[original.printed == built.printed]}",
    ]
    difference = list(difflib.unified_diff(before, after, "original", "built", lineterm="", n=1))
    lines += [f"  {line}" for line in difference[:_SHOWN]]
    for name in sorted({*original.files, *built.files}):
        is_in_both = name in original.files and name in built.files
        verdict = is_same[original.files.get(name) == built.files.get(name)] if is_in_both else "only in one of them"
        lines.append(f"{name}: {verdict}")
    return Comparison(same=original == built, lines=tuple(lines))
