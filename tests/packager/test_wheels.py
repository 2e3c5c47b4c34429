"""From a requirements file to a dataset's folder, with small local wheels instead of an index."""

import errno
import json
import os
import shutil
import sys
import zipfile

import pytest

from kernelwright import building, cli, image
from kernelwright.errors import InvalidProject, UnwritableOutput, WheelsUnavailable
from kernelwright.project import load_project
from kernelwright.wheels import carry, fetch, lock, locks, make, tools
from tests import notebooks, wheelhouse

IMAGE = """
python = "3.12.3"
glibc = "2.35"
date = "2026-01-01"
source = "a test"

[distributions]
numpy = "2.0.2"
shy = ""
"""
CP312 = "cp312-cp312-manylinux_2_17_x86_64"


class Shop:
    """A project that needs wheels, and the folder they come from."""

    def __init__(self, root):
        self.root, self.links = root / "proj", root / "links"
        self.links.mkdir(parents=True)
        self.configure()
        self.write("main.py", "# %%\nprint(1)\n")
        self.write("wheels/images/mine.toml", IMAGE)

    def configure(self, further=""):
        keys = (
            'driver = "main.py"\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"\nimages = ["mine"]\n'
        )
        notebooks.project(self.root, keys + further, dataset_sources=["OWNER/my-wheels"])

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def want(self, *lines):
        self.write("wheels/requirements.in", "\n".join(["--no-index", "--find-links ../../links", *lines]) + "\n")

    def offer(self, name, *args, **kwargs):
        return wheelhouse.wheel(self.links, name, *args, **kwargs)

    def make(self, **options):
        return make.make(load_project(self.root), **options)

    @property
    def carried(self):
        return sorted(path.name for path in (self.root / "build/wheels").glob("*"))

    def state(self):
        """What changes when anything is written: inode and time of each file."""
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in self.root.rglob("*")}

    @property
    def locked(self):
        return self.root / "wheels/mine.lock"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return Shop(tmp_path)


def refused(action, kind=WheelsUnavailable):
    with pytest.raises(kind) as error:
        action()
    return str(error.value)


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
    assert shop.locked.read_text().splitlines()[4:] == [
        'needs = ["numpy", "shy"]',
        "",
        "[[distribution]]",
        'name = "alpha"',
        'version = "1.0"',
        "[distribution.wheels]",
        f'"{alpha.name}" = "{wheelhouse.digest(alpha)}"',
        "",
        "[[distribution]]",
        'name = "beta"',
        'version = "1.2"',
        "[distribution.wheels]",
        f'"{beta.name}" = "{wheelhouse.digest(beta)}"',
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
    missing = "wheels/mine.lock: no such file; make it with `kernelwright wheels`"
    assert refused(lambda: make.check(load_project(shop.root)), InvalidProject) == missing
    shop.make()
    make.check(load_project(shop.root))
    shop.want("alpha>=0.9")
    stale = (
        "wheels/mine.lock: stale: wheels/requirements.in, the image or allow_sdist changed since; "
        "run `kernelwright wheels`"
    )
    assert refused(lambda: make.check(load_project(shop.root)), InvalidProject) == stale
    assert refused(lambda: building.build_notebook(load_project(shop.root)), InvalidProject) == stale


EARLY = """
# %%
from kernelwright.runtime import inputs

before = inputs.find

# %% tags=["modules"]
# The modules follow.

# %%
print(inputs.find is before)
"""


def test_what_the_install_needs_comes_early_and_is_not_reloaded_by_its_own_cell(shop, tmp_path):
    shop.offer("pytest", pytest.__version__)  # installed already: the set-up cell has nothing to do
    shop.want("pytest")
    shop.write("main.py", EARLY)
    shop.make()
    ran = notebooks.run(notebooks.built(shop.root), tmp_path)
    assert (ran.status, ran.stdout) == (0, "True\n")


def test_without_wheels_the_set_up_cell_neither_packs_nor_installs(shop):
    notebooks.project(shop.root)
    assert "offline.install()" not in _set_up(shop)
    shop.offer("alpha")
    shop.want("alpha")
    shop.configure()
    shop.make()
    assert _set_up(shop).endswith('__import__("kernelwright.runtime.offline").runtime.offline.install()')


def _set_up(shop):
    cells = building.build_notebook(load_project(shop.root)).cells
    return next(cell.source for cell in cells if cell.kind == "code")


def test_a_conflict_with_the_image_names_both_sides_and_leaves_the_old_folder(shop):
    shop.offer("alpha", "1.0")
    shop.want("alpha")
    shop.make()
    before, locked = shop.carried, shop.locked.read_bytes()
    shop.offer("alpha", "2.0", requires=["numpy>=2.1", "beta[fast]"])
    shop.offer("beta", extras=["fast"], requires=['numpy<2; extra == "fast"'])
    shop.want("alpha>=2", "numpy==2.5")
    assert refused(shop.make) == (
        "wheels/requirements.in requires numpy==2.5; the image mine holds numpy 2.0.2\n"
        "alpha 2.0 requires numpy>=2.1; the image mine holds numpy 2.0.2\n"
        "beta 1.0 requires numpy<2; the image mine holds numpy 2.0.2"
    )
    assert (shop.carried, shop.locked.read_bytes()) == (before, locked)


def test_an_unknown_distribution_is_named(shop):
    shop.want("nothing-like-it")
    assert refused(shop.make) == (
        "wheels/requirements.in: nothing fits mine (Python 3.12, glibc 2.35):\n"
        "  Because nothing-like-it was not found in the provided package locations and you require nothing-like-it, "
        "we can conclude that your requirements are unsatisfiable."
    )


@pytest.mark.parametrize(
    ("tags", "exist"),
    [
        ("cp311-cp311-manylinux_2_17_x86_64", "`cp311`"),
        ("cp312-cp312-manylinux_2_39_x86_64", "`manylinux_2_39_x86_64`"),
        ("cp312-cp312-win_amd64", "`win_amd64`"),
    ],
)
def test_a_distribution_without_a_fitting_wheel_says_which_exist(shop, tags, exist):
    shop.offer("alpha", tags=tags)
    shop.want("alpha")
    said = refused(shop.make).splitlines()
    assert said[0] == "wheels/requirements.in: nothing fits mine (Python 3.12, glibc 2.35):"
    assert said[-1].startswith("  hint:")
    assert exist in said[-1]


def test_an_sdist_is_refused_unless_it_is_named(shop):
    wheelhouse.sdist(shop.links, "delta")
    shop.want("delta")
    said = refused(shop.make).splitlines()
    assert "delta==1.0 has no usable wheels" in said[1]
    assert said[-1] == "to build delta from source, add to allow_sdist in pyproject.toml"
    assert shop.carried == []


def test_a_named_sdist_is_built_and_locked_with_what_it_was_built_from(shop):
    source = wheelhouse.sdist(shop.links, "delta")
    built = shop.links / "made/delta-1.0-py3-none-any.whl"
    shop.configure('allow_sdist = ["Delta"]\n')
    shop.want("delta")
    assert shop.make().wheels == (built.name,)
    (found,) = lock.read(shop.locked).distribution
    assert found.wheels == {built.name: wheelhouse.digest(built)}
    assert found.sdist == {source.name: wheelhouse.digest(source)}


def test_an_sdist_whose_wheel_does_not_fit_the_image_is_refused(shop):
    wheelhouse.sdist(shop.links, "delta", tags="cp310-cp310-linux_x86_64")
    shop.configure('allow_sdist = ["delta"]\n')
    shop.want("delta")
    assert refused(shop.make).partition(";")[0] == (
        "delta-1.0.tar.gz: built here it is delta-1.0-cp310-cp310-linux_x86_64.whl, "
        "but mine takes Python 3.12 and glibc 2.35"
    )


def test_a_wheel_built_here_against_a_newer_glibc_is_refused(monkeypatch):
    monkeypatch.setattr(fetch.platform, "libc_ver", lambda: ("glibc", "2.39"))
    file, target = "delta-1.0-cp312-cp312-linux_x86_64.whl", image.load("2026-08")
    assert refused(lambda: fetch._hold_against_image(file, "delta-1.0.tar.gz", target)) == (
        f"delta-1.0.tar.gz: {file} was built against glibc 2.39, but 2026-08 takes Python 3.12 and glibc 2.35"
    )
    fetch._hold_against_image(file.replace("linux", "manylinux_2_17"), "delta-1.0.tar.gz", target)
    monkeypatch.setattr(fetch.platform, "libc_ver", lambda: ("glibc", "2.35"))
    fetch._hold_against_image(file, "delta-1.0.tar.gz", target)


def test_an_sdist_that_does_not_build_says_why(shop):
    wheelhouse.sdist(shop.links, "delta", fails=True)
    shop.configure('allow_sdist = ["delta"]\n')
    shop.want("delta")
    said = refused(shop.make)
    assert said.startswith("delta-1.0.tar.gz: does not build:\n")
    assert "the compiler is missing" in said


def test_a_locked_wheel_that_was_exchanged_where_it_comes_from_is_refused(shop):
    shop.offer("alpha")
    shop.want("alpha")
    shop.make()
    shutil.rmtree(shop.root / "build")
    shop.offer("alpha", files={"alpha.py": "import antigravity\n"})
    assert refused(shop.make) == (
        "alpha 1.0: what is offered as alpha-1.0-py3-none-any.whl is not what the lock names: its sha256 differs"
    )


def test_a_locked_wheel_that_is_gone_is_named(shop):
    alpha = shop.offer("alpha")
    shop.want("alpha")
    shop.make()
    shutil.rmtree(shop.root / "build")
    alpha.unlink()
    assert refused(shop.make) == (
        f"alpha 1.0: {alpha.name} is no longer offered; resolve again with `kernelwright wheels --upgrade`"
    )


def test_an_interrupted_fetch_goes_on_where_it_stopped(shop, monkeypatch):
    shop.offer("alpha")
    beta = shop.offer("beta")
    shop.want("alpha", "beta")
    shop.make()
    shutil.rmtree(shop.root / "build")
    beta.rename(shop.root / beta.name)
    refused(shop.make)
    (shop.root / beta.name).rename(beta)
    fetched = []
    pip = tools.pip
    monkeypatch.setattr(tools, "pip", lambda *arguments: (fetched.append(arguments), pip(*arguments))[1])
    assert shop.make().wheels == ("alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl")
    assert len(fetched) == 1


def test_wheels_are_locked_for_the_pythons_a_rehearsal_may_run_on(shop):
    shop.offer("alpha", tags=CP312)
    other = shop.offer("alpha", tags=CP312.replace("312", "311"))
    shop.offer("alpha", tags=CP312.replace("312", "310"))
    shop.offer("alpha", tags="cp311-cp311-win_amd64")
    shop.want("alpha")
    assert shop.make().wheels == (f"alpha-1.0-{CP312}.whl",)
    assert sorted(locks.told(load_project(shop.root))) == [other.name, f"alpha-1.0-{CP312}.whl"]


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


def test_images_that_need_two_versions_of_one_distribution_are_refused(shop):
    shop.write("wheels/images/next.toml", IMAGE.replace("3.12.3", "3.13.1"))
    keys = 'driver = "main.py"\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"\n'
    notebooks.project(shop.root, keys + 'images = ["mine", "next"]\n', dataset_sources=["OWNER/my-wheels"])
    shop.offer("alpha", "1.0", CP312)
    shop.offer("alpha", "1.1", CP312.replace("312", "313"))
    shop.want("alpha")
    assert refused(shop.make) == (
        "two of one distribution: alpha 1.0 for mine, 1.1 for next; pin one version that serves both images"
    )


def test_more_files_than_a_dataset_takes_are_refused(shop, monkeypatch):
    monkeypatch.setattr(carry, "LARGEST_DATASET_FILES", 4)
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

    monkeypatch.setattr(carry.shutil, "copyfile", full)
    assert refused(shop.make, UnwritableOutput) == f"{folder}: cannot be written: No space left on device"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("alpha &&", "is not a requirement; write a name and versions, as in: efficientnet>=1.1"),
        ("-r others.in", "is not a requirement; write a name and versions, as in: efficientnet>=1.1"),
        (
            "alpha @ file:///alpha.whl",
            "names an address, which a lock does not hold; put the wheel into a folder: --find-links FOLDER",
        ),
    ],
)
def test_a_line_that_cannot_be_locked_is_told_with_its_place(shop, line, problem):
    shop.write("wheels/requirements.in", f"beta # a comment\n\n{line}\n")
    assert refused(shop.make, InvalidProject) == f"wheels/requirements.in:3: {line!r} {problem}"


def test_a_folder_to_look_in_that_is_not_there_is_told_with_its_place(shop):
    shop.want("alpha")
    shutil.rmtree(shop.links)
    assert refused(shop.make, InvalidProject) == (
        "wheels/requirements.in:2: '--find-links ../../links': no such folder"
    )


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:150]), "Failed to read from zip file"),
        (
            lambda path: path.rename(path.with_name("beta-1.0-py3-none-any.whl")),
            "The .dist-info directory `alpha-1.0` does not start with the normalized package name: beta",
        ),
    ],
)
def test_an_offered_wheel_that_is_corrupt_or_renamed_is_told(shop, spoil, said):
    spoil(shop.offer("alpha"))
    shop.want("beta" if "beta" in said else "alpha")
    told = refused(shop.make).splitlines()
    assert told[0] == "wheels/requirements.in: nothing fits mine (Python 3.12, glibc 2.35):"
    assert told[-1] == f"  {said}"


def test_an_offered_wheel_that_was_edited_is_told(shop):
    with zipfile.ZipFile(shop.offer("alpha"), "a") as archive:
        archive.writestr("more.py", "")
    shop.want("alpha")
    assert refused(shop.make) == ("alpha-1.0-py3-none-any.whl: edited: more.py is not in its record; fetch it again")


def test_a_further_kernel_has_a_lock_and_a_folder_of_its_own(shop):
    shop.offer("alpha")
    further = '[tool.kernelwright.kernels.training]\ndriver = "main.py"\nwheels = "wheels/training.in"\n'
    shop.configure(f'{further}wheels_dataset = "my-wheels"\nimages = ["mine"]\n')
    shop.write("wheels/training.in", "--no-index\n--find-links ../../links\nalpha\n")
    shop.want()
    shop.make()
    made = make.make(load_project(shop.root, "training"))
    assert (made.folder, made.wheels) == (shop.root / "build/wheels-training", ("alpha-1.0-py3-none-any.whl",))
    assert sorted(path.name for path in shop.locked.parent.glob("*.lock")) == ["mine.lock", "training-mine.lock"]
    assert shop.make().changed is False


def test_without_a_requirements_file_nothing_is_made(shop):
    assert refused(shop.make, InvalidProject) == (
        "pyproject.toml: tool.kernelwright.wheels: 'wheels/requirements.in': no such file; "
        "list in it what Kaggle's image lacks"
    )


def test_wheels_that_the_kernel_does_not_attach_are_a_problem_of_the_project(shop):
    notebooks.project(shop.root, 'driver = "main.py"\nwheels = "wheels.in"\nwheels_dataset = "my-wheels"\n')
    assert refused(lambda: load_project(shop.root), InvalidProject) == (
        "kernel-metadata.json: dataset_sources: 'OWNER/my-wheels' is missing, which carries the wheels; add it"
    )


def test_an_edited_lock_is_told(shop):
    shop.want("alpha")
    shop.locked.write_text('format = 1\nimage = "mine"\n')
    assert refused(shop.make) == (
        "mine.lock: inputs: required, and missing\ndelete mine.lock and run `kernelwright wheels` again"
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
    assert "wheels/mine.lock: stale" in capsys.readouterr().err


def _status(monkeypatch, command):
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code or 0
