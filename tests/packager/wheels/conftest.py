import os

import pytest

from tests.packager.wheels.shop import Shop


@pytest.fixture
def shop(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return Shop(tmp_path)
