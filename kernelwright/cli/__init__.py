"""The command line: a file a command, and the only place that prints or exits.

Exit status: 0 done, 1 a problem that is reported, 2 wrong usage, 130 interrupted.
"""

import sys

import click
import typer

from kernelwright.cli.build import build
from kernelwright.cli.explain import explain
from kernelwright.cli.image import image
from kernelwright.cli.rehearse import rehearse
from kernelwright.cli.wheels import wheels
from kernelwright.errors import KernelwrightError

app = typer.Typer(
    help="Edit Kaggle kernels as modules; build, rehearse and ship them as one offline notebook.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(build)
app.command()(explain)
app.command()(image)
app.command()(rehearse)
app.command()(wheels)


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        status = app(standalone_mode=False)
    except KernelwrightError as error:
        sys.exit(_reported(error))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(status)


def _reported(error: KernelwrightError) -> int:
    print(error, file=sys.stderr)
    return 1
