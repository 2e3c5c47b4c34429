"""How a run grows as test and train images double three times, and what the original's way takes for the largest.

With the original's settings, DELG-shaped local features and all, on photographs of the mini dataset's scenes and with
its network, B0 at 128 px: seconds a stage. Only comparing embeddings may grow with test x train; all else has to grow
with the number of images. The original's way runs once, on the largest input.
"""

import sys
from pathlib import Path

from benchmarks import _original, seed
from benchmarks._figures import Figure
from benchmarks.forecast import photograph

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench" / "growth"
FIRST, DOUBLINGS = 8, 3
LINEAR = 1.2
"""Times what as many images of the smallest run took: the most the largest run should take."""


def main() -> list[Figure]:
    """Print a line a run and a line a stage of the original's way; return a figure per stage and comparison."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    sizes = [FIRST * 2**doubling for doubling in range(DOUBLINGS + 1)]
    runs = [_run(rows) for rows in (FIRST, *sizes)][1:]  # the first compiles
    print(f"| test and train images, each | {' | '.join(_original.STAGES)} | all |")
    print(f"|--:|{'--:|' * (len(_original.STAGES) + 1)}")
    for rows, run in zip(sizes, runs, strict=True):
        shown = [*run.seconds.values(), sum(run.seconds.values())]
        print(f"| {rows} | {' | '.join(f'{value:.2f} s' for value in shown)} |")
    print(f"\nthe largest run beside the original's way, {sizes[-1]} images each", flush=True)
    compared = seed.beside_the_original(FOLDER, runs[-1], f", {sizes[-1]} images")
    return [*_grown(runs[0], runs[-1], sizes[-1] / sizes[0]), *compared]


def _run(rows: int) -> _original.Result:
    photograph(ROOT / "build" / "mini", FOLDER, rows)
    return seed.package(FOLDER)


def _grown(smallest: _original.Result, largest: _original.Result, factor: float) -> list[Figure]:
    pairs = [(stage, factor * smallest.seconds[stage], largest.seconds[stage]) for stage in _original.STAGES]
    pairs.append(("all stages", factor * sum(smallest.seconds.values()), sum(largest.seconds.values())))
    return [
        Figure(
            name=f"growth of {stage}, {factor:.0f} times the images",
            seconds=max(last, 1e-3),  # what the record rounds to
            target=max(LINEAR * linear, 1e-3),
            peers={"linear growth": linear},
        )
        for stage, linear, last in pairs
    ]


if __name__ == "__main__":
    main()
