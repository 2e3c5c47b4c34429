import dataclasses
import hashlib

import pytest

from kernelwright.check.wheels import wheels
from kernelwright.project.model import load_project
from kernelwright.wheels import lockfile, project_locks
from tests.packager import shipped

WITH_WHEELS = shipped.CONFIGURATION + 'wheels = "tiny.in"\nwheels_dataset = "toy-wheels"\n'


WHEEL = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def wheeled(tmp_path):
    """A project with one locked wheel, of which only name and digest matter here."""
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
    return project


def problems(project):
    return [(problem.code, problem.location) for problem in wheels(load_project(project))]


def test_wheels_that_are_locked_and_fit_are_no_problem(wheeled):
    assert problems(wheeled) == []


def test_a_kernel_that_needs_no_wheels_is_not_checked(tmp_path):
    assert problems(shipped.make(tmp_path)) == []


def test_wheels_not_made_yet_are_found(wheeled):
    (wheeled / "build/wheels" / WHEEL).unlink()
    assert problems(wheeled) == [("KW351", "build/wheels")]


def test_a_wheel_that_is_altered_or_not_locked_is_found(wheeled):
    (wheeled / "build/wheels" / WHEEL).write_bytes(b"another")
    (wheeled / "build/wheels/more-1.0-py3-none-any.whl").write_bytes(b"more")
    assert problems(wheeled) == [
        ("KW354", "build/wheels/more-1.0-py3-none-any.whl"),
        ("KW355", f"build/wheels/{WHEEL}"),
    ]


@pytest.mark.parametrize("other", ["more-1.0-cp27-cp27m-win32.whl", "odd.whl"])
def test_an_image_none_of_the_wheels_fits_is_found(wheeled, other):
    (wheeled / "build/wheels" / WHEEL).rename(wheeled / "build/wheels" / other)
    assert problems(wheeled) == [("KW354", f"build/wheels/{other}"), ("KW356", "build/wheels")]
    *_, problem = wheels(load_project(wheeled))
    assert problem.message == "tiny 1.0: no wheel here fits 2026-08, Python 3.12"


def test_of_a_stale_lock_only_who_builds_the_notebook_speaks(wheeled):
    (wheeled / "tiny.in").write_text("tiny==1.0\nmore\n")
    assert problems(wheeled) == [("KW354", f"build/wheels/{WHEEL}")]


def test_wheels_made_for_another_owner_are_to_be_made_again(wheeled):
    file = wheeled / "build/wheels/dataset-metadata.json"
    file.write_text('{"id": "OWNER/toy-wheels"}')
    assert problems(wheeled) == [("KW352", "build/wheels/dataset-metadata.json")]
    for text in ('{"id": "alice/toy-wheels"}', "[]", "{"):
        file.write_text(text)
        assert problems(wheeled) == []


def test_where_the_image_holds_all_no_wheel_is_missed(wheeled):
    (locked,) = project_locks.read(load_project(wheeled))
    locked.file.write_bytes(lockfile.write(dataclasses.replace(locked.lock, distributions=())))
    (wheeled / "build/wheels" / WHEEL).unlink()
    assert problems(wheeled) == []


def test_a_file_that_was_not_made_with_the_wheels_is_found(wheeled):
    for name in ("LICENCES.txt", "requirements-2026-08.txt", ".stamp", "notes.txt"):
        (wheeled / "build/wheels" / name).touch()
    assert problems(wheeled) == [("KW353", "build/wheels/notes.txt")]
