"""Run the benchmarks named, or all but the longest; keep their figures in build/bench, and compare with an earlier run.

    python -m benchmarks [NAME ...] [--compare FOLDER]
    python -m benchmarks --page

Exits 1 where a figure is more than a tenth worse than in FOLDER, such as a copy of build/bench.
"""

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path

import benchmarks
from benchmarks import _figures, _page

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the kernel's driver does

KEPT = Path(__file__).parents[1] / "build" / "bench"
PAGE = Path(__file__).parents[1] / "docs" / "performance-figures.md"
# A package measures no time, and has a target of its own in the Makefile.
ALL = sorted(
    info.name for info in pkgutil.iter_modules(benchmarks.__path__) if not info.name.startswith("_") and not info.ispkg
)
ONLY_NAMED = {"ablation"}


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--compare", type=Path, metavar="FOLDER", help="an earlier build/bench")
    parser.add_argument("--page", action="store_true", help="run nothing; write docs/performance-figures.md")
    options = parser.parse_args()
    if unknown := sorted({*options.names} - {*ALL}):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}")
    if options.page:
        _page.write(KEPT, PAGE)
        return 0
    lost = False
    for name in options.names or sorted({*ALL} - ONLY_NAMED):
        print(f"## {name}\n")
        earlier = options.compare / f"{name}.json" if options.compare else None
        before = _figures.load(earlier) if earlier and earlier.is_file() else []
        figures = importlib.import_module(f"benchmarks.{name}").main() or []
        _figures.save(KEPT / f"{name}.json", figures)
        compared = list(_figures.compare(before, figures))
        lost = lost or any(is_loss for _, is_loss in compared)
        lines = [*_figures.judged(figures), *(line for line, _ in compared)]
        print("\n".join(["", *lines, ""]), flush=True)
    return int(lost)


if __name__ == "__main__":
    sys.exit(main())
