"""A few damaged inputs for every parser; `make fuzz` makes 100,000."""

import pytest

from tests.fuzz import targets
from tests.fuzz.__main__ import guarded, run

FEW, SLOW = 12, {"pull", "check"}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    return folder, {target.name: target for target in targets.make(folder)}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.full) if name in SLOW else name for name in targets.NAMES]
)
def test_damaged_input_is_read_or_refused_in_time_and_nothing_is_written_outside(attacked, name):
    folder, by_name = attacked
    with guarded(folder):
        findings, _ = run(by_name[name], FEW, seed=1)
    assert [why for _, why in findings] == []


def test_every_target_is_tried(attacked):
    assert list(attacked[1]) == list(targets.NAMES)


def test_a_write_outside_and_an_error_of_pythons_are_findings(attacked, tmp_path):
    def write_outside(_):
        (tmp_path / "x").write_text("y")

    def fall_over(_):
        raise KeyError

    with guarded(attacked[0]):
        for call, kind in ((write_outside, "Outside"), (fall_over, "KeyError")):
            ((_, why),), _ = run(targets.Target(name="x", seeds=[b"x"], call=call, share=1), 3, seed=0)
            assert kind in why
