import pytest

from kernelwright.errors import NotReady
from tests.packager import shipped
from tests.packager.kaggle_calls import run
from tests.packager.remote.ships import change, ship


def test_edits_made_on_kaggle_stop_a_push_until_they_are_pulled(kaggle, project):
    ship(project)
    sent = kaggle.kernels["alice/toy-kernel"].versions[0]
    sent["text"] = sent["text"].replace("len(row[", "1 + len(row[")
    (project / "main.py").write_text((project / "main.py").read_text().replace("# # Toy", "# # A toy"))
    shipped.build(project)
    with pytest.raises(NotReady) as caught:
        ship(project)
    assert str(caught.value) == (
        "alice/toy-kernel was edited on Kaggle since the last push:\n"
        "edited on Kaggle: toy/__init__.py: edited\n"
        "bring the edits here with `kernelwright pull --apply`, or leave them behind with push --overwrite"
    )
    assert run(kaggle, project, "pull", "--apply")[0] == 0
    shipped.build(project)
    assert ship(project)[0].version == 2
    assert "1 + len(row[" in kaggle.kernels["alice/toy-kernel"].versions[1]["text"]


@pytest.mark.full
def test_edits_made_on_kaggle_can_be_left_behind(kaggle, project):
    ship(project)
    sent = kaggle.kernels["alice/toy-kernel"].versions[0]
    sent["text"] = sent["text"].replace("len(row[", "1 + len(row[")
    change(project)
    assert ship(project, overwrite=True)[0].version == 2
