"""The proof of a conversion: original and built notebook are run on the same input, and compared."""

import difflib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelwright.bundle import build
from kernelwright.project.model import Project
from kernelwright.rehearsal import input_folder, python_environment, sandbox
from kernelwright.rehearsal.input_folder import Folders
from kernelwright.rehearsal.resource_limits import Limits
from kernelwright.rehearsal.run import Outcome, run
from kernelwright.rehearsal.run_directory import NOTEBOOK, Layout, RunDirectory, RunSpec
from kernelwright.support import hashing
from kernelwright.support.terminal import without_colours

_VOLATILE = re.compile(r"0x[0-9a-f]{6,}|(?m:^(?:CPU times|Wall time).*$)|\d[\d.]* (?:[mµn]s|s) ± .*")
_MISSING = {"InputNotFound", "FileNotFoundError"}
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run left: how it ended, what it printed, and the digests of its files."""

    ended: str
    printed: str
    files: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Whether both runs did the same, and the lines that say what was compared."""

    same: bool
    lines: tuple[str, ...]


def verify(project: Project, reference: bytes, source: Path | None, tell: Callable[[str], None]) -> Comparison:
    """Run the original notebook and the built one in sandboxes, as a rehearsal does, and compare what they leave.

    Without a ``source``, no input is there, and both run to the first they miss.

    Raises
    ------
    InvalidInput
        ``source`` lacks a competition that is attached.
    EnvironmentUnavailable
        What the notebook imports cannot be installed here.
    """
    built = build.build_notebook(project, limit=None)
    python = python_environment.prepare(project, built, tell)
    layout: Layout = "new" if re.search(rb"/kaggle/input/(competitions|datasets|models)/", reference) else "old"
    results = []
    with tempfile.TemporaryDirectory(prefix="kernelwright-") as folder:
        for name, data in (("original", reference), ("built", built.data)):
            tell(f"running the {name} notebook on {source or 'no input'}")
            directory = RunDirectory.below(Path(folder) / name)
            directory.folder.mkdir()
            if source:
                read_only = sandbox.best() != "process"
                input_folder.stage(project, Folders(source=source), directory, read_only=read_only)
            else:
                directory.input.mkdir()
            mounts = input_folder.mounts(project.metadata, directory, layout)
            spec = RunSpec(directory=directory, phase="rerun", layout=layout, mounts=mounts)
            spec = python_environment.with_interpreter(spec, python)
            results.append(result(run(data, spec, sandbox.best(), Limits()), directory.working))
    return compare(*results)


def result(outcome: Outcome, working: Path) -> Result:
    """Return what a run left."""
    files = {
        path.relative_to(working).as_posix(): hashing.file_sha256(path)
        for path in sorted(working.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != NOTEBOOK and "__pycache__" not in path.parts
    }
    failed = next((output for output in _outputs(outcome.notebook) if output["output_type"] == "error"), None)
    ended = "Complete" if not outcome.exception else outcome.exception["name"]
    if failed:
        missing = failed["ename"] in _MISSING
        ended = "an input is missing" if missing else f"{failed['ename']}: {failed['evalue']}"
    printed = ""
    for output in _outputs(outcome.notebook):  # pictures, HTML and what is logged vary from run to run
        if output["output_type"] != "stream":
            text = "".join(output.get("data", {}).get("text/plain", ""))
            printed += f"{text}\n" if text else ""
        elif output["name"] == "stdout":
            printed += "".join(output["text"])
    return Result(ended=ended, printed=_VOLATILE.sub("…", without_colours(printed)), files=files)


def _outputs(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for cell in notebook["cells"]:
        yield from cell.get("outputs", ())


def compare(original: Result, built: Result) -> Comparison:
    """Compare two runs."""
    same_end, same_output = original.ended == built.ended, original.printed == built.printed
    before, after = original.printed.splitlines(), built.printed.splitlines()
    counted = f"{len(before)} {'line' if len(before) == 1 else 'lines'}"
    lines = [
        f"end: {original.ended}" if same_end else f"end: {original.ended} before, {built.ended} now",
        f"output ({counted}): {'the same' if same_output else 'not the same'}",
    ]
    if not same_output:
        difference = list(difflib.unified_diff(before, after, "original", "built", lineterm="", n=1))
        lines += [f"  {line}" for line in difference[:_SHOWN]]
    for name in sorted({*original.files, *built.files}):
        digests = {original.files.get(name), built.files.get(name)}
        verdict = "the same" if len(digests) == 1 else "only in one of them" if None in digests else "not the same"
        lines.append(f"{name}: {verdict}")
    same = same_end and same_output and original.files == built.files
    return Comparison(same=same, lines=tuple(lines))
