import pytest

from kernelwright.errors import ClientFailed
from kernelwright.project.model import load_project
from kernelwright.ship import client as clients
from kernelwright.ship import datasets, payload
from kernelwright.ship.client import Timeouts
from tests.packager.loopback import Dataset, Fault
from tests.packager.ship.ships import QUICK, SOURCES, change, ship


@pytest.mark.full
def test_a_dataset_cut_off_after_kaggle_took_it_is_not_made_twice(kaggle, carried):
    upload = payload.stage_datasets(load_project(carried))[0]
    client = clients.find(QUICK)
    datasets._send(client, upload, new=True, public=False)  # and here the process was killed
    assert datasets.ensure(client, upload, print) == 1
    assert len(kaggle.datasets[SOURCES].versions) == 1


@pytest.mark.full
def test_a_version_cut_off_that_kaggle_does_not_tell_of_yet_is_not_made_twice(kaggle, carried, monkeypatch):
    ship(carried)
    change(carried)
    kaggle.lag = 3
    send = datasets._send

    def send_and_be_cut_off(*given, **named):
        send(*given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "_send", send_and_be_cut_off)
    with pytest.raises(KeyboardInterrupt):
        ship(carried)
    monkeypatch.setattr(datasets, "_send", send)
    assert ship(carried)[0].datasets == {SOURCES: 2}
    assert len(kaggle.datasets[SOURCES].versions) == 2
    assert not (carried / ".kernelwright/pushing.json").exists()


@pytest.mark.full
def test_a_dataset_stuck_in_processing_ends_in_one_line(kaggle, carried):
    kaggle.looks = 10_000
    with pytest.raises(ClientFailed) as caught:
        ship(carried, timeouts=Timeouts(poll=0.02, dataset=2))
    assert str(caught.value) == "alice/toy-sources: not ready after 2 s (blobs_received, waiting); run again to go on"
    kaggle.datasets[SOURCES].looks_left = 0
    assert ship(carried)[0].datasets == {SOURCES: 1}
    assert len(kaggle.datasets[SOURCES].versions) == 1


@pytest.mark.full
def test_a_dataset_kaggle_cannot_process_ends_in_one_line(kaggle, carried):
    kaggle.datasets[SOURCES] = Dataset(versions=[{}], status="FAILED")
    with pytest.raises(ClientFailed) as caught:
        ship(carried)
    assert str(caught.value) == "alice/toy-sources: Kaggle could not process the dataset: failed"


@pytest.mark.full
def test_a_dataset_kaggle_refuses_ends_in_one_line(kaggle, carried):
    kaggle.faults = [Fault(call="CreateDataset", status=200, body={"status": "error", "error": "No more room"})]
    with pytest.raises(ClientFailed) as caught:
        ship(carried)
    assert str(caught.value) == "kaggle datasets create: No more room"


@pytest.mark.full
def test_an_upload_the_client_lost_is_found_out(kaggle, carried):
    kaggle.faults = [Fault(call="upload", status=400)]
    with pytest.raises(ClientFailed, match=r"^alice/toy-sources: Kaggle does not hold .* as it was sent; push again$"):
        ship(carried)
    assert ship(carried)[0].datasets == {SOURCES: 2}


@pytest.mark.full
def test_a_dataset_kaggle_could_not_process_is_made_anew(kaggle, carried):
    dataset = kaggle.datasets[SOURCES] = Dataset(versions=[{}], status="FAILED")
    made = kaggle._version

    def mended(*given):
        dataset.status = "READY"
        return made(*given)

    kaggle._version = mended
    assert ship(carried)[0].datasets == {SOURCES: 2}


@pytest.mark.full
def test_files_are_not_shown_to_everybody_unasked(kaggle, carried):
    kaggle.datasets[SOURCES] = Dataset(versions=[{"sources.json": b"{}"}], private=False)
    with pytest.raises(ClientFailed) as caught:
        ship(carried)
    assert str(caught.value) == (
        "alice/toy-sources: is public on Kaggle, and everybody would see these files; make it private there, or push "
        "with --public-datasets"
    )
    assert ship(carried, public_datasets=True)[0].datasets == {SOURCES: 2}


@pytest.mark.full
def test_a_dataset_of_other_files_is_not_buried(kaggle, carried):
    dataset = kaggle.datasets[SOURCES] = Dataset(versions=[{"photo.jpg": b"1", "sources.json": b"{}"}])
    with pytest.raises(ClientFailed) as caught:
        ship(carried)
    message = "holds photo.jpg, which was not sent from here; name another slug, or push with --overwrite"
    assert str(caught.value) == f"alice/toy-sources: {message}"
    assert len(dataset.versions) == 1
    assert ship(carried, overwrite=True)[0].datasets == {SOURCES: 2}
