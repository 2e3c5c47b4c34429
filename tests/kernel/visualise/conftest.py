import pytest

from landmarks import pipeline
from landmarks.settings import LocalSettings, RootSiftSettings, Settings
from tests.kernel import competition

SETTINGS = Settings(models=(), local=LocalSettings(rootsift=RootSiftSettings(longer_side_px=320, max_features=600)))


@pytest.fixture(scope="package")
def settings():
    return SETTINGS


@pytest.fixture(scope="package")
def inputs(tmp_path_factory):
    """An input folder with a small competition, without a truth."""
    folder = tmp_path_factory.mktemp("inputs")
    competition.write(folder / SETTINGS.competition)
    return folder


@pytest.fixture(scope="package")
def steps(inputs):
    """What the pipeline yields of it, by local features."""
    return [*pipeline.recognise(inputs / SETTINGS.competition, SETTINGS, models=[])]
