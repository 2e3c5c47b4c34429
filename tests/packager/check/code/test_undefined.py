import pytest

from kernelwright.check.code import undefined
from kernelwright.errors import LinterFailed
from tests.packager.check.code.projects import found, of_code, write

UNDEFINED = {
    "x = y": ("error", "main.py:2"),
    "def f():\n    return y\nf()": ("error", "main.py:3"),
    "def f():\n    return y": ("warning", "main.py:3"),
    "import fish\n### fish/__init__.py\nx = y": ("error", "fish/__init__.py:1"),
    "x = 1\n# %%\nprint(x + y)": ("error", "main.py:4"),
    "x = 1\n# %% [markdown]\n# é\n# %%\nx = !ls\nprint('é', y)": ("error", "main.py:7"),
    "x = y  # noqa": ("error", "main.py:2"),
    f"x = {'-' * 2000}1\nprint(y)": ("error", "main.py:3"),
}


def test_a_builtin_of_a_later_python_is_named_as_it_is(tmp_path):
    (finding,) = of_code(write(tmp_path, "raise PythonFinalizationError"))
    assert (finding[0], finding[3]) == ("KW404", "'PythonFinalizationError' is used and defined nowhere")


@pytest.mark.parametrize("code", UNDEFINED)
def test_a_name_that_nothing_defines_is_found(tmp_path, code):
    assert of_code(write(tmp_path, code)) == [
        (
            "KW404",
            UNDEFINED[code][0],
            UNDEFINED[code][1],
            "'y' is used and defined nowhere"
            + (
                ""
                if UNDEFINED[code][0] == "error"
                else " (only a warning: nothing that certainly runs calls its function by name)"
            ),
        )
    ]


DEFINED = [
    "y = 1\n# %%\nx = y",
    "y = !ls\nprint(y)",
    "display(get_ipython(), In, Out, __file__)",
    "from os.path import *\njoin('a', 'b')",
    "%run other.py\nprint(y)",
    "%time y = 1\nprint(y)",
    "%%time\ny = 1\n# %%\nprint(y)",
    "try:\n    y\nexcept NameError:\n    y = 1",
]


@pytest.mark.parametrize("code", DEFINED)
def test_a_name_that_cells_magics_or_star_imports_define_is_no_finding(tmp_path, code):
    assert [one for one in found(tmp_path, code) if "KW404" in one] == []


def test_settings_of_ruff_change_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("RUFF_OUTPUT_FILE", str(tmp_path / "out.json"))
    configuration = '[tool.ruff]\nbuiltins = ["y"]\nexclude = ["*"]\n'
    (code, *_), *_ = of_code(write(tmp_path, "x = y", configuration=configuration))
    assert code == "KW404"


def test_a_folder_for_temporary_files_that_git_ignores_hides_nothing(tmp_path, monkeypatch):
    temporary = tmp_path / "tmp"
    (temporary / ".git").mkdir(parents=True)
    (temporary / ".gitignore").write_text("*")
    monkeypatch.setattr(undefined.tempfile, "tempdir", str(temporary))
    assert [finding[0] for finding in of_code(write(tmp_path, "x = y"))] == ["KW404"]


def test_that_ruff_is_missing_or_fails_is_said(tmp_path, monkeypatch):
    project = write(tmp_path, "x = y")
    monkeypatch.setattr(undefined.programs, "find", lambda _: None)
    with pytest.raises(LinterFailed, match="pip install ruff"):
        of_code(project)
    monkeypatch.setattr(undefined.programs, "find", lambda _: "false")
    with pytest.raises(LinterFailed, match="ruff exited with 1"):
        of_code(project)
