import base64
import hashlib
import subprocess
import sys
import zipfile

import pytest

from kernelwright.runtime import inputs, offline
from kernelwright.runtime.errors import InputNotFound, WheelsNotInstalled

NAME = "pebble-1.0-py3-none-any.whl"


def wheel(path, source="WEIGHT = 3\n"):
    """Write a wheel with one module, and return its sha256."""
    parts = {
        "pebble.py": source,
        "pebble-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: pebble\nVersion: 1.0\n",
        "pebble-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{name},sha256={_digest(text)},{len(text)}\n" for name, text in parts.items()]
    parts["pebble-1.0.dist-info/RECORD"] = "".join(lines) + "pebble-1.0.dist-info/RECORD,,\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def folder():
    return inputs.ROOT / "datasets/ann/my-wheels"


def refuse_to_run(*_, **__):
    pytest.fail("a program was run")


def test_without_wheels_nothing_is_done(monkeypatch):
    monkeypatch.setattr(offline.subprocess, "run", refuse_to_run)
    offline.install()


def test_wheels_install_without_an_index(configure, folder, tmp_path, monkeypatch):
    configure(wheels={NAME: wheel(folder / NAME)}, wheels_dataset="my-wheels")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    monkeypatch.setattr(offline.sys, "executable", str(tmp_path / "venv/bin/python"))
    offline.install()
    command = [tmp_path / "venv/bin/python", "-c", "import pebble; print(pebble.WEIGHT)"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "3\n"


def test_missing_and_altered_wheels_are_all_named_and_none_is_installed(configure, folder, monkeypatch):
    found = wheel(folder / NAME)
    configure(wheels={NAME: "ab" * 32, "stone-2.0-py3-none-any.whl": "cd" * 32}, wheels_dataset="my-wheels")
    monkeypatch.setattr(offline.subprocess, "run", refuse_to_run)
    with pytest.raises(WheelsNotInstalled) as error:
        offline.install()
    assert str(error.value) == (
        f"the wheels in {folder} are not those of this notebook:\n"
        "- stone-2.0-py3-none-any.whl is missing\n"
        f"- {NAME} is altered: its sha256 is {found}, the notebook's {'ab' * 32}\n"
        f"mounted: {NAME}; attach the version of the dataset built with it"
    )


def test_a_dataset_that_is_not_attached_is_an_error(configure):
    configure(wheels={NAME: "ab" * 32}, wheels_dataset="my-wheels")
    with pytest.raises(InputNotFound, match="input 'my-wheels' is not mounted"):
        offline.install()


def test_what_pip_says_is_told(configure, folder):
    name = "pebble-1.0-py3-none-win32.whl"
    sha256 = wheel(folder / name)
    configure(wheels={name: sha256}, wheels_dataset="my-wheels")
    with pytest.raises(WheelsNotInstalled) as error:
        offline.install()
    first, pin, *rest = str(error.value).splitlines()
    assert first == f"pip could not install the wheels in {folder}:"
    assert pin == f"pebble==1.0 --hash=sha256:{sha256}"
    assert any("No matching distribution found for pebble==1.0" in line for line in rest)


def test_wheels_of_one_version_for_several_pythons_are_one_requirement():
    wheels = {"b-1.0-cp312-abi-any.whl": "12", "a-2.0-py3-none-any.whl": "00", "b-1.0-cp313-abi-any.whl": "13"}
    assert offline._requirements(wheels) == "a==2.0 --hash=sha256:00\nb==1.0 --hash=sha256:12 --hash=sha256:13\n"
