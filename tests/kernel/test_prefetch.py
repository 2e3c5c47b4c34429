import threading
import time

import pytest

from landmarks.prefetch import ahead


def test_results_keep_the_order_of_the_items():
    def slow_first(item):
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    assert [*ahead(slow_first, range(20), threads=4, depth=8)] == [item * item for item in range(20)]


def test_no_more_than_depth_items_are_taken_ahead():
    taken = []
    results = ahead(lambda item: item, (taken.append(item) or item for item in range(100)), threads=2, depth=5)
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
    results = ahead(fail_at_two, range(9), threads=3, depth=4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(LookupError, match="two"):
        next(results)
    assert threading.active_count() == before


def test_no_items_give_no_results():
    assert [*ahead(str, [], threads=1, depth=1)] == []
