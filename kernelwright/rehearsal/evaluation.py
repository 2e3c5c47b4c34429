"""Evaluate a run: from its outcome and its files to its entry in the report."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from kernelwright.errors import HookFailed
from kernelwright.project.model import Project
from kernelwright.rehearsal import attached, file_copies, hooks, input_folder, submission_check, verdict
from kernelwright.rehearsal import gateway as gateways
from kernelwright.rehearsal.forecast.forecast import NO_STAGES, timed
from kernelwright.rehearsal.gateway import Gateway
from kernelwright.rehearsal.report import Run
from kernelwright.rehearsal.run import Outcome, read_json
from kernelwright.rehearsal.run_directory import RunSpec, SandboxName
from kernelwright.support import hashing

LEFT = "left.submission"
"""Name, without suffix, under which the submission that is left is kept beside those that the runtime recorded."""
_NAME = re.compile(r"[\w.-]{1,100}")


def evaluate(project: Project, source: Path, spec: RunSpec, sandbox: SandboxName, outcome: Outcome) -> Run:
    """Judge a run, compare its submission with the sample, and score every submission that it wrote."""
    directory = spec.directory
    guard = read_json(directory.record / "phase.json", {})
    if not isinstance(guard, dict) or not {"name", "computes", "smoke", "why"} <= guard.keys():
        guard = {}
    if guard:  # without declared public data, the guard cannot be wrong
        guard["right"] = not project.configuration.public or guard["name"] == spec.phase.upper()
    gateway, result = gateways.find(project, source), outcome.gateway
    if spec.gateway:  # the gateway writes the submission, and the sample is that of its input
        beside = spec.gateway.directory
        spec = replace(spec, directory=replace(directory, working=beside.working, input=beside.input))
    if gateway:
        project = gateways.as_written(project, spec.directory.working)
    submission = submission_check.check(project, spec)
    if guard and not guard["right"]:
        wrong = f"the guard took the {spec.phase} run for {guard['name']}: {guard['why']}"
        submission = replace(submission, problems=(*submission.problems, wrong))
    judged = verdict.judge(outcome, submission.missing, submission.problems)
    truth = _truth(project, source, gateway, is_hidden=spec.gateway is not None)
    written, problem = _score(project, truth, spec, _written(project, spec, submission), submission.sample_sha256)
    stages: list[Mapping[str, Any]] = []
    with suppress(*NO_STAGES):  # a kernel can write anything into its record folder
        stages += timed(read_json(directory.record / "stages.json", []), 0).stages
    if result and result.calls:  # recorded as a stage, so that a forecast can use the number of calls
        stages.append({"name": "gateway calls", "count": len(result.calls), "seconds": round(sum(result.calls), 3)})
    return Run(
        phase=spec.phase,
        mounts=spec.layout,
        sandbox=sandbox,
        verdict=judged.word,
        detail=judged.detail,
        seconds=round(outcome.seconds, 3),
        peak_rss_bytes=outcome.usage.peak_bytes,
        memory=outcome.usage.memory,
        hosts=outcome.hosts,
        limits=outcome.limits,
        guard=guard,
        cells=verdict.cells(outcome.notebook),
        stages=stages,
        gateway={"error": result.error, "calls": len(result.calls)} if result else {},
        submission=submission.facts,
        submissions=written,
        scores=written[-1]["scores"] if written else {},
        score_problem=problem,
    )


def _written(project: Project, spec: RunSpec, submission: submission_check.Submission) -> list[dict[str, Any]]:
    """Return the submissions that a run wrote: those that the runtime recorded, then the file that is left.

    The latter is left out if it equals the last recorded one. It may differ, because pandas and polars write files
    without a record.
    """
    directory = spec.directory
    entries = read_json(directory.record / "submissions.json", [])
    recorded: list[dict[str, Any]] = []
    for entry in entries if isinstance(entries, list) else ():  # the kernel may have written anything there
        name = str(entry.get("file", "")) if isinstance(entry, dict) else ""
        if _NAME.fullmatch(name) and not submission_check.absence(directory.record / name, directory.record):
            recorded.append({"file": name, "after": str(entry.get("after", "")), "rows": entry.get("rows", 0)})
    file = directory.working / project.configuration.submission[0]
    if project.kind == "output" or submission_check.absence(file, directory.working):
        return recorded
    last = directory.record / recorded[-1]["file"] if recorded else None
    if last is None or hashing.file_sha256(last) != hashing.file_sha256(file):
        name = f"{LEFT}{file.suffix}"
        file_copies.hard_link(file, directory.record / name)
        recorded.append({"file": name, "after": file.name, "rows": submission.rows})
    return recorded


def _truth(project: Project, source: Path, gateway: Gateway | None, *, is_hidden: bool) -> Path | None:
    """Return the file with the truth for the data that the run got; None if there is none."""
    if gateway is None:
        return input_folder.truth(project, source)
    file = ((is_hidden and gateway.hidden) or gateway.folder) / attached.TRUTH
    return file if file.is_file() else None


def _score(
    project: Project, truth: Path | None, spec: RunSpec, written: list[dict[str, Any]], sample_sha256: str
) -> tuple[list[dict[str, Any]], str]:
    """Return the written submissions with their scores, and why there are none if the hook failed.

    Scores are empty without a truth or a hook. The sample is scored only if it is the submission that is left.
    """
    scored: list[dict[str, Any]] = []
    problem = ""
    for entry in written:
        file, scores = spec.directory.record / entry["file"], {}
        is_left = entry is written[-1]
        if truth and project.configuration.score and (is_left or hashing.file_sha256(file) != sample_sha256):
            try:
                scores = hooks.scores(project, file, truth, spec.directory.folder / "score.json")
            except HookFailed as error:
                problem = str(error)
        scored.append({**entry, "scores": scores})
    return scored, problem
