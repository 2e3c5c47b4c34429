import pytest

from tests.kernel.tiny import efficientnet_tiny


@pytest.fixture(scope="module")
def tiny_backbone():
    """``efficientnet-b0`` is a small network of its family, for as long as a module's tests run."""
    from landmarks.network import BACKBONES

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "efficientnet-b0", efficientnet_tiny)
        yield
