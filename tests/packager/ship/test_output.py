import pytest

from kernelwright.errors import ClientFailed
from kernelwright.project.model import load_project
from kernelwright.ship import output
from tests.packager.kaggle_calls import run
from tests.packager.loopback import Fault
from tests.packager.ship.ships import remote, ship


@pytest.mark.full
def test_an_output_that_did_not_arrive_whole_is_found_out(kaggle, project, tmp_path):
    ship(project)
    kaggle.faults = [Fault(call="output", status=500, body={"oh": "no"})]
    with pytest.raises(ClientFailed) as caught:
        remote().download_output(tmp_path / "output")
    message = "kaggle kernels output: submission.csv did not arrive whole; run it again"
    assert str(caught.value) == message


def test_a_sample_in_another_coding_than_utf_8_is_read(project):
    sample = project / "build/mini/toy-competition/sample_submission.csv"
    sample.parent.mkdir(parents=True)
    sample.write_bytes(b"id,caf\xe9\n")
    (project / "submission.csv").write_text("id,answer\n1,2\n")
    (problem,) = output.submission_problems(load_project(project), project / "submission.csv")
    assert problem == "the header is id,answer; the sample's is id,café"


SUBMISSIONS = {
    None: "missing from the output",
    "": "the header is empty; the sample's is id,answer; no rows",
    "id,x\n1,2\n": "the header is id,x; the sample's is id,answer",
    "id,answer\n": "no rows",
    "id,answer\n1,2\n1,3\n": "1 id repeated: 1",
    "id,answer\n1,2,3\n": "1 row with other than 2 values: row 1",
    "id,answer\n1,2\n": "",
}


@pytest.mark.parametrize("text", SUBMISSIONS)
def test_a_submission_that_could_not_be_scored_is_told(project, text):
    sample = project / "build/mini/toy-competition/sample_submission.csv"
    sample.parent.mkdir(parents=True)
    sample.write_text("id,answer\n9,0\n")
    file = project / "submission.csv"
    if text is not None:
        file.write_text(text)
    assert "; ".join(output.submission_problems(load_project(project), file)) == SUBMISSIONS[text]


@pytest.mark.full
def test_an_output_of_another_run_does_not_vouch_for_this_one(kaggle, project):
    ship(project)
    assert run(kaggle, project, "output")[0] == 0
    kaggle.kernels["alice/toy-kernel"].output = {"other.txt": b"x"}
    status, _, errors = run(kaggle, project, "output")
    assert (status, errors) == (1, ["submission.csv: missing from the output"])


@pytest.mark.full
def test_an_output_that_cannot_be_put_in_its_place_is_told(kaggle, project):
    ship(project)
    (project / "build/output").write_text("")
    place = project / "build/output"
    errors = [f"{place}: cannot be written: File exists"]
    assert run(kaggle, project, "output") == (1, [], errors)
    status, _, (error,) = run(kaggle, project, "output", "--to", str(place / "inside"))
    assert (status, error) == (1, f"{place / 'inside'}: cannot be written: Not a directory")
