import errno
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from landmarks.settings import VerificationSettings
from landmarks.verification import verify
from landmarks.verification_workers import VerificationPool
from tests.kernel.test_verification import scene

SETTINGS = VerificationSettings()
PAIRS = [
    scene(right, wrong, seed) for seed, (right, wrong) in enumerate([(40, 60), (6, 200), (3, 2), (0, 80), (9, 30)])
]


@pytest.fixture(scope="module")
def expected():
    return [verify(*pair, SETTINGS) for pair in PAIRS]


def found(verifiers):
    with ThreadPoolExecutor(4) as threads:
        return [*threads.map(lambda pair: verifiers(*pair, SETTINGS), PAIRS)]


def assert_same(results, expected):
    assert [inliers.count for inliers in results] == [inliers.count for inliers in expected]
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result.mask, wanted.mask)


def in_parent(monkeypatch):
    """Count what this process verifies."""
    seen = []
    monkeypatch.setattr("landmarks.verification_workers.verify", lambda *pair: seen.append(pair) or verify(*pair))
    return seen


@pytest.mark.parametrize("workers", [1, 2])
def test_inliers_do_not_depend_on_how_many_workers_find_them(workers, expected, monkeypatch):
    here = in_parent(monkeypatch)
    with VerificationPool(workers, start_after_s=0) as verifiers:
        assert_same(found(verifiers), expected)
    assert [len(query) for query, *_ in here] == [5]


def test_workers_are_not_started_before_they_pay(expected, monkeypatch):
    here = in_parent(monkeypatch)
    with VerificationPool(2, start_after_s=60) as verifiers:
        assert_same(found(verifiers), expected)
    assert len(here) == len(PAIRS)


def test_a_killed_worker_loses_nothing(expected, caplog):
    with VerificationPool(2, start_after_s=0) as verifiers:
        found(verifiers)
        for worker in verifiers._workers:
            worker.process.kill()
        assert_same(found(verifiers), expected)
        assert_same(found(verifiers), expected)
    assert caplog.messages == ["a verification process died (status -9); the run verifies its pairs itself"] * 2


def test_a_worker_that_cannot_start_loses_nothing(expected, monkeypatch, caplog):
    monkeypatch.setattr("sys.path", [])
    with VerificationPool(1, start_after_s=0) as verifiers:
        assert_same(found(verifiers), expected)
    assert caplog.messages == ["a verification process died (status 1); the run verifies its pairs itself"]


@pytest.mark.parametrize("started", [0, 1])
def test_where_no_process_is_left_what_was_started_verifies(started, expected, monkeypatch, caplog):
    popen, calls = subprocess.Popen, []

    def refuse(*arguments, **options):
        calls.append(arguments)
        if len(calls) > started:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return popen(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with VerificationPool(2, start_after_s=0) as verifiers:
        assert_same(found(verifiers), expected)
    assert len(calls) == started + 1
    problem = "[Errno 11] Resource temporarily unavailable"
    assert caplog.messages == [f"{2 - started} of 2 verification processes cannot be started: {problem}"]


def test_workers_end_with_the_block_also_under_a_thread_that_waits(caplog):
    slow = VerificationSettings(max_iterations=10**7, confidence=1 - 1e-12)
    pair = scene(0, 3000)
    with ThreadPoolExecutor(1) as threads, VerificationPool(1, start_after_s=0) as verifiers:
        verifiers(*PAIRS[0], SETTINGS)
        waiting = threads.submit(verifiers._ask, verifiers._idle.get(), *pair, slow)
        assert not waiting.done()
        verifiers.__exit__()
        assert waiting.result(timeout=20) is None
    assert caplog.messages == []
