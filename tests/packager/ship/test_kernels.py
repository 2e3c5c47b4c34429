import json
import time

import pytest

from kernelwright.errors import ClientFailed
from kernelwright.ship import push_log
from kernelwright.ship.client import Timeouts
from tests.packager.kaggle_calls import run
from tests.packager.loopback import Fault
from tests.packager.ship.ships import recorded, remote, ship


@pytest.mark.full
def test_a_look_at_a_status_that_fails_is_taken_again(kaggle, project):
    ship(project)
    kaggle.faults = [Fault(call="GetKernelSessionStatus", status=503, times=2)]
    told = []
    ended = remote().wait(told.append, shows_log=False)
    why = "no answer: kaggle kernels status: told to answer 503"
    assert (ended.word, told) == ("COMPLETE", [f"alice/toy-kernel: {why}", "alice/toy-kernel: complete"])


@pytest.mark.full
def test_a_wait_that_has_been_too_long_says_why(kaggle, project):
    ship(project)
    kaggle.faults = [Fault(call="GetKernelSessionStatus", status=503, times=99)]
    with pytest.raises(ClientFailed) as caught:
        remote(Timeouts(poll=0.02, run=0.1)).wait(print)
    assert str(caught.value) == (
        "alice/toy-kernel: not done after 0.1 s (no answer: kaggle kernels status: told to answer 503); "
        "look again with `kernelwright status`"
    )


@pytest.mark.full
def test_a_status_that_is_waited_for_shows_beside_it_what_it_waits_for(kaggle, project):
    ship(project)
    kaggle.faults = [Fault(call="GetKernelSessionStatus", status=503)]
    status, (line,), errors = run(kaggle, project, "status", "--wait", "--json", "--poll", "0.05")
    why = "no answer: kaggle kernels status: told to answer 503"
    assert (status, json.loads(line)["status"]) == (0, "COMPLETE")
    assert errors == [f"alice/toy-kernel: {why}", "alice/toy-kernel: complete"]


@pytest.mark.full
def test_a_run_that_fails_is_named_with_kaggles_reason(kaggle, project):
    def fail(request):
        kernel = kaggle.kernels[request["slug"]]
        kernel.status, kernel.message = "ERROR", "ZeroDivisionError:\n division by zero"

    kaggle.run = fail
    status, _, errors = run(kaggle, project, "push", "--wait", "--poll", "0.05")
    assert (status, errors) == (1, ["alice/toy-kernel: the run failed: ZeroDivisionError: division by zero"])
    assert recorded(project) == ["pushed", "ran"]


@pytest.mark.full
def test_the_log_is_followed_live_through_a_cut_stream(kaggle, project):
    def talk(request):
        kernel = kaggle.kernels[request["slug"]]
        while "stream" not in kaggle.calls:
            time.sleep(0.01)
        for line in ("one", "two", "three"):
            kernel.log.append(line)
            time.sleep(0.1)
        kernel.output = {"submission.csv": b"id,answer\n1,2\n"}
        kernel.status = "COMPLETE"

    kaggle.run = talk
    kaggle.faults = [Fault(call="stream", cut=True)]
    ship(project)
    told = []
    remote().wait(told.append)
    assert told == ["alice/toy-kernel: running", "  one", "  two", "  three", "alice/toy-kernel: complete"]


@pytest.mark.full
def test_status_and_logs_can_be_scripted(kaggle, project):
    ship(project)
    push = push_log.pushes(project, "alice/toy-kernel")[0]
    kernel = kaggle.kernels["alice/toy-kernel"]
    assert run(kaggle, project, "status")[:2] == (
        0,
        [f"alice/toy-kernel: version 1, commit {push.commit[:12]}: complete"],
    )
    assert run(kaggle, project, "logs", "-f")[:2] == (0, ["started", "done"])
    kernel.status = "CANCEL_ACKNOWLEDGED"
    status, lines, errors = run(kaggle, project, "status", "--json")
    assert (status, json.loads(lines[0])["status"]) == (1, "CANCEL_ACKNOWLEDGED")
    assert errors == ["alice/toy-kernel: the run was cancelled: Kaggle gives no reason; see `kernelwright logs`"]


@pytest.mark.full
def test_a_kernel_that_is_not_there_cannot_be_pulled(kaggle, project):
    status, _, errors = run(kaggle, project, "pull")
    told = "alice/toy-kernel: no such kernel on Kaggle, or not yours to see; push it first"
    assert (status, errors) == (1, [told])


CANNOT = "kaggle kernels status: Cannot access kernel 'alice/toy-kernel' (Permission 'kernels.get' was denied)"


@pytest.mark.full
def test_waiting_for_what_is_not_there_ends(kaggle, project):
    status, _, errors = run(kaggle, project, "status", "--wait", "--poll", "0.05")
    assert (status, errors) == (1, [f"alice/toy-kernel: no answer: {CANNOT}", CANNOT])


@pytest.mark.full
def test_a_log_is_told_once_whatever_its_lines_hold_and_whatever_it_says(kaggle, project):
    said = ["a\x0cb", "one\u2028line", "\r 10%", "\r 20%", "", "Authentication required", "Kernel push error: no"]

    def talk(request):
        kernel = kaggle.kernels[request["slug"]]
        while "stream" not in kaggle.calls:
            time.sleep(0.01)
        kernel.log += said
        kernel.status = "COMPLETE"

    kaggle.run = talk
    ship(project)
    told = []
    remote().wait(told.append)
    lines = ["a\x0cb", "one\u2028line", "", " 10%", "", " 20%", "", "Authentication required", "Kernel push error: no"]
    assert told == ["alice/toy-kernel: running", *(f"  {line}" for line in lines), "alice/toy-kernel: complete"]
    assert list(remote().log()) == lines


@pytest.mark.full
def test_a_reason_that_sounds_like_the_clients_own_is_kaggles(kaggle, project):
    ship(project)
    kernel = kaggle.kernels["alice/toy-kernel"]
    kernel.status, kernel.message = "ERROR", "Authentication required"
    assert run(kaggle, project, "status")[2] == ["alice/toy-kernel: the run failed: Authentication required"]
    kaggle.faults = [Fault(call="GetKernelSessionStatus", status=200, body={"status": "UNHEARD_OF"})]
    errors = ['kaggle kernels status: Kaggle\'s answer makes no sense: {"status": "UNHEARD_OF"}']
    assert run(kaggle, project, "status") == (1, [], errors)
