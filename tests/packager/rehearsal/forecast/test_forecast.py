import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelwright.errors import NoForecast
from kernelwright.project.config import Forecast
from kernelwright.rehearsal.forecast import stage_log
from kernelwright.rehearsal.forecast.cost_model import Cost, fit
from kernelwright.rehearsal.forecast.forecast import Timed, forecast

KNOWN = Forecast(limit_hours=1, counts={"embed": 100_000})


def timed(seconds, **stages):
    return Timed(stages=[{"name": n, "count": c, "seconds": s} for n, (c, s) in stages.items()], seconds=seconds)


@given(fixed=st.integers(0, 100), each=st.integers(1, 50), counts=st.sets(st.integers(1, 1000), min_size=2, max_size=5))
def test_a_cost_that_is_linear_is_found_exactly(fixed, each, counts):
    found = fit([(count, fixed + each * count) for count in counts])
    assert found.fixed_s == pytest.approx(fixed, abs=1e-6 * (1 + fixed + each * max(counts)))
    assert found.each_s == pytest.approx(each, rel=1e-6)


OBSERVED = st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 1e4)), min_size=1, max_size=6)


@given(OBSERVED)
def test_no_cost_is_ever_negative(observed):
    found = fit(observed)
    assert found.fixed_s >= 0
    assert found.each_s >= 0


def test_runs_of_one_size_put_all_on_the_items():
    assert fit([(10, 5.0), (10, 5.0)]) == Cost(fixed_s=0.0, each_s=0.5)


def test_a_larger_run_that_was_not_slower_does_not_make_items_free():
    assert fit([(10, 10.0), (20, 10.0)]).each_s == pytest.approx(0.6)


def test_the_forecast_adds_up_the_stages_and_all_else():
    runs = [timed(30, embed=(100, 12.0), vote=(10, 1.0)), timed(40, embed=(200, 22.0), vote=(10, 1.0))]
    found = forecast(KNOWN, runs)
    assert [(s.name, s.count, s.seconds) for s in found.stages] == [
        ("embed", 100_000, pytest.approx(10_002)),
        ("vote", 10, pytest.approx(1)),
    ]
    assert found.other_s == 17
    assert found.hours == pytest.approx((10_002 + 1 + 17) / 3600)
    assert (found.fits, found.dominates) == (False, "embed")
    assert found.stages[1].note == "no count is declared, taken as met: 10; as measured here"
    assert found.source.startswith("measured on this machine, not on Kaggle's")


def test_a_log_of_one_size_scales_what_was_measured_here():
    runs = [timed(13, embed=(100, 12.0)), timed(23, embed=(200, 22.0))]
    found = forecast(KNOWN, runs, [timed(0, embed=(200, 11.0)).stages])
    assert found.stages[0].seconds == pytest.approx(5_001)
    assert found.stages[0].note == "as measured here, times 0.50 to agree with the Kaggle log"
    assert found.source == (
        "these are times of the machine that wrote the log, not this one's; measured here: all outside the stages"
    )


def test_logs_of_two_sizes_need_no_run_here():
    found = forecast(KNOWN, [], [timed(0, embed=(100, 2.0)).stages, timed(0, embed=(200, 3.0)).stages])
    assert found.stages[0].seconds == pytest.approx(1_001)
    assert found.source == "these are times of the machine that wrote the log, not this one's"


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "no run has recorded a stage; loop over `stages.stage(name, items)` in the kernel, and rehearse it"),
        (
            [timed(1, vote=(5, 1.0))],
            "tool.kernelwright.forecast.counts: no stage embed was met; the stages are: vote",
        ),
        (
            [timed(1, embed=(5, 1.0)), timed(1, embed=(5, 1.1))],
            "all runs met the same number of items in embed: how the time grows is not known; rehearse both phases "
            "with commit.smoke > 0, or name sizes: kernelwright forecast --rows 10 --rows 30",
        ),
    ],
)
def test_what_cannot_be_forecast_is_said_with_the_way_out(runs, message):
    with pytest.raises(NoForecast) as caught:
        forecast(KNOWN, runs)
    assert str(caught.value) == message


STAGES = [{"name": "embed", "count": 3, "seconds": 1.5}]
LINE = json.dumps({"kernelwright": {"stages": STAGES}})


def test_the_last_line_with_stages_counts_in_a_plain_log(tmp_path):
    (tmp_path / "log").write_text(
        f'{{"kernelwright": {{"stages": []}}}}\nmore\n12.3s 4 {LINE}\n{{"kernelwright": 5}}\n'
    )
    assert stage_log.stages(tmp_path / "log") == STAGES


def test_a_line_is_put_together_from_the_entries_of_kaggles_log(tmp_path):
    parts = [f"first\n{LINE[:30]}", LINE[30:], "\nlast\n"]
    entries = [json.dumps({"stream_name": "stdout", "time": 1.0, "data": part}) for part in parts]
    (tmp_path / "log").write_text("[" + "\n,".join(entries) + "\n]")
    assert stage_log.stages(tmp_path / "log") == STAGES


def test_a_log_of_kaggle_that_is_cut_off_gives_its_whole_entries(tmp_path):
    entries = [{"stream_name": "stdout", "time": 1.0, "data": f"{line}\n"} for line in ("first", LINE, "last")]
    (tmp_path / "log").write_text(json.dumps(entries)[:-10])
    assert stage_log.stages(tmp_path / "log") == STAGES


def test_a_log_without_stages_is_told_how_they_get_there(tmp_path):
    (tmp_path / "log").write_text("nothing\n")
    with pytest.raises(NoForecast, match=r"the kernel writes it with `stages.log\(\)`, at the end of its driver$"):
        stage_log.stages(tmp_path / "log")
    with pytest.raises(NoForecast, match=r"absent: no such file$"):
        stage_log.stages(tmp_path / "absent")


@pytest.mark.parametrize(
    "odd",
    [
        '{"kernelwright": {"stages": [{"name": "embed", "count": 1e999, "seconds": 1}]}}',
        '{"kernelwright": {"stages": [{"name": "embed", "count": ' + "9" * 5000 + ', "seconds": 1}]}}',
        '{"kernelwright": ' + "[" * 100_000,
        '{"kernelwright": {"stages": [{"name": "embed", "count": 3, "seconds": NaN}]}}',
    ],
)
def test_numbers_without_an_end_and_deep_nesting_are_no_stages(tmp_path, odd):
    (tmp_path / "log").write_text(f"{LINE}\n{odd}\n")
    assert stage_log.stages(tmp_path / "log") == STAGES
    (tmp_path / "log").write_text("[" + odd)
    with pytest.raises(NoForecast):
        stage_log.stages(tmp_path / "log")


@pytest.mark.parametrize(
    "runs", ['"x"', "[1]", '[{"verdict": "Complete"}]', '[{"verdict": "Complete", "stages": [{}], "seconds": 1}]']
)
def test_a_report_that_is_odd_below_its_runs_is_one_line(tmp_path, runs):
    from kernelwright.rehearsal import scaling_runs
    from tests import notebooks

    root = notebooks.project(tmp_path / "proj")
    (root / "main.py").write_text("# %%\nprint(1)\n")
    (root / "build/rehearsal").mkdir(parents=True)
    (root / "build/rehearsal/report.json").write_text(f'{{"runs": {runs}}}')
    with pytest.raises(NoForecast, match=r"report.json: not a report; rehearse again$"):
        scaling_runs.rehearsed(notebooks.load_project(root))
