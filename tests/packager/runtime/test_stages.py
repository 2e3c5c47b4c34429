import io
import json

import pytest

from kernelwright.runtime import stages


class Clock:
    now = 100.0

    def monotonic(self):
        return self.now

    def time(self):
        return 1_000_000 + self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(stages, "_stages", {})
    monkeypatch.setattr(stages, "time", Clock())
    return stages.time


def run(clock, name, items, seconds=1.0):
    for _ in stages.stage(name, items):
        clock.now += seconds


def test_a_stage_yields_its_items_in_order():
    assert list(stages.stage("embed", "abc")) == ["a", "b", "c"]


def test_count_and_seconds_add_up_by_name_in_the_order_of_first_starts(clock):
    run(clock, "embed", range(3))
    run(clock, "match", iter([1, 2]))
    run(clock, "embed", [7], seconds=0.5)
    assert stages.records() == [
        {"name": "embed", "count": 4, "seconds": 3.5},
        {"name": "match", "count": 2, "seconds": 2.0},
    ]


def test_an_outer_stage_comes_before_the_stage_inside_it(clock):
    for _ in stages.stage("outer", [1]):
        run(clock, "inner", [1, 2])
    assert stages.records() == [
        {"name": "outer", "count": 1, "seconds": 2.0},
        {"name": "inner", "count": 2, "seconds": 2.0},
    ]


def test_a_loop_left_early_is_recorded(clock):
    for item in stages.stage("embed", range(10)):
        clock.now += 1
        if item == 2:
            break
    assert stages.records() == [{"name": "embed", "count": 3, "seconds": 3.0}]


def test_a_loop_that_raises_is_recorded(clock):
    def embed():
        for item in stages.stage("embed", [1, 0, 1]):
            clock.now += 1 / item

    with pytest.raises(ZeroDivisionError):
        embed()
    assert stages.records() == [{"name": "embed", "count": 2, "seconds": 1.0}]


def test_items_that_raise_are_recorded():
    with pytest.raises(ZeroDivisionError):
        list(stages.stage("embed", (1 / number for number in (1, 0))))
    assert stages.records() == [{"name": "embed", "count": 1, "seconds": 0.0}]


def test_a_stage_without_items_is_recorded():
    assert list(stages.stage("embed", [])) == []
    assert stages.records() == [{"name": "embed", "count": 0, "seconds": 0.0}]


def test_the_record_folder_holds_the_stages_as_each_ends(clock, monkeypatch, tmp_path):
    monkeypatch.setenv("KERNELWRIGHT_RECORD", str(tmp_path / "record"))
    run(clock, "embed", range(3))
    assert json.loads((tmp_path / "record/stages.json").read_text()) == stages.records()
    run(clock, "match", [1])
    assert json.loads((tmp_path / "record/stages.json").read_text()) == stages.records()
    assert [path.name for path in (tmp_path / "record").iterdir()] == ["stages.json"]


def test_without_a_record_folder_one_line_of_json_ends_the_log(clock, capsys):
    run(clock, "embed", range(3))
    stages.log()
    out = '{"kernelwright": {"stages": [{"name": "embed", "count": 3, "seconds": 3.0}]}}\n'
    assert capsys.readouterr().out == out


def test_with_a_record_folder_the_log_ends_as_it_is(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("KERNELWRIGHT_RECORD", str(tmp_path))
    stages.log()
    assert capsys.readouterr().out == ""


def test_a_short_stage_writes_one_line(clock, capsys):
    run(clock, "embed", range(3))
    assert capsys.readouterr().err == "embed: 3 in 3.0 s\n"


def test_a_stage_left_early_says_so(capsys):
    next(stages.stage("embed", range(3)))
    assert capsys.readouterr().err == "embed: 1 of 3 in 0.0 s\n"


def test_a_long_stage_writes_a_line_whenever_its_time_has_doubled(clock, capsys):
    run(clock, "embed", range(50))
    run(clock, "match", iter(range(12)))
    assert capsys.readouterr().err.splitlines() == [
        "embed: 10 of 50 in 10.0 s",
        "embed: 20 of 50 in 20.0 s",
        "embed: 40 of 50 in 40.0 s",
        "embed: 50 in 50.0 s",
        "match: 10 in 10.0 s",
        "match: 12 in 12.0 s",
    ]


def test_a_day_writes_few_lines(clock, capsys):
    run(clock, "embed", range(86_400))
    assert len(capsys.readouterr().err.splitlines()) == 15


def test_a_terminal_shows_a_bar_that_goes_when_the_stage_ends(clock, monkeypatch):
    monkeypatch.setattr(stages.sys, "stderr", Terminal())
    run(clock, "embed", range(2))
    assert stages.sys.stderr.getvalue() == (
        f"\r[{'#' * 15}{' ' * 15}] embed: 1 of 2 in 1.0 s\r[{'#' * 30}] embed: 2 in 2.0 s\r\x1b[Kembed: 2 in 2.0 s\n"
    )


def test_a_stage_ends_in_time_and_records_what_was_left(clock, capsys):
    seen = []
    for item in stages.stage("verify", range(10), until=clock.time() + 3):
        seen.append(item)
        clock.now += 1.5
    assert seen == [0, 1]
    assert stages.records() == [{"name": "verify", "count": 2, "seconds": 3.0, "left": 8}]
    assert capsys.readouterr().err == "verify: 2 of 10 in 3.0 s, out of time\n"


def test_a_stage_that_ends_with_its_time_has_nothing_left(clock, capsys):
    for _ in stages.stage("verify", range(2), until=clock.time() + 2):
        clock.now += 1
    assert stages.records() == [{"name": "verify", "count": 2, "seconds": 2.0}]
    assert capsys.readouterr().err == "verify: 2 in 2.0 s\n"


def test_sigterm_ends_a_stage_that_has_an_end(clock, capsys, monkeypatch):
    monkeypatch.setattr(stages.budget, "terminated", lambda: clock.now >= 103)
    run(clock, "load", range(5))
    assert list(stages.stage("verify", range(5), until=float("inf"))) == []
    assert stages.records()[1] == {"name": "verify", "count": 0, "seconds": 0.0, "left": 5}
    assert capsys.readouterr().err == "load: 5 in 5.0 s\nverify: 0 of 5 in 0.0 s, ended by SIGTERM\n"


def test_items_that_are_slow_to_come_end_in_time_too(clock):
    def slow():
        for item in range(10):
            clock.now += 1
            yield item

    assert list(stages.stage("embed", slow(), until=clock.time() + 3)) == [0, 1, 2]
    assert stages.records() == [{"name": "embed", "count": 3, "seconds": 3.0}]
