import pytest

from tests.packager import shipped


@pytest.fixture
def project(tmp_path):
    return shipped.ready(tmp_path)
