import os
import sys

import pytest

from kernelwright.errors import ClientFailed, ClientMissing
from kernelwright.ship import client as clients
from kernelwright.ship.client import Timeouts
from tests.packager.kaggle_calls import run
from tests.packager.loopback import Fault
from tests.packager.ship.ships import recorded, remote, ship

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
        [Fault(call="SaveKernel", pause=15)],
        "kaggle kernels push: no answer within 10 s",
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_of_the_push_is_one_line_that_says_why(kaggle, project, case):
    kaggle.faults, message = FAILURES[case]
    with pytest.raises(ClientFailed) as caught:
        ship(project, timeouts=Timeouts(poll=0.02, answer=10 if case == "slow" else 60))
    assert str(caught.value) == message
    assert recorded(project) == []


def test_without_a_client_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
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


CANNOT_RUN = "cannot be run: Permission denied; install Kaggle's client: pip install 'kernelwright[ship]'"


def test_a_client_that_cannot_be_run_is_named(tmp_path):
    program = tmp_path / "kaggle"
    program.touch()
    client = clients.Client(executable=program, timeouts=Timeouts())
    for call in (client.call, client.stream):
        with pytest.raises(ClientMissing) as caught:
            list(call("kernels", "status", "alice/toy-kernel"))
        assert str(caught.value) == f"{program}: {CANNOT_RUN}"


def program(folder, text):
    file = folder / "kaggle"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return clients.Client(executable=file, timeouts=Timeouts(run=0.5))


def test_a_program_that_is_not_kaggles_client_is_found_out(tmp_path):
    client = program(tmp_path, "echo hello")
    with pytest.raises(ClientFailed) as caught:
        remote(client=client).notebook()
    assert str(caught.value) == f"kaggle kernels pull: nothing arrived; is {client.executable} Kaggle's client?"


def test_what_fails_here_is_not_taken_for_what_is_not_there(tmp_path):
    client = program(tmp_path, "echo '[Errno 13] Permission denied: 404 not found' >&2; exit 1")
    with pytest.raises(ClientFailed):
        client.look_up("kernels", "status", "alice/toy-kernel")


def test_a_stream_that_does_not_end_is_ended(tmp_path):
    client = program(tmp_path, "echo one; exec sleep 60")
    told = client.stream("kernels", "logs", "-f", "alice/toy-kernel")
    assert next(told) == "one"
    with pytest.raises(ClientFailed) as caught:
        next(told)
    assert str(caught.value) == "kaggle: not done after 0.5 s"


@pytest.mark.full
@pytest.mark.parametrize("command", [["status"], ["logs"], ["logs", "-f"], ["output"], ["push"], ["pull"]])
def test_without_credentials_every_command_says_so_in_one_line(kaggle, project, monkeypatch, command):
    known = kaggle.environment
    lost = {"KAGGLE_USERNAME", "KAGGLE_KEY"}
    monkeypatch.setattr(kaggle, "environment", lambda **more: {k: v for k, v in known(**more).items() if k not in lost})
    status, lines, (error,) = run(kaggle, project, *command)
    assert (status, lines) == (1, [])
    assert error.endswith(clients._NO_CREDENTIALS)


@pytest.mark.full
def test_a_log_is_shown_on_a_terminal_that_lacks_its_characters(kaggle, project):
    ship(project)
    kaggle.kernels["alice/toy-kernel"].log = ["é"]
    assert run(kaggle, project, "logs", PYTHONIOENCODING="ascii") == (0, ["\\xe9"], [])
