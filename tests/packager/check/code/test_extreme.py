"""Code that is longer or stranger than people write it, but that programs do: never a traceback."""

import pytest

from kernelwright.check.run import run_checks
from tests.packager import shipped
from tests.packager.check.surveyed import OF_CODE, found, with_driver

SUM = " + ".join(["x", *("a" * 480)])
DEEP = {
    "a_chain": "table" + ".assign(a=1)" * 200,
    "a_constant_that_is_a_chain": "x = table" + ".assign(a=1)" * 200,
    "a_sum_that_is_called": f"({SUM})()",
    "a_sum_that_is_compared": f"if {SUM}:\n    pass",
    "a_constant_that_is_a_sum": f"total = {SUM}\nprint(total)",
    "a_sum_of_texts": "print(" + " + ".join(['"/kaggle/input"'] * 480) + ")",
    "lists_in_lists": "x = " + "[" * 90 + "]" * 90,
}


@pytest.mark.parametrize("case", DEEP)
def test_deeply_nested_code_is_read(tmp_path, case):
    project = shipped.make(tmp_path)
    with_driver(project, DEEP[case])
    assert [one for one in run_checks(project) if one.check in OF_CODE] == []


def test_what_a_deep_chain_begins_with_is_found(tmp_path):
    project = shipped.make(tmp_path)
    with_driver(project, 'import requests\nrequests.get("https://x.org")' + ".json()" * 200)
    (one,) = found(project, "network")
    assert one.location == "main.py:13"


def test_an_address_that_is_none_is_read(tmp_path):
    project = shipped.make(tmp_path)
    with_driver(project, 'import pandas as pd\npd.read_csv("https://[bucket]/x.csv")')
    (one,) = found(project, "network")
    assert one.message.startswith("pandas.read_csv() of https://[bucket] needs")
