"""How near a forecast fitted on two small samples comes to a run eight times larger than the larger of them.

The mini dataset is too small for that, so its scenes are photographed again, and more often. On a
machine with other work, which comes and goes, the CPU time tells more than the seconds.
"""

import contextlib
import shutil
import threading
from pathlib import Path

import psutil

from benchmarks._figures import Figure
from kernelwright.project.config import Forecast
from kernelwright.project.model import Project, load_project
from kernelwright.rehearsal import scaling_runs
from kernelwright.rehearsal.forecast.cost_model import fit
from kernelwright.rehearsal.forecast.forecast import Timed, forecast
from kernelwright.rehearsal.rehearse import Plan

ROOT = Path(__file__).parents[1]
MINI, LARGE = ROOT / "build" / "mini", ROOT / "build" / "bench" / "forecast"
SMALL, FACTOR = (30, 60), 8


def main() -> list[Figure]:
    """Measure, and print and return a figure per stage: forecast, measured, ratio."""
    project = load_project(ROOT)
    largest = FACTOR * max(SMALL)
    photograph(MINI, LARGE, largest)
    plan = Plan(source=LARGE, layouts=["new"])
    *small, (large, used) = [_measured(project, plan, rows) for rows in (*SMALL, largest)]
    counts = {stage["name"]: stage["count"] for stage in large.stages}
    prediction = forecast(Forecast(counts=counts), [timed for timed, _ in small])
    measured = {stage["name"]: stage["seconds"] for stage in large.stages}
    print(f"forecast from {SMALL[0]} and {SMALL[1]} rows for {largest}")
    figures = [
        _figure(f"{stage.name}, {stage.count} items", stage.seconds, measured[stage.name])
        for stage in prediction.stages
    ]
    figures.append(_figure("all stages", sum(stage.seconds for stage in prediction.stages), sum(measured.values())))
    figures.append(_figure("the run", prediction.hours * 3600, large.seconds))
    cpu = fit([(rows, seconds) for rows, (_, seconds) in zip(SMALL, small, strict=True)])
    return [*figures, _figure("the run, CPU time", cpu.seconds(largest), used)]


def _measured(project: Project, plan: Plan, rows: int) -> tuple[Timed, float]:
    """Return a run of that many rows, and the CPU time of all its processes, looked at twice a second."""
    used: dict[int, float] = {}
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(used, ended))
    watcher.start()
    try:
        (timed,) = scaling_runs.measure(project, plan, [rows], print)
    finally:
        ended.set()
        watcher.join()
    return timed, sum(used.values())


def _watch(used: dict[int, float], ended: threading.Event) -> None:
    while not ended.wait(0.5):
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                used[process.pid] = times.user + times.system


def _figure(name: str, expected: float, measured: float) -> Figure:
    print(f"  {name:<24} forecast {expected:7.1f} s  measured {measured:7.1f} s  ratio {expected / measured:.2f}")
    return Figure(name=f"forecast of {name}", seconds=expected, peers={"measured": measured})


def photograph(source: Path, target: Path, rows: int) -> None:
    """Make an input folder of ``rows`` test and train images each, and the weights of ``source``."""
    from tests.mini import dataset, scenes

    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(dataset.COMPETITION))
    shown = {"train": scenes.LANDMARKS, "test": [*scenes.LANDMARKS, *scenes.DISTRACTORS]}
    dataset.write(
        target / dataset.COMPETITION,
        [
            dataset.Shot(split=split, scene=[*names][number % len(names)], number=100 + number // len(names))
            for split, names in shown.items()
            for number in range(rows)
        ],
    )


if __name__ == "__main__":
    main()
