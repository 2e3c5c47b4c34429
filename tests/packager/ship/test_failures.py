"""Every call of every command, failing in each way: exit status 1, the cause in one line, and no harm done."""

import itertools

import pytest

from kernelwright.ship import client as clients
from tests.packager.kaggle_calls import run
from tests.packager.loopback import Fault
from tests.packager.ship.ships import SOURCES, recorded, ship

WAYS = {
    "refused": ({"status": 400}, "told to answer 400"),
    "unknown": ({"status": 401}, clients._NO_CREDENTIALS),
    "broken": ({"status": 500, "body": {"code": 500, "message": "Internal error"}}, "Internal error"),
    "a web page": ({"status": 502, "body": b"<h1>Bad Gateway</h1>"}, "Kaggle answered with status 502: Bad Gateway"),
    "an error with status 200": ({"status": 200, "body": {"error": "not now"}}, "not now"),
    "cut": ({"cut": True, "times": 9}, "no connection to Kaggle: "),
}
CALLS = {
    "GetKernelSessionStatus": "status",
    "ListKernelSessionOutput": "logs",
    "ListKernelFiles": "output",
    "GetKernel": "pull",
    "ListSubmissions": "submit --yes",
    "GetSubmissionLimits": "submit --yes",
    "CreateCodeSubmission": "submit --yes",
}


@pytest.mark.full
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("call", CALLS)
def test_a_command_that_fails_says_why_in_one_line(kaggle, project, call, way):
    ship(project)
    told, cause = WAYS[way]
    kaggle.faults = [Fault(call=call, **told)]
    status, _, errors = run(kaggle, project, *CALLS[call].split())
    assert (status, len(errors)) == (1, 1)
    assert cause in errors[0]
    assert recorded(project) == ["pushed"]


PUSHED = ["GetKernel", "GetDatasetStatus", "CreateDataset", "ListDatasetFiles", "SaveKernel"]
TRIED_AGAIN = {("CreateDataset", "cut")}  # by the client itself


@pytest.mark.full
@pytest.mark.parametrize(("call", "way"), sorted({*itertools.product(PUSHED, WAYS)} - TRIED_AGAIN))
def test_a_push_that_fails_says_why_in_one_line_and_goes_on_when_it_is_run_again(kaggle, carried, call, way):
    told, cause = WAYS[way]
    kaggle.faults = [Fault(call=call, **told)]
    status, _, errors = run(kaggle, carried, "push", "--poll", "0.05")
    assert (status, len(errors), recorded(carried)) == (1, 1, [])
    assert cause in errors[0]
    kaggle.faults = []
    assert run(kaggle, carried, "push", "--poll", "0.05")[0] == 0
    assert len(kaggle.datasets[SOURCES].versions) == len(kaggle.kernels["alice/toy-kernel"].versions) == 1
    assert recorded(carried) == ["pushed"]


STREAMS = {
    "refused": ([], ["kaggle: 400 Client Error: Bad Request"]),
    "broken": ([], ["kaggle: 500 Server Error: Internal Server Error"]),
    "a web page": ([], ["kaggle: 502 Server Error: Bad Gateway"]),
    "an error with status 200": (["started", "done"], []),  # asked for in another way
    "cut": ([], ["kaggle: no connection to Kaggle: the stream of the log was cut 5 times in a row"]),
}


@pytest.mark.full
@pytest.mark.parametrize("way", STREAMS)
def test_a_log_that_cannot_be_followed_is_told_or_read_in_another_way(kaggle, project, way):
    ship(project)
    told, errors = STREAMS[way]
    kaggle.faults = [Fault(call="follow", **WAYS[way][0])]
    assert run(kaggle, project, "logs", "-f") == (bool(errors), told, errors)
