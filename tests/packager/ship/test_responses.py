import pytest

from kernelwright.ship import responses
from kernelwright.ship.responses import Response
from tests.packager.kaggle_calls import run
from tests.packager.loopback import Fault
from tests.packager.ship.ships import ship

ANSWERS = {
    '{"error": "Too many runs"}': "Too many runs",
    '{"error": {"code": 403, "message": "Not yours", "status": "PERMISSION_DENIED"}}': "Not yours",
    '{"code": "404", "message": "Not found"}': "Not found",
    '{"code": 500}': "Kaggle answers with an error 500 and no reason",
    '{"error": true}': "Kaggle answers with an error and no reason",
    '{"message": "Internal\\nerror"}': "Internal error",
    "null": "Kaggle's answer makes no sense: null",
    "[1]": "Kaggle's answer makes no sense: [1]",
    "<html><style>a{}</style><title>Down</title>a <b>while</b>": "Kaggle's answer makes no sense: Down a while",
    '{"message": "Successfully submitted to Toys"}': "",
    '{"error": "", "versionNumber": 1}': "",
    '{"status": "ERROR", "failureMessage": "boom"}': "",
    '{"status": "COMPLETE", "errorDescription": "no score"}': "",
    "{}": "",
    "": "",
}


@pytest.mark.parametrize("body", ANSWERS)
def test_an_answer_of_status_200_is_an_error_where_it_says_so_or_nobody_can_read_it(body):
    assert Response(status=200, body=body).problem == ANSWERS[body]


def test_a_long_answer_is_cut_to_one_short_line():
    told = Response(status=502, body="<p>" + "Bad gateway\n" * 20).unreadable
    assert told == f"Kaggle answered with status 502: {('Bad gateway ' * 20)[:80]}…"
    assert Response(status=500, body="").unreadable == "Kaggle answered with status 500: nothing"


SHOWN = """---------------------Request----------------------
POST http://localhost/api/v1/kernels.KernelsApiService/GetKernel
Authorization: Basic ZHVtbXk6ZHVtbXk=

b'{"userName": "alice"}'
--------------------------------------------------
---------------------Response---------------------
200
Content-Type: application/json

{"blob": "--------------------------------------------------\\n"}
--------------------------------------------------
Source code downloaded
"""


def test_what_the_client_shows_of_requests_and_answers_is_parted_from_what_it_says():
    words, told = responses.split(SHOWN)
    assert words == "Source code downloaded\n"
    assert told == [Response(status=200, body='{"blob": "--------------------------------------------------\\n"}')]


COMMANDS = {
    "GetKernelSessionStatus": (["status"], "kaggle kernels status: not now"),
    "GetKernel": (["status"], "kaggle kernels pull: not now"),
    "ListKernelSessionOutput": (["logs"], "kaggle kernels logs: not now"),
    "ListKernelFiles": (["output"], "kaggle kernels files: not now"),
    "ListSubmissions": (["submit", "--yes"], "kaggle competitions submissions: not now"),
    "GetSubmissionLimits": (["submit", "--yes"], "kaggle competitions submission-limits: not now"),
}


@pytest.mark.full
@pytest.mark.parametrize("call", COMMANDS)
def test_an_error_in_the_body_of_a_success_ends_a_command_with_its_cause_in_one_line(kaggle, project, call):
    command, message = COMMANDS[call]
    ship(project)
    kaggle.faults = [Fault(call=call, status=200, body={"error": "not now"})]
    status, _, errors = run(kaggle, project, *command)
    assert (status, errors) == (1, [message])


@pytest.mark.full
def test_a_log_that_is_followed_without_a_line_is_asked_for_in_another_way(kaggle, project):
    ship(project)
    kaggle.kernels["alice/toy-kernel"].log = []
    assert run(kaggle, project, "logs", "-f") == (0, [], [])
    kaggle.faults = [Fault(call="ListKernelSessionOutput", status=200, body={"error": "not now"})]
    assert run(kaggle, project, "logs", "-f") == (1, [], ["kaggle kernels logs: not now"])


@pytest.mark.full
@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (502, b"<html><h1>Bad Gateway</h1></html>", "Kaggle answered with status 502: Bad Gateway"),
        (200, b"", "Kaggle's answer makes no sense: nothing"),
        (200, b"null", "Kaggle's answer makes no sense: null"),
    ],
)
def test_an_answer_that_is_no_json_is_shown_without_a_traceback(kaggle, project, status, body, cause):
    ship(project)
    kaggle.faults = [Fault(call="GetKernelSessionStatus", status=status, body=body)]
    assert run(kaggle, project, "status") == (1, [], [f"kaggle kernels status: {cause}"])
