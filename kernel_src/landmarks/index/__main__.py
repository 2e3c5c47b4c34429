"""Build an index of embeddings: ``python -m landmarks.index build``."""

import argparse
import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # read when TensorFlow is imported; workers inherit it

from kernelwright.runtime.errors import KernelwrightError
from landmarks.index import build as building
from landmarks.index.build import Embedding, Workers
from landmarks.settings import EmbeddingSettings, Settings, WeightsSettings

ROWS = 4096  # images per shard: 4 MB with 512 values, and the maximum that a killed worker loses


def main(arguments: list[str] | None = None) -> int:
    """Run the command line interface, and return the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("ray").setLevel(logging.WARNING)
    weights = [path.absolute() for path in options.weights]
    if missing := [str(path) for path in weights if not path.is_file()]:
        problem = f"no such file: {', '.join(missing)}; name a weights file with --weights"
        print(f"error: {problem}", file=sys.stderr)  # noqa: T201 - the last word of a command
        return 1
    embedding = Embedding(
        settings=Settings(
            models=tuple(WeightsSettings(slug=path.parent.name, file=path.name) for path in weights),
            embedding=EmbeddingSettings(batch=options.batch, flip=options.flip, zooms=tuple(options.zooms)),
        ),
        folders=tuple(path.parent for path in weights),
        threads=options.threads,
    )
    try:
        workers: Workers = building.in_this_process
        if options.workers or options.address:
            from landmarks.index import cluster  # noqa: PLC0415 - Ray is an extra

            workers = cluster.workers(options.workers, options.address)
        else:
            building.limit_threads(options.threads)
        building.build(
            options.images.absolute(),
            options.labels.absolute(),
            options.output.absolute(),
            embedding,
            rows=options.rows,
            workers=workers,
        )
    except (KernelwrightError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the last word of a command
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m landmarks.index", description=__doc__.partition(":")[0])
    build = parser.add_subparsers(required=True, metavar="build").add_parser("build", help="embed a folder of images")
    build.add_argument(
        "--images", type=Path, required=True, metavar="FOLDER", help="folder with *.jpg files, searched recursively"
    )
    build.add_argument(
        "--labels", type=Path, required=True, metavar="CSV", help="CSV file with the columns id and landmark_id"
    )
    build.add_argument(
        "--weights",
        type=Path,
        required=True,
        action="append",
        metavar="FILE",
        help="weights of a global model, beside its model.json; repeat for an ensemble, in the order of the settings",
    )
    build.add_argument("--flip", action="store_true", help="add mirrored views, as EmbeddingSettings.flip does")
    build.add_argument(
        "--zooms",
        type=_at_least_1,
        nargs="+",
        default=[1.0],
        metavar="FACTOR",
        help="views of the enlarged centre, as EmbeddingSettings.zooms; 1 is the whole image",
    )
    build.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="folder of the index")
    build.add_argument(
        "--workers",
        type=_positive,
        metavar="N",
        help="number of worker processes, run by Ray (default: build in this process)",
    )
    build.add_argument("--address", help="address of a running Ray cluster, such as auto")
    build.add_argument("--rows", type=_positive, default=ROWS, metavar="N", help="images per shard (%(default)s)")
    build.add_argument("--batch", type=_positive, default=16, metavar="N", help="images per batch (%(default)s)")
    build.add_argument(
        "--threads",
        type=_positive,
        default=1,
        metavar="N",
        help="threads per operation and worker, on a CPU (%(default)s)",
    )
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not above 0")
    return value


def _at_least_1(text: str) -> float:
    value = float(text)
    if not 1 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{value:g} is not at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
