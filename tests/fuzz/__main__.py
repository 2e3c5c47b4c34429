"""``python -m tests.fuzz``: damaged copies of real input for every parser, and what they came to.

A finding is an exception that is not the project's own, an input that takes longer than `LIMIT_S`, or a write outside
the folder that the run was given. Each is kept under build/fuzz/ and given again by ``--again FILE``.
"""

import argparse
import contextlib
import itertools
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from kernelwright.errors import KernelwrightError
from tests.fuzz import mutations, targets

LIMIT_S, WAIT_S = 5.0, 60.0  # of the processor, as the machine may be busy; of the clock, for what waits
MEMORY = 6 << 30
KEPT = Path("build/fuzz")
PARQUET, IMAGES = 200, 5_000
_CHANGES = {
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "shutil.rmtree",
}


class Hang(BaseException):
    """An input that took too long."""


class Outside(BaseException):
    """A write outside the folder of the run."""


def attack(target, data):
    """Give a target one input; return why it is a finding, empty where it is none."""
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    signal.setitimer(signal.ITIMER_REAL, WAIT_S)
    try:
        target.call(data)
    except (KernelwrightError, *target.expected):
        return ""
    except (Exception, Hang, Outside):  # noqa: BLE001 - whatever else it is, it is a finding
        return traceback.format_exc()
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
    return ""


@contextlib.contextmanager
def guarded(folder):
    """End what takes too long or is written outside the folder; an audit hook sees every write of Python's."""
    allowed, active = (str(folder), str(KEPT.resolve()), "/dev/null"), [True]

    def watch(event, arguments):
        if not active[0] or not (event in _CHANGES or (event == "open" and _is_writing(arguments[2]))):
            return
        if event in {"os.remove", "os.rmdir"} and arguments[1] != -1:  # a name in a folder that is open already
            return
        for path in arguments[:1] if event == "open" else arguments:
            is_path = isinstance(path, str | bytes | os.PathLike)
            if is_path and not str(Path(os.fsdecode(path)).absolute()).startswith(allowed):
                raise Outside(f"{event}: {path!r}")

    def end(*_):
        raise Hang

    sys.addaudithook(watch)
    sys.dont_write_bytecode = True
    before = {number: signal.signal(number, end) for number in (signal.SIGPROF, signal.SIGALRM)}
    temporary, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        active[0] = False
        tempfile.tempdir = temporary
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_writing(flags):
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def run(target, count, seed):
    """Attack a target; return the findings, one per kind, and the seconds of the slowest input."""
    source, findings, slowest = random.Random(f"{seed} {target.name}"), {}, 0.0
    damaged = iter(lambda: mutations.mutate(source, target.seeds, is_json=target.is_json), None)
    for data in itertools.islice(itertools.chain(target.seeds, damaged), count):
        started = time.process_time()
        if why := attack(target, data):
            findings.setdefault(_kind(why), (data, why))
        slowest = max(slowest, time.process_time() - started)
    return list(findings.values()), slowest


def _kind(why):
    """Name a finding by the last place of ours in its traceback, and what was raised."""
    places = [line.strip() for line in why.splitlines() if "/kernelwright/" in line and line.strip().startswith("File")]
    return (places[-1:] or [""])[0], why.strip().splitlines()[-1].partition(":")[0]


def main():
    """Attack the targets that are asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000, help="inputs in all")
    parser.add_argument("--only", help="one target, by name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parquet", type=Path, metavar="PYTHON", help=f"has pyarrow; {PARQUET} inputs more")
    parser.add_argument("--images", action="store_true", help=f"the kernel's reader too; {IMAGES} inputs more")
    parser.add_argument("--again", type=Path, metavar="FILE", help="give one kept input to --only")
    options = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        attacked = targets.make(Path(folder))
        shares = sum(target.share for target in attacked)
        counts = {target.name: options.count * target.share // shares for target in attacked}
        if options.parquet:
            attacked.append(targets.parquet(Path(folder), options.parquet))
            counts["parquet"] = PARQUET
        if options.images:
            attacked.append(targets.images(Path(folder)))
            counts[attacked[-1].name] = IMAGES
        attacked = [target for target in attacked if options.only in {None, target.name}]
        with guarded(Path(folder)):
            if options.again:
                print(attack(attacked[0], options.again.read_bytes()) or "no finding")
                return 0
            return _report(attacked, counts, options.seed)


def _report(attacked, counts, seed):
    """Attack each target in its turn and print the table of docs/security.md; a finding goes to standard error."""
    row, total = "| {} | {} | {} | {} | {} |".format, 0
    print(row("parser", "inputs", "s", "slowest, s", "findings"), "|---|--:|--:|--:|--:|", sep="\n", flush=True)
    for target in attacked:
        started = time.monotonic()
        findings, slowest = run(target, counts[target.name], seed)
        seconds = f"{time.monotonic() - started:.0f}"
        print(row(target.name, f"{counts[target.name]:,}", seconds, f"{slowest:.2f}", len(findings)), flush=True)
        for number, (data, why) in enumerate(findings):
            kept = KEPT / f"{target.name.replace(' ', '-')}-{number}"
            kept.write_bytes(data)
            print(f"{kept}\n{why}", file=sys.stderr, flush=True)
        total += len(findings)
    print(row("all", f"{sum(counts[target.name] for target in attacked):,}", "", "", total))
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
