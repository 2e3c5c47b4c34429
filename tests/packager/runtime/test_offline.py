import base64
import hashlib
import subprocess
import sys
import zipfile

import pytest

from kernelwright.runtime import inputs, offline
from kernelwright.runtime.errors import WheelsNotInstalled

THIS = "cp{}{}".format(*sys.version_info)
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


@pytest.fixture
def programs(monkeypatch):
    """What was asked to run; nothing is run."""
    asked = []
    monkeypatch.setattr(offline.subprocess, "run", lambda command, **_: asked.append(command))
    return asked


def test_without_wheels_nothing_is_done(programs):
    offline.install()
    assert programs == []


def test_wheels_install_without_an_index(configure, folder, tmp_path, monkeypatch):
    configure(wheels={NAME: wheel(folder / NAME)}, wheels_dataset="my-wheels")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    monkeypatch.setattr(offline.sys, "executable", str(tmp_path / "venv/bin/python"))
    offline.install()
    command = [tmp_path / "venv/bin/python", "-c", "import pebble; print(pebble.WEIGHT)"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "3\n"


def test_missing_and_altered_wheels_are_all_named_and_none_is_installed(configure, folder, programs):
    found = wheel(folder / NAME)
    configure(wheels={NAME: "ab" * 32, "stone-2.0-py3-none-any.whl": "cd" * 32}, wheels_dataset="my-wheels")
    with pytest.raises(WheelsNotInstalled) as error:
        offline.install()
    assert programs == []
    assert str(error.value) == (
        f"the wheels in {folder} are not those of this notebook:\n"
        "- stone-2.0-py3-none-any.whl is missing\n"
        f"- {NAME} is altered: its sha256 is {found}, the notebook's {'ab' * 32}\n"
        f"mounted: {NAME}; attach the version of the dataset built with it"
    )


def test_a_dataset_that_is_not_attached_is_an_error_that_says_what_is_missing(configure, tmp_path):
    configure(wheels={NAME: "ab" * 32}, wheels_dataset="my-wheels")
    (tmp_path / "input/paintings").mkdir(parents=True)
    with pytest.raises(WheelsNotInstalled) as error:
        offline.install()
    assert str(error.value) == (
        f"pebble==1.0: not installed, because input 'my-wheels' is not mounted; under {tmp_path / 'input'} there is\n"
        "  paintings: \n"
        "attach it in kernel-metadata.json, or set KERNELWRIGHT_INPUT to the folder that holds it by its slug"
    )


def test_what_is_installed_at_its_version_needs_no_dataset(configure, programs):
    file = f"pytest-{pytest.__version__}-py3-none-any.whl"
    configure(wheels={file: "ab" * 32}, wheels_dataset="my-wheels")
    offline.install()
    assert programs == []


def test_what_is_installed_at_another_version_is_wanted(configure):
    configure(wheels={"pytest-0.1-py3-none-any.whl": "ab" * 32}, wheels_dataset="my-wheels")
    with pytest.raises(WheelsNotInstalled, match=r"pytest==0\.1: not installed"):
        offline.install()


def test_only_the_wheel_of_this_python_must_be_there(configure, folder, monkeypatch):
    mine, other = f"pebble-1.0-{THIS}-{THIS}-linux_x86_64.whl", "pebble-1.0-cp39-cp39-linux_x86_64.whl"
    configure(wheels={mine: "ab" * 32, other: wheel(folder / other)}, wheels_dataset="my-wheels")
    with pytest.raises(WheelsNotInstalled) as error:
        offline.install()
    assert str(error.value).splitlines()[1:] == [
        f"- {mine} is missing",
        f"mounted: {other}; attach the version of the dataset built with it",
    ]


def test_an_altered_wheel_of_another_python_is_named_too(configure, folder):
    mine, other = "pebble-1.0-py3-none-any.whl", "pebble-1.0-cp39-cp39-linux_x86_64.whl"
    found = wheel(folder / other)
    configure(wheels={mine: wheel(folder / mine), other: "ab" * 32}, wheels_dataset="my-wheels")
    with pytest.raises(WheelsNotInstalled, match=f"- {other} is altered: its sha256 is {found}"):
        offline.install()


def test_a_distribution_without_a_wheel_for_this_python_is_named(configure, folder):
    wheel(folder / NAME)
    configure(wheels={"stone-1.0-cp39-cp39-linux_x86_64.whl": "ab" * 32}, wheels_dataset="my-wheels")
    with pytest.raises(WheelsNotInstalled, match=r"- stone==1\.0 has no wheel for Python 3\.\d+\nmounted"):
        offline.install()


@pytest.mark.parametrize(
    ("tags", "fits"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("py2-none-any", False),
        ("py310-none-any", True),
        ("py313-none-any", False),
        ("cp312-cp312-manylinux2014_x86_64", True),
        ("cp311-cp311-manylinux2014_x86_64", False),
        ("cp312-none-any", True),
        ("cp37-abi3-manylinux2014_x86_64", True),
        ("cp313-abi3-manylinux2014_x86_64", False),
        ("pp312-pypy312_pp73-manylinux2014_x86_64", False),
    ],
)
def test_which_wheels_are_for_python_3_12(tags, fits):
    assert offline._is_for(f"pebble-1.0-{tags}.whl", (3, 12)) is fits
    assert offline._is_for(f"pebble-1.0-1build-{tags}.whl", (3, 12)) is fits


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
