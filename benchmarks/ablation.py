"""What each option of the training is worth: GAP and top-1 of the recognition kernel's retrieval, over several seeds.

On the mini dataset with a long tail: the landmarks keep from 8 train images down to 2, so that margins by frequency
differ; the images they lose are further queries. All are trained from random weights at the same cost, counted in
pixels, and are judged by the pipeline before it verifies. Each result is kept in build/bench/ablation as soon as it is
there; a run that was ended goes on after it.
"""

import csv
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks._figures import Figure

if TYPE_CHECKING:
    from landmarks.settings import NetworkSettings
    from landmarks.training import StageSettings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench" / "ablation"
COMPETITION = "landmark-recognition-2021"
SEEDS = (1, 2, 3)
KEPT = (8, 8, 7, 6, 5, 5, 4, 4, 3, 3, 2, 2)
"""Train images of each landmark."""
SIZE_PX, SMALL_PX, EPOCHS, SMALL_EPOCHS, BATCH, RATE = 64, 48, 48, 32, 16, 1.5e-3


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A network and the stages it is trained in."""

    network: "NetworkSettings"
    stages: "tuple[StageSettings, ...]"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a training came to; ``seconds`` of processor time."""

    gap: float
    top_1: float
    seconds: float


def main() -> list[Figure]:
    """Train each variant with each seed, print the table, and return the figures."""
    sys.path.insert(0, str(ROOT / "kernel_src"))
    os.environ["KERNELWRIGHT_INPUT"] = str(FOLDER / "input")
    write_long_tail(ROOT / "build" / "mini" / COMPETITION, FOLDER / "input" / COMPETITION)
    results: dict[str, list[Outcome]] = {name: [] for name in variants()}
    for seed in SEEDS:
        for number, (name, variant) in enumerate(variants().items()):
            kept = FOLDER / f"{number}-{seed}.json"
            if not kept.exists():
                kept.write_text(json.dumps({"name": name, "seed": seed, **asdict(_outcome(variant, seed))}) + "\n")
            outcome = json.loads(kept.read_text())
            results[name].append(Outcome(**{key: outcome[key] for key in ("gap", "top_1", "seconds")}))
            print(f"seed {seed}, {name}: {results[name][-1]}", file=sys.stderr, flush=True)
    print(*table(results), sep="\n")
    return [
        Figure(
            name=name,
            seconds=statistics.mean(run.seconds for run in runs),
            scores={"GAP": [run.gap for run in runs], "top-1": [run.top_1 for run in runs]},
        )
        for name, runs in results.items()
    ]


def variants() -> dict[str, Variant]:
    """Return what is compared, by its name in the table."""
    from landmarks.training import StageSettings
    from landmarks.training.recipes import SMALL

    network = replace(SMALL.network, resize_px=SIZE_PX, input_px=SIZE_PX)
    whole = (StageSettings(size_px=SIZE_PX, epochs=EPOCHS, batch=BATCH, learning_rate=RATE),)
    large = round(EPOCHS - SMALL_EPOCHS * (SMALL_PX / SIZE_PX) ** 2)
    progressive = (replace(whole[0], size_px=SMALL_PX, epochs=SMALL_EPOCHS), replace(whole[0], epochs=large))
    arcface = network.head
    by_frequency = replace(arcface, margin_range_rad=(0.05, 0.35))
    networks = {
        "softmax": replace(network, head=replace(arcface, kind="softmax")),
        "ArcFace": network,
        "ArcFace, 3 sub-centres": replace(network, head=replace(arcface, sub_centres=3)),
        "ArcFace, margins by frequency": replace(network, head=by_frequency),
        "ArcFace, both": replace(network, head=replace(by_frequency, sub_centres=3)),
        "ArcFace, GeM": replace(network, pooling="gem"),
    }
    single = {name: Variant(network=each, stages=whole) for name, each in networks.items()}
    return single | {"ArcFace, progressive": Variant(network=network, stages=progressive)}


def write_long_tail(mini: Path, folder: Path) -> None:
    """Write the competition with `KEPT` train images of the landmarks; the others join the test images."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(mini, folder, copy_function=os.link, ignore=shutil.ignore_patterns("train", "*.csv"))
    header, *rows = _rows(mini / "train.csv")
    numbers = {label: count() for label in sorted({label for _, label in rows})}
    most = dict(zip(numbers, KEPT, strict=True))
    parts: dict[str, list[list[str]]] = {"train": [], "test": []}
    for image_id, label in rows:
        part = "train" if next(numbers[label]) < most[label] else "test"
        parts[part].append([image_id, label])
        place = Path(*image_id[:3], f"{image_id}.jpg")
        (folder / part / place).parent.mkdir(parents=True, exist_ok=True)
        os.link(mini / "train" / place, folder / part / place)
    _write(folder / "train.csv", [header, *parts["train"]])
    _write(folder / "truth.csv", [*_rows(mini / "truth.csv"), *parts["test"]])


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return [*csv.reader(file)]


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _outcome(variant: Variant, seed: int) -> Outcome:
    """Train from random weights, then recognise the test images with the result."""
    from tensorflow import keras

    from landmarks.training import ValidationSettings, train
    from landmarks.training.recipes import SMALL

    keras.backend.clear_session()
    output = FOLDER / "input" / "landmark-training"
    shutil.rmtree(output, ignore_errors=True)
    training = replace(SMALL.training, stages=variant.stages, seed=seed, validation=ValidationSettings(share=0.0))
    started = time.process_time()
    train(FOLDER / "input" / COMPETITION, output, variant.network, training, report=lambda _: None)
    return Outcome(seconds=time.process_time() - started, **judge())


def judge() -> dict[str, float]:
    """Return GAP and top-1 of the retrieval with the trained network, on the test images."""
    from landmarks import dataset, gap
    from landmarks.pipeline import recognise
    from landmarks.settings import TRAINED, Settings

    competition = FOLDER / "input" / COMPETITION
    (step,) = recognise(competition, Settings(models=(TRAINED,), verify=False))
    truth = dataset.read_truth(competition / "truth.csv")
    answers = [(query, answer.label, answer.score) for query, answer in step.predictions.items()]
    nearest = {query.id: neighbours[0].label for query, neighbours in step.neighbours.items()}
    shown = [query for query, labels in truth.items() if labels]
    right = sum(nearest[query] in truth[query] for query in shown)
    return {"gap": gap.global_average_precision(answers, truth), "top_1": right / len(shown)}


def table(results: Mapping[str, Sequence[Outcome]]) -> list[str]:
    """Return the lines of the table: mean and standard deviation over the seeds."""
    lines = ["| | GAP | top-1 | processor time |", "|---|--:|--:|--:|"]
    for name, runs in results.items():
        gap, top_1 = (_spread([getattr(run, score) for run in runs]) for score in ("gap", "top_1"))
        lines.append(f"| {name} | {gap} | {top_1} | {statistics.mean(run.seconds for run in runs):.0f} s |")
    return lines


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


if __name__ == "__main__":
    main()
