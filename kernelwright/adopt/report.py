"""Write the report of a conversion: which definitions stay and why, and what is left for the user to decide."""

import re
from collections.abc import Iterator, Sequence

from kernelwright.adopt.moves import Analysis
from kernelwright.bundle.cells import Cell

_WRITES = re.compile(
    r"\.(?:to_csv|to_parquet|write_csv|write_parquet)\(\s*f?['\"](?:/kaggle/working/|\./)?([\w.-]+)['\"]"
)
_PATH = re.compile(r"^(\w+) *= *[frb]*['\"](?:/kaggle/input|(?:\.\./)+input)/", re.MULTILINE)
_INSTALLS = re.compile(r"[!%]?\s*pip\d?\s+install\b(?!.*--no-index)")
_PICKLES = re.compile(r"\b(?:pickle\.dump|joblib\.dump|torch\.save)\(")


def left(analysis: Analysis) -> list[str]:
    """Return a line for each definition that stays in the driver, with the reason."""
    return [
        f"cell {statement.cell + 1}: `{name}`: {analysis.reasons[name]}"
        for statement in analysis.statements
        for name in dict.fromkeys(statement.definitions)
        if name in analysis.reasons
    ]


def submission(code: str) -> str:
    """Return the name of the first written file that is called a submission; empty if there is none."""
    written: list[str] = _WRITES.findall(code)
    return next((name for name in written if "submission" in name), "")


def open_questions(driver: Sequence[Cell], *, pickles: bool) -> Iterator[str]:
    """Yield a line for each decision that only the user can make."""
    code = "\n".join(cell.source for cell in driver if cell.kind == "code")
    for number, cell in enumerate(driver, 1):
        for line in cell.source.split("\n") if cell.kind == "code" else ():
            if _INSTALLS.match(line):
                yield f"cell {number}: `{line.strip()}` is kept: it asks for more than a package by its name"
    if literal := sorted(set(_PATH.findall(code))):
        yield f"{', '.join(literal)}: kept as literal paths; `inputs.find` finds them in both of Kaggle's layouts"
    if pickles and _PICKLES.search(code):
        yield "pickled objects refer to the new modules: whoever loads them needs these modules"
    if name := submission(code):
        yield (
            f"the call that writes {name} is unchanged; to skip the work in the run that only saves the notebook, "
            "branch on `phase.detect().computes` (the guard, in Kernelwright's docs/runtime.md)"
        )
