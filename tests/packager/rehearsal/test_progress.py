import io

import rich.console

from kernelwright.cli.render import Live, describe, table
from kernelwright.rehearsal.progress import LogReader, Progress


def test_the_cell_the_stage_and_the_last_line_are_read_as_the_log_grows(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("Executing notebook with kernel: python3\nExecuting Cell 1-----\nloading\nEnding Cell 1-----\n")
    reader = LogReader(log, cells=3)
    first = reader.progress(1.0, 5)
    assert (first.cell, first.cells, first.stage, first.last_line) == (1, 3, None, "loading")
    with log.open("a") as file:
        file.write("Executing Cell 2-----\nembed: 120 of 500 in 10.0 s\n")
    second = reader.progress(2.0, 5)
    assert (second.stage, second.rate) == (("embed", 120, 500), 12.0)
    assert reader.progress(3.0, 5).stage == ("embed", 120, 500)
    with log.open("a") as file:
        file.write("Executing Cell 3-----\n")
    assert (reader.progress(4.0, 5).cell, reader.progress(4.0, 5).stage) == (3, None)


SHOWN = Progress(
    seconds=75,
    memory_bytes=1_234_000_000,
    run="rerun, old mounts",
    cell=2,
    cells=3,
    stage=("embed", 120, 500),
    stage_seconds=10.0,
)


def test_progress_is_one_line_with_the_rate_and_what_the_stage_still_takes():
    assert describe(SHOWN, 30 * 10**9) == ("cell 2 of 3  1:15  1.23 of 30 GB  embed: 120 of 500, 12 per s, 0:31 left")
    assert describe(Progress(seconds=4005, memory_bytes=0, cell=1, cells=3, last_line="x"), 10**9) == (
        "cell 1 of 3  1:06:45  0.00 of 1 GB  x"
    )
    assert Progress(seconds=1, memory_bytes=0, stage=("embed", 0, 5), stage_seconds=1.0).left_s == 0


def test_on_a_terminal_it_is_a_table_of_bars():
    shown = io.StringIO()
    rich.console.Console(file=shown, width=120).print(table(SHOWN, 30 * 10**9))
    assert [
        line.split() for line in shown.getvalue().translate(dict.fromkeys(map(ord, "\u2501\u2578\u257a"))).splitlines()
    ] == [
        ["rerun,", "old", "mounts", "cell", "2", "of", "3,", "1:15"],
        ["memory", "1.23", "of", "30", "GB"],
        ["embed", "120", "of", "500,", "12", "per", "s,", "0:31", "left"],
    ]


def test_nothing_is_shown_where_it_is_to_be_quiet(capsys):
    with Live(10**9, quiet=True) as live:
        live.tell("running")
        live.show(SHOWN)
    assert capsys.readouterr().out == ""
    with Live(10**9) as live:
        live.tell("running")
        live.show(SHOWN)
    line = "  cell 2 of 3  1:15  1.23 of 1 GB  embed: 120 of 500, 12 per s, 0:31 left"
    assert capsys.readouterr().out.splitlines() == ["running", line]
