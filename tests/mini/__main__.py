"""Make build/mini and build/mini-public, if they are not there or the sources have changed."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.mini import cache

START = time.monotonic()
BUILD = cache.ROOT / "build"
MINI, PUBLIC, WEIGHTS = BUILD / "mini", BUILD / "mini-public", BUILD / "mini-weights"


def main() -> None:
    """Make what is missing; tensorflow is not even imported where nothing is."""
    sys.path.insert(0, str(cache.ROOT / "kernel_src"))
    wanted = cache.dataset_digest()
    if all(cache.is_current(folder, wanted) for folder in (MINI, PUBLIC)):
        tell(f"{MINI.relative_to(cache.ROOT)} is up to date")
        return
    for folder, make in ((MINI, make_mini), (PUBLIC, make_public)):
        _replace(folder, make, wanted)


def make_mini(folder: Path) -> None:
    """Draw the photographs, and add the weights that training on them gives."""
    from landmarks.settings import B7, DelgSettings
    from tests.mini import dataset, delg

    shots = dataset.shots()
    tell(f"photographing {len({shot.scene for shot in shots})} scenes: {len(shots)} images")
    competition = folder / dataset.COMPETITION
    dataset.write(competition, shots)
    wanted = cache.weights_digest(competition)
    if not cache.is_current(WEIGHTS, wanted):
        _replace(WEIGHTS, lambda weights: make_weights(competition, weights), wanted)
    shutil.copytree(WEIGHTS, folder / B7.slug, ignore=shutil.ignore_patterns(cache.DIGEST))
    delg.write(folder / DelgSettings().slug)


def make_weights(competition: Path, folder: Path) -> None:
    """Train on the photographs as `make train` does; keep what inference attaches, under the original's names."""
    from landmarks.settings import B7
    from landmarks.training import output, recipes, train
    from landmarks.weights import MODEL_FILE

    recipe = recipes.choose_recipe(competition)
    tell("training a small EfficientNet on the train images, as `make train` does; this takes one to three minutes")
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="mini-training-") as trained:
        train(competition, Path(trained), recipe.network, recipe.training, report=tell)
        folder.mkdir(parents=True)
        shutil.move(Path(trained, output.WEIGHTS), folder / B7.file)
        shutil.move(Path(trained, MODEL_FILE), folder / MODEL_FILE)


def make_public(folder: Path) -> None:
    """Write the twin that a notebook meets while it is saved."""
    from tests.mini import dataset

    tell(f"writing {PUBLIC.relative_to(cache.ROOT)}: the same with a train.csv of {dataset.PUBLIC_ROWS} rows")
    dataset.write_public(MINI, folder)


def tell(line: str) -> None:
    """Print a line of progress."""
    print(f"mini {time.monotonic() - START:5.1f} s  {line}", flush=True)  # noqa: T201 - a command's own output


def _replace(folder: Path, make: Callable[[Path], None], wanted: str) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    make(partial)
    (partial / cache.DIGEST).write_text(wanted)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


if __name__ == "__main__":
    main()
