"""How long the hidden rerun will take: a cost for each stage, learned from runs of several sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kernelwright.errors import NoForecast
from kernelwright.project import config
from kernelwright.rehearsal.forecast.cost_model import Cost, Observed, fit, grows
from kernelwright.rehearsal.report import Run

HERE = "measured on this machine, not on Kaggle's; to go by a Kaggle log: kernelwright forecast --from-log FILE"
Stages = Sequence[Mapping[str, Any]]
"""What the runtime records: name, count and seconds of each stage."""


@dataclass(frozen=True, kw_only=True)
class Timed:
    """The stages of one run, and its seconds from start to end."""

    stages: Stages
    seconds: float


@dataclass(frozen=True, kw_only=True)
class StageForecast:
    """One stage in the hidden rerun."""

    name: str
    count: int
    seconds: float
    fixed_s: float
    each_s: float
    observed: Sequence[Observed]
    note: str


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The hidden rerun.

    Attributes
    ----------
    other_s : float
        What no stage covers: start, imports, installing, loading weights.
    source : str
        Whose machine the figures are of.
    """

    hours: float
    limit_hours: float
    fits: bool
    dominates: str
    stages: Sequence[StageForecast]
    other_s: float
    source: str


def forecast(known: config.Forecast, runs: Sequence[Timed], logs: Sequence[Stages] = ()) -> Forecast:
    """Forecast the rerun for the counts of the configuration.

    Parameters
    ----------
    known : Forecast
        ``[tool.kernelwright.forecast]``. A stage that it gives no count is taken as large as it was met.
    runs : sequence of Timed
        Runs on this machine, of two sizes at least.
    logs : sequence of stages, optional
        Of runs on Kaggle. Two sizes of a stage replace the times measured here, one size scales them.

    Raises
    ------
    NoForecast
        Neither runs of two sizes nor a log.
    """
    here, there = _by_name([run.stages for run in runs]), _by_name(logs)
    if problem := _too_little(known, here, there):
        raise NoForecast(problem)
    stages = [_stage(name, known.counts, here.get(name, []), there.get(name, [])) for name in here | there]
    other = max((run.seconds - sum(stage["seconds"] for stage in run.stages) for run in runs), default=0.0)
    total = sum(stage.seconds for stage in stages) + other
    return Forecast(
        hours=total / 3600,
        limit_hours=known.limit_hours,
        fits=total <= known.limit_hours * 3600,
        dominates=max(stages, key=lambda stage: stage.seconds).name,
        stages=stages,
        other_s=other,
        source=_source(logs, stages, measured=bool(runs)),
    )


def of_report(known: config.Forecast, runs: Sequence[Run]) -> dict[str, Any] | None:
    """Forecast from the complete runs of a rehearsal; None where counts are not declared or sizes are too few."""
    timed = [Timed(stages=run.stages, seconds=run.seconds) for run in runs if run.complete]
    try:
        return asdict(forecast(known, timed)) if known.counts else None
    except NoForecast:
        return None


def _by_name(runs: Sequence[Stages]) -> dict[str, list[Observed]]:
    found: dict[str, list[Observed]] = {}
    for stage in (stage for stages in runs for stage in stages if stage["count"]):
        found.setdefault(stage["name"], []).append((stage["count"], stage["seconds"]))
    return found


def _too_little(known: config.Forecast, here: Mapping[str, list[Observed]], there: Mapping[str, object]) -> str:
    met = here.keys() | there.keys()
    if not met:
        return "no run has recorded a stage; loop over `stages.stage(name, items)` in the kernel, and rehearse it"
    if unknown := sorted(known.counts.keys() - met):
        names = ", ".join(sorted(met))
        return f"tool.kernelwright.forecast.counts: no stage {', '.join(unknown)} was met; the stages are: {names}"
    single = [name for name in here if name in (known.counts or here) and name not in there and _sizes(here[name]) < 2]
    if single:
        return (
            f"all runs met the same number of items in {', '.join(single)}: how the time grows is not known; "
            "rehearse both phases with commit.smoke > 0, or name sizes: kernelwright forecast --rows 10 --rows 30"
        )
    return ""


def _sizes(observed: Sequence[Observed]) -> int:
    return len({count for count, _ in observed})


def _stage(name: str, counts: Mapping[str, int], here: list[Observed], there: list[Observed]) -> StageForecast:
    cost, note = _cost(here, there)
    most = max(count for count, _ in here + there)
    if name not in counts:
        note = f"no count is declared, taken as met: {most}; {note}"
    count = counts.get(name, most)
    return StageForecast(
        name=name,
        count=count,
        seconds=cost.seconds(count),
        fixed_s=cost.fixed_s,
        each_s=cost.each_s,
        observed=there or here,
        note=note,
    )


def _cost(here: list[Observed], there: list[Observed]) -> tuple[Cost, str]:
    if not there:
        doubt = "" if _sizes(here) < 2 or grows(here) else "; larger runs were not slower, so take larger ones"
        return fit(here), f"as measured here{doubt}"
    if not here or _sizes(there) > 1:
        return fit(there), "as logged on Kaggle"
    local = fit(here)
    expected = sum(local.seconds(count) for count, _ in there)
    if not expected:
        return fit(there), "as logged on Kaggle"
    factor = sum(seconds for _, seconds in there) / expected
    return local.scaled(factor), f"as measured here, times {factor:.2f} to agree with the Kaggle log"


def _source(logs: Sequence[Stages], stages: Sequence[StageForecast], *, measured: bool) -> str:
    if not logs:
        return HERE
    local = [stage.name for stage in stages if "as measured here" in stage.note and "Kaggle" not in stage.note]
    rest = f"; measured here: {', '.join([*local, 'all outside the stages'])}" if measured else ""
    return f"these are times of the machine that wrote the log, not this one's{rest}"
