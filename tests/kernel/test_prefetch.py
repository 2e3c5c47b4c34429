import threading
import time

import pytest

from kernelwright.runtime import budget
from landmarks.prefetch import iterate_until, prefetch


def test_results_keep_the_order_of_the_items():
    def slow_first(item):
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    assert [*prefetch(slow_first, range(20), threads=4, depth=8)] == [item * item for item in range(20)]


def test_no_more_than_depth_items_are_taken_ahead():
    taken = []
    results = prefetch(lambda item: item, (taken.append(item) or item for item in range(100)), threads=2, depth=5)
    next(results)
    assert len(taken) == 6
    results.close()
    assert len(taken) == 6


def test_an_error_is_raised_at_its_turn_and_ends_the_threads():
    def fail_at_two(item):
        if item == 2:
            raise LookupError("two")
        return item

    before = threading.active_count()
    results = prefetch(fail_at_two, range(9), threads=3, depth=4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(LookupError, match="two"):
        next(results)
    assert threading.active_count() == before


def test_no_items_give_no_results():
    assert [*prefetch(str, [], threads=1, depth=1)] == []


@pytest.mark.parametrize("error", [MemoryError("no room"), KeyboardInterrupt(), SystemExit(3)], ids=type)
def test_what_ends_a_thread_of_work_is_raised_at_its_turn_and_ends_nothing_else(error):
    def end_at_two(item):
        if item == 2:
            raise error
        return item

    before = {*threading.enumerate()}
    results = iterate_until(prefetch(end_at_two, range(9), threads=3, depth=4), time.time() + 60)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(type(error)) as caught:
        next(results)
    assert caught.value is error
    for thread in {*threading.enumerate()} - before:  # each is at its end
        thread.join(60)
        assert not thread.is_alive()


def test_all_that_is_done_in_time_is_yielded_in_order():
    assert [*iterate_until(range(1000), time.time() + 60)] == [*range(1000)]


def test_what_is_under_way_when_the_time_ends_is_abandoned_and_its_thread_ends_after_it():
    go_on, closed = threading.Event(), threading.Event()

    def results():
        try:
            yield 1
            go_on.wait(60)
            yield 2
            yield 3
        finally:
            closed.set()

    assert [*iterate_until(results(), time.time() + 0.1)] == [1]
    assert not closed.is_set()
    go_on.set()
    assert closed.wait(60)


def test_a_consumer_that_leaves_ends_the_thread():
    closed = threading.Event()

    def results():
        try:
            while True:
                yield time.sleep(0.001)
        finally:
            closed.set()

    waiting = iterate_until(results(), time.time() + 60)
    next(waiting)
    waiting.close()
    assert closed.wait(60)


def test_sigterm_ends_what_is_under_way(monkeypatch):
    monkeypatch.setattr(budget, "terminated", lambda: True)
    assert [*iterate_until(range(3), time.time() + 60)] == []
