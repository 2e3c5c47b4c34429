import os

import pytest

from kernelwright.errors import ClientFailed, ClientMissing
from kernelwright.remote import client as clients
from kernelwright.remote.client import Pace
from tests.packager.loopback import Fault
from tests.packager.remote.ships import recorded, ship

FAILURES = {
    "refused": (
        [Fault(call="SaveKernel", status=400)],
        "kaggle kernels push: told to answer 400",
    ),
    "not_known": (
        [Fault(call="SaveKernel", status=401)],
        f"kaggle kernels push: {clients._NO_CREDENTIALS}",
    ),
    "broken": (
        [Fault(call="SaveKernel", status=500, body="no json")],
        "kaggle kernels push: 500 Server Error: Internal Server Error",
    ),
    "an_error_in_the_body_of_a_success": (
        [Fault(call="SaveKernel", status=200, body={"error": "Maximum batch GPU session count of 2 reached."})],
        "kaggle kernels push: Maximum batch GPU session count of 2 reached.",
    ),
    "an_error_code_in_the_body_of_a_success": (
        [Fault(call="SaveKernel", status=200, body={"code": 403, "message": "Permission denied"})],
        "kaggle kernels push: Permission denied",
    ),
    "an_empty_success": (
        [Fault(call="SaveKernel", status=200, body={})],
        "kaggle kernels push: Kaggle named no version; the client said: "
        "Kernel version successfully pushed.  Please check progress at",
    ),
    "cut": (
        [Fault(call="SaveKernel", cut=True, times=9)],
        "kaggle kernels push: no connection to Kaggle: Remote end closed connection without response",
    ),
    "slow": (
        [Fault(call="SaveKernel", pause=9)],
        "kaggle kernels push: no answer within 3 s",
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_of_the_push_is_one_line_that_says_why(kaggle, project, case):
    kaggle.faults, message = FAILURES[case]
    with pytest.raises(ClientFailed) as caught:
        ship(project, pace=Pace(poll=0.02, answer=3))
    assert str(caught.value) == message
    assert recorded(project) == []


def test_without_a_client_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(clients.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClientMissing) as caught:
        clients.find()
    assert str(caught.value) == "Kaggle's client is not installed: pip install 'kernelwright[ship]'"


def test_the_environment_of_a_test_cannot_reach_the_real_kaggle(kaggle, tmp_path):
    assert os.environ["KAGGLE_API_ENVIRONMENT"] == "LOCALHOST"
    assert os.environ["http_proxy"] == kaggle.address
    assert os.environ["https_proxy"] == "http://127.0.0.1:9"
    assert os.environ["HOME"].startswith(str(tmp_path))
    assert not {"no_proxy", "NO_PROXY", "KAGGLE_API_TOKEN"} & set(os.environ)
