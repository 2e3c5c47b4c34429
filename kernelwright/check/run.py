"""Run all checks of one kernel."""

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from kernelwright.bundle import build
from kernelwright.check import rehearsal
from kernelwright.check.context import Context, Files
from kernelwright.check.finding import Finding, Severity, ordered
from kernelwright.check.registry import REGISTERED
from kernelwright.check.suppression import is_suppressed
from kernelwright.errors import InvalidProject
from kernelwright.project import model
from kernelwright.project.model import Project


def run_checks(folder: Path, kernel: str = "") -> list[Finding]:
    """Run every check that can run on a kernel of the project in ``folder``; return the most severe findings first.

    If the project cannot be loaded, only the checks of `Files` run. If the notebook cannot be built, the checks of
    `Project` run too.
    """
    for module in pkgutil.walk_packages([str(Path(__file__).parent)], f"{__package__}."):
        importlib.import_module(module.name)  # importing a module registers its checks
    root = folder.resolve()
    try:
        configuration = model.choose_kernel(model.load_configuration(root), kernel)
    except InvalidProject:  # `_load` loads it again and reports the problems as findings
        configuration = None
    contexts, findings = _load(root, kernel, configuration.metadata if configuration else model.METADATA)
    for check in REGISTERED:
        if check.needs in contexts:
            findings += (Finding.of(problem, check.name) for problem in check.find(contexts[check.needs]))
    if configuration:
        findings = [finding for finding in findings if not is_suppressed(finding, root, configuration.check)]
    if Context in contexts and rehearsal.ran_offline(contexts[Context]):
        for at, finding in enumerate(findings):
            if finding.code.startswith("KW5"):  # network: the rehearsal has shown that these bytes need none
                findings[at] = replace(finding, severity=Severity.warning)
    return ordered(findings)


def _load(root: Path, kernel: str, metadata: str) -> tuple[dict[type, Any], list[Finding]]:
    """Return the arguments that checks can be called with, by type, and the findings that explain missing ones."""
    contexts: dict[type, Any] = {Files: Files(root=root, metadata=metadata)}
    try:
        project = contexts[Project] = model.load_project(root, kernel)
        # No limit: the check `size` reports a notebook that is too large, and the other checks still run.
        contexts[Context] = Context(project=project, built=build.build_notebook(project, limit=None))
    except InvalidProject as error:
        stage = "build" if Project in contexts else "project"
        return contexts, [Finding.of(problem, stage) for problem in error.problems]
    return contexts, []
