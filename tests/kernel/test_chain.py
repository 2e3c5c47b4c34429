"""The kernel that trains and the one that recognises, rehearsed in a chain: the second has no other weights."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[2]
COMPETITION = "landmark-recognition-2021"


def edit(file, old, new):
    text, count = re.subn(old, new, file.read_text())
    assert count
    file.write_text(text)


@pytest.fixture
def project(tmp_path):
    """This project, with an epoch per stage, and the recognition on what the training leaves."""
    folder = tmp_path / "project"
    for name in ("kernel_src", "kernels", "wheels"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "kernel-metadata.json"):
        shutil.copy(ROOT / name, folder)
    edit(folder / "kernel_src/landmarks/training/recipes.py", r"epochs=\d+", "epochs=1")
    edit(folder / "kernel_src/main.py", r"import Settings\n", "import TRAINED, Settings\n")
    edit(folder / "kernel_src/main.py", r"SETTINGS = Settings\(\)", "SETTINGS = Settings(models=(TRAINED,))")
    edit(folder / "kernel-metadata.json", r'"kernel_sources": \[\]', '"kernel_sources": ["OWNER/landmark-training"]')
    edit(folder / "kernel-metadata.json", r'"OWNER/effb7-512-ep12", ', "")
    return folder


def test_the_recognition_runs_on_what_the_training_left(project, tmp_path):
    source = tmp_path / "input"
    source.mkdir()
    (source / COMPETITION).symlink_to(ROOT / "build" / "mini" / COMPETITION)
    command = [sys.executable, "-m", "kernelwright", "rehearse", "--chain", "--json", "--project", str(project)]
    options = ["--input", str(source), "--mounts", "new", "--phase", "rerun", "--sandbox", "process"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    training, recognition = json.loads(done.stdout)
    assert [run["verdict"] for report in (training, recognition) for run in report["runs"]] == ["Complete"] * 2
    (left,) = (project / "build").glob("rehearsal-training/*/working")
    assert {"model.h5", "model.json", "record.json", "curves.svg"} <= {path.name for path in left.iterdir()}
    assert len(json.loads((left / "record.json").read_text())["history"]) == 2
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="curves"' in (
        project / "build/rehearsal-training/report.html"
    ).read_text("utf-8")
    rows = (project / "build/rehearsal/rerun-new/working/submission.csv").read_text().splitlines()
    assert len(rows) == 1 + 36
