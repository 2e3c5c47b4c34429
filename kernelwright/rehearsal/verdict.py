"""What Kaggle would say of a run, judged by how it ended, never by the status cells claim."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelwright.rehearsal.run import Outcome

COMPLETE = "Complete"
TIMEOUT = "Notebook Timeout"
THREW = "Notebook Threw Exception"
EXCEEDED = "Notebook Exceeded Allowed Compute"
NOT_FOUND = "Submission CSV Not Found"
SCORING_ERROR = "Submission Scoring Error"

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_SOURCE_LINES, _OUTPUT_LINES, _LINE = 12, 20, 80


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Kaggle's word, and what it is about."""

    word: str
    detail: str = ""


def judge(outcome: Outcome, submission: Path, problems: Sequence[str]) -> Verdict:
    """Judge a run by the limit it passed, then by its exception, then by the file it left."""
    if outcome.watched.exceeded:
        return _exceeded(outcome)
    if outcome.exception:
        return Verdict(word=THREW, detail=_thrown(outcome))
    if not submission.is_file():
        return Verdict(word=NOT_FOUND, detail=_joined(f"{submission.name} was not written", _never_run(outcome)))
    if problems:
        return Verdict(word=SCORING_ERROR, detail=_joined(*problems, _never_run(outcome)))
    return Verdict(word=COMPLETE, detail=_never_run(outcome))


def _exceeded(outcome: Outcome) -> Verdict:
    limit = outcome.watched.exceeded
    word = TIMEOUT if limit == "time" else EXCEEDED
    said = {
        "time": f"ended at the time limit, after {outcome.seconds:.0f} s",
        "memory": f"ended at the memory limit, with {outcome.watched.peak_bytes / 1e9:.2f} GB in use",
        "disk": "the working folder grew over the disk limit",
    }
    return Verdict(word=word, detail=_joined(said[str(limit)], _shown(_running(outcome.notebook))))


def _thrown(outcome: Outcome) -> str:
    raised = outcome.exception or {}
    failing = _failing(outcome.notebook)
    if raised.get("name") == "DeadKernelError":
        died = "the kernel died (out of memory, os._exit or a crash)"
        return _joined(died, _never_run(outcome, ""), _shown(_running(outcome.notebook)))
    text = "" if failing else raised.get("text", "").strip()
    asked = f"the network was asked for: {', '.join(outcome.hosts)}" if outcome.hosts else ""
    return _joined(asked, text, _shown(failing))


def _never_run(outcome: Outcome, why: str = ", as after sys.exit(0)") -> str:
    """Count the code cells that were left out: they were never begun."""
    skipped = [cell for cell in _code(outcome.notebook) if _papermill(cell).get("start_time") is None]
    return f"{len(skipped)} {_plural('cell', skipped)} never ran{why}" if skipped else ""


def cells(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return id, first line, seconds (None where it never ran) and failure of each code cell that holds something."""
    return [
        {
            "id": cell["id"],
            "begins": "".join(cell["source"]).strip().splitlines()[0][:_LINE],
            "seconds": _papermill(cell).get("duration"),
            "failed": any(output["output_type"] == "error" for output in cell["outputs"]),
        }
        for cell in _code(notebook)
    ]


def _code(notebook: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]


def _papermill(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    told: Mapping[str, Any] = cell["metadata"].get("papermill", {})
    return told


def _failing(notebook: Mapping[str, Any]) -> Mapping[str, Any] | None:
    failed = (c for c in _code(notebook) if any(o["output_type"] == "error" for o in c["outputs"]))
    return next(failed, None)


def _running(notebook: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the cell that was running when the end came: begun, and without a duration."""
    begun = [cell for cell in _code(notebook) if _papermill(cell).get("start_time")]
    open_ = [cell for cell in begun if _papermill(cell).get("duration") is None]
    return next(iter(open_ or begun[-1:]), None)


def _shown(cell: Mapping[str, Any] | None) -> str:
    """Show a cell as a person wants it: what it says, what it printed, and the traceback."""
    if cell is None:
        return ""
    source = "".join(cell["source"]).splitlines()
    more = ["…"] if len(source) > _SOURCE_LINES else []
    printed = "".join("".join(o.get("text", "")) for o in cell["outputs"] if o["output_type"] == "stream").splitlines()
    raised = [o for o in cell["outputs"] if o["output_type"] == "error"]
    traceback = _COLOURS.sub("", "\n".join(raised[0]["traceback"])).splitlines() if raised else []
    return "\n".join(
        [f"in cell {cell['id']}:", *(f"    {line}" for line in [*source[:_SOURCE_LINES], *more])]
        + [f"  | {line}" for line in printed[-_OUTPUT_LINES:]]
        + [f"  ! {line}" for line in traceback]
    )


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _plural(noun: str, things: Sequence[object]) -> str:
    return noun if len(things) == 1 else f"{noun}s"
