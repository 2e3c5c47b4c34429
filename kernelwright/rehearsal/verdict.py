"""What Kaggle would say of a run, judged by how it ended, never by the status cells claim."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernelwright.rehearsal.run import Outcome

COMPLETE = "Complete"
THREW = "Notebook Threw Exception"
NOT_FOUND = "Submission CSV Not Found"
SCORING_ERROR = "Submission Scoring Error"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Kaggle's word, and what it is about."""

    word: str
    detail: str = ""


def judge(outcome: Outcome, submission: Path, problems: Sequence[str]) -> Verdict:
    """Judge a run by its exception, then by the file it left."""
    if outcome.exception:
        hosts = f"\nthe network was asked for: {', '.join(outcome.hosts)}" if outcome.hosts else ""
        return Verdict(word=THREW, detail=outcome.exception["text"].strip() + hosts)
    if not submission.is_file():
        return Verdict(word=NOT_FOUND, detail=f"{submission.name} was not written{_never_run(outcome)}")
    if problems:
        return Verdict(word=SCORING_ERROR, detail="\n".join(problems))
    return Verdict(word=COMPLETE, detail=_never_run(outcome).removeprefix("; "))


def _never_run(outcome: Outcome) -> str:
    """Count the code cells that a quiet exit left out: they have no duration."""
    skipped = [cell["id"] for cell in cells(outcome.notebook) if cell["seconds"] is None]
    return f"; {len(skipped)} cells were never run, as after sys.exit(0)" if skipped else ""


def cells(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return id, seconds (None where it never ran) and failure of each code cell that holds something."""
    coded = [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    return [
        {
            "id": cell["id"],
            "seconds": cell["metadata"].get("papermill", {}).get("duration"),
            "failed": any(output["output_type"] == "error" for output in cell["outputs"]),
        }
        for cell in coded
    ]


def submission_problems(submission: Path, sample: Path) -> list[str]:
    """Hold a submission against the sample: columns, ids, repeats, empty ids. One line a kind of problem."""
    (header, *rows), (expected, *samples) = _read(submission), _read(sample)
    if header != expected:
        return [f"the header is {','.join(header)}; the sample's is {','.join(expected)}"]
    if ragged := [str(number) for number, row in enumerate(rows, 2) if len(row) != len(header)]:
        return [f"{len(ragged)} rows have other than {len(header)} values, first in line {ragged[0]}"]
    ids, wanted = Counter(row[0] for row in rows), {row[0] for row in samples}
    return [
        *_listed("are repeated", [key for key, count in ids.items() if count > 1]),
        *_listed("are missing", sorted(wanted - set(ids))),
        *_listed("are not in the sample", sorted(set(ids) - wanted)),
        *_listed("have a value NaN", [row[0] for row in rows if "nan" in map(str.lower, row[1:])]),
    ]


def _read(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.reader(text)) or [[]]


def _listed(what: str, ids: Sequence[str]) -> list[str]:
    shown = ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")
    return [f"{len(ids)} ids {what}: {shown}"] if ids else []
