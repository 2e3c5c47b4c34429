from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landmarks import verification_levels
from landmarks.verification_levels import VerificationLevel, assign_levels, degradation_levels


def planned(monkeypatch, *, queries, until, seconds, in_flight=4):
    """Verify queries one after the other, at so many seconds a level; return the level of each and when all is done."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(verification_levels, "time", SimpleNamespace(time=lambda: clock.now))
    plan = assign_levels(range(queries), degradation_levels(3), until=until, in_flight=in_flight)
    waiting, taken = [], []
    for item, spent in plan:
        assert item == len(taken)
        taken.append(degradation_levels(3).index(spent))
        waiting.append(seconds[taken[-1]])
        if len(waiting) > in_flight:
            clock.now += waiting.pop(0)
    return taken, clock.now + sum(waiting)


def test_fewer_candidates_come_before_coarse_features():
    assert degradation_levels(3) == [
        VerificationLevel(candidates=3),
        VerificationLevel(candidates=2),
        VerificationLevel(candidates=1),
        VerificationLevel(candidates=1, coarse=True),
    ]
    assert str(degradation_levels(3)[-1]) == "1 of the candidates, coarse local features"


def test_with_time_enough_all_is_done(monkeypatch):
    assert planned(monkeypatch, queries=100, until=101, seconds=[1, 9, 9, 9]) == ([0] * 100, 100)


def test_short_of_time_less_is_done_for_those_that_come_last(monkeypatch, caplog):
    taken, end = planned(monkeypatch, queries=100, until=80, seconds=[1, 0.5, 0.25, 0.1])
    assert taken == sorted(taken)
    assert set(taken) == {0, 1}
    assert end <= 80
    assert caplog.messages == ["short of time: for the last 88 queries, 2 of the candidates"]


@given(queries=st.integers(0, 300), until=st.integers(0, 300), in_flight=st.integers(1, 16))
def test_every_query_is_planned_once_with_never_more_effort_than_the_one_before(queries, until, in_flight):
    with pytest.MonkeyPatch.context() as patch:
        taken, _ = planned(patch, queries=queries, until=until, seconds=[1, 0.5, 0.25, 0.1], in_flight=in_flight)
    assert len(taken) == queries
    assert taken == sorted(taken)
