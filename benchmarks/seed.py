"""Where the time goes at full size: the package beside the plain reference, on the same images in one run."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
    os.environ["KERNELWRIGHT_INPUT"] = str(FOLDER)
    package, plain = _package(), _plain()
    assert package["labels"] == plain["labels"], "the package and the reference disagree"
    print(f"{TRAIN} train and {TEST} test images, B7 at 512 px, DELG-shaped local features; seconds\n")
    print("| stage | reference | package | ratio |\n|---|---:|---:|---:|")
    stages = ("embed", "retrieve", "verify")
    for stage in stages:
        print(f"| {stage} | {plain[stage]:.1f} | {package[stage]:.1f} | {plain[stage] / package[stage]:.1f} |")
    return [Figure(name=stage, seconds=package[stage], peers={"reference": plain[stage]}) for stage in stages]


def _package() -> dict[str, Any]:
    from kernelwright.runtime import inputs, stages
    from landmarks import pipeline
    from landmarks.settings import SEED

    *_, last = pipeline.recognise(inputs.find(SEED.competition), SEED)
    seconds = {stage["name"]: stage["seconds"] for stage in stages.records()}
    return {**seconds, "labels": {one: prediction.label for one, prediction in last.predictions.items()}}


def _plain() -> dict[str, Any]:
    """Time the reference; the shares of embedding and of what it does after come from clocks around its parts."""
    from kernelwright.runtime import inputs
    from landmarks.settings import B7, SEED
    from landmarks.weights import load_embedding_model
    from tests.kernel.reference import pixels, recognition
    from tests.kernel.reference.delg import Reference

    model, sizes = load_embedding_model(inputs.find(B7.slug), B7)
    delg = Reference(inputs.find("delg-saved-models") / "local_and_global")
    spent = {"embed": 0.0, "verify": 0.0}

    def embed(path: Path) -> Any:
        shown = pixels.for_global_model(path, sizes.resize_px, sizes.input_px)[None]
        return model.predict(shown, verbose=0)[0]

    started = time.perf_counter()
    parts = (_clocked(spent, "embed", embed), _clocked(spent, "verify", delg.features))
    with _counted(spent, recognition):
        _, after = recognition.recognise(FOLDER / SEED.competition, *parts, seed=SEED.verification.seed)
    whole = time.perf_counter() - started
    left = max(whole - spent["embed"] - spent["verify"], 1e-9)
    return {**spent, "retrieve": left, "labels": {one: label for one, label, _ in after}}


def _clocked(spent: dict[str, float], name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*arguments)
        finally:
            spent[name] += time.perf_counter() - started

    return timed


@contextmanager
def _counted(spent: dict[str, float], module: Any) -> Iterator[None]:
    """Count the matching of a pair to verification."""
    original = module.inliers
    module.inliers = _clocked(spent, "verify", original)
    try:
        yield
    finally:
        module.inliers = original
