"""`make push` as a stranger runs it, in a fresh clone, with Kaggle on the loopback."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.packager import shipped
from tests.packager.kaggle_calls import ROOT
from tests.packager.loopback import Kaggle, rehearsing

KERNEL, WHEELS = "alice/landmark-recognition-in-modules", "alice/glrec2021-wheels"


@pytest.fixture
def clone(tmp_path):
    """Only what is tracked; what takes long to make, and the tests have made, is brought along."""
    folder = tmp_path / "clone"
    shipped.git(tmp_path, "clone", "--quiet", str(ROOT), str(folder))
    (folder / "build").mkdir()
    for made in ROOT.glob("build/mini*"):
        shutil.copytree(made, folder / "build" / made.name)
    cache = ROOT / "build/cache"
    cache.mkdir(exist_ok=True)
    (folder / "build/cache").symlink_to(cache)
    return folder


def make(clone, target, variables):
    command = ["make", target, f"BIN={ROOT}/.venv/bin", "--old-file=.venv/ready"]
    variables = {**variables, "PYTHONPATH": str(clone), "COLUMNS": "160"}
    done = subprocess.run(command, cwd=clone, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.full
def test_our_kernel_is_pushed_from_a_fresh_clone_and_again_without_sending_anything(clone, tmp_path):
    command = [ROOT / ".venv/bin/kernelwright", "configure", "--owner", "alice"]
    subprocess.run(command, cwd=clone, check=True, capture_output=True)
    shipped.git(clone, "commit", "--quiet", "--all", "--message", "It is alice's")
    with_environment = [sys.executable, "-m", "kernelwright", "rehearse", "--phase", "commit", "--mounts", "new"]
    subprocess.run(with_environment, cwd=clone, check=True, capture_output=True)  # the last that may reach a registry
    with Kaggle(tmp_path / "kaggle") as kaggle:
        kaggle.run = rehearsing(kaggle, clone / "build/mini-public")
        variables = kaggle.environment(KERNELWRIGHT_ENVIRONMENT=sys.prefix)  # there is no package index
        first = make(clone, "push", variables)
        assert f"{WHEELS}: version 1 is ready" in first
        assert first[-1] == "submission.csv: 36 rows, valid"
        assert any("after retrieval" in line for line in first)
        (sent,) = kaggle.kernels[KERNEL].versions
        assert f"{WHEELS}/1" in sent["datasetDataSources"]
        recorded = [json.loads(line)["event"] for line in (clone / "pushes.jsonl").read_text().splitlines()]
        assert recorded == ["pushed", "ran"]
        kaggle.calls.clear()
        second = make(clone, "push", variables)
        assert f"{KERNEL}: version 1 is this notebook already" in second
        assert not {"SaveKernel", "StartBlobUpload", "CreateDatasetVersion"} & set(kaggle.calls)
