"""Run the benchmarks named, or all."""

import importlib
import pkgutil
import sys

import benchmarks

ALL = sorted(info.name for info in pkgutil.iter_modules(benchmarks.__path__) if not info.name.startswith("_"))

for name in sys.argv[1:] or ALL:
    print(f"## {name}\n")
    importlib.import_module(f"benchmarks.{name}").main()
    print()
