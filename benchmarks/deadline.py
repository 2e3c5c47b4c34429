"""What a rerun hands in at deadlines of 10, 30, 60 and 90 % of the time that it takes, and when it ends.

The libraries are imported before the clock starts: that takes as long as a deadline of 10 % of so small a run. A whole
run is timed before and after the others, as the machine may do other work; the quicker of the two is 100 %.
"""

import csv
import json
import multiprocessing
import os
import runpy
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.forecast import photograph

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench" / "deadline"
PLOT = ROOT / "docs" / "bench-deadline.svg"
ROWS = 96
SHARES = (0.1, 0.3, 0.6, 0.9)


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a run ended."""

    deadline: float
    """In seconds after its start."""
    seconds: float
    gap: float
    stages: str
    """What was done of each, ``count of all``."""


def main() -> None:
    """Run without a deadline, then with each; print a line a run, and write the plot."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # the server of forks does not get the path otherwise
    photograph(ROOT / "build" / "mini", FOLDER / "input", ROWS)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["landmarks.pipeline"])
    print(f"{ROWS} test and {ROWS} train images; load {os.getloadavg()[0]:.1f}\n")
    print("| share | deadline, s | ended, s | over | GAP | done |\n|--:|--:|--:|--:|--:|---|")
    before = _run(processes, "before", float("inf"))
    runs = [_run(processes, f"{share:.0%}", share * before.seconds) for share in SHARES]
    after = _run(processes, "after", float("inf"))
    whole = min(before.seconds, after.seconds)
    points = [(run.deadline / whole, run.gap) for run in runs]
    for (share, _), run in zip(points, runs, strict=True):
        over = f"{run.seconds / run.deadline - 1:+.1%}"
        print(f"| {share:.0%} | {run.deadline:.1f} | {run.seconds:.1f} | {over} | {run.gap:.4f} | {run.stages} |")
    for run in (before, after):
        print(f"| whole |  | {run.seconds:.1f} |  | {run.gap:.4f} | {run.stages} |")
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")
    PLOT.write_text(_plot([*points, (1.0, after.gap)]))


def _run(processes: multiprocessing.context.ForkServerContext, name: str, deadline: float) -> Run:
    from kernelwright.runtime import submission_rules
    from landmarks import gap

    folder, competition = FOLDER / name, FOLDER / "input" / "landmark-recognition-2021"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "working").mkdir(parents=True)
    process = processes.Process(target=_drive, args=(folder, deadline))
    process.start()
    process.join()
    assert process.exitcode == 0, (folder / "log").read_text()
    submission = folder / "working" / "submission.csv"
    header, *rows = csv.reader(submission.read_text("utf-8").splitlines())
    sample = submission_rules.Sample.read(competition / "sample_submission.csv")
    assert submission_rules.problems(header, rows, sample) == []
    stages = json.loads((folder / "record" / "stages.json").read_bytes())
    return Run(
        deadline=deadline,
        seconds=json.loads((folder / "seconds.json").read_bytes()),
        gap=gap.score(submission, competition / "truth.csv")["GAP"],
        stages=", ".join(f"{stage['name']} {stage['count']}" for stage in stages),
    )


def _drive(folder: Path, deadline: float) -> None:
    """Run the driver as the hidden rerun does, in this process."""
    log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(folder / "working")
    started = time.time()
    os.environ |= {
        "KAGGLE_IS_COMPETITION_RERUN": "true",
        "KERNELWRIGHT_INPUT": str(FOLDER / "input"),
        "KERNELWRIGHT_RECORD": str(folder / "record"),
        "KERNELWRIGHT_DEADLINE": str(started + deadline),
    }
    runpy.run_path(str(ROOT / "kernel_src" / "main.py"))
    (folder / "seconds.json").write_text(json.dumps(time.time() - started))


def _plot(points: list[tuple[float, float]]) -> str:
    """Draw the GAP over the share of the time, as SVG: 0 to 1 on both axes."""
    ticks = [number / 5 for number in range(6)]
    places = [(60 + 480 * share, 320 - 280 * gap) for share, gap in points]
    parts = [
        *(f'<path d="M60 {320 - 280 * tick:.0f}h480" stroke="#ddd"/>' for tick in ticks),
        *(f'<text x="52" y="{324 - 280 * tick:.0f}" text-anchor="end">{tick:.1f}</text>' for tick in ticks),
        *(f'<text x="{60 + 480 * tick:.0f}" y="338" text-anchor="middle">{tick:.0%}</text>' for tick in ticks),
        '<text x="300" y="360" text-anchor="middle">deadline, share of the time of the whole run</text>',
        '<text x="60" y="26">GAP</text>',
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" fill="none" stroke="#4263a3"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#4263a3"/>' for x, y in places),
    ]
    body = "\n".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 580 372" font-family="sans-serif" font-size="12">\n'
        f'<rect width="580" height="372" fill="#fff"/>\n{body}\n</svg>\n'
    )


if __name__ == "__main__":
    main()
