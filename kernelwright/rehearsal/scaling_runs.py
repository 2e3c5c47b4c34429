"""Runs of several sizes for the forecast, made on samples of the input."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kernelwright.check import rehearsal_report
from kernelwright.errors import NoForecast
from kernelwright.project.model import Project
from kernelwright.rehearsal import file_copies, sample
from kernelwright.rehearsal.forecast.forecast import NO_STAGES, Timed, timed
from kernelwright.rehearsal.rehearse import Plan, rehearse
from kernelwright.rehearsal.verdict import Word


def measure(project: Project, plan: Plan, rows: Sequence[int], tell: Callable[[str], None]) -> list[Timed]:
    """Make one run per number of rows, on a sample of that size, in build/forecast.

    Raises `NoForecast` if a run is not Complete.
    """
    home = project.build / "forecast"
    runs = []
    for count in rows:
        file_copies.remove_tree(home / f"input-{count}")
        sample.sample(project, plan.source, home / f"input-{count}", count)
        sized = replace(plan, source=home / f"input-{count}", folder=home / f"rows-{count}")
        # The first phase is the rerun, if the kernel has one.
        (run,) = rehearse(project, replace(sized, phases=project.phases[:1], layouts=plan.layouts[:1]), tell).runs
        if not run.complete:
            raise NoForecast(f"the run on {count} rows is no measure: {run.verdict}\n{run.detail}")
        runs.append(Timed(stages=run.stages, seconds=run.seconds))
    return runs


def rehearsed(project: Project) -> list[Timed]:
    """Return the Complete runs of the last rehearsal; none if there was no rehearsal.

    Raises `NoForecast` if its report is damaged.
    """
    try:
        runs = rehearsal_report.read(project).runs
        return [timed(run.stages, run.seconds) for run in runs if run.verdict == Word.COMPLETE]
    except FileNotFoundError:
        return []
    except NO_STAGES as error:
        raise NoForecast(f"{project.rehearsal / 'report.json'}: not a report; rehearse again") from error
