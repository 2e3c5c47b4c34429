import pytest

from kernelwright.bundle import build
from kernelwright.errors import InvalidProject
from kernelwright.project.model import load_project
from kernelwright.wheels import lockfile, project_locks
from tests.packager.wheels.shop import CP312, refused


def test_what_is_locked_stays_until_it_is_upgraded(shop):
    shop.offer("alpha", "1.0")
    shop.want("alpha")
    shop.make()
    shop.offer("alpha", "1.1")
    shop.offer("beta")
    shop.want("alpha", "beta")
    assert shop.make().wheels == ("alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl")
    assert shop.make(upgrade=True).wheels == ("alpha-1.1-py3-none-any.whl", "beta-1.0-py3-none-any.whl")


def test_a_stale_lock_is_told_and_keeps_a_notebook_from_being_built(shop):
    shop.offer("alpha")
    shop.want("alpha")
    missing = "wheels/pylock.mine.toml: no such file; run `kernelwright wheels`"
    assert refused(lambda: project_locks.check(load_project(shop.root)), InvalidProject) == missing
    shop.make()
    project_locks.check(load_project(shop.root))
    shop.want("alpha>=0.9")
    stale = (
        "wheels/pylock.mine.toml: stale: wheels/requirements.in, the image or allow_sdist changed since; "
        "run `kernelwright wheels`"
    )
    assert refused(lambda: project_locks.check(load_project(shop.root)), InvalidProject) == stale
    assert refused(lambda: build.build_notebook(load_project(shop.root)), InvalidProject) == stale


def test_wheels_are_locked_for_the_pythons_a_rehearsal_may_run_on(shop):
    shop.offer("alpha", tags=CP312)
    other = shop.offer("alpha", tags=CP312.replace("312", "311"))
    shop.offer("alpha", tags=CP312.replace("312", "310"))
    shop.offer("alpha", tags="cp311-cp311-win_amd64")
    shop.want("alpha")
    assert shop.make().wheels == (f"alpha-1.0-{CP312}.whl",)
    assert sorted(project_locks.wheel_hashes(load_project(shop.root))) == [other.name, f"alpha-1.0-{CP312}.whl"]


def test_a_lock_in_the_earlier_form_is_named_with_what_to_do(shop):
    shop.want("alpha")
    shop.write("wheels/mine.lock", 'format = 1\nimage = "mine"\n')
    (problem,) = project_locks.problems(load_project(shop.root), project_locks.read(load_project(shop.root)))
    assert (problem.code, str(problem)) == (
        "KW307",
        "wheels/pylock.mine.toml: no such file, and mine.lock is in the form of an earlier version; "
        "run `kernelwright wheels`, then delete mine.lock",
    )


@pytest.mark.smoke
def test_an_edited_lock_is_told(shop):
    shop.want("alpha")
    shop.locked.write_text('format = 1\nimage = "mine"\n')
    assert refused(shop.make, InvalidProject) == (
        "pylock.mine.toml: not a lock of kernelwright's: Missing required value in 'lock-version'; "
        "delete it and run `kernelwright wheels` again"
    )


def test_a_lock_without_a_version_is_told(shop):
    shop.offer("alpha")
    shop.want("alpha")
    shop.make()
    lines = shop.locked.read_text().splitlines()
    shop.locked.write_text("\n".join(line for line in lines if not line.startswith("version =")))
    assert "alpha has no version; delete it" in refused(lambda: lockfile.read(shop.locked), InvalidProject)
