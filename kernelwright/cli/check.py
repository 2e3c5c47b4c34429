"""``kernelwright check``."""

import json
from typing import Annotated

import typer

from kernelwright.cli.options import HERE, Folder, Json, Kernel
from kernelwright.cli.render import show_findings

Push = Annotated[bool, typer.Option("--push", help="Also fail on findings that are unready, which stop a push.")]


def check(project: Folder = HERE, kernel: Kernel = "", push: Push = False, as_json: Json = False) -> None:
    """Report every problem that would affect a push, each with its severity, place and fix.

    Exit status 1 if anything is an error; with --push, also if anything is unready. docs/checks.md explains the codes.
    """
    from kernelwright.check import finding
    from kernelwright.check.run import run_checks

    findings = run_checks(project, kernel)
    ready = not finding.stops_a_push(findings)
    if as_json:
        print(json.dumps({"ready": ready, "findings": [finding.as_json() for finding in findings]}, indent=1))
    else:
        show_findings(findings)
    if finding.has_error(findings) or (push and not ready):
        raise typer.Exit(1)
