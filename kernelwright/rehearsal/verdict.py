"""The verdict: what Kaggle would call a run.

It depends on how the run ended, never on the status of its cells: papermill sets cells that never ran to ``completed``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kernelwright.rehearsal.gateway import Result
from kernelwright.rehearsal.run import Outcome
from kernelwright.support.terminal import without_colours

_SOURCE_LINES, _OUTPUT_LINES, _LINE = 12, 20, 80


class Word(StrEnum):
    """Kaggle's words for the outcome of a run."""

    COMPLETE = "Complete"
    TIMEOUT = "Notebook Timeout"
    THREW = "Notebook Threw Exception"
    EXCEEDED = "Notebook Exceeded Allowed Compute"
    NOT_FOUND = "Submission CSV Not Found"
    SCORING_ERROR = "Submission Scoring Error"


_TRACEBACK = "Traceback (most recent call last)"
_HIDDEN = "hidden files are not where the notebook runs: what predict is to know of them comes with the call"
_GATEWAY_ERRORS = {
    "SERVER_NEVER_STARTED": (Word.TIMEOUT, "no server answered within the gateway's limit; call serve() early"),
    "SERVER_CONNECTION_FAILED": (Word.THREW, "the server was there and is gone: it ended, or ran out of memory"),
    "SERVER_RAISED_EXCEPTION": (Word.THREW, "a function that the gateway calls raised"),
    "SERVER_MISSING_ENDPOINT": (Word.THREW, "the server was not given a function of the name that is called"),
    "GRPC_DEADLINE_EXCEEDED": (Word.TIMEOUT, "a call took longer than the competition allows"),
    "INVALID_SUBMISSION": (Word.SCORING_ERROR, "what predict returned is not what the gateway takes"),
    "GATEWAY_RAISED_EXCEPTION": (Word.THREW, "the gateway itself raised, often on the type of what predict returned"),
}
"""Kaggle's name for an error of a gateway -> the verdict and an explanation."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Kaggle's word for a run, and the details."""

    word: Word
    detail: str = ""


def judge(outcome: Outcome, missing: Sequence[str], problems: Sequence[str]) -> Verdict:
    """Judge a run by the limit that it exceeded, then by its exception, then by the submission that it left.

    Parameters
    ----------
    outcome : Outcome
        How the run ended.
    missing : sequence of str
        For each missing file of the submission, what is wrong; empty if the kernel has nothing to submit.
    problems : sequence of str
        Why the existing submission would not be scored.
    """
    if outcome.usage.exceeded:
        return _exceeded(outcome)
    if outcome.gateway and not outcome.gateway.succeeded:
        return _refused(outcome, outcome.gateway)
    # Beside a gateway, the notebook is ended while its server waits in a cell: neither cells that did not run nor the
    # exception of that end count.
    skipped = "" if outcome.gateway else _never_run(outcome)
    why = f"{skipped}, as after sys.exit(0)" if skipped else ""
    if outcome.exception and not outcome.gateway:
        return Verdict(word=Word.THREW, detail=_thrown(outcome, outcome.exception))
    if missing:
        return Verdict(word=Word.NOT_FOUND, detail=_join(*missing, why))
    if problems:
        return Verdict(word=Word.SCORING_ERROR, detail=_join(*problems, why))
    return Verdict(word=Word.COMPLETE, detail=why)


def _refused(outcome: Outcome, result: Result) -> Verdict:
    """Judge a run whose gateway failed, by the name of its error; add what the notebook raised, if anything."""
    word, meaning = _GATEWAY_ERRORS.get(result.error, (Word.THREW, ""))
    # NoResult only means that papermill did not end by itself, as when its server is ended with the gateway.
    raised = outcome.exception if (outcome.exception or {}).get("name") != "NoResult" else None
    thrown = _thrown(outcome, raised) if raised else ""
    if not result.ended:
        meaning = "the notebook ended, and its server with it, before the gateway had all its answers"
    count = f"{result.error or 'the gateway failed'} in call {len(result.calls) or 1}"
    log = result.server_log if _TRACEBACK in result.server_log else outcome.log
    traceback = log[log.rfind(_TRACEBACK) :].strip() if _TRACEBACK in log else ""
    printed = "\n".join(f"  ! {line}" for line in traceback.splitlines()[-_OUTPUT_LINES:]) if not thrown else ""
    hidden = _HIDDEN if "FileNotFoundError" in f"{traceback}{result.details}" else ""
    return Verdict(
        word=word,
        detail=_join(f"{count}: {meaning}" if meaning else count, result.details.strip(), hidden, thrown, printed),
    )


def _exceeded(outcome: Outcome) -> Verdict:
    limit = str(outcome.usage.exceeded)
    reason = {
        "time": f"ended at the time limit, after {outcome.seconds:.0f} s",
        "memory": f"ended at the memory limit, with {outcome.usage.peak_bytes / 1e9:.2f} GB in use",
        "disk": "the working folder grew over the disk limit",
        "processes": "ended with more processes than any kernel needs: it may start them without end",
    }[limit]
    word = Word.TIMEOUT if limit == "time" else Word.EXCEEDED
    calls = f"calls of the gateway that were answered: {len(outcome.gateway.calls)}" if outcome.gateway else ""
    return Verdict(word=word, detail=_join(reason, calls, _show(_running(outcome.notebook))))


def _thrown(outcome: Outcome, exception: Mapping[str, str]) -> str:
    if exception.get("name") == "DeadKernelError":
        died = "the kernel died (out of memory, os._exit or a crash)"
        return _join(died, _never_run(outcome), _show(_running(outcome.notebook)))
    failing = next(filter(_has_failed, code_cells(outcome.notebook)), None)
    text = "" if failing else exception.get("text", "").strip()
    hosts = f"the network was asked for: {', '.join(outcome.hosts)}" if outcome.hosts else ""
    return _join(hosts, text, _show(failing))


def _never_run(outcome: Outcome) -> str:
    """Say how many code cells never ran; empty if all did."""
    count = sum(_papermill(cell).get("start_time") is None for cell in code_cells(outcome.notebook))
    return f"{count} {'cell' if count == 1 else 'cells'} never ran" if count else ""


def cells(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return ``id``, ``begins`` (first line), ``seconds`` (None if it did not end) and ``failed`` of each code cell."""
    return [
        {
            "id": cell.get("id", ""),
            "begins": "".join(cell["source"]).strip().splitlines()[0][:_LINE],
            "seconds": _papermill(cell).get("duration"),
            "failed": _has_failed(cell),
        }
        for cell in code_cells(notebook)
    ]


def code_cells(notebook: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the code cells that are not empty."""
    return [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]


def _papermill(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    noted: Mapping[str, Any] = cell["metadata"].get("papermill") or {}
    return noted


def _has_failed(cell: Mapping[str, Any]) -> bool:
    """Return True if the cell raised."""
    # A magic that does not exist raises without an error among the outputs, so papermill's status counts too.
    raised = any(output["output_type"] == "error" for output in cell["outputs"])
    return raised or _papermill(cell).get("status") == "failed"


def _running(notebook: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the cell that was running when the run ended: begun, without a duration; else the last that was begun."""
    begun = [cell for cell in code_cells(notebook) if _papermill(cell).get("start_time")]
    unfinished = [cell for cell in begun if _papermill(cell).get("duration") is None]
    return next(iter(unfinished or begun[-1:]), None)


def _show(cell: Mapping[str, Any] | None) -> str:
    """Format a cell for the report: the start of its source, the end of its printed output, and its traceback."""
    if cell is None:
        return ""
    source = "".join(cell["source"]).splitlines()
    more = ["…"] if len(source) > _SOURCE_LINES else []
    printed = "".join("".join(o.get("text", "")) for o in cell["outputs"] if o["output_type"] == "stream").splitlines()
    raised = [o for o in cell["outputs"] if o["output_type"] == "error"]
    traceback = without_colours("\n".join(raised[0]["traceback"])).splitlines() if raised else []
    return "\n".join(
        [f"in cell {cell.get('id', '')}:", *(f"    {line}" for line in [*source[:_SOURCE_LINES], *more])]
        + [f"  | {line}" for line in printed[-_OUTPUT_LINES:]]
        + [f"  ! {line}" for line in traceback]
    )


def _join(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
