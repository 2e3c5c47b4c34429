"""The command line: one file per command, and the only place that prints or exits.

Exit status: 0 done, 1 a problem that is reported, 2 wrong usage, 130 interrupted.
"""

import gc
import io
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated

import typer

from kernelwright import __version__
from kernelwright.cli.build import build
from kernelwright.cli.check import check
from kernelwright.cli.configure import configure
from kernelwright.cli.explain import explain
from kernelwright.cli.forecast import forecast
from kernelwright.cli.image import image
from kernelwright.cli.init import init
from kernelwright.cli.logs import logs
from kernelwright.cli.output import output
from kernelwright.cli.pull import pull
from kernelwright.cli.push import push
from kernelwright.cli.rehearse import rehearse
from kernelwright.cli.render import printable
from kernelwright.cli.sample import sample
from kernelwright.cli.status import status
from kernelwright.cli.submit import submit
from kernelwright.cli.wheels import wheels
from kernelwright.errors import KernelwrightError

_INTERRUPTED = 130
_IN_ORDER_OF_WORK = (
    *(init, configure),
    *(build, explain, wheels, image),
    *(check, rehearse, forecast, sample),
    *(push, status, logs, output, submit),
    pull,
)

app = typer.Typer(
    help="Edit Kaggle kernels as modules; build, rehearse and ship them as one offline notebook.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in _IN_ORDER_OF_WORK:
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"kernelwright {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
]


@app.callback()
def _options(version: Version = False) -> None:
    pass


def main() -> None:
    """Run the command line and exit with its status."""
    gc.set_threshold(1_000_000)  # syntax trees are kept: looking through them for garbage took a quarter of a check
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a log may hold what the terminal cannot show
    try:
        exit_status = app(standalone_mode=False)
    except KernelwrightError as error:
        print(printable(str(error)), file=sys.stderr)
        exit_status = 1
    except (KeyboardInterrupt, typer.Abort):
        exit_status = _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - whatever it is, a user gets one line of it
        exit_status = _report(error)
    if exit_status == _INTERRUPTED:  # typer turns a Ctrl-C into this status by itself
        print("interrupted", file=sys.stderr)
    sys.exit(exit_status)


def _report(error: Exception) -> int:
    """Print a usage error, or the line that says where the traceback of an unexpected one is; return the status."""
    if hasattr(error, "show") and hasattr(error, "exit_code"):  # of click, or of the copy of it that typer carries
        error.show()
        return int(error.exit_code)
    text = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile(
        "w", prefix="kernelwright-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    first = printable(next(iter(str(error).splitlines()), ""))
    kind = type(error).__name__
    print(f"unexpected {kind}: {first}; this is a bug, please report it with {Path(file.name)}", file=sys.stderr)
    return 1
