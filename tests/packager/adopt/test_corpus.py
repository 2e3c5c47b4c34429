"""Notebooks in the manner of public ones: what becomes of each, and that it does what it did."""

import re

import pytest

from kernelwright.bundle.build import build, build_notebook
from kernelwright.check.run import run_checks
from kernelwright.project.model import load_project
from kernelwright.support import hashing
from tests import notebooks
from tests.packager.adopt.corpus_files import NAMES, converted

MOVED = {
    "asynchronous": {
        "settings": "DELAY_S",
        "workers": "fetch, fetch_all, Timer",
    },
    "exercise": {"helpers": "to_smash"},
    "hard": {
        "settings": "OFFSET, FAST, TEMPLATE, sum",
        "order": "later",
        "registries_and_decorators": "loud, times, beta",
        "strings_that_look_like_code_and_bytes": "render, adder",
    },
    "images": {
        "settings": "CFG",
        "config": "seed_everything",
        "data": "make_picture, Pictures",
        "model_and_training": "sigmoid, Model, train_one_epoch",
    },
    "inference": {
        "settings": "Config",
        "helpers": "device",
        "utilities": "set_seed, batches",
        "dataset": "TestDataset",
        "model": "Base, Linear",
        "run": "on_device",
    },
    "magics": {"settings": "N, LIMIT", "helpers": "fast"},
    "nlp": {
        "settings": "STOP, TOKEN, CONTRACTIONS",
        "cleaning": "normalise, tokens",
        "vocabulary": "Tokenizer",
    },
    "r_magic": {"settings": "POINTS", "in_python": "slope"},
    "tabular": {
        "settings": "SEED, TARGET, FEATURES, DATA",
        "load_the_data": "read, to_number",
        "exploratory_data_analysis": "bar_chart",
        "model": "StreetMean, score",
    },
    "utility": {"settings": "EPSILON", "helpers": "rmse, mae, Metric"},
    "widgets": {"settings": "LEVELS", "helpers": "above", "helpers_2": "heading"},
    "writefile": {"use_it": "describe, double"},
}


@pytest.mark.parametrize("name", [name for name in NAMES if name in MOVED])
def test_what_moves_is_where_its_heading_says(tmp_path, name):
    conversion, _ = converted(name, tmp_path)
    lines = dict(conversion.report).get("moved", [])
    assert {line.partition(".py: ")[0].rpartition("/")[2]: line.partition(".py: ")[2] for line in lines} == MOVED[name]


@pytest.mark.parametrize("name", ["hard", pytest.param("long", marks=pytest.mark.full)])
def test_a_notebook_converted_twice_gives_the_same_bytes(tmp_path, name):
    first, _ = converted(name, tmp_path)
    again = tmp_path / "again"
    again.mkdir()
    second, _ = converted(name, again)
    assert first == second


@pytest.mark.parametrize(
    "name", [name if name == "hard" else pytest.param(name, marks=pytest.mark.full) for name in NAMES]
)
def test_the_built_notebook_does_what_the_original_does(tmp_path, name):
    conversion, project = converted(name, tmp_path)
    source = tmp_path / "input/houses"
    source.mkdir(parents=True)
    (source / "train.csv").write_text("id,street,rooms,price\n1,a,3,100\n2,a,4,140\n3,b,2,90\n")
    (source / "test.csv").write_text("id,street,rooms\n4,a,1\n5,c,2\n")
    built = build_notebook(load_project(project)).data
    left = [left_by(data, tmp_path / str(number)) for number, data in enumerate((conversion.reference, built))]
    assert left[0] == left[1]
    assert left[0][0] == 0


def left_by(data, folder):
    """Run a notebook; return its status, what it prints, what it shows, and the digests of its files."""
    folder.mkdir()
    ran = notebooks.run(data, folder, KERNELWRIGHT_INPUT=str(folder.parent / "input"))
    shown = [str(output.data) for cell in ran.notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    files = {file.name: hashing.file_sha256(file) for file in sorted(folder.iterdir()) if file.is_file()}
    return ran.status, re.sub("(?:Wall time|CPU times).*", "", ran.stdout), shown, files


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_the_users_to_decide_is_left_to_do(tmp_path, name):
    _, project = converted(name, tmp_path)
    build(load_project(project))
    findings = [finding for finding in run_checks(project) if finding.severity != "warning"]
    assert {finding.code for finding in findings} == {"KW102", "KW911"}  # its owner, and a rehearsal
