import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile

import pytest

from kernelwright import __version__, cli
from tests import notebooks

pytestmark = pytest.mark.smoke


def call(folder, *arguments, cwd=None, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["kernelwright", *arguments])
    monkeypatch.chdir(cwd or folder.root)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    return ended.value.code or 0, out, err


@pytest.fixture
def run(folder, monkeypatch, capsys):
    """Call the command line in the project's folder: status, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *arguments, **named: call(folder, *arguments, **named, monkeypatch=monkeypatch, capsys=capsys)


def test_build_says_what_it_wrote(folder, run):
    status, out, err = run("build")
    size = (folder.root / "build/some.ipynb").stat().st_size
    assert (status, out, err) == (0, f"build/some.ipynb: {size:,} bytes\n", "")


def test_a_problem_is_reported_with_status_1(folder, run):
    folder.configure("driver = 1")
    assert run("build") == (1, "", "pyproject.toml: tool.kernelwright.driver: 1 should be a string\n")


def test_an_output_that_cannot_be_written_is_a_problem(folder, run):
    folder.write("build", "a file in the way")
    assert run("build") == (1, "", f"{folder.root}/build/some.ipynb: cannot be written: File exists\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "--nothing"], "--nothing"),
        (["nothing"], "No such command 'nothing'."),
        (["build", "--project"], "Option '--project' requires an argument."),
        ([], "Usage: "),
    ],
)
def test_wrong_usage_is_status_2(run, arguments, message):
    status, out, err = run(*arguments)
    assert status == 2
    assert message in out + err


def test_help_is_short_and_names_the_commands_in_the_order_of_the_work(run):
    status, out, _ = run("-h")
    names = [word for line in out.splitlines() for word in line.strip("│ ").split()[:1] if word in NAMES]
    assert (status, names) == (0, NAMES)
    assert run("--version") == (0, f"kernelwright {__version__}\n", "")
    assert "--install-completion" in out


def test_help_shows_a_default_that_another_setting_decides(run):
    status, out, _ = run("rehearse", "-h")
    assert status == 0
    assert "build/mini" in out
    assert "forecast.limit_hours" in out


NAMES = [
    *("init", "configure", "build", "explain", "wheels", "image", "check", "rehearse", "forecast", "sample", "push"),
    *("status", "logs", "output", "submit", "pull"),
]


def test_the_project_is_found_from_a_folder_in_it_and_a_named_one_is_taken_as_named(folder, run, monkeypatch):
    inner = folder.write("some/inner/file.txt").parent
    assert run("build", cwd=inner)[:2] == run("build")[:2]
    status, _, err = run("build", "--project", ".", cwd=inner)
    assert (status, err.splitlines()[0]) == (
        1,
        f"{inner}/pyproject.toml: no such file; run this in a project's folder, or name one with --project",
    )


def test_what_nobody_expected_is_one_line_and_a_file_with_the_traceback(run, monkeypatch, tmp_path):
    def fail(*_):
        raise ZeroDivisionError("division by zero\nand more")

    monkeypatch.setattr("kernelwright.bundle.build.build", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    status, out, err = run("build")
    file = next(tmp_path.glob("kernelwright-*.txt"))
    message = "unexpected ZeroDivisionError: division by zero; this is a bug, please report it with"
    assert (status, out, err) == (1, "", f"{message} {file}\n")
    assert "in fail\n" in file.read_text()


def test_a_table_that_no_terminal_shows_is_not_wrapped(folder, run):
    path = "pkg/" + "a_long_folder/" * 12
    folder.configure('driver = "main.py"\nsources = ["pkg"]')
    folder.write("pkg/__init__.py")
    folder.write(f"{path}data.bin", b"x")
    assert f" {path}data.bin " in run("explain")[1]


def test_an_interrupt_is_status_130(folder):
    os.mkfifo(folder.root / "fifo.toml")
    (folder.root / "pyproject.toml").unlink()
    (folder.root / "pyproject.toml").symlink_to("fifo.toml")  # reading it waits for a writer
    command = [sys.executable, "-m", "kernelwright", "build", "--project", str(folder.root)]
    process = subprocess.Popen(
        command, cwd=notebooks.ROOT, stderr=subprocess.PIPE, text=True, preexec_fn=notebooks.heed_interrupts
    )
    with (folder.root / "fifo.toml").open("wb"):  # opens when the command is about to read
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_check_is_silent_about_nothing_and_names_what_is_stale(folder, run):
    folder.configure('driver = "main.py"\nsources = ["pkg"]')
    folder.write("main.py", "# %% [markdown]\n# # Title\n# %%\nimport pkg\n")
    folder.write("pkg/__init__.py", "x = 1\n")
    folder.write("pkg/old.py", "x = 1\n")
    stale = "build/some.ipynb is stale; `kernelwright build` would change:\n"
    assert run("build", "--check") == (1, "", f"{stale}  some.ipynb: no such file\n")
    run("build")
    before = (folder.root / "build/some.ipynb").stat().st_mtime_ns
    assert run("build", "--check") == (0, "build/some.ipynb is up to date\n", "")
    folder.write("pkg/__init__.py", "x = 2\n")
    (folder.root / "pkg/old.py").rename(folder.root / "pkg/new.py")
    folder.write("main.py", "# %% [markdown]\n# # Title\n# %%\nimport pkg.new\n")
    assert run("build", "--check") == (
        1,
        "",
        f"{stale}  + pkg/new.py\n  - pkg/old.py\n  ~ the list of modules\n  ~ the bootstrap cell\n  ~ pkg/__init__.py\n"
        "  ~ driver cell 2: import pkg.new\n",
    )
    assert (folder.root / "build/some.ipynb").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda data: b"no notebook", "not a notebook"),
        (lambda data: data + b"\n", "the cells are the same, the file's other bytes are not"),
        (lambda data: json.dumps(swapped(data)).encode(), "the cells are in another order"),
        (lambda data: json.dumps(added(data)).encode(), "- a cell of no module: by hand"),
    ],
)
def test_check_tells_how_a_file_was_changed(folder, run, change, line):
    run("build")
    file = folder.root / "build/some.ipynb"
    file.write_bytes(change(file.read_bytes()))
    expected = f"build/some.ipynb is stale; `kernelwright build` would change:\n  {line}\n"
    assert run("build", "--check") == (1, "", expected)


def swapped(data):
    notebook = json.loads(data)
    notebook["cells"].reverse()
    return notebook


def added(data):
    notebook = json.loads(data)
    notebook["cells"].append({"cell_type": "code", "id": "mine", "source": "by hand", "metadata": {}, "outputs": []})
    return notebook


def test_check_looks_at_the_dataset_too(folder, run):
    configuration = 'driver = "main.py"\ncarrier = "dataset"\nsources_dataset = "my-sources"'
    folder.configure(configuration, dataset_sources=["OWNER/my-sources"])
    run("build")
    assert run("build", "--check")[0] == 0
    folder.write("build/sources/sources.json", "{}")
    assert run("build", "--check")[2].endswith("would change:\n  build/sources/sources.json differs\n")


def test_explain_fits_80_columns(folder, run):
    folder.configure('driver = "main.py"\nsources = ["some/pkg"]', competition_sources=["some-competition"])
    folder.write("some/pkg/__init__.py", "x = 1\n")
    folder.write("some/pkg/data.bin", b"\xff" * 2000)
    status, out, _ = run("explain")
    lines = out.splitlines()
    assert status == 0
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["file", "carried", "by", "bytes", "sha256"]
    assert ["1", "pkg/data.bin", "bootstrap", "2,000"] in [line.split()[:4] for line in lines]
    assert lines[-1] == "attached: some-competition"


def test_explain_answers_in_json(folder, run):
    folder.configure('driver = "main.py"\nsources = ["pkg"]', dataset_sources=["OWNER/some-data"])
    folder.write("pkg/__init__.py", "import pkg.a\n")
    folder.write("pkg/a.py", "x = 1\n")
    status, out, _ = run("explain", "--json")
    answer = json.loads(out)
    assert status == 0
    assert [row for row in answer["files"] if row["why"] == "pkg"][1] == {
        "order": answer["files"][-1]["order"],
        "file": "pkg/__init__.py",
        "module": "pkg",
        "why": "pkg",
        "carried": "cell",
        "bytes": 13,
        "sha256": hashlib.sha256(b"import pkg.a\n").hexdigest(),
        "imports": ["pkg.a"],
    }
    assert answer["attached"] == ["some-data"]
    assert answer["notebook"]["limit"] == 900_000


def test_each_kernel_of_a_project_is_built_from_its_own_driver(folder, run):
    folder.configure(
        'driver = "main.py"\nsources = ["one.py"]\n[tool.kernelwright.kernels.second]\ndriver = "second.py"\n'
        'sources = ["two.py"]\nmetadata = "second/kernel-metadata.json"'
    )
    for name in ("second.py", "one.py", "two.py"):
        folder.write(name, f"name = {name!r}\n")
    described = {"id": "OWNER/second-kernel", "title": "Second kernel", "code_file": "../build/second.ipynb"}
    folder.write("second/kernel-metadata.json", json.dumps(described))
    assert run("build", "--kernel", "second")[0] == 0
    assert run("build")[0] == 0
    first, second = ((folder.root / f"build/{name}.ipynb").read_text() for name in ("some", "second"))
    assert ("one.py" in first, "two.py" in first) == (True, False)
    assert ("one.py" in second, "two.py" in second) == (False, True)
    assert run("build", "--kernel", "second", "--check")[0] == 0
    where = "pyproject.toml: tool.kernelwright.kernels"
    assert run("build", "--kernel", "third") == (
        1,
        "",
        f"{where}: no kernel 'third'; there is: second; name one of these with --kernel\n",
    )
