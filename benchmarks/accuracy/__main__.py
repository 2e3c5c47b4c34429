"""Make the bed, train the networks, and measure: ``python -m benchmarks.accuracy``; what is made is kept.

Half an hour of a processor the first time, most of it for the networks; a minute or two after that.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "accuracy"
RESULTS = ROOT / "build" / "bench" / "accuracy.json"
RESAMPLES = 9999
"""Permutations that a p-value comes from."""


def main() -> None:
    """Print and keep what was chosen, what each ingredient gains on its own, and what all gain together."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    from benchmarks.accuracy import bed, ingredients, networks
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
    choice = ingredients.chosen(bench, seeds)
    for name, gap in choice.steps:
        _tell(f"  {gap:.4f}  {name}")
    results: dict[str, Any] = {"seeds": seeds, "steps": choice.steps, "chosen": asdict(choice.settings)}
    _tell("measuring on the test part")
    alone = {
        name: change(ingredients.BASE) for group in ingredients.groups(bench, seeds) for name, change in group.items()
    }
    rows = {"all that was chosen": choice.settings, **alone}
    results["gains"] = [_measured(bench, seeds, name, settings) for name, settings in rows.items()]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print("\n".join(["", *table(results["gains"])]))


def table(gains: Sequence[dict[str, Any]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = ["| ingredient | validation | test GAP | gain | p |", "|---|--:|--:|--:|--:|"]
    for row in gains:
        gap, gain = (f"{row[key]:{sign}.4f} ± {row[f'{key}_sd']:.4f}" for key, sign in (("gap", ""), ("gain", "+")))
        lines.append(f"| {row['name']} | {row['validation']:+.4f} | {gap} | {gain} | {row['p']:.4f} |")
    return lines


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
    }


def _tell(line: str) -> None:
    print(f"accuracy {time.process_time():6.0f} s  {line}", flush=True)


if __name__ == "__main__":
    main()
