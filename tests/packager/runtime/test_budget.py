import os
import signal
import threading

import pytest

from kernelwright.runtime import budget


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(budget.time, "time", lambda: 10_000.0)
    monkeypatch.setattr(budget, "IMPORTED", 9_000.0)


def test_time_runs_from_the_import(configure):
    configure(limit_hours=1)
    assert budget.left() == 3600 - 1000


def test_time_runs_from_the_start_of_the_notebook_where_it_is_known(configure, monkeypatch):
    configure(limit_hours=0.5)
    monkeypatch.setenv("KERNELWRIGHT_STARTED", "9990.5")
    assert budget.left() == 1800 - 9.5


def test_a_deadline_goes_before_the_limit(configure, monkeypatch):
    configure(limit_hours=1)
    monkeypatch.setenv("KERNELWRIGHT_STARTED", "9990")
    monkeypatch.setenv("KERNELWRIGHT_DEADLINE", "9940")
    assert budget.left() == -60


def test_a_kernel_may_want_to_end_before_the_limit(configure, monkeypatch):
    configure(limit_hours=12)
    assert budget.deadline(11.5) == 9_000 + 11.5 * 3600
    assert budget.left(11.5) == budget.left() - 1800
    monkeypatch.setenv("KERNELWRIGHT_DEADLINE", "9940")
    assert budget.deadline(11.5) == 9940


@pytest.fixture
def terminated(monkeypatch):
    monkeypatch.setattr(budget, "_terminated", threading.Event())


def test_sigterm_is_noted_within_the_block_and_handled_as_before_after_it(terminated):
    before = signal.getsignal(signal.SIGTERM)
    with budget.ends_at_sigterm():
        assert not budget.terminated()
        os.kill(os.getpid(), signal.SIGTERM)
        assert budget.terminated()
    assert signal.getsignal(signal.SIGTERM) == before


def test_outside_the_main_thread_sigterm_stays_as_it_is(terminated):
    handlers = []

    def work():
        with budget.ends_at_sigterm():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGTERM)]
