"""How a run grows as test and train images double three times: seconds a stage, on the mini dataset's scenes.

Only comparing embeddings may grow with test x train; all else has to grow with the number of images.
"""

import os
import sys
from pathlib import Path

from benchmarks._figures import Figure
from benchmarks.forecast import photograph

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench" / "growth"
FIRST, DOUBLINGS = 12, 3
LINEAR = 1.2
"""Times what as many images of the smallest run took: the most the largest run should take."""


def main() -> list[Figure]:
    """Print a line a run, and return a figure per stage of the largest."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    sizes = [FIRST * 2**doubling for doubling in range(DOUBLINGS + 1)]
    runs = [_run(rows) for rows in (FIRST, *sizes)][1:]  # the first compiles
    stages = [*runs[0]]
    print(f"| test and train images, each | {' | '.join(stages)} | all |\n|--:|{'--:|' * (len(stages) + 1)}")
    for rows, seconds in zip(sizes, runs, strict=True):
        shown = [*seconds.values(), sum(seconds.values())]
        print(f"| {rows} | {' | '.join(f'{value:.2f} s' for value in shown)} |")
    factor = sizes[-1] / sizes[0]
    pairs = [(name, factor * runs[0][name], runs[-1][name]) for name in stages]
    pairs.append(("all", *(sum(column) for column in zip(*(pair[1:] for pair in pairs), strict=True))))
    return [
        Figure(
            name=f"{name}, {sizes[-1]} images", seconds=last, target=LINEAR * linear, peers={"linear growth": linear}
        )
        for name, linear, last in pairs
    ]


def _run(rows: int) -> dict[str, float]:
    """Return the seconds of each stage of a run."""
    from kernelwright.runtime import stages
    from landmarks.pipeline import recognise
    from landmarks.settings import Settings

    photograph(ROOT / "build" / "mini", FOLDER, rows)
    os.environ["KERNELWRIGHT_INPUT"] = str(FOLDER)
    settings = Settings()
    before = _seconds(stages.records())
    for _ in recognise(FOLDER / settings.competition, settings):
        pass
    return {name: total - before.get(name, 0.0) for name, total in _seconds(stages.records()).items()}


def _seconds(records: list[dict[str, float]]) -> dict[str, float]:
    return {str(stage["name"]): stage["seconds"] for stage in records}


if __name__ == "__main__":
    main()
