"""Check that exactly these bytes were rehearsed, and with what result."""

from collections.abc import Iterator

from kernelwright.check import rehearsal_report
from kernelwright.check.context import Context
from kernelwright.check.notebook import is_too_large
from kernelwright.check.registry import register
from kernelwright.errors import Problem

CHECK = "rehearsal"
ONE_LAYOUT = "KW917"
_REHEARSE = "run `kernelwright rehearse`"
_FIXES = {
    "KW916": f"fix the kernel and {_REHEARSE}",
    "KW918": f"fix the kernel and {_REHEARSE}",
    ONE_LAYOUT: f"{_REHEARSE} with --mounts both, on Linux where namespaces or bubblewrap work",
}


@register(CHECK, Context)
def rehearsal(context: Context) -> Iterator[Problem]:
    """Find the reasons why the rehearsal's report does not show that the notebook works."""
    if is_too_large(context):  # such a notebook cannot be rehearsed; `notebook.size` reports it
        return
    file = (context.project.rehearsal / "report.json").relative_to(context.project.root).as_posix()
    for code, message in _defects(context):
        yield Problem(code=code, file=file, message=message, fix=_FIXES.get(code, _REHEARSE))


def _defects(context: Context) -> Iterator[tuple[str, str]]:
    if context.report is None:
        yield _why_none(context)
        return
    if context.report.state != "ended":
        yield "KW914", f"the rehearsal has not ended: {context.report.state}"
    layouts = {run.mounts for run in context.report.runs}
    if len(layouts) == 1 and context.project.metadata.slugs:  # without attached sources, the layouts do not differ
        yield ONE_LAYOUT, f"rehearsed in the {layouts.pop()} mounts alone; Kaggle may use either layout"
    for phase in sorted({*context.project.phases} - {run.phase for run in context.report.runs}):
        yield "KW915", f"the {phase} phase was not rehearsed"
    for run in context.report.runs:
        if run.verdict != "Complete":
            failed = [cell.get("id") for cell in run.cells if cell.get("failed")]
            # The line where a driver's cell begins; generated cells have no line.
            lines = [cell.line for cell in context.built.cells if cell.line and cell.id in failed]
            place = f"{context.project.configuration.driver}:{lines[0]}" if lines else ""
            parts = (f"{run.phase}, {run.mounts} mounts", run.verdict, place, run.detail.strip().partition("\n")[0])
            yield "KW916", ": ".join(filter(None, parts))
    for claim in context.report.comparison:
        if not claim.holds:
            yield "KW918", ": ".join(filter(None, (f"not so: {claim.says}", claim.detail)))


def _why_none(context: Context) -> tuple[str, str]:
    try:
        rehearsal_report.read(context.project)
    except OSError:
        return "KW911", "this notebook was not rehearsed"
    except ValueError:
        return "KW912", "not a report of a rehearsal"
    return "KW913", "stale: another notebook was rehearsed"


def ran_offline(context: Context) -> bool:
    """Return whether a rehearsal of exactly these bytes was Complete in every phase and tried to reach no host."""
    # That only one layout was rehearsed is no objection here.
    complete = context.report is not None and all(problem.code == ONE_LAYOUT for problem in rehearsal(context))
    # `== ()` rather than `not`: hosts are None, so unknown, in the reports of older versions.
    return complete and all(run.hosts == () for run in (context.report.runs if context.report else ()))
