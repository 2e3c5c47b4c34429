import os

import pytest

from kernelwright.runtime import config, inputs, phase


@pytest.fixture(autouse=True)
def off_kaggle(monkeypatch, tmp_path):
    """A machine with nothing of Kaggle's, whose mounts and working folder a test may make in tmp_path."""
    for name in [name for name in os.environ if name.startswith(("KAGGLE_", "KERNELWRIGHT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(inputs, "ROOT", tmp_path / "input")
    monkeypatch.setattr(phase, "WORKING", tmp_path / "working")


@pytest.fixture
def configure(monkeypatch):
    """Set what kernelwright.json would say."""

    def configure(**settings):
        monkeypatch.setattr(config, "load", lambda: config.Config(**settings))

    return configure


@pytest.fixture
def mount(tmp_path):
    """Write a file of an attached source where Kaggle would mount it."""

    def mount(path, content=""):
        file = tmp_path / "input" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode())
        return file.parent

    return mount
