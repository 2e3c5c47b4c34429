"""Well-known packages, vendored whole into a notebook, pass a part of their own test suites there."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests import notebooks

DRIVER = """
# %%
import contextlib, io, os, re
import {package}
import pytest
root = os.path.dirname(os.path.dirname({package}.__file__))
print("kernelwright-" in root)
# %%
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
said = io.StringIO()
with contextlib.redirect_stdout(said):
    status = pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", root, *[
        os.path.join(root, file) for file in {files}]])
print(status.name, *re.findall(r"\\d+ (?:passed|failed|error)", said.getvalue()))
# %%
from importlib.metadata import version
print(version("{package}"))
"""


@pytest.mark.full
@pytest.mark.parametrize(
    ("package", "version", "files", "passed"),
    [
        # Its tests are inside the package.
        ("toolz", "1.0.0", ["toolz/tests/test_itertoolz.py", "toolz/tests/test_dicttoolz.py"], 97),
        # Its tests are a file of the source distribution.
        ("inflection", "0.5.1", ["test_inflection.py"], 455),
    ],
)
def test_its_own_tests_pass_in_the_notebook(tmp_path, package, version, files, passed):
    site, root, working = tmp_path / "site", tmp_path / "project", tmp_path / "working"
    for folder in (root, working):
        folder.mkdir()
    install(f"{package}=={version}", site)
    sources = [file for file in files if "/" not in file]
    if sources:
        unpack(f"{package}=={version}", tmp_path, sources, root)
    notebooks.project(root, f'driver = "main.py"\nsources = {sources}\nvendor = ["{package}"]')
    (root / "main.py").write_text(DRIVER.format(package=package, files=files))
    build(root, site)
    notebook = (root / "build/some.ipynb").read_bytes()
    assert f"{package}-{version}.dist-info/LICENSE".encode() in notebook
    ran = notebooks.run(notebook, working)
    assert ran.stdout.splitlines() == ["True", f"OK {passed} passed", version]


def install(requirement, site):
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "pip", "install", "--quiet", "--no-deps", "--target", site, requirement]
    subprocess.run([*command, "--python", sys.executable], check=True)


def unpack(requirement, scratch, files, root):
    """Put files of the source distribution into the project."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--no-build-isolation", "-d", scratch / "sdist", requirement], check=True)
    with tarfile.open(next((scratch / "sdist").iterdir())) as archive:
        archive.extractall(scratch / "unpacked", filter="data")
    for file in files:
        next((scratch / "unpacked").iterdir()).joinpath(file).rename(root / file)


def build(root, site):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(notebooks.ROOT), str(site)])}
    subprocess.run([sys.executable, "-m", "kernelwright", "build"], cwd=root, env=environment, check=True)
