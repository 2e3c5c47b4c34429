import shutil

import pytest

from tests.packager import shipped


@pytest.fixture(scope="session")
def ready(tmp_path_factory):
    """A project that was built and committed, made once; a test works on a copy."""
    return shipped.ready(tmp_path_factory.mktemp("ready") / "project")


@pytest.fixture
def project(ready, tmp_path):
    return shutil.copytree(ready, tmp_path / "project", symlinks=True)
