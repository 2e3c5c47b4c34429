import atexit

import pytest

from landmarks import prefetch
from tests.kernel.tiny import efficientnet_tiny


@pytest.fixture(scope="module")
def tiny_backbone():
    """``efficientnet-b0`` is a small network of its family, for as long as a module's tests run."""
    from landmarks.network import BACKBONES

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "efficientnet-b0", efficientnet_tiny)
        yield


def pytest_unconfigure():
    """Let the tests end with a status of their own, also where one left work under way."""
    atexit.unregister(prefetch.exit_without_teardown)
