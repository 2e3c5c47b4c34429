"""How near a forecast fitted on two small samples comes to a run eight times larger than the larger of them.

The mini dataset is too small for that, so its scenes are photographed again, and more often. Other
work on the machine shows in the ratios.
"""

import shutil
from pathlib import Path

from kernelwright.project import Forecast, load_project
from kernelwright.rehearsal import sizes
from kernelwright.rehearsal.forecast import forecast
from kernelwright.rehearsal.rehearse import Plan

ROOT = Path(__file__).parents[1]
MINI, LARGE = ROOT / "build" / "mini", ROOT / "build" / "bench" / "forecast"
SMALL, FACTOR = (60, 120), 8


def main() -> None:
    """Measure, and print a line a stage: forecast, measured, ratio."""
    project = load_project(ROOT)
    largest = FACTOR * max(SMALL)
    photograph(MINI, LARGE, largest)
    plan = Plan(source=LARGE, layouts=["new"])
    *small, large = sizes.measure(project, plan, [*SMALL, largest], print)
    counts = {stage["name"]: stage["count"] for stage in large.stages}
    found = forecast(Forecast(counts=counts), small)
    measured = {stage["name"]: stage["seconds"] for stage in large.stages}
    print(f"forecast from {SMALL[0]} and {SMALL[1]} rows for {largest}")
    for stage in found.stages:
        _line(f"{stage.name}, {stage.count} items", stage.seconds, measured[stage.name])
    _line("all stages", sum(stage.seconds for stage in found.stages), sum(measured.values()))
    _line("the run", found.hours * 3600, large.seconds)


def _line(name: str, expected: float, measured: float) -> None:
    print(f"  {name:<24} forecast {expected:7.1f} s  measured {measured:7.1f} s  ratio {expected / measured:.2f}")


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
