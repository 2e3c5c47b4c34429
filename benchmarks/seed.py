"""Where the time goes at full size: the package beside the original's way, on the same images in one run."""

import os
import shutil
import sys
from pathlib import Path

from benchmarks import _original
from benchmarks._figures import Figure

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench" / "seed"
TRAIN, TEST = 32, 12


def main() -> list[Figure]:
    """Run both, check that they agree, and print and return a figure per stage."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    from tests.kernel import seed_input

    if not FOLDER.exists():
        shutil.rmtree(FOLDER.with_suffix(".partial"), ignore_errors=True)
        seed_input.write(FOLDER.with_suffix(".partial"), ROOT / "build" / "mini", train=TRAIN, test=TEST).rename(FOLDER)
    print(f"{TRAIN} train and {TEST} test images, B7 at 512 px, DELG-shaped local features\n")
    return beside_the_original(FOLDER, package(FOLDER), "")


def package(folder: Path) -> _original.Result:
    """Recognise what an input folder holds with the original's settings, by the package."""
    from kernelwright.runtime import stages
    from landmarks.pipeline import recognise
    from landmarks.settings import SEED

    os.environ["KERNELWRIGHT_INPUT"] = str(folder)
    before = {stage["name"]: stage["seconds"] for stage in stages.records()}
    *_, last = recognise(folder / SEED.competition, SEED)
    seconds = {stage["name"]: stage["seconds"] - before.get(stage["name"], 0.0) for stage in stages.records()}
    labels = {query: prediction.label for query, prediction in last.predictions.items()}
    return _original.Result(seconds={stage: seconds[stage] for stage in _original.STAGES}, labels=labels)


def beside_the_original(folder: Path, ours: _original.Result, of: str) -> list[Figure]:
    """Run the original's way on the same folder, check that labels agree, and print and return the stages of both."""
    original = _original.recognise(folder)
    assert ours.labels == original.labels, "the package and the original's way disagree"
    pairs = [(stage, original.seconds[stage], ours.seconds[stage]) for stage in _original.STAGES]
    pairs.append(("all stages", sum(original.seconds.values()), sum(ours.seconds.values())))
    print("| stage | original | package | ratio |\n|---|---:|---:|---:|")
    for stage, theirs, mine in pairs:
        print(f"| {stage} | {theirs:.2f} s | {mine:.2f} s | {theirs / max(mine, 1e-3):.1f} |")
    return [
        Figure(name=f"{stage}{of}", seconds=max(mine, 1e-3), peers={"the original's way": theirs})
        for stage, theirs, mine in pairs
    ]


if __name__ == "__main__":
    main()
