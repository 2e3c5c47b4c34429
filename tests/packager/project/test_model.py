import json

import pytest

from kernelwright.errors import InvalidProject
from kernelwright.project.model import load_project

WHERE = "pyproject.toml: tool.kernelwright"


def problems(folder, kernel=""):
    with pytest.raises(InvalidProject) as caught:
        folder.load(kernel)
    return list(caught.value.problems)


def test_only_the_driver_is_required(folder):
    project = folder.load()
    assert project.driver == folder.root / "main.py"
    assert project.notebook == folder.root / "build/some.ipynb"
    assert project.build == folder.root / "build"
    assert project.sources == ()
    assert project.configuration.vendor == ("kernelwright.runtime",)


def test_a_folder_without_a_project_says_what_to_do(tmp_path):
    with pytest.raises(InvalidProject) as caught:
        load_project(tmp_path)
    assert caught.value.problems == (
        f"{tmp_path}/pyproject.toml: no such file; run this in a project's folder, or name one with --project",
        "kernel-metadata.json: no such file; Kaggle's client makes one with `kaggle kernels init`",
    )


def test_what_is_not_toml_and_not_json_is_reported_at_once(folder):
    folder.write("pyproject.toml", "[tool")
    folder.write("kernel-metadata.json", "{")
    toml, metadata = problems(folder)
    assert toml.startswith(f"{folder.root}/pyproject.toml: not TOML: ")
    assert metadata.startswith("kernel-metadata.json: not JSON: ")


def test_a_project_file_without_the_table_is_told_which(folder):
    folder.write("pyproject.toml", "[project]\nname = 'x'\n")
    assert problems(folder) == [
        f'{folder.root}/pyproject.toml: no [tool.kernelwright]; add the table, at least with driver = "main.py"'
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sources = 'pkg'", '.sources: "pkg" should be a list'),
        ("sources = [3]", ".sources[0]: 3 should be a string"),
        ("driver = true", ".driver: true should be a string"),
        ("carrier = 'boat'", ".carrier: \"boat\" should be 'cells' or 'dataset'"),
        ("submission = 'a/b.csv'", '.submission: "a/b.csv" should be a bare file name that ends in .csv or .parquet'),
        ("score = 'gap'", '.score: "gap" should be "package.module:function"'),
        ("commit = { smoke = 'x' }", '.commit.smoke: "x" should be an integer'),
        ("commit = { smoke = -1 }", ".commit.smoke: -1 should be greater than or equal to 0"),
        ("commit = { smok = 1 }", ".commit.smok: unknown key; did you mean 'smoke'?"),
        ("sorces = []", ".sorces: unknown key; did you mean 'sources'?"),
        ("zzzz = 1", ".zzzz: unknown key; remove it, or see the README for the keys there are"),
        ("public = { 'a/b.csv' = { rows = 'x' } }", '.public."a/b.csv".rows: "x" should be an integer'),
        ("wheels = 'requirements.in'", ".wheels_dataset: required beside wheels"),
        (
            "carrier = 'dataset'",
            '.sources_dataset: required beside carrier = "dataset"; name the slug of the dataset',
        ),
        (
            "sources_dataset = 'a/b'",
            '.sources_dataset: "a/b" should be a bare slug of 6 to 50 letters, digits and hyphens',
        ),
        ("sources = ['.']", ".sources[0]: '.' is the project itself; name files or folders in it"),
        (
            "sources = ['build']",
            ".sources[0]: 'build' holds the notebook that is built, some.ipynb; let code_file lead elsewhere",
        ),
        (
            "vendor = ['a b']",
            '.vendor[0]: "a b" should be the name a package is imported by, as "toolz" or "kernelwright.runtime"',
        ),
        ("sources = ['../out']", ".sources[0]: '../out' is outside the project; move or copy it into proj/"),
    ],
)
def test_a_key_that_does_not_fit_is_named_with_its_value(folder, line, problem):
    driver = "" if line.startswith("driver") else 'driver = "main.py"\n'
    folder.configure(driver + line)
    assert problems(folder) == [WHERE + problem]


def test_a_missing_driver_key_is_named(folder):
    folder.configure("sources = []")
    assert problems(folder) == [f"{WHERE}.driver: required, and missing"]


def test_all_problems_of_both_files_come_at_once(folder):
    folder.configure(
        "driver = 1\nsources = 2\nfoo = 3\n[tool.kernelwright.forecast]\nlimit_hours = 0", title="no", id="x"
    )
    assert problems(folder) == [
        f"{WHERE}.driver: 1 should be a string",
        f"{WHERE}.sources: 2 should be a list",
        f"{WHERE}.forecast.limit_hours: 0 should be greater than 0",
        f"{WHERE}.foo: unknown key; remove it, or see the README for the keys there are",
        'kernel-metadata.json: id: "x" should be owner/slug, the slug of 5 or more letters, digits and hyphens',
        'kernel-metadata.json: title: "no" should have at least 5 characters',
    ]


def test_a_carrying_dataset_must_be_attached(folder):
    folder.configure('driver = "main.py"\ncarrier = "dataset"\nsources_dataset = "my-sources"')
    assert problems(folder) == [
        "kernel-metadata.json: dataset_sources: 'OWNER/my-sources' is missing, which carries the sources; add it"
    ]


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
    assert f"{WHERE}.sources_dataset: 'my-files' carries the wheels; name another slug" in problems(folder)


def test_an_unknown_kernel_is_told_which_there_are(folder):
    folder.configure(
        'driver = "main.py"\n'
        '[tool.kernelwright.kernels.b]\ndriver = "b.py"\n[tool.kernelwright.kernels.a]\ndriver = "a.py"'
    )
    assert problems(folder, "c") == [f"{WHERE}.kernels: no kernel 'c'; there is: a, b"]


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
    assert problems(folder) == [f"kernel-metadata.json: {problem}"]


def test_metadata_that_is_no_table_is_told(folder):
    folder.write("kernel-metadata.json", "[]")
    assert problems(folder) == ["kernel-metadata.json: [] should be an object"]


@pytest.mark.parametrize(
    ("key", "value"), [("metadata", '""'), ("metadata", '"a\\u0000b"'), ("driver", '""'), ("sources", '["\\u0007"]')]
)
def test_what_can_be_no_path_is_told(folder, key, value):
    folder.configure(f"{key} = {value}" if key == "driver" else f'driver = "main.py"\n{key} = {value}')
    (line,) = problems(folder)
    assert line.startswith(f"{WHERE}.{key}")
    assert line.endswith(" should be a path in the project")


@pytest.mark.parametrize("name", ["a\x00b.ipynb", f"{'a' * 300}.ipynb"])
def test_a_notebook_whose_name_no_file_can_have_is_told(folder, name):
    described = {"id": "OWNER/some-kernel", "title": "Some kernel", "code_file": name}
    folder.write("kernel-metadata.json", json.dumps(described))
    (line,) = problems(folder)
    assert line.endswith("should be a path whose name has at most 200 bytes")


def test_a_file_nested_too_deep_is_told(folder):
    folder.write("kernel-metadata.json", "[" * 100_000)
    (line,) = problems(folder)
    assert line.startswith("kernel-metadata.json: not JSON: maximum recursion depth exceeded")
    folder.write("pyproject.toml", f"x = {'[' * 5000}")
    assert problems(folder)[0].startswith(f"{folder.root}/pyproject.toml: not TOML: ")


@pytest.mark.parametrize("name", ["kernel-metadata.json", "pyproject.toml"])
def test_a_folder_in_place_of_a_file_is_told(folder, name):
    (folder.root / name).unlink()
    (folder.root / name).mkdir()
    assert any(line.endswith(f"{name}: cannot be read: Is a directory") for line in problems(folder))
