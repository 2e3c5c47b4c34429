import json

import pytest

from kernelwright.errors import InvalidProject
from kernelwright.project.model import load_project

pytestmark = pytest.mark.smoke

WHERE = "pyproject.toml: tool.kernelwright"


def problems(folder, kernel=""):
    with pytest.raises(InvalidProject) as caught:
        folder.load(kernel)
    return [(problem.code, str(problem)) for problem in caught.value.problems]


def test_only_the_driver_is_required(folder):
    project = folder.load()
    assert project.driver == folder.root / "main.py"
    assert project.notebook == folder.root / "build/some.ipynb"
    assert project.build == folder.root / "build"
    assert project.sources == ()
    assert project.configuration.vendor == ("kernelwright.runtime",)
    assert project.configuration.submission == ("submission.csv",)


def test_a_folder_without_a_project_says_what_to_do(tmp_path):
    with pytest.raises(InvalidProject) as caught:
        load_project(tmp_path)
    assert [(problem.code, str(problem)) for problem in caught.value.problems] == [
        (
            "KW001",
            f"{tmp_path}/pyproject.toml: no such file; run this in a project's folder, or name one with --project",
        ),
        (
            "KW011",
            "kernel-metadata.json: no such file; make it with `kernelwright init`, or with `kaggle kernels init`",
        ),
    ]


def test_what_is_not_toml_and_not_json_is_reported_at_once(folder):
    folder.write("pyproject.toml", "[tool")
    folder.write("kernel-metadata.json", "{")
    (toml, metadata) = problems(folder)
    assert toml[0] == "KW001"
    assert toml[1].startswith(f"{folder.root}/pyproject.toml: not TOML: ")
    assert metadata[0] == "KW011"
    assert metadata[1].startswith("kernel-metadata.json: not JSON: ")


def test_a_project_file_without_the_table_is_told_which(folder):
    folder.write("pyproject.toml", "[project]\nname = 'x'\n")
    fix = 'add the table, at least with driver = "main.py"'
    assert problems(folder) == [("KW002", f"pyproject.toml: no [tool.kernelwright]; {fix}")]


@pytest.mark.parametrize(
    ("line", "code", "problem"),
    [
        (
            "sources = 'pkg'",
            "KW005",
            '.sources: "pkg" should be a list; write a list, such as [], or leave "sources" out',
        ),
        ("sources = [3]", "KW005", ".sources[0]: 3 should be a string"),
        ("driver = true", "KW005", ".driver: true should be a string"),
        ("carrier = 'boat'", "KW005", ".carrier: \"boat\" should be 'cells' or 'dataset'"),
        (
            "submission = 'a/b.csv'",
            "KW005",
            '.submission[0]: "a/b.csv" should be a bare file name, such as submission.csv',
        ),
        ("score = 'gap'", "KW005", '.score: "gap" should be "package.module:function"'),
        ("commit = { smoke = 'x' }", "KW005", '.commit.smoke: "x" should be an integer'),
        ("commit = { smoke = -1 }", "KW005", ".commit.smoke: -1 should be greater than or equal to 0"),
        ("commit = { smok = 1 }", "KW003", ".commit.smok: unknown key; did you mean 'smoke'?"),
        ("sorces = []", "KW003", ".sorces: unknown key; did you mean 'sources'?"),
        ("zzzz = 1", "KW003", ".zzzz: unknown key; remove it; docs/configuration.md lists the keys there are"),
        ("kind = 'twice'", "KW005", ".kind: \"twice\" should be 'rerun', 'once' or 'output'"),
        ("public = { 'a/b.csv' = { rows = 'x' } }", "KW005", '.public."a/b.csv".rows: "x" should be an integer'),
        (
            "wheels = 'a.in'",
            "KW007",
            ".wheels_dataset: required beside wheels; name the slug of the dataset that carries them",
        ),
        (
            "carrier = 'dataset'",
            "KW007",
            '.sources_dataset: required beside carrier = "dataset"; name the slug of the dataset',
        ),
        (
            "sources_dataset = 'a/b'",
            "KW005",
            '.sources_dataset: "a/b" should be a bare slug of 6 to 50 letters, digits and hyphens',
        ),
        ("sources = ['.']", "KW006", ".sources[0]: '.' is the project itself; name files or folders in it"),
        (
            "sources = ['build']",
            "KW006",
            ".sources[0]: 'build' holds the notebook that is built, some.ipynb; let code_file lead elsewhere",
        ),
        (
            "vendor = ['a b']",
            "KW005",
            '.vendor[0]: "a b" should be the name a package is imported by, as "toolz" or "kernelwright.runtime"',
        ),
        ("sources = ['../out']", "KW006", ".sources[0]: '../out' is outside the project; move or copy it into proj/"),
        (
            "check = { ignore = ['XY'] }",
            "KW005",
            '.check.ignore[0]: "XY" should be a code of docs/checks.md, or how several begin',
        ),
    ],
)
def test_a_key_that_does_not_fit_is_named_with_its_value(folder, line, code, problem):
    driver = "" if line.startswith("driver") else 'driver = "main.py"\n'
    folder.configure(driver + line)
    assert problems(folder) == [(code, WHERE + problem)]


@pytest.mark.parametrize(
    "file", ["/etc/passwd", "../x/train.csv", "data/../../train.csv", "train.csv", "data/", r"a\nb/../x"]
)
def test_a_public_file_is_one_in_an_attached_source(folder, file):
    folder.configure(f"driver = 'main.py'\npublic = {{ \"{file}\" = {{ rows = 1 }} }}")
    ((code, problem),) = problems(folder)
    assert code == "KW005"
    assert problem.endswith('should be a file in an attached source, as "its-slug/train.csv"')


@pytest.mark.parametrize("name", ["x/../../../victim", "..", "a b", ""])
def test_a_further_kernel_is_named_by_what_can_name_a_folder(folder, name):
    folder.configure(f'driver = "main.py"\n[tool.kernelwright.kernels."{name}"]\ndriver = "b.py"')
    ((code, problem),) = problems(folder)
    assert code == "KW005"
    assert problem.endswith("should be a name of letters, digits, hyphens and underscores")


def test_several_files_can_be_submitted(folder):
    folder.configure('driver = "main.py"\nsubmission = ["a.json", "b.zip"]')
    assert folder.load().configuration.submission == ("a.json", "b.zip")


@pytest.mark.parametrize(
    ("line", "competitions", "kind"),
    [("", ["c"], "rerun"), ("", [], "output"), ("kind = 'once'", ["c"], "once"), ("kind = 'output'", ["c"], "output")],
)
def test_how_kaggle_runs_a_kernel_follows_from_its_metadata_unless_configured(folder, line, competitions, kind):
    folder.configure(f"driver = 'main.py'\n{line}", competition_sources=competitions)
    assert folder.load().kind == kind


def test_findings_can_be_ignored_by_code_and_by_file(folder):
    folder.configure(
        'driver = "main.py"\n[tool.kernelwright.check]\nignore = ["KW00"]\n'
        'per-file-ignores = { "pkg/*.py" = ["KW001"] }'
    )
    check = folder.load().configuration.check
    assert (check.ignore, check.per_file_ignores) == (("KW00",), {"pkg/*.py": ("KW001",)})


def test_a_missing_driver_key_is_named(folder):
    folder.configure("sources = []")
    assert problems(folder) == [("KW004", f'{WHERE}.driver: required, and missing; add "driver"')]


def test_all_problems_of_both_files_come_at_once(folder):
    folder.configure(
        "driver = 1\nsources = 2\nfoo = 3\n[tool.kernelwright.forecast]\nlimit_hours = 0", title="no", id="x"
    )
    assert [problem.partition(" should")[0] for _, problem in problems(folder)] == [
        f"{WHERE}.driver: 1",
        f"{WHERE}.sources: 2",
        f"{WHERE}.forecast.limit_hours: 0",
        f"{WHERE}.foo: unknown key; remove it; docs/configuration.md lists the keys there are",
        'kernel-metadata.json: id: "x"',
        'kernel-metadata.json: title: "no"',
    ]


def test_a_carrying_dataset_must_be_attached(folder):
    folder.configure('driver = "main.py"\ncarrier = "dataset"\nsources_dataset = "my-sources"')
    message = "'OWNER/my-sources' is missing, which carries the sources"
    fix = 'add "OWNER/my-sources"'
    assert problems(folder) == [("KW012", f"kernel-metadata.json: dataset_sources: {message}; {fix}")]


def test_each_further_kernel_has_its_own_keys_and_metadata(folder):
    folder.configure(
        'driver = "main.py"\nsources = ["pkg"]\n'
        '[tool.kernelwright.kernels.training]\ndriver = "train.py"\nmetadata = "kernels/training/kernel-metadata.json"'
    )
    described = {"id": "OWNER/some-training", "title": "Some training", "code_file": "train.ipynb"}
    folder.write("kernels/training/kernel-metadata.json", json.dumps(described))
    project = folder.load("training")
    assert project.driver == folder.root / "train.py"
    assert project.notebook == folder.root / "kernels/training/train.ipynb"
    assert project.sources == ()
    assert project.dataset == folder.root / "build/sources-training"
    assert project.rehearsal == folder.root / "build/rehearsal-training"
    assert project.output == folder.root / "build/output-training"
    assert folder.load().dataset == folder.root / "build/sources"
    assert folder.load().sources == (folder.root / "pkg",)


def test_one_dataset_does_not_carry_both_wheels_and_sources(folder):
    both = 'wheels = "mine.in"\nwheels_dataset = "my-files"\ncarrier = "dataset"\nsources_dataset = "my-files"'
    folder.configure(f'driver = "main.py"\n{both}')
    problem = f"{WHERE}.sources_dataset: 'my-files' carries the wheels; name another slug"
    assert ("KW007", problem) in problems(folder)


def test_an_unknown_kernel_is_told_which_there_are(folder):
    folder.configure(
        'driver = "main.py"\n'
        '[tool.kernelwright.kernels.b]\ndriver = "b.py"\n[tool.kernelwright.kernels.a]\ndriver = "a.py"'
    )
    problem = f"{WHERE}.kernels: no kernel 'c'; there is: a, b; name one of these with --kernel"
    assert problems(folder, "c") == [("KW008", problem)]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"code_file": "x.py"}, 'code_file: "x.py" should end in .ipynb'),
        ({"is_private": "yes"}, 'is_private: "yes" should be true or false'),
        ({"dataset_sources": None}, "dataset_sources: null should be a list"),
        ({"dataset_sources": ["a"]}, 'dataset_sources[0]: "a" should be owner/slug or owner/slug/version'),
        (
            {"competition_sources": ["c/x"]},
            'competition_sources[0]: "c/x" should be a bare slug, as in the competition\'s address',
        ),
        ({"language": "r"}, "language: \"r\" should be 'python'"),
    ],
)
def test_metadata_that_kaggle_would_refuse_is_named(folder, change, problem):
    folder.configure(**change)
    ((code, line),) = problems(folder)
    assert code == "KW005"
    assert line.startswith(f"kernel-metadata.json: {problem}; ")


def test_metadata_that_is_no_table_is_told(folder):
    folder.write("kernel-metadata.json", "[]")
    assert problems(folder) == [("KW011", 'kernel-metadata.json: not a JSON object; write { "id": … }')]


@pytest.mark.parametrize(
    ("key", "value"), [("metadata", '""'), ("metadata", '"a\\u0000b"'), ("driver", '""'), ("sources", '["\\u0007"]')]
)
def test_what_can_be_no_path_is_told(folder, key, value):
    folder.configure(f"{key} = {value}" if key == "driver" else f'driver = "main.py"\n{key} = {value}')
    ((_, line),) = problems(folder)
    assert line.startswith(f"{WHERE}.{key}")
    assert line.endswith(" should be a path in the project")


@pytest.mark.parametrize("name", ["a\x00b.ipynb", f"{'a' * 300}.ipynb"])
def test_a_notebook_whose_name_no_file_can_have_is_told(folder, name):
    described = {"id": "OWNER/some-kernel", "title": "Some kernel", "code_file": name}
    folder.write("kernel-metadata.json", json.dumps(described))
    ((_, line),) = problems(folder)
    assert "should be a path whose name has at most 200 bytes; " in line


def test_a_file_nested_too_deep_is_told(folder):
    folder.write("kernel-metadata.json", "[" * 100_000)
    ((_, line),) = problems(folder)
    assert line.startswith("kernel-metadata.json: not JSON: nested too deep")
    folder.write("pyproject.toml", f"x = {'[' * 5000}")
    assert problems(folder)[0][1].startswith(f"{folder.root}/pyproject.toml: not TOML: ")


@pytest.mark.parametrize("name", ["kernel-metadata.json", "pyproject.toml"])
def test_a_folder_in_place_of_a_file_is_told(folder, name):
    (folder.root / name).unlink()
    (folder.root / name).mkdir()
    assert any(f"{name}: cannot be read: Is a directory; " in line for _, line in problems(folder))
