"""`kernelwright pull` as it is called."""

import json

from typer.testing import CliRunner

from kernelwright.cli import app
from tests.packager import shipped
from tests.packager.sync.edits import MODULE, edit, notebook


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
