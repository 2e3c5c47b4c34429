import os
import shutil
import sys
from pathlib import Path

import pytest

from kernelwright import cli
from kernelwright.image import interpreters, kaggle_image
from kernelwright.project.model import load_project
from kernelwright.rehearsal import install_check, python_environment
from kernelwright.rehearsal.install_check import InstallCheck
from kernelwright.rehearsal.python_environment import Environment
from kernelwright.wheels import update
from tests import notebooks, wheelhouse
from tests.packager.wheels.shop import refused

HERE = interpreters.running()


IMAGE = f'python = "{HERE}"\nglibc = "2.35"\ndate = "2026-01-01"\nsource = "a test"\n'


CP = f"cp{HERE.replace('.', '')}"


STONE = f"stone-2.5-{CP}-{CP}-manylinux_2_17_x86_64.whl"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose wheels are carried: pebble for any Python, stone for this one."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    links, root = tmp_path / "links", tmp_path / "proj"
    wheelhouse.wheel(links, "pebble", "1.5")
    wheelhouse.wheel(links, "stone", "2.5", f"{CP}-{CP}-manylinux_2_17_x86_64")
    keys = 'driver = "main.py"\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"\nimages = ["mine"]\n'
    notebooks.project(root, keys, dataset_sources=["OWNER/my-wheels"])
    (root / "wheels/images").mkdir(parents=True)
    (root / "main.py").write_text("# %%\nprint(1)\n")
    (root / "wheels/images/mine.toml").write_text(IMAGE)
    (root / "wheels/requirements.in").write_text(f"--no-index\n--find-links {links}\npebble\nstone\n")
    own = Environment(folder=Path(sys.prefix), version=HERE, image=kaggle_image.load("mine", root))
    monkeypatch.setattr(python_environment, "make", lambda *_: own)
    monkeypatch.setattr(interpreters, "anywhere", lambda version: Path(sys.executable) if version == HERE else None)
    loaded = load_project(root)
    update.make(loaded)
    return loaded


def test_wheels_are_proven_where_there_is_a_python_and_said_not_to_be_elsewhere(project):
    proofs = {proof.python: proof for proof in install_check.verify(project, print)}
    assert proofs.pop(HERE) == InstallCheck(
        python=HERE, word="proven", detail="installed, imported pebble, stone, checked"
    )
    assert {proof.word for proof in proofs.values()} == {"not proven"}
    assert {proof.detail for proof in proofs.values()} == {"no such Python on this machine"}


def test_a_wheel_that_does_not_import_fails_with_its_traceback(project, tmp_path):
    links = tmp_path / "links"
    wheelhouse.wheel(links, "pebble", "1.6", files={"pebble.py": "import nothing_like_it\n"})
    update.make(project, upgrade=True)
    (proof,) = [proof for proof in install_check.verify(project, print) if proof.python == HERE]
    assert (proof.word, proof.detail.splitlines()[-1]) == (
        "failed",
        "ModuleNotFoundError: No module named 'nothing_like_it'",
    )


def test_what_is_wrong_with_the_folder_is_told_at_once(project):
    folder, fix = update.folder(project), "run `kernelwright wheels`"
    (folder / "pebble-1.5-py3-none-any.whl").rename(folder / "pebble-1.4-py3-none-any.whl")
    shutil.copy(folder / STONE, folder / "gravel-1.0-py3-none-any.whl")
    (folder / STONE).write_bytes(b"spoilt")
    (folder / "notes.txt").write_text("no wheel, and in nobody's way")
    assert refused(lambda: install_check.verify(project, print)) == (
        f"build/wheels/gravel-1.0-py3-none-any.whl: no lock names it; {fix}\n"
        f"build/wheels/pebble-1.4-py3-none-any.whl: no lock names it; {fix}\n"
        f"build/wheels/{STONE}: altered: its sha256 is not the lock's; {fix}\n"
        f"build/wheels: pebble 1.5: no wheel here fits mine, Python {HERE}; {fix}"
    )


def test_a_missing_folder_is_told(project):
    shutil.rmtree(update.folder(project))
    assert refused(lambda: install_check.verify(project, print)) == (
        "build/wheels: no wheels were made yet; run `kernelwright wheels`"
    )


@pytest.mark.full
def test_the_command_prints_a_line_a_python_and_fails_with_the_first_that_fails(project, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kernelwright", "wheels", "--verify", "--project", str(project.root)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code or 0) == 0
    assert f"\nPython {HERE}: proven: installed, imported pebble, stone, checked\n" in capsys.readouterr().out
    wheelhouse.wheel(tmp_path / "links", "pebble", "1.7", files={"pebble.py": "raise RuntimeError('gravel')\n"})
    update.make(project, upgrade=True)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "RuntimeError: gravel" in capsys.readouterr().out
