"""Make the bed, train the networks, and measure: ``python -m benchmarks.accuracy``; what is made is kept.

An hour of a processor the first time, most of it for the networks; some minutes after that.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "accuracy"
RESULTS = FOLDER / "gains.json"
PLOT = ROOT / "docs" / "bench-accuracy.svg"
RESAMPLES = 9999
"""Permutations that a p-value comes from."""


def main() -> None:
    """Print and keep what was chosen, what each ingredient gains on its own, and what all gain together."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    from benchmarks.accuracy import bed, ingredients, networks, report
    from benchmarks.accuracy.trial import Bench

    seeds = tuple(map(int, sys.argv[1:])) or networks.SEEDS
    if not (FOLDER / "bed").exists():
        _tell("photographing the bed")
        bed.write(FOLDER / "bed")
    for seed in seeds:
        _tell(f"network {seed}")
        networks.trained(FOLDER / "bed", FOLDER / f"network-{seed}", seed)
    _tell("the local features")
    bench = Bench(FOLDER)
    _tell("choosing on the validation part")
    best = ingredients.chosen(bench, seeds, ingredients.portable(), ingredients.BASE)
    fitted = ingredients.chosen(bench, seeds, ingredients.fitted(bench, seeds), best.settings)
    for name, gap in (*best.steps, *fitted.steps):
        _tell(f"  {gap:.4f}  {name}")
    _tell("measuring on the test part")
    alone = {
        name: change(ingredients.BASE)
        for group in (*ingredients.portable(), *ingredients.fitted(bench, seeds))
        for name, change in group.items()
    }
    more = {f"BEST, {name}": settings for name, settings in ingredients.beyond(best.settings).items()}
    rows = {"SEED": ingredients.BASE, "BEST": best.settings, "BEST, fitted": fitted.settings, **more, **alone}
    gains = [_measured(bench, seeds, name, settings) for name, settings in rows.items()]
    results = {
        "seeds": seeds,
        "steps": {"BEST": best.steps, "BEST, fitted": fitted.steps},
        "BEST": asdict(best.settings),
        "BEST, fitted": asdict(fitted.settings),
        "gains": gains,
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PLOT.write_text(report.plot(gains))
    print("\n".join(["", *report.table(gains)]))


def _measured(bench: Any, seeds: tuple[int, ...], name: str, settings: Any) -> dict[str, Any]:
    """Return GAP on the test part, and its gain over the original's rules with the same networks."""
    from benchmarks.accuracy.gains import p_value
    from benchmarks.accuracy.ingredients import BASE, mean_gap

    mine, base = ([bench.answers("test", seed, each) for seed in seeds] for each in (settings, BASE))
    gaps = np.array([answers.gap for answers in mine])
    gains = gaps - [answers.gap for answers in base]
    return {
        "name": name,
        "validation": mean_gap(bench, "validation", seeds, settings) - mean_gap(bench, "validation", seeds, BASE),
        "gap": gaps.mean(),
        "gap_sd": gaps.std(ddof=1) if len(seeds) > 1 else 0.0,
        "gain": gains.mean(),
        "gain_sd": gains.std(ddof=1) if len(seeds) > 1 else 0.0,
        "p": p_value(mine, base, RESAMPLES),
        "pairs": np.mean([bench.pairs_per_query("test", seed, settings) for seed in seeds]),
    }


def _tell(line: str) -> None:
    print(f"accuracy {time.process_time():6.0f} s  {line}", flush=True)


if __name__ == "__main__":
    main()
