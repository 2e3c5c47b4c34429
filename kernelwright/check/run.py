"""All checks of one kernel, in one go."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kernelwright.bundle import build
from kernelwright.check import rehearsal
from kernelwright.check.context import Context, Files
from kernelwright.check.finding import Finding, Severity, ordered
from kernelwright.check.registry import REGISTERED
from kernelwright.check.suppression import is_suppressed
from kernelwright.errors import InvalidImage, InvalidProject, Problem
from kernelwright.project import config, model
from kernelwright.project.model import Project


def run_checks(folder: Path, kernel: str = "") -> list[Finding]:
    """Make every check that can be made, the gravest finding first.

    Where the project cannot be loaded, its files are still checked as far as that goes; so is a project whose
    notebook cannot be assembled.
    """
    _import_checks()
    root = folder.resolve()
    configuration = _configuration(root, kernel)
    contexts: dict[type, Any] = {
        Files: Files(root=root, metadata=configuration.metadata if configuration else model.METADATA)
    }
    findings: list[Finding] = []
    try:
        project = contexts[Project] = model.load_project(root, kernel)
        built = build.assemble(project)
        contexts[Context] = Context(project=project, built=built, report=rehearsal.report_of(project, built.data))
    except (InvalidProject, InvalidImage) as error:
        stage = "build" if Project in contexts else "project"
        findings += (Finding.of(problem, stage) for problem in _problems(error))
    for registered in REGISTERED:
        if registered.needs in contexts:
            problems = registered.find(contexts[registered.needs])
            findings += (Finding.of(problem, registered.name) for problem in problems)
    wishes = configuration.check if configuration else config.Check()
    wanted = [finding for finding in findings if not is_suppressed(finding, root, wishes)]
    return ordered(_demoted(wanted) if rehearsal.ran_offline(contexts.get(Context)) else wanted)


def _import_checks() -> None:
    for module in pkgutil.walk_packages([str(Path(__file__).parent)], f"{__package__}."):
        importlib.import_module(module.name)


def _configuration(root: Path, kernel: str) -> config.KernelConfiguration | None:
    try:
        return model.choose_kernel(model.load_configuration(root), kernel)
    except InvalidProject:  # a finding of who loads the project
        return None


def _problems(error: InvalidProject | InvalidImage) -> Iterable[Problem]:
    if isinstance(error, InvalidProject):
        return error.problems
    return [Problem(code="", file="", message=line) for line in str(error).splitlines()]


def _demoted(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield errors about the network as warnings: a rehearsal of these bytes got along without one."""
    for finding in findings:
        is_network = finding.code.startswith("KW5") and finding.severity == Severity.error
        yield replace(finding, severity=Severity.warning) if is_network else finding
