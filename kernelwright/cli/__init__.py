"""The command line: a file a command, and the only place that prints or exits.

Exit status: 0 done, 1 a problem that is reported, 2 wrong usage, 130 interrupted.
"""

import io
import sys

import click
import typer

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
from kernelwright.cli.sample import sample
from kernelwright.cli.status import status
from kernelwright.cli.submit import submit
from kernelwright.cli.wheels import wheels
from kernelwright.errors import KernelwrightError

_INTERRUPTED = 130

app = typer.Typer(
    help="Edit Kaggle kernels as modules; build, rehearse and ship them as one offline notebook.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(build)
app.command()(check)
app.command()(configure)
app.command()(explain)
app.command()(forecast)
app.command()(image)
app.command()(init)
app.command()(logs)
app.command()(output)
app.command()(pull)
app.command()(push)
app.command()(rehearse)
app.command()(sample)
app.command()(status)
app.command()(submit)
app.command()(wheels)


def main() -> None:
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a log may hold what the terminal cannot show
    try:
        status = app(standalone_mode=False)
    except KernelwrightError as error:
        sys.exit(_reported(error))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        status = _INTERRUPTED
    if status == _INTERRUPTED:  # typer turns a Ctrl-C into this status by itself
        print("interrupted", file=sys.stderr)
    sys.exit(status)


def _reported(error: KernelwrightError) -> int:
    print(error, file=sys.stderr)
    return 1
