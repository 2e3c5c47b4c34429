"""`kernelwright pull` as it is called."""

import errno
import json
import tempfile

import pytest
from typer.testing import CliRunner

from kernelwright.cli import app
from tests.packager import shipped
from tests.packager.pull.edits import MODULE, code_cell, edit, notebook


def pull(folder, told, *options):
    file = folder.parent / "edited.ipynb"
    file.write_text(json.dumps(told))
    return CliRunner().invoke(app, ["pull", "--project", str(folder), "--from", str(file), *options])


def test_the_command_shows_a_diff_and_writes_only_when_asked(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    edit(told, f"%%module {MODULE}", 'DATA = "toy-data"', 'DATA = "toy-data"\nMORE = 1')
    shown = pull(project, told)
    assert (shown.exit_code, shown.stdout.splitlines()) == (
        0,
        [
            f"{MODULE}: edited",
            f"--- a/{MODULE}",
            f"+++ b/{MODULE}",
            "@@ -3,6 +3,7 @@",
            " import csv",
            " ",
            ' DATA = "toy-data"',
            "+MORE = 1",
            " ",
            " ",
            " def answers(folder):",
            "1 file to change; run again with --apply to write them",
        ],
    )
    assert (project / MODULE).read_text() == shipped.MODULE
    assert pull(project, told, "--apply").stdout.splitlines()[-1] == "1 file changed"
    again = pull(project, told)
    assert (again.exit_code, again.stdout) == (
        0,
        "nothing to bring back: the notebook says what the sources say\n",
    )


def test_the_command_fails_where_something_is_left_to_the_author(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "%%module /etc/passwd\nX = 1\n"})
    result = pull(project, told, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (
        1,
        {
            "clean": False,
            "changes": [
                {
                    "action": "refuse",
                    "place": "/etc/passwd",
                    "what": "is not a path inside the notebook's tree",
                    "diff": "",
                }
            ],
        },
    )


def both_changed(project):
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    (project / MODULE).write_text(shipped.MODULE.replace("len(row", "2 + len(row"))
    return told


def test_a_conflict_is_shown_before_it_is_left(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = both_changed(project)
    shown = pull(project, told)
    lines = shown.stdout.splitlines()
    assert (shown.exit_code, lines[0]) == (1, f"{MODULE}: changed in the notebook and here")
    assert lines[1:3] == [f"--- a/{MODULE}", f"+++ b/{MODULE}"]
    assert "+<<<<<<< here" in lines
    assert lines[-2:] == [
        f"  --apply leaves the merged text with its marks in build/conflicts/{MODULE}",
        "0 files to change; 1 left to you",
    ]
    assert not (project / "build/conflicts").exists()
    assert pull(project, told, "--apply").stdout.splitlines()[-2:] == [
        f"  both versions are in build/conflicts/{MODULE}; merge them into {MODULE}",
        "0 files changed; 1 left to you",
    ]


def test_what_a_terminal_would_obey_is_escaped(tmp_path):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    source = "%%module toy/a\x1b[2Jb.py\nX = 1\n"
    told["cells"] += [{"cell_type": "code", "metadata": {}, "source": source}] * 2
    edit(told, f"%%module {MODULE}", 'DATA = "toy-data"', 'DATA = "toy-data"\nMORE = "\x1b[2J\\n"')
    lines = pull(project, told).stdout.splitlines()
    assert r'+MORE = "\x1b[2J\n"' in lines
    assert [line for line in lines if "b.py" in line] == [
        r"toy/a\x1b[2Jb.py: two cells write it; the last one counts, as when it is run",
        r"toy/a\x1b[2Jb.py: refused: holds a character that is not printable; rename it",
    ]


@pytest.mark.parametrize("is_deleted_here", [True, False])
def test_a_conflict_of_one_version_says_whose_it_is(tmp_path, is_deleted_here):
    project = shipped.make(tmp_path / "project")
    more, left = project / "toy/more.py", "build/conflicts/toy/more.py"
    more.write_text("X = 1\n")
    shipped.commit(project)
    told = notebook(project)
    if is_deleted_here:
        edit(told, "%%module toy/more.py", "1", "2")
        more.unlink()
        said = f"  {left} is the notebook's version; copy it to toy/more.py to keep it, or delete it"
    else:
        told["cells"].remove(code_cell(told, "%%module toy/more.py"))
        more.write_text("X = 2\n")
        said = f"  {left} is the version here; delete toy/more.py as the notebook did, or keep it"
    assert pull(project, told).stdout.splitlines()[-2] == f"  --apply leaves one version in {left}"
    assert pull(project, told, "--apply").stdout.splitlines()[-2] == said
    assert (project / left).read_text() == "X = 2\n"


def test_a_conflict_with_what_is_no_text_says_that_it_is_the_notebooks(tmp_path):
    project = shipped.make(tmp_path / "project")
    told = notebook(project)
    shipped.commit(project)
    told["cells"].append({"cell_type": "code", "metadata": {}, "source": "%%module toy/data.csv\nx\n"})
    (project / "toy/data.csv").write_bytes(b"\xff")
    said = (
        "  build/conflicts/toy/data.csv is the notebook's version; take from it into toy/data.csv what you want to keep"
    )
    assert pull(project, told, "--apply").stdout.splitlines()[-2] == said


def test_a_project_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    project = shipped.ready(tmp_path / "project")
    told = notebook(project)
    edit(told, f"%%module {MODULE}", "len(row", "1 + len(row")
    read_only = OSError(errno.EROFS, "Read-only file system")
    monkeypatch.setattr(tempfile, "mkstemp", lambda **_: (_ for _ in ()).throw(read_only))
    result = pull(project, told, "--apply")
    file = (project / MODULE).resolve()
    assert (result.exit_code, str(result.exception)) == (1, f"{file}: cannot be written: Read-only file system")
