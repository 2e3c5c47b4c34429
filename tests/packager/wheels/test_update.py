import errno
import json
import sys
import tomllib

import pytest

from kernelwright import cli
from kernelwright.errors import InvalidProject, UnwritableOutput
from kernelwright.project.model import load_project
from kernelwright.wheels import dataset, tools, update
from tests import notebooks, wheelhouse
from tests.packager.wheels.shop import CP312, IMAGE, refused

FURTHER = ["LICENCES.txt", "dataset-metadata.json", "requirements-mine.txt"]


def test_what_the_image_lacks_is_carried_and_nothing_else(shop):
    alpha = shop.offer("alpha", requires=["beta>=1", "numpy>=2", "shy", 'gone; python_version < "3.12"'])
    beta = shop.offer("beta", "1.2", CP312)
    shop.offer("beta", "1.1", CP312)
    shop.offer("numpy", "2.9")
    shop.want("alpha", "numpy")
    made = shop.make()
    assert (made.wheels, made.changed) == ((alpha.name, beta.name), True)
    assert shop.carried == sorted([alpha.name, beta.name, *FURTHER])
    written = tomllib.loads(shop.locked.read_text())
    assert written["tool"]["kernelwright"]["needs"] == ["numpy", "shy"]
    assert written["packages"] == [
        {
            "name": name,
            "version": version,
            "wheels": [{"path": wheel.name, "hashes": {"sha256": wheelhouse.digest(wheel)}}],
        }
        for name, version, wheel in (("alpha", "1.0", alpha), ("beta", "1.2", beta))
    ]


def test_the_dataset_says_whose_it_is_its_licences_and_its_hashes(shop):
    alpha = shop.offer("alpha")
    shop.want("alpha")
    folder = shop.make().folder
    assert json.loads((folder / "dataset-metadata.json").read_text()) == {
        "id": "OWNER/my-wheels",
        "title": "Wheels for Some kernel",
        "licenses": [{"name": "other"}],
        "description": "Each wheel under its own licence: see LICENCES.txt.",
    }
    assert "alpha 1.0: MIT\n" in (folder / "LICENCES.txt").read_text()
    assert "The licence of alpha." in (folder / "LICENCES.txt").read_text()
    hashed = f"alpha==1.0 --hash=sha256:{wheelhouse.digest(alpha)}\n"
    assert (folder / "requirements-mine.txt").read_text() == hashed


def test_unchanged_means_untouched_and_without_a_resolver(shop, monkeypatch):
    shop.offer("alpha")
    shop.want("alpha")
    shop.make()
    before = shop.state()
    monkeypatch.setattr(tools, "_run", lambda *_: pytest.fail("a program was run"))
    assert shop.make().changed is False
    assert shop.state() == before


def test_an_image_that_is_named_twice_is_locked_once(shop):
    shop.offer("alpha")
    shop.offer("beta")
    keys = 'driver = "main.py"\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"\n'
    notebooks.project(shop.root, keys + 'images = ["mine", "mine"]\n', dataset_sources=["OWNER/my-wheels"])
    shop.want("alpha")
    shop.make()
    shop.want("alpha", "beta")
    assert (shop.make().wheels, shop.make().changed) == (
        ("alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl"),
        False,
    )


def test_an_altered_folder_is_made_again_from_what_was_fetched(shop, monkeypatch):
    alpha = shop.offer("alpha")
    shop.want("alpha")
    folder = shop.make().folder
    (folder / alpha.name).write_bytes(b"spoilt")
    (folder / "stray.txt").touch()
    monkeypatch.setattr(tools, "_run", lambda *_: pytest.fail("a program was run"))
    assert shop.make().changed is True
    assert (folder / alpha.name).read_bytes() == alpha.read_bytes()
    assert shop.carried == sorted([alpha.name, *FURTHER])


def test_of_several_fitting_wheels_the_best_is_carried(shop):
    shop.offer("alpha", tags=CP312)
    shop.offer("alpha", tags="cp312-cp312-manylinux_2_28_x86_64")
    shop.offer("alpha", tags="cp312-cp312-manylinux_2_36_x86_64")
    shop.want("alpha")
    assert shop.make().wheels == ("alpha-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",)


def test_two_images_share_what_serves_both(shop):
    shop.write("wheels/images/next.toml", IMAGE.replace("3.12.3", "3.13.1"))
    keys = 'driver = "main.py"\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"\n'
    notebooks.project(shop.root, keys + 'images = ["mine", "next"]\n', dataset_sources=["OWNER/my-wheels"])
    for version in ("1.0", "1.1"):
        shop.offer("alpha", version, CP312.replace("312", "313"))
    shop.offer("alpha", "1.0", CP312)
    shop.offer("beta")
    shop.want("alpha", "beta")
    assert shop.make().wheels == (
        f"alpha-1.0-{CP312}.whl",
        f"alpha-1.0-{CP312.replace('312', '313')}.whl",
        "beta-1.0-py3-none-any.whl",
    )


def test_more_files_than_a_dataset_takes_are_refused(shop, monkeypatch):
    monkeypatch.setattr(dataset, "LARGEST_DATASET_FILES", 4)
    shop.offer("alpha", requires=["beta"])
    shop.offer("beta")
    shop.want("alpha")
    assert refused(shop.make) == (
        f"{shop.root / 'build/wheels'}: 2 wheels and 3 further files make 5; Kaggle takes 4 at the top of a dataset; "
        "name fewer images, or fewer requirements"
    )


def test_a_full_disk_leaves_the_old_folder_as_it_was(shop, monkeypatch):
    shop.offer("alpha")
    shop.want("alpha")
    folder = shop.make().folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shop.offer("beta")
    shop.want("alpha", "beta")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dataset.shutil, "copyfile", full)
    assert refused(shop.make, UnwritableOutput) == f"{folder}: cannot be written: No space left on device"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_a_further_kernel_has_a_lock_and_a_folder_of_its_own(shop):
    shop.offer("alpha")
    further = '[tool.kernelwright.kernels.training]\ndriver = "main.py"\nwheels = "wheels/training.in"\n'
    shop.configure(f'{further}wheels_dataset = "my-wheels"\nimages = ["mine"]\n')
    shop.write("wheels/training.in", "--no-index\n--find-links ../../links\nalpha\n")
    shop.want()
    shop.make()
    made = update.make(load_project(shop.root, "training"))
    assert (made.folder, made.wheels) == (shop.root / "build/wheels-training", ("alpha-1.0-py3-none-any.whl",))
    assert sorted(path.name for path in shop.locked.parent.glob("pylock.*")) == [
        "pylock.mine.toml",
        "pylock.training-mine.toml",
    ]
    assert shop.make().changed is False


def test_without_a_requirements_file_nothing_is_made(shop):
    assert refused(shop.make, InvalidProject) == (
        "pyproject.toml: tool.kernelwright.wheels: 'wheels/requirements.in': no such file; "
        "list in it what Kaggle's image lacks"
    )


def test_wheels_that_the_kernel_does_not_attach_are_a_problem_of_the_project(shop):
    notebooks.project(shop.root, 'driver = "main.py"\nwheels = "wheels.in"\nwheels_dataset = "my-wheels"\n')
    assert refused(lambda: load_project(shop.root), InvalidProject) == (
        "kernel-metadata.json: dataset_sources: 'OWNER/my-wheels' is missing, which carries the wheels; "
        'add "OWNER/my-wheels"'
    )


def test_the_command_lists_what_it_carries_and_exits_with_1_on_a_problem(shop, capsys, monkeypatch):
    shop.offer("alpha")
    shop.want("alpha")
    command = ["kernelwright", "wheels", "--project", str(shop.root)]
    assert _status(monkeypatch, [*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"folder": "build/wheels", "wheels": ["alpha-1.0-py3-none-any.whl"], "changed": True}
    assert _status(monkeypatch, command) == 0
    assert capsys.readouterr().out == "build/wheels: 1 wheels, unchanged\n  alpha-1.0-py3-none-any.whl\n"
    assert _status(monkeypatch, [*command, "--check"]) == 0
    assert capsys.readouterr().out == "the locks are up to date\n"
    shop.want("alpha", "beta")
    assert _status(monkeypatch, [*command, "--check"]) == 1
    assert "wheels/pylock.mine.toml: stale" in capsys.readouterr().err


def _status(monkeypatch, command):
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code or 0
