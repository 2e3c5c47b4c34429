"""The learning rate over the steps of a stage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landmarks.training.schedule import learning_rate


def test_the_rate_rises_along_a_line_and_falls_along_half_a_cosine():
    rates = [learning_rate(2.0, 0.2, step, 10) for step in range(10)]
    assert rates[:3] == [1.0, 2.0, 2.0]
    assert rates[6] == pytest.approx(1.0)
    assert rates[2:] == sorted(rates[2:], reverse=True)


@given(steps=st.integers(1, 500), warmup=st.floats(0, 1), place=st.floats(0, 1, exclude_max=True))
def test_no_step_is_spent_on_a_rate_of_nought_or_above_the_highest(steps, warmup, place):
    assert 0 < learning_rate(1e-3, warmup, int(place * steps), steps) <= 1e-3
