import json
import time

import pytest

from kernelwright.bundle import build
from kernelwright.errors import ClientFailed, NotReady
from kernelwright.project.model import load_project
from kernelwright.ship import push_log
from tests.packager import shipped
from tests.packager.kaggle_calls import run
from tests.packager.loopback import Fault
from tests.packager.ship.ships import ADDRESS, change, recorded, ship

KERNEL = "alice/toy-kernel"


def saved_on_kaggle(kaggle, old="len(row[", new="1 + len(row["):
    """Save a version in Kaggle's editor."""
    versions = kaggle.kernels[KERNEL].versions
    versions.append({**versions[-1], "text": versions[-1]["text"].replace(old, new)})


EDITED = (
    "alice/toy-kernel was edited on Kaggle since the last push (toy/__init__.py: edited); "
    "bring the edits here with `kernelwright pull --apply`, or leave them behind with push --overwrite"
)


@pytest.mark.parametrize("changed", [True, pytest.param(False, marks=pytest.mark.full)])
def test_edits_made_on_kaggle_stop_a_push_until_they_are_pulled(kaggle, project, changed):
    ship(project)
    saved_on_kaggle(kaggle)
    if changed:
        (project / "main.py").write_text((project / "main.py").read_text().replace("# # Toy", "# # A toy"))
        shipped.build(project)
    with pytest.raises(NotReady) as caught:
        ship(project)
    assert str(caught.value) == EDITED
    status, lines, _ = run(kaggle, project, "pull", "--apply")
    assert (status, lines[0], lines[-1]) == (0, "toy/__init__.py: edited", "1 file changed")
    shipped.build(project)
    assert ship(project)[0].version == 3
    assert "1 + len(row[" in kaggle.kernels[KERNEL].versions[2]["text"]


@pytest.mark.full
def test_of_many_edits_the_first_are_named(kaggle, project):
    ship(project)
    versions = kaggle.kernels[KERNEL].versions
    told = json.loads(versions[0]["text"])
    for name in "abcde":
        cell = {"cell_type": "code", "source": f"%%module toy/{name}.py\n", "metadata": {}, "outputs": []}
        told["cells"].append(cell)
    versions.append({**versions[0], "text": json.dumps(told)})
    with pytest.raises(NotReady, match=r"\(toy/a.py: added; toy/b.py: added; toy/c.py: added and 2 more\);"):
        ship(project)


@pytest.mark.full
def test_edits_made_on_kaggle_can_be_left_behind(kaggle, project):
    ship(project)
    saved_on_kaggle(kaggle)
    assert ship(project, overwrite=True)[0].version == 3
    saved_on_kaggle(kaggle)
    change(project)
    assert ship(project, overwrite=True)[0].version == 5


@pytest.mark.full
def test_an_earlier_version_taken_up_again_on_kaggle_is_pushed_over(kaggle, project):
    ship(project)
    change(project)
    ship(project)
    versions = kaggle.kernels[KERNEL].versions
    versions.append(versions[0])
    assert ship(project)[0].version == 4


@pytest.mark.full
def test_a_kernel_deleted_on_kaggle_is_pushed_anew(kaggle, project):
    ship(project)
    change(project)
    ship(project)
    del kaggle.kernels[KERNEL]
    assert ship(project)[1] == [f"alice/toy-kernel: version 1 pushed, {ADDRESS}"]
    del kaggle.kernels[KERNEL]
    change(project)
    kaggle.faults = [Fault(call="SaveKernel", cut=True, after=True)]
    with pytest.raises(ClientFailed):
        ship(project)
    push, told = ship(project)
    assert (push.version, told) == (1, ["alice/toy-kernel: version 1 was pushed before the cut"])
    assert len(kaggle.kernels[KERNEL].versions) == 1


@pytest.mark.full
def test_a_kaggle_that_still_tells_of_the_version_before_is_not_sent_the_notebook_twice(kaggle, project, monkeypatch):
    ship(project)
    change(project)
    ship(project)
    asked = kaggle.get_kernel

    def behind(body):
        newest = "/" not in body["kernelSlug"]
        told = asked({**body, "kernelSlug": "toy-kernel/1"} if newest else body)
        told["metadata"]["currentVersionNumber"] = 1
        return told

    monkeypatch.setattr(kaggle, "get_kernel", behind)
    assert ship(project)[1] == ["alice/toy-kernel: version 2 is this notebook already"]
    assert recorded(project) == ["pushed", "pushed"]


@pytest.mark.full
def test_a_status_is_that_of_the_version_it_belongs_to(kaggle, project):
    ship(project)
    commit = push_log.pushes(project, KERNEL)[0].commit
    saved_on_kaggle(kaggle)
    assert run(kaggle, project, "status")[1] == ["alice/toy-kernel: version 2, not pushed from here: complete"]
    told = {"kernel": KERNEL, "version": 2, "commit": None, "status": "COMPLETE", "message": ""}
    assert json.loads(run(kaggle, project, "status", "--json")[1][0]) == told
    kaggle.kernels[KERNEL].versions.pop()
    assert run(kaggle, project, "status")[1] == [f"alice/toy-kernel: version 1, commit {commit[:12]}: complete"]


@pytest.mark.full
def test_a_run_of_a_version_saved_meanwhile_is_not_taken_for_the_pushed_one(kaggle, project):
    def overtaken(request):
        while "GetKernelSessionStatus" not in kaggle.calls:
            time.sleep(0.01)
        saved_on_kaggle(kaggle)
        kaggle.pretend(request)

    kaggle.run = overtaken
    status, _, errors = run(kaggle, project, "push", "--wait", "--poll", "0.05")
    assert (status, errors) == (
        1,
        [
            "alice/toy-kernel: another version was saved on Kaggle after version 1, and the run that ended is that "
            "one's; look at it with `kernelwright status` and `kernelwright pull`"
        ],
    )
    assert recorded(project) == ["pushed"]


@pytest.mark.full
def test_a_build_while_the_run_is_followed_changes_nothing(kaggle, project):
    def meanwhile(request):
        while "GetKernelSessionStatus" not in kaggle.calls:
            time.sleep(0.01)
        (project / "toy/__init__.py").write_text(f"{shipped.MODULE}\nLATER = 1\n")
        build.build(load_project(project))
        kaggle.pretend(request)

    kaggle.run = meanwhile
    status, _, errors = run(kaggle, project, "push", "--wait", "--poll", "0.05")
    assert (status, errors) == (0, [])
    assert recorded(project) == ["pushed", "ran"]


HAND_EDITED = (
    "build/toy.ipynb was edited after it was built (toy/__init__.py: edited); keep the edits with `kernelwright pull "
    "--from build/toy.ipynb --apply`, or build over them with `kernelwright build`"
)


def test_a_notebook_edited_by_hand_is_not_built_over_by_a_push(kaggle, project):
    notebook = project / "build/toy.ipynb"
    notebook.write_text(notebook.read_text().replace("len(row[", "1 + len(row["))
    assert run(kaggle, project, "push", "--skip-rehearsal") == (1, [], [HAND_EDITED])
    assert run(kaggle, project, "pull", "--from", "build/toy.ipynb", "--apply")[0] == 0
    assert run(kaggle, project, "push", "--skip-rehearsal", "--dry-run")[0] == 0
    assert "1 + len(row[" in notebook.read_text()


@pytest.mark.full
def test_a_stale_notebook_and_one_saved_unchanged_are_built_anew_by_a_push(kaggle, project):
    notebook = project / "build/toy.ipynb"
    notebook.write_text(json.dumps(json.loads(notebook.read_text())))
    assert run(kaggle, project, "push", "--dry-run")[0] == 0
    (project / "toy/__init__.py").write_text("answers = dict\n")
    assert run(kaggle, project, "push", "--skip-rehearsal")[0] == 0


@pytest.mark.full
def test_a_record_that_cannot_be_written_stops_a_push_before_it_is_made(kaggle, project):
    (project / "pushes.jsonl").mkdir()
    errors = ["pushes.jsonl: is a folder; move it away, the record of pushes goes there"]
    assert run(kaggle, project, "push") == (1, [], errors)
    assert kaggle.calls == []


def behind(kaggle, looks):
    """Let Kaggle tell of version 1 for so many looks."""
    asked = kaggle.get_kernel

    def told(body):
        nonlocal looks
        if "/" in body["kernelSlug"] or len(kaggle.kernels[KERNEL].versions) < 2 or not looks:
            return asked(body)
        looks -= 1
        answer = asked({**body, "kernelSlug": "toy-kernel/1"})
        answer["metadata"]["currentVersionNumber"] = 1
        return answer

    kaggle.get_kernel = told


@pytest.mark.full
def test_sources_are_looked_for_once_kaggle_tells_of_the_new_version(kaggle, project):
    ship(project)
    file = project / "kernel-metadata.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"dataset_sources": ["alice/toy-data", "carol/more"]}))
    behind(kaggle, 2)
    assert ship(project)[0].dropped == ()


@pytest.mark.full
def test_a_kernel_that_is_denied_only_for_a_moment_is_not_taken_for_deleted(kaggle, project):
    ship(project)
    saved_on_kaggle(kaggle)
    change(project)
    kaggle.faults = [Fault(call="GetKernel", status=403)]
    with pytest.raises(ClientFailed) as caught:
        ship(project)
    message = "alice/toy-kernel: Kaggle knows its status, but does not show the notebook; try again later"
    assert str(caught.value) == message
    assert len(kaggle.kernels[KERNEL].versions) == 2
