from kernelwright.cli.render import describe
from kernelwright.rehearsal.progress import LogReader, Progress


def test_the_cell_the_stage_and_the_last_line_are_read_as_the_log_grows(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("Executing notebook with kernel: python3\nExecuting Cell 1-----\nloading\nEnding Cell 1-----\n")
    reader = LogReader(log, cells=3)
    first = reader.progress(1.0, 5)
    assert (first.cell, first.cells, first.stage, first.last_line) == (1, 3, None, "loading")
    with log.open("a") as file:
        file.write("Executing Cell 2-----\nembed: 120 of 500 in 10.0 s\n")
    assert reader.progress(2.0, 5).stage == ("embed", 120, 500)
    assert reader.progress(3.0, 5).stage == ("embed", 120, 500)
    with log.open("a") as file:
        file.write("Executing Cell 3-----\n")
    assert (reader.progress(4.0, 5).cell, reader.progress(4.0, 5).stage) == (3, None)


def test_progress_is_one_line():
    shown = Progress(seconds=75, memory_bytes=1_234_000_000, cell=2, cells=3, stage=("embed", 120, 500))
    assert describe(shown, 30 * 10**9) == "cell 2 of 3  1:15  1.23 of 30 GB  embed [####                ] 120 of 500"
    assert describe(Progress(seconds=5, memory_bytes=0, cell=1, cells=3, last_line="x"), 10**9) == (
        "cell 1 of 3  0:05  0.00 of 1 GB  x"
    )
