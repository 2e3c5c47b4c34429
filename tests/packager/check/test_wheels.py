import dataclasses
import hashlib

import pytest

from kernelwright.project.model import load_project
from kernelwright.wheels import lockfile, project_locks
from tests.packager import shipped
from tests.packager.check.surveyed import found, told

WITH_WHEELS = shipped.CONFIGURATION + 'wheels = "tiny.in"\nwheels_dataset = "toy-wheels"\n'


WHEEL = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def wheeled(tmp_path):
    """A ready project with one locked wheel, of which only name and digest matter here."""
    sources = ["alice/toy-data", "alice/toy-wheels"]
    project = shipped.make(tmp_path, configuration=WITH_WHEELS, dataset_sources=sources)
    (project / "tiny.in").write_text("tiny==1.0\n")
    (slot,) = project_locks.read(load_project(project))
    wheels = {WHEEL: hashlib.sha256(b"a wheel").hexdigest()}
    tiny = lockfile.Distribution(name="tiny", version="1.0", wheels=wheels)
    locked = lockfile.Lock(image=slot.image.name, inputs=slot.inputs, distributions=(tiny,))
    slot.file.write_bytes(lockfile.write(locked))
    (project / "build/wheels").mkdir(parents=True)
    (project / "build/wheels" / WHEEL).write_bytes(b"a wheel")
    shipped.build(project)
    shipped.rehearse(project)
    shipped.commit(project)
    return project


def test_wheels_that_are_locked_and_fit_are_no_finding(wheeled):
    assert told(wheeled) == []


def test_wheels_not_made_yet_are_unready(wheeled):
    (wheeled / "build/wheels" / WHEEL).unlink()
    assert told(wheeled) == [("wheels", "unready", "build/wheels", "no wheels were made yet")]


def test_a_wheel_that_is_altered_or_not_locked_is_an_error(wheeled):
    (wheeled / "build/wheels" / WHEEL).write_bytes(b"another")
    (wheeled / "build/wheels/more-1.0-py3-none-any.whl").write_bytes(b"more")
    assert told(wheeled) == [
        ("wheels", "error", "build/wheels/more-1.0-py3-none-any.whl", "no lock names it"),
        ("wheels", "error", f"build/wheels/{WHEEL}", "altered: its sha256 is not the lock's"),
    ]


def test_an_image_none_of_the_wheels_fits_is_unready(wheeled):
    other = "more-1.0-cp27-cp27m-win32.whl"
    (wheeled / "build/wheels" / WHEEL).rename(wheeled / "build/wheels" / other)
    assert ("unready", "tiny 1.0: no wheel here fits 2026-08, Python 3.12") in [
        (one.severity, one.message) for one in found(wheeled, "wheels")
    ]


def test_a_lock_that_is_stale_is_an_error(wheeled):
    (wheeled / "tiny.in").write_text("tiny==1.0\nmore\n")
    assert [one.severity for one in found(wheeled, "build")] == ["error"]


def test_wheels_that_are_not_attached_are_an_error(tmp_path):
    project = shipped.make(tmp_path, configuration=WITH_WHEELS)
    (project / "tiny.in").write_text("tiny==1.0\n")
    assert [(one.severity, one.message) for one in found(project, "project")] == [
        ("error", "'alice/toy-wheels' is missing, which carries the wheels")
    ]


def test_wheels_made_for_another_owner_are_to_be_made_again(wheeled):
    (wheeled / "build/wheels/dataset-metadata.json").write_text('{"id": "OWNER/toy-wheels"}')
    problem = "id is OWNER/toy-wheels, and the kernel attaches alice/toy-wheels"
    assert told(wheeled) == [("wheels", "unready", "build/wheels/dataset-metadata.json", problem)]
    (wheeled / "build/wheels/dataset-metadata.json").write_text('{"id": "alice/toy-wheels"}')
    assert told(wheeled) == []


def test_where_the_image_holds_all_no_wheel_is_missed(wheeled):
    (slot,) = project_locks.read(load_project(wheeled))
    slot.file.write_bytes(lockfile.write(dataclasses.replace(slot.lock, distributions=())))
    (wheeled / "build/wheels" / WHEEL).unlink()
    shipped.build(wheeled)
    shipped.rehearse(wheeled)
    shipped.commit(wheeled)
    assert told(wheeled) == []


def test_a_file_that_was_not_made_with_the_wheels_is_a_warning(wheeled):
    (wheeled / "build/wheels/LICENCES.txt").touch()
    (wheeled / "build/wheels/notes.txt").touch()
    problem = "would be sent with the wheels, and was not made with them"
    assert told(wheeled) == [("wheels", "warning", "build/wheels/notes.txt", problem)]
