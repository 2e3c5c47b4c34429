import dataclasses
import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from kernelwright.errors import ClientFailed
from kernelwright.project.model import load_project
from kernelwright.ship import client as clients
from kernelwright.ship import datasets, kernels, payload, push_log
from kernelwright.ship import push as pushing
from tests.packager import shipped
from tests.packager.kaggle_calls import run, start
from tests.packager.loopback import Fault, rehearsing
from tests.packager.ship.ships import ADDRESS, QUICK, SOURCES, change, recorded, ship


@pytest.mark.smoke
def test_a_push_sends_what_was_built_private_and_without_internet_and_follows_it_to_the_output(kaggle, project):
    status, lines, errors = run(kaggle, project, "push", "--wait", "--poll", "0.05")
    assert (status, errors) == (0, [])
    output = project / "build/output"
    assert [line for line in lines if not line.endswith((": queued", ": running"))] == [
        f"alice/toy-kernel: version 1 pushed, {ADDRESS}",
        "alice/toy-kernel: complete",
        "  started",
        "  done",
        f"{output}: submission.csv, toy-kernel.log",
        "submission.csv: 1 rows, valid",
    ]
    (sent,) = kaggle.kernels["alice/toy-kernel"].versions
    assert (sent["isPrivate"], sent["enableInternet"], sent["language"]) == (True, False, "python")
    assert sent["competitionDataSources"] == ["toy-competition"]
    assert kernels.content_key(sent["text"].encode()) == kernels.content_key((project / "build/toy.ipynb").read_bytes())
    assert recorded(project) == ["pushed", "ran"]
    (push,) = push_log.pushes(project, "alice/toy-kernel")
    assert (push.version, push.commit, push.changed, push.rehearsal) == (
        *(1, shipped.git(project, "rev-parse", "HEAD").strip()),
        *(False, "complete"),
    )
    kept = project / f".kernelwright/pushed/{push.notebook[:16]}.ipynb"
    assert kept.read_bytes() == (project / "build/toy.ipynb").read_bytes()


@pytest.mark.full
def test_a_second_push_of_the_same_notebook_sends_nothing(kaggle, project):
    ship(project)
    kaggle.calls.clear()
    assert ship(project)[1] == ["alice/toy-kernel: version 1 is this notebook already"]
    assert kaggle.calls == ["GetKernel"]
    assert ship(project, again=True)[0].version == 2


@pytest.mark.full
def test_the_datasets_are_made_awaited_pinned_and_versioned_only_when_they_changed(kaggle, carried):
    push, told = ship(carried)
    assert told == [
        "alice/toy-sources: new, 2 files",
        "alice/toy-sources: blobs_received, waiting",
        "alice/toy-sources: version 1 is ready",
        f"alice/toy-kernel: version 1 pushed, {ADDRESS}",
    ]
    assert push.datasets == {SOURCES: 1}
    assert kaggle.datasets[SOURCES].private
    assert kaggle.kernels["alice/toy-kernel"].versions[0]["datasetDataSources"] == ["alice/toy-data", f"{SOURCES}/1"]
    (upload,), told = payload.stage_datasets(load_project(carried)), []
    assert datasets.ensure(clients.find(QUICK), upload, told.append) == 1
    assert told == ["alice/toy-sources: unchanged, version 1"]
    change(carried)
    kaggle.looks, (upload,) = 0, payload.stage_datasets(load_project(carried))
    assert datasets.ensure(clients.find(QUICK), upload, told.append) == 2
    assert told[1:] == ["alice/toy-sources: a new version, 2 files", "alice/toy-sources: version 2 is ready"]
    assert len(kaggle.datasets[SOURCES].versions) == 2
    assert json.loads((carried / "kernel-metadata.json").read_text())["dataset_sources"] == ["alice/toy-data", SOURCES]


def test_a_push_cut_off_after_kaggle_took_it_finds_its_version_again(kaggle, project):
    kaggle.faults = [Fault(call="SaveKernel", cut=True, after=True)]
    with pytest.raises(ClientFailed, match=r"^kaggle kernels push: "):
        ship(project)
    assert recorded(project) == []
    push, told = ship(project)
    assert (push.version, told) == (1, ["alice/toy-kernel: version 1 was pushed before the cut"])
    assert len(kaggle.kernels["alice/toy-kernel"].versions) == 1
    assert not (project / ".kernelwright/pushing.json").exists()


@pytest.mark.full
def test_a_push_cut_off_is_found_behind_many_versions_saved_on_kaggle(kaggle, project):
    ship(project)
    versions = kaggle.kernels["alice/toy-kernel"].versions
    versions += [{**versions[0], "text": versions[0]["text"].replace("len(row", f"{at} + len(row")} for at in range(8)]
    change(project)
    kaggle.faults = [Fault(call="SaveKernel", cut=True, after=True)]
    with pytest.raises(ClientFailed, match=r"^kaggle kernels push: "):
        ship(project, overwrite=True)
    assert ship(project)[0].version == 10
    assert len(versions) == 10


@pytest.mark.full
def test_a_push_cut_off_is_recorded_as_it_was_made_when_something_else_is_pushed_next(kaggle, project):
    kaggle.faults = [Fault(call="SaveKernel", cut=True, after=True)]
    with pytest.raises(ClientFailed):
        ship(project, skip_rehearsal=True)
    sent = load_project(project).notebook.read_bytes()
    change(project)
    assert ship(project)[1] == [
        "alice/toy-kernel: version 1 was pushed before the cut",
        f"alice/toy-kernel: version 2 pushed, {ADDRESS}",
    ]
    first, second = push_log.pushes(project, "alice/toy-kernel")
    assert (first.version, first.rehearsal, first.changed, push_log.recorded_notebook(project, first)) == (
        1,
        "skipped",
        False,
        sent,
    )
    assert (second.version, second.rehearsal, second.changed) == (2, "complete", True)


@pytest.mark.full
def test_a_push_cut_off_is_not_forgotten_while_kaggle_does_not_show_the_kernel(kaggle, project):
    ship(project)
    change(project)
    kaggle.faults = [Fault(call="SaveKernel", cut=True, after=True)]
    with pytest.raises(ClientFailed):
        ship(project)
    kaggle.faults = [Fault(call="GetKernel", status=403, times=99)]
    with pytest.raises(ClientFailed, match="does not show the notebook"):
        ship(project)
    kaggle.faults = []
    assert ship(project)[1] == ["alice/toy-kernel: version 2 was pushed before the cut"]
    assert recorded(project) == ["pushed", "pushed"]


@pytest.mark.full
def test_a_push_that_kaggle_refuses_is_not_looked_for(kaggle, project):
    kaggle.faults = [Fault(call="SaveKernel", status=400)]
    with pytest.raises(ClientFailed, match="told to answer 400"):
        ship(project)
    assert not (project / ".kernelwright/pushing.json").exists()


@pytest.mark.full
def test_a_push_cut_off_before_kaggle_took_it_is_made_again(kaggle, project):
    kaggle.faults = [Fault(call="SaveKernel", cut=True)]
    with pytest.raises(ClientFailed):
        ship(project)
    assert ship(project)[0].version == 1


@pytest.mark.full
@pytest.mark.parametrize("kind", ["invalidDatasetSources", "invalidCompetitionSources", "invalidTags"])
def test_sources_kaggle_does_not_attach_are_a_failure_and_the_version_is_recorded(kaggle, project, kind):
    kaggle.invalid = {kind: ["alice/toy-data"]}
    if kind == "invalidTags":
        assert ship(project)[0].version == 1
        return
    with pytest.raises(ClientFailed) as caught:
        ship(project)
    words = {"invalidDatasetSources": "dataset sources", "invalidCompetitionSources": "competition sources"}
    assert str(caught.value) == (
        f"alice/toy-kernel: version 1 was pushed, but Kaggle did not attach {words[kind]}: ['alice/toy-data']; "
        "see that they exist and are yours to use, and push again"
    )
    assert recorded(project) == ["pushed"]
    kaggle.invalid = {}
    assert ship(project)[0].version == 2
    assert ship(project)[1] == ["alice/toy-kernel: version 2 is this notebook already"]


@pytest.mark.full
def test_a_model_kaggle_drops_without_a_word_is_found_out(kaggle, tmp_path):
    model = "google/delg/tensorFlow2/base/1"
    project = shipped.ready(tmp_path / "project", model_sources=[model])
    assert ship(project)[0].version == 1
    kaggle.lost_models = True
    with pytest.raises(ClientFailed, match=f"Kaggle did not attach model_sources: {model};"):
        ship(project, again=True)


def test_a_dry_run_prints_each_request_and_makes_none(kaggle, carried):
    status, lines, _ = run(kaggle, carried, "push", "--dry-run")
    assert (status, kaggle.calls, recorded(carried)) == (0, [], [])
    assert lines[0] == "kaggle datasets status alice/toy-sources"
    assert lines[1].startswith("kaggle datasets create, or version where contents-")
    at = next(index for index, line in enumerate(lines) if line.startswith("kaggle kernels push: "))
    told = json.loads("\n".join(lines[at + 1 :]))
    assert (told["dataset_sources"], told["code_file"]) == (
        ["alice/toy-data", "alice/toy-sources/<its version>"],
        "toy.ipynb",
    )


def test_findings_stop_a_push(kaggle, project):
    shutil.rmtree(project / "build/rehearsal")
    status, _, errors = run(kaggle, project, "push")
    assert (status, errors, kaggle.calls) == (
        1,
        [
            "not ready to push: build/rehearsal/report.json: this notebook was not rehearsed; "
            "run `kernelwright rehearse`"
        ],
        [],
    )


UNDER_WAY = "another push of this project is under way, or a client of one that was killed; wait for it, or end it"
STAGES = (
    *("GetKernel", "GetDatasetStatus", "StartBlobUpload", "upload", "CreateDataset", "GetDataset", "ListDatasetFiles"),
    *("SaveKernel", "GetKernelSessionStatus", "ListKernelSessionOutput", "output", "ListKernelFiles"),
)
EFFECTS = {"StartBlobUpload", "CreateDataset", "SaveKernel"}


def killed_at(kaggle, folder, call, *, after=False):
    """Kill a push and its client, as a closed terminal does, while Kaggle is at a call."""
    fault = Fault(call=call, pause=2, cut=True, after=after)
    kaggle.faults = [fault]
    with start(kaggle, folder, "push", "--wait", "--poll", "0.05") as process:
        while fault.times and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None, f"the push ended before {call}"
        os.killpg(process.pid, signal.SIGKILL)
    kaggle.faults = []


def assert_pushed_once(kaggle, folder):
    assert run(kaggle, folder, "push", "--wait", "--poll", "0.05")[0] == 0
    assert len(kaggle.datasets[SOURCES].versions) == 1
    assert len(kaggle.kernels["alice/toy-kernel"].versions) == 1
    assert recorded(folder) == ["pushed", "ran"]
    assert not (folder / ".kernelwright/pushing.json").exists()
    assert (folder / "build/output/submission.csv").read_bytes() == b"id,answer\n1,2\n"


@pytest.mark.full
def test_a_push_killed_at_every_stage_before_and_after_its_effect_ends_in_the_same_state(kaggle, carried):
    for call in STAGES:
        killed_at(kaggle, carried, call)
        if call in EFFECTS:
            killed_at(kaggle, carried, call, after=True)
    assert_pushed_once(kaggle, carried)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_a_push_killed_at_random_and_run_again_ends_in_the_same_state(kaggle, carried, seed):
    rng = random.Random(seed)
    for _ in range(10):
        with start(kaggle, carried, "push", "--wait", "--poll", "0.05") as process:
            calls = len(kaggle.calls) + rng.randrange(12)
            while len(kaggle.calls) < calls and process.poll() is None:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.5))
            process.kill()
    while run(kaggle, carried, "push", "--poll", "0.05")[2] == [UNDER_WAY]:
        pass  # the last client goes on without its push
    assert_pushed_once(kaggle, carried)


@pytest.mark.full
@pytest.mark.parametrize("moment", ["record", "append", "finish_step"])
def test_a_push_cut_off_while_it_is_recorded_is_recorded_once(kaggle, project, monkeypatch, moment):
    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(push_log, moment, cut_off)
        with pytest.raises(KeyboardInterrupt):
            ship(project)
    assert ship(project)[0].version == 1
    assert len(kaggle.kernels["alice/toy-kernel"].versions) == 1
    assert recorded(project) == ["pushed"]
    assert not (project / ".kernelwright/pushing.json").exists()


@pytest.mark.full
def test_a_client_that_goes_on_without_its_push_is_not_overtaken(kaggle, project):
    kaggle.faults = [Fault(call="SaveKernel", pause=8)]
    with start(kaggle, project, "push") as process:
        while "SaveKernel" not in kaggle.calls:
            time.sleep(0.01)
        process.kill()
    assert run(kaggle, project, "push")[::2] == (1, [UNDER_WAY])
    while run(kaggle, project, "push")[2] == [UNDER_WAY]:
        pass
    assert len(kaggle.kernels["alice/toy-kernel"].versions) == 1
    assert recorded(project) == ["pushed"]


WAITING = """
# %%
from pathlib import Path
from time import sleep

print("half of it")
while not [*(Path.cwd().parent / "input").rglob("go")]:
    sleep(0.05)
"""


@pytest.mark.full
def test_what_is_pushed_runs_on_the_server_as_it_was_rehearsed_and_its_log_is_followed_live(kaggle, carried, tmp_path):
    inputs = tmp_path / "inputs"
    competition = inputs / "toy-competition"
    competition.mkdir(parents=True)
    (competition / "test.csv").write_text("id\nabc\nde\n")
    (competition / "sample_submission.csv").write_text("id,answer\nabc,0\nde,0\n")
    (carried / "main.py").write_text((carried / "main.py").read_text() + WAITING)
    shipped.build(carried)
    shipped.rehearse(carried)
    kaggle.run = rehearsing(kaggle, inputs)
    with start(kaggle, carried, "push", "--wait", "--poll", "0.1") as process:
        assert "  half of it\n" in iter(process.stdout.readline, "")
        assert kaggle.kernels["alice/toy-kernel"].status == "RUNNING"
        # Not in the working folder, which is a disk of the sandbox's own where Linux enforces its size.
        (attached,) = kaggle.folder.glob("run-1-*/input/toy-competition")
        (attached / "go").touch()
        rest, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")
    assert (Path(carried) / "build/output/submission.csv").read_text() == "id,answer\nabc,3\nde,2\n"
    assert rest.splitlines()[-1] == "submission.csv: 2 rows, valid"


@pytest.mark.full
def test_one_push_of_a_project_at_a_time(kaggle, project):
    with pushing.hold_push_lock(load_project(project)):
        assert run(kaggle, project, "push") == (1, [], [UNDER_WAY])
    assert kaggle.calls == []
    assert run(kaggle, project, "push")[0] == 0


def test_each_kernel_is_laid_out_in_a_folder_of_its_own(project):
    first = load_project(project)
    other = dataclasses.replace(first, kernel="training")
    folders = [payload.stage_kernel(one, b"{}", {})[0] for one in (first, other)]
    assert folders == [project / "build/push/kernel", project / "build/push-training/kernel"]


@pytest.mark.full
def test_a_kernel_that_lands_elsewhere_is_told(kaggle, project, monkeypatch):
    save = kaggle.save_kernel
    monkeypatch.setattr(kaggle, "save_kernel", lambda body: save(body) | {"url": "https://www.kaggle.com/code/alice/x"})
    told = "warning: that is not alice/toy-kernel: Kaggle goes by the title; let title and id in the metadata agree"
    assert ship(project)[1][-1] == told
