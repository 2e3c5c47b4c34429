"""How long hypothesis looks for a counterexample: longer where the heavy tests run too."""

from hypothesis import settings

settings.register_profile("daily", max_examples=40, deadline=None)
settings.register_profile("full", max_examples=100, deadline=None)


def pytest_configure(config):
    settings.load_profile("daily" if config.option.markexpr == "not full" else "full")
