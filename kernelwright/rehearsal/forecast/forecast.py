"""The forecast: estimate the duration of the hidden rerun from the cost of each stage in runs of several sizes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kernelwright.errors import NoForecast
from kernelwright.project import config
from kernelwright.rehearsal.forecast.cost_model import Observed, fit, grows
from kernelwright.rehearsal.report import Run

HERE = "measured on this machine, not on Kaggle's; to go by a Kaggle log: kernelwright forecast --from-log FILE"
Stages = Sequence[Mapping[str, Any]]
"""``name``, ``count`` and ``seconds`` of each stage, as the runtime records them."""
NO_STAGES = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""The errors of parsing stages from text that may be cut off, deeply nested, or contain infinite numbers."""


@dataclass(frozen=True, kw_only=True)
class Timed:
    """The stages of one run, and the seconds of the whole run."""

    stages: Stages
    seconds: float


def timed(stages: Iterable[Any], seconds: Any) -> Timed:
    """Check stages and seconds as read from a file, and return them; raises one of `NO_STAGES` if they are invalid."""
    checked = [
        {"name": str(stage["name"]), "count": int(stage["count"]), "seconds": float(stage["seconds"])}
        | ({"left": int(stage["left"])} if "left" in stage else {})
        for stage in stages
    ]
    numbers = [float(seconds), *(float(stage[key]) for stage in stages for key in ("count", "seconds"))]
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise ValueError("a time or a number of items below zero or without an end")
    return Timed(stages=checked, seconds=float(seconds))


@dataclass(frozen=True, kw_only=True)
class StageForecast:
    """The forecast of one stage of the hidden rerun."""

    name: str
    count: int
    seconds: float
    fixed_s: float
    each_s: float
    observed: Sequence[Observed]
    note: str
    """Where the cost comes from."""
    is_local: bool
    """Whether it was measured only on this machine."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The forecast of the hidden rerun."""

    hours: float
    limit_hours: float
    fits: bool
    dominates: str
    """The stage that takes longest."""
    stages: Sequence[StageForecast]
    other_s: float
    """Time outside all stages: start, imports, installing, loading weights."""
    source: str
    """On which machine the times were measured."""


def forecast(settings: config.Forecast, runs: Sequence[Timed], logs: Sequence[Stages] = ()) -> Forecast:
    """Forecast the rerun for the counts in the configuration.

    Parameters
    ----------
    settings : Forecast
        ``[tool.kernelwright.forecast]``. For a stage without a count, the largest count of any run is used.
    runs : sequence of Timed
        Runs on this machine. Each stage needs runs of at least two sizes, or a log.
    logs : sequence of Stages, optional
        Stages of runs on Kaggle. For each stage, logs of two sizes replace the times measured here; a log of one size
        scales them.

    Raises
    ------
    NoForecast
        No run recorded a stage, a configured count is for an unknown stage, or the runs of a stage have one size only.
    """
    local, logged = _by_name([run.stages for run in runs]), _by_name(logs)
    if problem := _too_little(settings, local, logged):
        raise NoForecast(problem)
    stages = [_stage(name, settings.counts, local.get(name, []), logged.get(name, [])) for name in local | logged]
    # The time outside the stages is taken from the run where it was longest.
    other = max((run.seconds - sum(stage["seconds"] for stage in run.stages) for run in runs), default=0.0)
    total = sum(stage.seconds for stage in stages) + other
    source = HERE
    if logs:
        local_names = [*(stage.name for stage in stages if stage.is_local), "all outside the stages"]
        measured = f"; measured here: {', '.join(local_names)}" if runs else ""
        source = f"these are times of the machine that wrote the log, not this one's{measured}"
    return Forecast(
        hours=total / 3600,
        limit_hours=settings.limit_hours,
        fits=total <= settings.limit_hours * 3600,
        dominates=max(stages, key=lambda stage: stage.seconds).name,
        stages=stages,
        other_s=other,
        source=source,
    )


def of_report(settings: config.Forecast, runs: Sequence[Run]) -> dict[str, Any] | None:
    """Forecast from the Complete runs of a rehearsal; None without configured counts, or if it is not possible."""
    complete = [Timed(stages=run.stages, seconds=run.seconds) for run in runs if run.complete]
    try:
        return asdict(forecast(settings, complete)) if settings.counts else None
    except NoForecast:
        return None


def _by_name(runs: Sequence[Stages]) -> dict[str, list[Observed]]:
    observed: dict[str, list[Observed]] = {}
    for stage in (stage for stages in runs for stage in stages if stage["count"]):
        observed.setdefault(stage["name"], []).append((stage["count"], stage["seconds"]))
    return observed


def _too_little(settings: config.Forecast, local: Mapping[str, list[Observed]], logged: Mapping[str, object]) -> str:
    met = local.keys() | logged.keys()
    if not met:
        return "no run has recorded a stage; loop over `stages.stage(name, items)` in the kernel, and rehearse it"
    if unknown := sorted(settings.counts.keys() - met):
        names = ", ".join(sorted(met))
        return f"tool.kernelwright.forecast.counts: no stage {', '.join(unknown)} was met; the stages are: {names}"
    # A stage with a configured count needs two sizes; without any configured count, every stage does.
    counted = [name for name in local if name in (settings.counts or local) and name not in logged]
    if single := [name for name in counted if _sizes(local[name]) < 2]:
        return (
            f"all runs met the same number of items in {', '.join(single)}: how the time grows is not known; "
            "rehearse both phases with commit.smoke > 0, or name sizes: kernelwright forecast --rows 10 --rows 30"
        )
    return ""


def _sizes(observed: Sequence[Observed]) -> int:
    return len({count for count, _ in observed})


def _stage(name: str, counts: Mapping[str, int], local: list[Observed], logged: list[Observed]) -> StageForecast:
    cost, note = fit(local), "as measured here"
    expected = sum(cost.seconds(count) for count, _ in logged)
    if not logged:
        if _sizes(local) > 1 and not grows(local):
            note += "; larger runs were not slower, so take larger ones"
    elif not expected or _sizes(logged) > 1:  # no local time to scale, or logs that show by themselves how time grows
        cost, note = fit(logged), "as logged on Kaggle"
    else:
        factor = sum(seconds for _, seconds in logged) / expected
        cost, note = cost.scaled(factor), f"as measured here, times {factor:.2f} to agree with the Kaggle log"
    largest = max(count for count, _ in local + logged)
    if name not in counts:
        note = f"no count is declared, taken as met: {largest}; {note}"
    count = counts.get(name, largest)
    return StageForecast(
        name=name,
        count=count,
        seconds=cost.seconds(count),
        fixed_s=cost.fixed_s,
        each_s=cost.each_s,
        observed=logged or local,
        note=note,
        is_local=not logged,
    )
