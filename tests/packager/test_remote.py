"""The real client, as a subprocess, against the loopback server."""

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from kernelwright.errors import ClientFailed, ClientMissing, NotReady
from kernelwright.project import load_project
from kernelwright.remote import client as clients
from kernelwright.remote import datasets, kernels, ledger, results, shipping, unpulled
from kernelwright.remote.client import Pace
from tests.packager import shipped
from tests.packager.kaggle_calls import run, start
from tests.packager.loopback import Dataset, Fault, Kaggle, rehearsing

CARRIED = shipped.CONFIGURATION + 'carrier = "dataset"\nsources_dataset = "toy-sources"\n'
SOURCES = "alice/toy-sources"
ADDRESS = "https://www.kaggle.com/code/alice/toy-kernel"
QUICK = Pace(poll=0.02, answer=20, dataset=10, run=20)


@pytest.fixture
def kaggle(tmp_path, monkeypatch):
    """A server, and this process in the environment its client may see: nothing of it can reach the real Kaggle."""
    with Kaggle(tmp_path / "kaggle") as server:
        environment = server.environment()
        for name in list(os.environ):
            if name not in environment:
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def project(tmp_path):
    return shipped.ready(tmp_path / "project")


@pytest.fixture
def carried(tmp_path):
    """A project whose sources go in a dataset."""
    sources = ["alice/toy-data", SOURCES]
    return shipped.ready(tmp_path / "project", configuration=CARRIED, dataset_sources=sources)


def ship(folder, pace=QUICK, **wishes):
    """Push without the check; returns the push and what was told."""
    told = []
    push = shipping.ship(load_project(folder), clients.find(pace), shipping.Wishes(**wishes), told.append)
    return push, told


def recorded(folder):
    return [one["event"] for one in ledger.events(folder)]


def change(folder):
    file = folder / "toy/__init__.py"
    file.write_text(file.read_text() + "\nMORE = 1\n")
    shipped.build(folder)
    shipped.rehearse(folder)


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
    assert unpulled.says(sent["text"].encode()) == unpulled.says((project / "build/toy.ipynb").read_bytes())
    assert recorded(project) == ["pushed", "ran"]
    (push,) = ledger.pushes(project, "alice/toy-kernel")
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
    assert kaggle.calls == []
    assert ship(project, again=True)[0].version == 2


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
    again, told = ship(carried, again=True)
    assert told[0] == "alice/toy-sources: unchanged, version 1"
    change(carried)
    last, told = ship(carried)
    assert told[0] == "alice/toy-sources: a new version, 2 files"
    assert (again.datasets, last.datasets) == ({SOURCES: 1}, {SOURCES: 2})
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
def test_a_push_cut_off_before_kaggle_took_it_is_made_again(kaggle, project):
    kaggle.faults = [Fault(call="SaveKernel", cut=True)]
    with pytest.raises(ClientFailed):
        ship(project)
    assert ship(project)[0].version == 1


@pytest.mark.full
def test_a_dataset_cut_off_after_kaggle_took_it_is_not_made_twice(kaggle, carried):
    parcel = shipping.parcels(load_project(carried))[0]
    client = clients.find(QUICK)
    datasets._send(client, parcel, new=True, public=False)  # and here the process was killed
    assert datasets.ensure(client, parcel, print) == 1
    assert len(kaggle.datasets[SOURCES].versions) == 1


@pytest.mark.full
def test_a_version_cut_off_that_kaggle_does_not_tell_of_yet_is_not_made_twice(kaggle, carried, monkeypatch):
    ship(carried)
    change(carried)
    kaggle.lag = 3
    send = datasets._send
    monkeypatch.setattr(datasets, "_send", lambda *given, **named: (send(*given, **named), signal.raise_signal(2)))
    with pytest.raises(KeyboardInterrupt):
        ship(carried)
    monkeypatch.setattr(datasets, "_send", send)
    assert ship(carried)[0].datasets == {SOURCES: 2}
    assert len(kaggle.datasets[SOURCES].versions) == 2
    assert not list((carried / "build/push").glob("*.begun"))


FAILURES = {
    "refused": (
        [Fault(call="SaveKernel", status=400)],
        "kaggle kernels push: told to answer 400",
    ),
    "not_known": (
        [Fault(call="SaveKernel", status=401)],
        f"kaggle kernels push: {clients._NO_CREDENTIALS}",
    ),
    "broken": (
        [Fault(call="SaveKernel", status=500, body="no json")],
        "kaggle kernels push: 500 Server Error: Internal Server Error",
    ),
    "an_error_in_the_body_of_a_success": (
        [Fault(call="SaveKernel", status=200, body={"error": "Maximum batch GPU session count of 2 reached."})],
        "kaggle kernels push: Maximum batch GPU session count of 2 reached.",
    ),
    "an_error_code_in_the_body_of_a_success": (
        [Fault(call="SaveKernel", status=200, body={"code": 403, "message": "Permission denied"})],
        "kaggle kernels push: Permission denied",
    ),
    "an_empty_success": (
        [Fault(call="SaveKernel", status=200, body={})],
        "kaggle kernels push: Kaggle named no version; the client said: "
        "Kernel version successfully pushed.  Please check progress at",
    ),
    "cut": (
        [Fault(call="SaveKernel", cut=True, times=9)],
        "kaggle kernels push: no connection to Kaggle: Remote end closed connection without response",
    ),
    "slow": (
        [Fault(call="SaveKernel", pause=9)],
        "kaggle kernels push: no answer within 3 s",
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_of_the_push_is_one_line_that_says_why(kaggle, project, case):
    kaggle.faults, message = FAILURES[case]
    with pytest.raises(ClientFailed) as caught:
        ship(project, pace=Pace(poll=0.02, answer=3))
    assert str(caught.value) == message
    assert recorded(project) == []


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
        "see that they exist and are yours to use, and push --again"
    )
    assert recorded(project) == ["pushed"]


@pytest.mark.full
def test_a_model_kaggle_drops_without_a_word_is_found_out(kaggle, tmp_path):
    model = "google/delg/tensorFlow2/base/1"
    project = shipped.ready(tmp_path / "project", model_sources=[model])
    assert ship(project)[0].version == 1
    kaggle.lost_models = True
    with pytest.raises(ClientFailed, match=f"Kaggle did not attach model_sources: {model};"):
        ship(project, again=True)


@pytest.mark.full
def test_a_dataset_stuck_in_processing_ends_in_one_line(kaggle, carried):
    kaggle.looks = 10_000
    with pytest.raises(ClientFailed) as caught:
        ship(carried, pace=Pace(poll=0.02, dataset=2))
    assert str(caught.value) == "alice/toy-sources: not ready after 2 s (blobs_received); run again to go on"
    kaggle.datasets[SOURCES].looks_left = 0
    assert ship(carried)[0].datasets == {SOURCES: 1}
    assert len(kaggle.datasets[SOURCES].versions) == 1


@pytest.mark.full
def test_a_dataset_kaggle_cannot_process_ends_in_one_line(kaggle, carried):
    kaggle.datasets[SOURCES] = Dataset(versions=[{}], status="FAILED")
    with pytest.raises(ClientFailed) as caught:
        ship(carried)
    assert str(caught.value) == "alice/toy-sources: Kaggle could not process the dataset: failed"


@pytest.mark.full
def test_a_dataset_kaggle_refuses_ends_in_one_line(kaggle, carried):
    kaggle.faults = [Fault(call="CreateDataset", status=200, body={"status": "error", "error": "No more room"})]
    with pytest.raises(ClientFailed) as caught:
        ship(carried)
    assert str(caught.value) == "kaggle datasets create: No more room"


@pytest.mark.full
def test_an_upload_the_client_lost_is_found_out(kaggle, carried):
    kaggle.faults = [Fault(call="upload", status=400)]
    with pytest.raises(ClientFailed, match=r"^alice/toy-sources: Kaggle does not hold .* as it was sent; push again$"):
        ship(carried)


@pytest.mark.full
def test_a_look_at_a_status_that_fails_is_taken_again(kaggle, project):
    ship(project)
    kaggle.faults = [Fault(call="GetKernelSessionStatus", status=503, times=2)]
    told = []
    ended = kernels.wait(clients.find(QUICK), "alice/toy-kernel", told.append, shows_log=False)
    assert (ended.word, told) == ("COMPLETE", ["alice/toy-kernel: no answer", "alice/toy-kernel: complete"])


@pytest.mark.full
def test_a_run_that_fails_is_named_with_kaggles_reason(kaggle, project):
    def fail(request):
        kernel = kaggle.kernels[request["slug"]]
        kernel.status, kernel.message = "ERROR", "ZeroDivisionError:\n division by zero"

    kaggle.run = fail
    status, _, errors = run(kaggle, project, "push", "--wait", "--poll", "0.05")
    assert (status, errors) == (1, ["alice/toy-kernel: the run failed: ZeroDivisionError: division by zero"])
    assert recorded(project) == ["pushed", "ran"]


@pytest.mark.full
def test_the_log_is_followed_live_through_a_cut_stream(kaggle, project):
    def talk(request):
        kernel = kaggle.kernels[request["slug"]]
        while "stream" not in kaggle.calls:
            time.sleep(0.01)
        for line in ("one", "two", "three"):
            kernel.log.append(line)
            time.sleep(0.1)
        kernel.output = {"submission.csv": b"id,answer\n1,2\n"}
        kernel.status = "COMPLETE"

    kaggle.run = talk
    kaggle.faults = [Fault(call="stream", cut=True)]
    ship(project)
    told = []
    kernels.wait(clients.find(QUICK), "alice/toy-kernel", told.append)
    assert told == ["alice/toy-kernel: running", "  one", "  two", "  three", "alice/toy-kernel: complete"]


@pytest.mark.full
def test_an_output_that_did_not_arrive_whole_is_found_out(kaggle, project, tmp_path):
    ship(project)
    kaggle.faults = [Fault(call="output", status=500, body={"oh": "no"})]
    with pytest.raises(ClientFailed) as caught:
        kernels.output(clients.find(QUICK), "alice/toy-kernel", tmp_path / "output")
    message = "kaggle kernels output: submission.csv did not arrive whole; run it again"
    assert str(caught.value) == message


SUBMISSIONS = {
    None: "missing from the output",
    "": "the header is empty; the sample's is id,answer; no rows",
    "id,x\n1,2\n": "the header is id,x; the sample's is id,answer",
    "id,answer\n": "no rows",
    "id,answer\n1,2\n1,3\n": "1 ids repeated, such as 1",
    "id,answer\n1,2,3\n": "1 rows with other than 2 values",
    "id,answer\n1,2\n": "",
}


@pytest.mark.parametrize("text", SUBMISSIONS)
def test_a_submission_that_could_not_be_scored_is_told(project, text):
    sample = project / "build/mini/toy-competition/sample_submission.csv"
    sample.parent.mkdir(parents=True)
    sample.write_text("id,answer\n9,0\n")
    file = project / "submission.csv"
    if text is not None:
        file.write_text(text)
    assert "; ".join(results.problems(load_project(project), file)) == SUBMISSIONS[text]


def test_a_version_is_submitted_once_and_its_score_awaited(kaggle, project):
    push, _ = ship(project)
    status, lines, errors = run(kaggle, project, "submit", "--yes", "--poll", "0.05")
    assert (status, errors) == (0, [])
    assert lines == [
        "toy-competition: 5 submissions left today",
        "toy-competition: pending",
        "toy-competition: version 1: public 0.5",
    ]
    (entry,) = kaggle.submissions
    assert entry["sent"]["kernelVersion"] == 1
    assert entry["description"] == f"kernelwright v1 commit {push.commit[:12]} notebook {push.notebook[:12]}"
    assert run(kaggle, project, "submit", "--yes", "--poll", "0.05")[1] == ["toy-competition: version 1: public 0.5"]
    assert len(kaggle.submissions) == 1
    assert recorded(project) == ["pushed", "submitted"]


@pytest.mark.full
@pytest.mark.parametrize("score", [{"status": "ERROR"}, {"status": "COMPLETE", "publicScore": ""}])
def test_an_errored_rerun_is_named_as_such(kaggle, project, score):
    kaggle.score = score
    ship(project)
    status, _, errors = run(kaggle, project, "submit", "--yes", "--poll", "0.05")
    word = score["status"].lower()
    assert (status, errors) == (
        1,
        [
            f"toy-competition: version 1: {word} without a score: the rerun on hidden data failed, "
            "and Kaggle shows no traceback; rehearse its rerun phase"
        ],
    )


@pytest.mark.full
def test_without_a_submission_left_or_a_yes_nothing_is_submitted(kaggle, project):
    ship(project)
    assert run(kaggle, project, "submit")[0] == 130  # nobody answered
    kaggle.allowed = 0
    status, _, errors = run(kaggle, project, "submit", "--yes")
    assert (status, errors) == (
        1,
        ["toy-competition: no submission is left today; the count starts again at midnight UTC"],
    )
    assert kaggle.submissions == []


@pytest.mark.full
def test_only_a_version_pushed_from_here_is_submitted(kaggle, project):
    status, _, errors = run(kaggle, project, "submit", "--version", "3")
    assert (status, errors) == (1, ["alice/toy-kernel: no such version was pushed from here; there is: none"])


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


def test_findings_stop_a_push_and_a_skipped_rehearsal_is_recorded(kaggle, project):
    shutil.rmtree(project / "build/rehearsal")
    status, _, errors = run(kaggle, project, "push")
    assert (status, errors, kaggle.calls) == (
        1,
        [
            "not ready to push:",
            "unready: build/rehearsal/report.json: this notebook was not rehearsed; run `kernelwright rehearse`",
        ],
        [],
    )
    assert run(kaggle, project, "push", "--skip-rehearsal")[0] == 0
    assert ledger.pushes(project, "alice/toy-kernel")[0].rehearsal == "skipped"


@pytest.mark.full
def test_status_and_logs_can_be_scripted(kaggle, project):
    ship(project)
    push = ledger.pushes(project, "alice/toy-kernel")[0]
    kernel = kaggle.kernels["alice/toy-kernel"]
    assert run(kaggle, project, "status")[:2] == (
        0,
        [f"alice/toy-kernel: version 1, commit {push.commit[:12]}: complete"],
    )
    assert run(kaggle, project, "logs", "-f")[:2] == (0, ["started", "done"])
    kernel.status = "CANCEL_ACKNOWLEDGED"
    status, lines, errors = run(kaggle, project, "status", "--json")
    assert (status, json.loads(lines[0])["status"]) == (1, "CANCEL_ACKNOWLEDGED")
    assert errors == ["alice/toy-kernel: the run cancel acknowledged: Kaggle gives no reason; see `kernelwright logs`"]


def test_pull_takes_the_notebook_from_kaggle(kaggle, project):
    ship(project)
    sent = kaggle.kernels["alice/toy-kernel"].versions[0]
    sent["text"] = sent["text"].replace("len(row[", "1 + len(row[")
    status, lines, _ = run(kaggle, project, "pull", "--apply")
    assert (status, lines[0], lines[-1]) == (0, "toy/__init__.py: edited", "1 file changed")
    assert "1 + len(row" in (project / "toy/__init__.py").read_text()


def test_edits_made_on_kaggle_stop_a_push_until_they_are_pulled(kaggle, project):
    ship(project)
    sent = kaggle.kernels["alice/toy-kernel"].versions[0]
    sent["text"] = sent["text"].replace("len(row[", "1 + len(row[")
    (project / "main.py").write_text((project / "main.py").read_text().replace("# # Toy", "# # A toy"))
    shipped.build(project)
    with pytest.raises(NotReady) as caught:
        ship(project)
    assert str(caught.value) == (
        "alice/toy-kernel was edited on Kaggle since the last push:\n"
        "edited on Kaggle: toy/__init__.py: edited\n"
        "bring the edits here with `kernelwright pull --apply`, or leave them behind with push --overwrite"
    )
    assert run(kaggle, project, "pull", "--apply")[0] == 0
    shipped.build(project)
    assert ship(project)[0].version == 2
    assert "1 + len(row[" in kaggle.kernels["alice/toy-kernel"].versions[1]["text"]


@pytest.mark.full
def test_edits_made_on_kaggle_can_be_left_behind(kaggle, project):
    ship(project)
    sent = kaggle.kernels["alice/toy-kernel"].versions[0]
    sent["text"] = sent["text"].replace("len(row[", "1 + len(row[")
    change(project)
    assert ship(project, overwrite=True)[0].version == 2


@pytest.mark.full
def test_a_kernel_that_is_not_there_cannot_be_pulled(kaggle, project):
    status, _, errors = run(kaggle, project, "pull")
    told = "alice/toy-kernel: no such kernel on Kaggle, or not yours to see; push it first"
    assert (status, errors) == (1, [told])


def test_without_a_client_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(clients.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClientMissing) as caught:
        clients.find()
    assert str(caught.value) == "Kaggle's client is not installed: pip install 'kernelwright[ship]'"


def test_a_record_that_a_kill_cut_short_loses_nothing_else(tmp_path):
    ledger.add(tmp_path, "pushed", {"kernel": "a/b"})
    with (tmp_path / "pushes.jsonl").open("a") as file:
        file.write('{"event": "pus')
    ledger.add(tmp_path, "ran", {"kernel": "a/b"})
    assert recorded(tmp_path) == ["pushed", "ran"]


def test_the_environment_of_a_test_cannot_reach_the_real_kaggle(kaggle, tmp_path):
    assert os.environ["KAGGLE_API_ENVIRONMENT"] == "LOCALHOST"
    assert os.environ["http_proxy"] == kaggle.address
    assert os.environ["https_proxy"] == "http://127.0.0.1:9"
    assert os.environ["HOME"].startswith(str(tmp_path))
    assert not {"no_proxy", "NO_PROXY", "KAGGLE_API_TOKEN"} & set(os.environ)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_a_push_killed_anywhere_and_run_again_ends_in_the_same_state(kaggle, carried, seed):
    rng = random.Random(seed)
    for _ in range(40):
        process = start(kaggle, carried, "push", "--wait", "--poll", "0.05")
        try:
            process.communicate(timeout=rng.uniform(0.5, 6))
        except Exception:  # noqa: BLE001 - it is killed where it stands
            process.kill()
            process.communicate()
            continue
        if process.returncode == 0:
            break
    assert run(kaggle, carried, "push", "--wait", "--poll", "0.05")[0] == 0
    assert len(kaggle.datasets[SOURCES].versions) == 1
    assert len(kaggle.kernels["alice/toy-kernel"].versions) == 1
    assert recorded(carried).count("pushed") == 1


WAITING = """
# %%
from pathlib import Path
from time import sleep

print("half of it")
while not Path("go").exists():
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
        (working,) = kaggle.folder.glob("run-1-*/working")
        (working / "go").touch()
        rest, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")
    assert (Path(carried) / "build/output/submission.csv").read_text() == "id,answer\nabc,3\nde,2\n"
    assert rest.splitlines()[-1] == "submission.csv: 2 rows, valid"
