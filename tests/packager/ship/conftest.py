"""The real client, as a subprocess, against the loopback server."""

import os

import pytest

from tests.packager import shipped
from tests.packager.loopback import Kaggle
from tests.packager.ship.ships import CARRIED, SOURCES


@pytest.fixture
def kaggle(tmp_path, monkeypatch):
    """A server, and this process in the environment its client may see: nothing of it can reach the real Kaggle."""
    with Kaggle(tmp_path / "kaggle") as server:
        environment = server.environment()
        for name in list(os.environ):
            if name not in environment:
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def project(tmp_path):
    return shipped.ready(tmp_path / "project")


@pytest.fixture
def carried(tmp_path):
    """A project whose sources go in a dataset."""
    sources = ["alice/toy-data", SOURCES]
    return shipped.ready(tmp_path / "project", configuration=CARRIED, dataset_sources=sources)
