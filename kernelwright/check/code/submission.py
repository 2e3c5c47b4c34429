"""Check that something may write the submission: a call or command that names it, or whose file is not known."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from kernelwright.check.code import files, imports, shell
from kernelwright.check.code.reachability import Code
from kernelwright.check.code.severity import analyse, table
from kernelwright.check.code.values import is_known
from kernelwright.check.context import Context
from kernelwright.check.finding import Finding, Severity
from kernelwright.check.registry import register

_WRITING = re.compile(r"kernelwright\.runtime\.submission\.(write|copy_sample)|.*kaggle_evaluation.*")
_SHOWN = 4


@register("submission", Context)
def submission(context: Context) -> Iterator[Finding]:
    """Report if nothing can write the competition's submission."""
    configuration, code = context.project.configuration, context.shared(analyse)
    if not context.project.metadata.competition_sources or configuration.kind == "output":
        return
    if imports.find(context, code).imports:  # an unknown module, such as the competition's, may write it
        return
    written = set(_written(code, set(configuration.submission)))
    if None not in written:
        others = f"; written: {', '.join(sorted(filter(None, written))[:_SHOWN])}" if written else ""
        message = f"nothing writes {' or '.join(configuration.submission)}, which the competition takes{others}"
        fix = "write it with kernelwright.runtime.submission, or set submission to the name that is written"
        severity = Severity.warning if configuration.kind == "once" else Severity.error
        yield Finding(code="KW708", file=configuration.driver, message=message, fix=fix, severity=severity)


def _written(code: Code, names: set[str]) -> Iterator[str | None]:
    """Yield the file that each call or command may write; None if it is the submission, or if only the run knows."""
    writers = re.compile(table("files")["writers"])
    yield from (None for name in code.calls_by_name if _WRITING.fullmatch(name))
    for use in files.uses(code):
        if not use.reads and names & {PurePosixPath(text).name for text in use.texts}:
            yield None
        elif not use.reads and writers.fullmatch(use.name):
            paths = [text for text in use.texts if is_known(text) and "." in PurePosixPath(text).name]
            yield paths[0] if paths and all(map(is_known, use.texts)) else None
    for command in shell.commands(code):
        is_named = names & {PurePosixPath(word.strip("<>")).name for word in command.words}
        if is_named or command.program not in table("files")["harmless"]:
            yield None
